// A straight line through points by least squares, and how well it fits. For claims on what one more of something costs.
// Source: Draper and Smith, Applied Regression Analysis, chapter 1.

/** A point: how many there were, and what was measured then. */
export type Point = readonly [x: number, y: number]

export interface LineFit {
  /** Growth of y for each unit of x. */
  readonly slope: number
  readonly intercept: number
  /** The share of the spread of y that the line explains, 0 to 1; 1 when y does not vary. */
  readonly rSquared: number
}

/** The line with the least sum of squared vertical distances; null with fewer than three points or when x does not vary. */
export function fitLine(points: readonly Point[]): LineFit | null {
  const n = points.length
  if (n < 3) return null
  const meanX = points.reduce((total, [x]) => total + x, 0) / n
  const meanY = points.reduce((total, [, y]) => total + y, 0) / n
  let [xx, xy, yy] = [0, 0, 0]
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2
    xy += (x - meanX) * (y - meanY)
    yy += (y - meanY) ** 2
  }
  if (xx === 0) return null
  const slope = xy / xx
  return { slope, intercept: meanY - slope * meanX, rSquared: yy === 0 ? 1 : Math.min(1, xy ** 2 / (xx * yy)) }
}
