// Claims on disturbed runs, exit statuses, and the comparison of variants.
import { describe, expect, test } from 'vitest'
import type { Claim, Run } from '../core/record.ts'
import { judgeClaim, statusOf } from './claims.ts'
import { compareVariants, ratioInterval } from './compare-variants.ts'
import { every10Ms, inputOf, samplesUntil } from './observed.fixture.ts'
import { summarise } from './summary.ts'

const quiet = summarise(inputOf(every10Ms(100, 0)))
const disturbed = summarise(inputOf(every10Ms(100, 0), { samples: samplesUntil(2000, { generatorQueue: 0.4 }) }))
const claim = (kind: Claim['kind'], holds: boolean, ...uses: Run[]): Claim => ({
  claim: 'c',
  kind,
  holds,
  evidence: 'e.',
  uses,
})

describe('judgeClaim', () => {
  test('leaves claims on quiet runs alone', () => {
    expect(judgeClaim(claim('timing', true, quiet))).toEqual({ claim: 'c', holds: true, evidence: 'e.' })
    expect(judgeClaim(claim('timing', false, quiet)).holds).toBe(false)
    expect(judgeClaim({ ...claim('count', true, quiet), undecided: 'the load ran out' })).toEqual({
      claim: 'c',
      holds: 'undecided',
      evidence: 'e. Undecided, because the load ran out.',
    })
  })

  test('a timing claim on a disturbed run is undecided and says why; a count stands', () => {
    for (const holds of [true, false]) {
      const judged = judgeClaim(claim('timing', holds, quiet, disturbed))
      expect(judged.holds).toBe('undecided')
      expect(judged.evidence).toBe(
        'e. Undecided, because timing was disturbed (ours, repeat 1: the generator was ready and without a core for 40 % of the run).',
      )
      expect(judgeClaim(claim('count', holds, disturbed)).holds).toBe(holds)
    }
  })
})

describe('statusOf', () => {
  const record = (ok: boolean, ...holds: (boolean | 'undecided')[]) => ({
    valid: { ok, reasons: [] },
    claims: holds.map(one => ({ claim: 'c', holds: one, evidence: 'e' })),
  })

  test.each([
    [record(true, true, 'undecided'), false, 0],
    [record(true, true, 'undecided'), true, 4],
    [record(true, true), true, 0],
    [record(true, 'undecided', false), true, 1],
    [record(false, false), false, 3],
  ])('%j strict=%s → %i', (some, strict, status) => {
    expect(statusOf(some, strict)).toBe(status)
  })
})

describe('compareVariants', () => {
  const runs = (variant: string, ...usPerRequest: (number | null)[]) =>
    usPerRequest.map((us, repeat) => ({ ...quiet, variant, repeat, cpu: { ...quiet.cpu, usPerRequest: us } }))
  const cpuOf = (some: readonly Run[]) => compareVariants(some, 'calm').find(one => one.metric === 'CPU per request')

  test('is the geometric mean of paired ratios, with an interval from three pairs on', () => {
    expect(cpuOf([...runs('a', 10, 20), ...runs('b', 20, 40)])).toMatchObject({
      ratio: expect.closeTo(2),
      confidence: null,
      pairs: 2,
    })
    const three = cpuOf([...runs('a', 10, 10, 10), ...runs('b', 10, 20, 40)])!
    expect(three).toMatchObject({ baseline: 'a', variant: 'b', baselineValue: expect.closeTo(10), pairs: 3 })
    expect(three.ratio).toBeCloseTo(2)
    // log ratios 0, ln 2, ln 4: mean ln 2, standard deviation ln 2, t(2) = 4.303.
    const half = (4.303 * Math.LN2) / Math.sqrt(3)
    expect(three.confidence![0]).toBeCloseTo(2 * Math.exp(-half), 6)
    expect(three.confidence![1]).toBeCloseTo(2 * Math.exp(half), 6)
  })

  test('of a sweep compares with the first series at the same point', () => {
    const swept = (series: string, at: number, us: number) =>
      runs(`${series}, load ${at}`, us).map(run => ({ ...run, point: { series, at } }))
    const some = [...swept('a', 50, 10), ...swept('a', 90, 100), ...swept('b', 50, 20), ...swept('b', 90, 300)]
    const ratios = compareVariants(some, 'calm').filter(one => one.metric === 'CPU per request')
    expect(ratios.map(({ baseline, variant, ratio }) => [baseline, variant, Math.round(ratio)])).toEqual([
      ['a, load 50', 'b, load 50', 2],
      ['a, load 90', 'b, load 90', 3],
    ])
  })

  test('leaves out pairs without a value', () => {
    expect(cpuOf([...runs('a', 10, null), ...runs('b', 30, 5)])).toMatchObject({ ratio: expect.closeTo(3), pairs: 1 })
    expect(cpuOf([...runs('a', null), ...runs('b', 5)])).toBeUndefined()
  })

  test('an interval of equal ratios is a point', () => {
    expect(ratioInterval([0, 0, 0, 0])).toEqual([1, 1])
    expect(ratioInterval([0, 0])).toBeNull()
  })
})
