// Wording of evidence that scenarios share.
import type { Run } from './record.ts'

/** One sentence with a part per variant, in the order of the runs: `say` is given all repeats of one variant. */
export function perVariant(runs: readonly Run[], say: (runs: readonly Run[]) => string): string {
  const variants = [...new Set(runs.map(run => run.variant))]
  return `${variants.map(name => `${name}: ${say(runs.filter(run => run.variant === name))}`).join('; ')}.`
}
