// Scenarios in the simulator: the result does not depend on the number of threads, claims follow from the data, and what
// cannot be simulated is refused with a reason.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { recordSchema, type ScenarioRecord } from '../../core/record.ts'
import { load, namesOf } from '../../core/registry.ts'
import type { Scenario } from '../../core/scenario.ts'
import { Children } from '../children.ts'
import { planOf } from '../plan.ts'
import { runScenario } from '../run-scenario.ts'
import { sweptVariants } from '../sweep.ts'
import { modelOf, refusalOf } from './model-of.ts'
import { simulatedCandidates, simulatedPlanOf } from './run-simulated.ts'
import { simulateVariant } from './simulate-variant.ts'

const out = `out=${join(process.env.RUNNER_TEMP ?? '/tmp', `windtunnel-simulated-${process.pid}`)}`

async function simulated(...words: string[]): Promise<ScenarioRecord> {
  const plan = await planOf([...words, 'engine=simulation', 'effort=quick', out], new Date())
  return runScenario(plan, new Children())
}

const holds = (record: ScenarioRecord) => record.claims.map(claim => claim.holds)

test('the same on one thread and on two, and every claim of slow-origin holds', async () => {
  const one = await simulated('slow-origin', 'threads=1', 'repeats=2')
  const two = await simulated('slow-origin', 'threads=2', 'repeats=2')
  expect(JSON.stringify(two.runs)).toBe(JSON.stringify(one.runs))
  expect(JSON.stringify(two.claims)).toBe(JSON.stringify(one.claims))
  expect(recordSchema.parse(one).valid).toEqual({ ok: true, reasons: [] })
  expect(holds(one)).toEqual([true, true, true, true])
  expect(one.runs).toHaveLength(8)
  expect(new Set(one.runs.map(run => run.seed)).size).toBe(2)
  expect(one.runs.every(run => run.engine === 'simulation' && run.cpu.usPerRequest === null)).toBe(true)
  expect(one.limits.filter(limit => limit.startsWith('Simulated:')).length).toBeGreaterThan(0)
  expect(one.variants.find(variant => variant.target === 'nginx')?.skipped).toMatch(/our own proxy only/)
})

/** The runs of a scenario's first repeat, in this thread. */
async function inThisThread(name: string, words: string[] = [], change: (scenario: Scenario) => Scenario = one => one) {
  const plan = await planOf([name, ...words, 'engine=simulation', 'effort=quick', out], new Date())
  const scenario = change(plan.scenario)
  const ours = plan.variants.filter(variant => variant.target === 'windtunnel')
  const own = simulatedPlanOf({ ...plan, scenario }, 0)
  const runs = await Promise.all(ours.map(variant => simulateVariant(own, variant, 0)))
  return { runs, holds: scenario.judge(runs).map(claim => claim.holds) }
}

test('a healthy origin in place of the slow one makes a claim fail', async () => {
  const healed = await inThisThread('slow-origin', [], ({ origins: { each: _, ...origins }, ...scenario }) => ({
    ...scenario,
    origins,
  }))
  expect(healed.holds).toContain(false)
})

test('round trips, faults, keys, limits and retries reach the model', async () => {
  const { runs: links } = await inThisThread('slow-origin', ['balancer=round-robin', 'linkMs=0,40'])
  const [near, away] = links.map(run => run.phases[0]!.latency.p50Ms!)
  expect(away! - near!).toBeGreaterThan(35)
  const storm = await inThisThread('retry-storm')
  expect(storm.holds).not.toContain(false)
  expect(storm.runs.find(run => run.variant === 'unlimited')!.counters['target.retries']).toBeGreaterThan(100)
  const keyed = await inThisThread('hot-key', ['balancer=ring-hash'])
  expect(keyed.runs[0]!.counters['keys.originsMax']).toBe(1)
  const limited = await inThisThread('overload', ['limiter=none,fixed-inflight:max=10'])
  expect(limited.runs.map(run => run.counters['target.requestsLimited']! > 100)).toEqual([false, true])
})

test('what a variant has of its own, and then its point, is in place of what the scenario has', async () => {
  const plan = await planOf(['pool-scope', 'effort=quick', out], new Date())
  const [variant] = plan.variants
  const own = { proxies: { workers: 3, poolScope: 'proxy' }, multiplexed: 7 } as const
  const at = { series: 'one', at: 5, virtual: { proxies: { workers: 5 } } }
  const { model } = await modelOf(simulatedPlanOf(plan, 0), { ...variant!, virtual: own, point: at })
  expect(model.proxies).toEqual({ workers: 5, poolScope: 'proxy' })
  expect(model.requests).toMatchObject({ connections: 7, multiplexed: true })
  expect(model.network).toEqual(plan.scenario.virtual!.network)
  const { virtual: _, sweep: __, ...live } = plan.scenario
  expect(() => sweptVariants(live, [{ ...variant!, virtual: own }])).toThrow('allowed: in simulated scenarios only')
})

test('the first repeat meets the requests that a live run meets', async () => {
  const plan = await planOf(['hot-key', 'engine=simulation', 'effort=quick', out], new Date())
  expect(simulatedPlanOf(plan, 0).seed).toBe(plan.seed)
  expect(simulatedPlanOf(plan, 1).seed).not.toBe(plan.seed)
})

test('what cannot be simulated is refused with a sentence', async () => {
  await expect(planOf(['slowloris', 'engine=simulation'], new Date())).rejects.toThrow(
    'engine=simulation given, but slowloris cannot be simulated: its hostile clients hold connections',
  )
  const probing = (engine: string) => planOf(['hot-key', 'balancer=prequal', `engine=${engine}`], new Date())
  await expect(probing('live,simulation')).rejects.toThrow('which only the simulator has; allowed: engine=simulation')
  expect((await probing('simulation')).variants).toHaveLength(1)
  await expect(planOf(['hot-key', 'engine=virtual'], new Date())).rejects.toThrow('allowed: live, simulation')
  const plan = await planOf(
    ['hot-key', 'threading=single,prefork', 'limiter=none,per-client-connections', 'engine=simulation'],
    new Date(),
  )
  const skipped = (await simulatedCandidates(plan)).map(candidate => candidate.skipped)
  expect(skipped[0]).toBe(null)
  expect(skipped[1]).toMatch(/counts connections/)
  expect(skipped[2]).toMatch(/prefork is not modelled/)
})

test('every scenario says whether it can be simulated, and most can', async () => {
  const refusals = await Promise.all(
    namesOf('scenario').map(async name => refusalOf(await load<Scenario>('scenario', name, 'test'))),
  )
  expect(refusals.filter(refusal => refusal === null).length).toBeGreaterThan(refusals.length / 2)
  for (const refusal of refusals) expect(refusal ?? 'its reason').toMatch(/^its? /)
})
