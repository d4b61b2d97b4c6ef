// The claims of `cold-start`, played from its data: all hold, and each fails when the knob it rests on is turned.
import { expect, test } from 'vitest'
import type { Architecture, Scenario } from '../core/scenario.ts'
import { holdsWhenPlayed, play } from '../tests/playing.ts'
import scenario from './cold-start.ts'

/** Plays other settings under the names that the claims know. */
async function holdsTaking(change: (settings: Architecture) => Partial<Architecture>): Promise<boolean[]> {
  const variants = scenario.variants.map(one => ({ ...one, settings: { ...one.settings, ...change(one.settings) } }))
  const runs = await play({ ...scenario, variants })
  const said = (name: string) => scenario.variants.find(one => one.name === name)!.settings
  const asSaid = runs.map(run => ({ ...run, settings: { ...run.settings, balancer: said(run.variant).balancer } }))
  return scenario.judge(asSaid).map(claim => claim.holds as boolean)
}
const healing = (change: (fault: string) => string | null): Scenario => ({
  ...scenario,
  faults: scenario.faults!.flatMap(one => {
    const fault = change(one.fault)
    return fault === null ? [] : [{ ...one, fault }]
  }),
})

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true])
})

test('an origin that is not cold crushes nobody', async () => {
  const [crushed] = await holdsWhenPlayed(healing(fault => (fault.startsWith('cold') ? null : fault)))
  expect(crushed).toBe(false)
})

test('a slow start that is over at once spares nobody', async () => {
  const [, spared, , onTop] = await holdsTaking(({ balancer }) => ({
    balancer: balancer.replace('windowMs=10000', 'windowMs=1'),
  }))
  expect([spared, onTop]).toEqual([false, false])
})

test('who takes turns in place of counting fares no better than turns', async () => {
  const [, , counting] = await holdsTaking(({ balancer }) => ({
    balancer: balancer === 'least-request' ? 'round-robin' : balancer,
  }))
  expect(counting).toBe(false)
})

test('an origin that stays cold is not like any other', async () => {
  const stays = healing(fault => fault.replace(/warmMs=\d+/, 'warmMs=600000'))
  const faults = stays.faults!.flatMap(one => (one.fault.startsWith('cold') ? [one, { ...one, phase: 'warm' }] : [one]))
  expect((await holdsWhenPlayed({ ...stays, faults })).at(-1)).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
