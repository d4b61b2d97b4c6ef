// What every filter must do. Runs over every file in proxy/filters.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Filter, FilterEffect, PolicyRequest } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { load, namesOf } from '../../core/registry.ts'

const request: PolicyRequest = { method: 'GET', target: '/', client: '10.0.0.1', header: () => undefined }

async function maker(name: string, given: Record<string, number> = {}) {
  const strategy = await load<AnyStrategy<Filter>>('filter', name, 'test')
  const params = decodeParameters(strategy.params, given, name) as never
  return (seed = 1) => strategy.make(params, { rng: randomStream(seed, 'filter') })
}

/** What a filter answers to `count` requests, one each millisecond. */
const answers = (filter: Filter, count: number): (readonly FilterEffect[])[] =>
  Array.from({ length: count }, (_, now) => filter.onRequest?.(request, now) ?? [])

describe.each(namesOf('filter'))('filter %s', async name => {
  const make = await maker(name)

  test('wants only what engines can carry out, with times that are above 0 and finite', () => {
    for (const { kind, ms } of answers(make(), 5_000).flat()) {
      expect(kind).toBe('burn')
      expect(ms > 0 && Number.isFinite(ms)).toBe(true)
    }
  })

  test('answers the same for the same seed', () => {
    expect(answers(make(), 2_000)).toEqual(answers(make(), 2_000))
  })
})

describe('burn', () => {
  test.each([1, 0.5, 0.3, 0.01, 0.0004])('burns a share of %d exactly, to one request', async share => {
    const make = await maker('burn', { share, ms: 7 })
    for (const seed of [1, 2, 3]) {
      const burns = answers(make(seed), 25_000).filter(effects => effects.length > 0)
      expect(Math.abs(burns.length - 25_000 * share)).toBeLessThanOrEqual(1)
      expect(burns[0]).toEqual([{ kind: 'burn', ms: 7 }])
    }
  })

  test('picks its places by chance: other seeds, other places, and no rhythm', async () => {
    const make = await maker('burn', { share: 0.01, ms: 7 })
    const placesOf = (seed: number) =>
      answers(make(seed), 20_000).flatMap((effects, place) => (effects.length > 0 ? [place] : []))
    expect(placesOf(1)).not.toEqual(placesOf(2))
    const gaps = placesOf(1).map((place, index, places) => place - (places[index - 1] ?? 0))
    expect(Math.min(...gaps)).toBeLessThan(30)
    expect(Math.max(...gaps)).toBeGreaterThan(150)
  })
})

test('none has no hook, so that the engine asks nothing', async () => {
  expect((await maker('none'))()).toEqual({})
})
