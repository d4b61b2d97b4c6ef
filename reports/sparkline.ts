// A line of the terminal that shows a share over time, one character per interval, and the ruler of phases above it.
import type { PhaseSpan, TimePoint } from './timeline.ts'

const blocks = '▁▂▃▄▅▆▇█'
const letters = '.:-=+*#@'

/** One character per point, low to high for 0 to 1; a space where there is no value. */
export function sparkline(points: readonly TimePoint[], unicode: boolean): string {
  const ramp = unicode ? blocks : letters
  return points.map(({ value }) => (value === null ? ' ' : ramp[levelOf(value, ramp.length)])).join('')
}

/** The lowest mark means "none" and the highest "all": everything in between stays in between. */
function levelOf(share: number, levels: number): number {
  if (share >= 1) return levels - 1
  return share <= 0 ? 0 : 1 + Math.min(levels - 3, Math.floor(share * (levels - 2)))
}

/** The phases over the same points: the name of each where it begins, hostile ones and broken origins drawn as a bar. */
export function phaseRuler(points: readonly TimePoint[], phases: readonly PhaseSpan[], unicode: boolean): string {
  const [calm, hostile, broken] = unicode ? ['┄', '━', '═'] : ['.', '#', '=']
  return phases
    .map(phase => {
      const length = points.filter(({ atMs }) => atMs >= phase.fromMs && atMs < phase.toMs).length
      const fill = (phase.hostile ? hostile : phase.faults.length > 0 ? broken : calm) as string
      const label = length > phase.name.length + 2 ? `${fill}${phase.name} ` : ''
      return label + fill.repeat(Math.max(0, length - label.length))
    })
    .join('')
}
