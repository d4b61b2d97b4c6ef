// What charts of several lessons have beside their series: a span of time in which an origin is not well, and a line that
// theory draws.
import type { Layer } from '../../reports/charts/chart.ts'

/** Shades the plot from one value of x to another. */
export function span(from: number, to: number): Layer {
  return {
    data: { values: [{ from, to }] },
    mark: { type: 'rect', color: 'var(--fault)', tooltip: null },
    encoding: { x: { field: 'from', type: 'quantitative' }, x2: { field: 'to' } },
  }
}

/** An upright line at `x`, named above the plot. */
export function upright(x: number, text: string): Layer[] {
  const data = { values: [{ x, text }] }
  const place = { field: 'x', type: 'quantitative' }
  return [
    { data, mark: { type: 'rule', color: 'var(--quiet)', strokeDash: [2, 3], tooltip: null }, encoding: { x: place } },
    {
      data,
      mark: { type: 'text', color: 'var(--quiet)', align: 'left', dx: 4, fontSize: 11, tooltip: null },
      encoding: { x: place, y: { value: 6 }, text: { field: 'text' } },
    },
  ]
}
