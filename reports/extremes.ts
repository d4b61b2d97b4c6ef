// The best and the worst of a row of values, for tables that are too long to read: only a value that stands alone counts, as
// it is printed, because a difference that cannot be read is none.
import type { Metric } from './metrics.ts'
import { formatValue } from './units.ts'

export type Standing = 'best' | 'worst' | null

/** Where each value stands among the others; null for all when the metric has no better and no worse. */
export function standings(
  { unit, better }: Pick<Metric, 'unit' | 'better'>,
  values: readonly (number | null)[],
): Standing[] {
  const known = values.filter(value => value !== null)
  if (better === undefined || known.length < 3) return values.map(() => null)
  const [low, high] = [Math.min(...known), Math.max(...known)].map(value => formatValue(unit, value))
  const printed = values.map(value => formatValue(unit, value))
  const alone = (text: string) => printed.filter(other => other === text).length === 1
  const [best, worst] = better === 'lower' ? [low!, high!] : [high!, low!]
  return printed.map(text => (!alone(text) ? null : text === best ? 'best' : text === worst ? 'worst' : null))
}
