// What every fault must do. Runs over every file in fault-injection/faults: the same question has the same answer, the
// answers come from the closed lists that engines carry out, and a fault says what it is good for.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Effect, Fault, OriginEffect } from '../../core/contracts.ts'
import { choose, load, make, namesOf } from '../../core/registry.ts'

const made = async (spec: string) => make(await choose<AnyStrategy<Fault>>('fault', spec), 1, 'fault/o0')

/** What an engine must be able to do with each effect; a kind that is missing here is not in the list. */
const isCarriedOut: { [K in Effect['kind']]: (effect: Extract<Effect, { kind: K }>) => boolean } = {
  status: ({ status }) => Number.isInteger(status) && status >= 200 && status <= 599,
  service: ({ factor, addMs }) => factor >= 0 && addMs >= 0 && Number.isFinite(factor + addMs),
  'lose-answer': () => true,
}
const originEffects: Record<OriginEffect, true> = { dead: true, frozen: true, refusing: true }

const instants = [0, 0.001, 1, 17, 999, 60_000, 86_400_000]
const draws = [0, 0.1, 0.25, 0.5, 0.75, 0.999, 1 - 2 ** -32]
const questions = instants.flatMap(sinceMs => draws.map(u => [sinceMs, u] as const))

describe.each(namesOf('fault'))('fault %s', async name => {
  const strategy = await load<AnyStrategy<Fault> & { simulated?: true | string }>('fault', name, 'test')

  test('strikes requests, the origin as a whole, or both', async () => {
    const fault = await made(name)
    expect(fault.effectAt !== undefined || fault.origin !== undefined).toBe(true)
    if (fault.origin !== undefined) expect(Object.keys(originEffects)).toContain(fault.origin)
  })

  test('its effects are in the closed list, with values that can be carried out', async () => {
    const fault = await made(name)
    for (const [sinceMs, u] of questions) {
      const effect = fault.effectAt?.(sinceMs, u) ?? null
      if (effect === null) continue
      expect(Object.keys(isCarriedOut)).toContain(effect.kind)
      expect(isCarriedOut[effect.kind](effect as never), JSON.stringify(effect)).toBe(true)
    }
  })

  test('the same instant and draw have the same effect, in any order and for any instance', async () => {
    const [one, other] = [await made(name), await made(name)]
    const ask = (fault: Fault, asked: typeof questions) =>
      asked.map(([sinceMs, u]) => JSON.stringify(fault.effectAt?.(sinceMs, u)))
    const answers = ask(one, questions)
    expect(ask(one, questions)).toEqual(answers)
    expect(ask(other, questions.toReversed()).toReversed()).toEqual(answers)
  })

  test('who is struck with an unlucky draw is struck with an unluckier one', async () => {
    const fault = await made(name)
    for (const sinceMs of instants) {
      const struck = draws.map(u => (fault.effectAt?.(sinceMs, u) ?? null) !== null)
      // Shares are cut from the low end, so that a larger share strikes the same requests and more.
      expect(struck.lastIndexOf(true)).toBe(struck.filter(Boolean).length - 1)
    }
  })

  test('says whether it can be simulated', () => {
    const { simulated } = strategy
    expect(simulated === true || (typeof simulated === 'string' && simulated.length > 20)).toBe(true)
  })
})

test.each([
  ['status:share=0.25', 'status'],
  ['lose-answer:share=0.25', 'lose-answer'],
])('%s strikes its share of the requests', async (spec, kind) => {
  const fault = await made(spec)
  const effects = Array.from({ length: 100 }, (_, step) => fault.effectAt!(0, step / 100))
  expect(effects.filter(effect => effect?.kind === kind)).toHaveLength(25)
  expect(effects.filter(effect => effect === null)).toHaveLength(75)
})

test('status answers with its code', async () => {
  expect((await made('status:code=503')).effectAt!(0, 0)).toEqual({ kind: 'status', status: 503 })
})

test('slow grows to its factor and stays there', async () => {
  const fault = await made('slow:factor=5,addMs=8,growsMs=100')
  expect([0, 50, 100, 1000].map(sinceMs => fault.effectAt!(sinceMs, 0))).toEqual([
    { kind: 'service', factor: 1, addMs: 0 },
    { kind: 'service', factor: 3, addMs: 4 },
    { kind: 'service', factor: 5, addMs: 8 },
    { kind: 'service', factor: 5, addMs: 8 },
  ])
})

test('cold begins with its factor and is gone when it is warm', async () => {
  const fault = await made('cold:factor=5,warmMs=100')
  expect([0, 50, 100, 1000].map(sinceMs => fault.effectAt!(sinceMs, 0))).toEqual([
    { kind: 'service', factor: 5, addMs: 0 },
    { kind: 'service', factor: 3, addMs: 0 },
    null,
    null,
  ])
})
