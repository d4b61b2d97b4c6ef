// A scenario on sockets and on the virtual clock, and whether both put its variants in the same order.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Run } from '../../core/record.ts'
import { Children } from '../../harness/children.ts'
import { planOf } from '../../harness/plan.ts'
import { runScenario } from '../../harness/run-scenario.ts'

const warmUpMs = 300

/** One variant, played by both. */
export interface Played {
  readonly variant: string
  readonly live: Run
  readonly simulated: Run
}

/** Plays these variants of a scenario for as long as `phasesMs` says, once on each engine. */
export async function onBothEngines(
  scenario: string,
  variants: readonly string[],
  phasesMs: Readonly<Record<string, number>>,
): Promise<Played[]> {
  const dir = mkdtempSync(join(tmpdir(), 'windtunnel-fidelity-'))
  const children = new Children()
  try {
    const words = [scenario, 'engine=live,simulation', 'repeats=1', 'threads=1', `out=${join(dir, 'result')}`]
    const plan = await planOf(words, new Date())
    const phases = Object.entries(phasesMs).map(([name, durationMs]) => ({ name, durationMs }))
    expect(phases.map(({ name }) => name)).toEqual(plan.phases.map(({ name }) => name))
    const chosen = plan.variants.filter(({ name }) => variants.includes(name))
    const { runs, valid } = await runScenario({ ...plan, phases, warmUpMs, variants: chosen }, children)
    expect(valid).toEqual({ ok: true, reasons: [] })
    return variants.map(variant => ({
      variant,
      live: runs.find(run => run.engine === 'live' && run.variant === variant)!,
      simulated: runs.find(run => run.engine === 'simulation' && run.variant === `${variant} (simulated)`)!,
    }))
  } finally {
    await children.stopAll()
    rmSync(dir, { recursive: true })
  }
}

/**
 * Every two variants that the simulator sees further apart than `tie` are in the same order live; so many pairs are
 * `decided`, which keeps a tolerance from making the comparison empty.
 */
export function expectSameOrder(
  played: readonly Played[],
  metric: (run: Run) => number,
  { tie, decided }: { readonly tie: number; readonly decided: number },
): void {
  const values = played.map(({ variant, live, simulated }) => ({
    variant,
    live: metric(live),
    simulated: metric(simulated),
  }))
  const said = values.map(one => `${one.variant}: ${one.live.toFixed(3)} live, ${one.simulated.toFixed(3)} simulated`)
  const pairs = values.flatMap((a, at) => values.slice(at + 1).map(b => [a, b] as const))
  const apart = pairs.filter(([a, b]) => Math.abs(a.simulated - b.simulated) > tie)
  expect(apart.length, said.join('; ')).toBe(decided)
  for (const [a, b] of apart)
    expect(Math.sign(a.live - b.live), said.join('; ')).toBe(Math.sign(a.simulated - b.simulated))
}

/** Why the times of these runs must not be compared, or null. */
export function timingDoubts(played: readonly Played[]): string | null {
  const doubtful = played.filter(({ live }) => !live.trust.timing.ok)
  if (doubtful.length === 0) return null
  return doubtful.map(({ variant, live }) => `${variant}: ${live.trust.timing.reasons.join(', ')}`).join('; ')
}
