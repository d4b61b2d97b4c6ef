import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Fault } from '../core/contracts.ts'
import { choose, make, namesOf } from '../core/registry.ts'

const faultOf = async (spec: string) => make(await choose<AnyStrategy<Fault>>('fault', spec), 1, 'fault/o0')

describe.each(namesOf('fault'))('fault %s', name => {
  test('answers the same question the same way, and only what an engine can carry out', async () => {
    const fault = await faultOf(name)
    for (let step = 0; step < 1000; step++) {
      const effect = fault.effectAt(step, step / 1000)
      expect(fault.effectAt(step, step / 1000)).toEqual(effect)
      if (effect?.kind === 'service') expect(effect.factor * 10 + effect.addMs).toBeGreaterThanOrEqual(0)
      else if (effect) expect(effect).toMatchObject({ kind: 'status', status: expect.any(Number) })
    }
  })
})

test('status strikes its share of the requests', async () => {
  const fault = await faultOf('status:code=503,share=0.25')
  const effects = Array.from({ length: 100 }, (_, step) => fault.effectAt(0, step / 100))
  expect(effects.filter(effect => effect !== null)).toEqual(Array(25).fill({ kind: 'status', status: 503 }))
})

test('slow grows to its factor and stays there', async () => {
  const fault = await faultOf('slow:factor=5,addMs=8,growsMs=100')
  expect([0, 50, 100, 1000].map(sinceMs => fault.effectAt(sinceMs, 0))).toEqual([
    { kind: 'service', factor: 1, addMs: 0 },
    { kind: 'service', factor: 3, addMs: 4 },
    { kind: 'service', factor: 5, addMs: 8 },
    { kind: 'service', factor: 5, addMs: 8 },
  ])
})
