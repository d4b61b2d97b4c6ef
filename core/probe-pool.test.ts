// The pool of answers, held to its rule as the paper states it: a list, a sort, a filter.
import { expect, test } from 'vitest'
import type { Upstream } from './contracts.ts'
import { ProbePool } from './probe-pool.ts'
import { randomStream } from './random.ts'

interface Answer {
  readonly upstream: Upstream
  inFlight: number
  readonly latencyMs: number
  usesLeft: number
  readonly at: number
}

/** From best to worst, the first to come before its equals. */
function ranked(answers: readonly Answer[], hotQuantile: number): Answer[] {
  const loads = answers.map(({ inFlight }) => inFlight).sort((a, b) => a - b)
  const hotAbove = hotQuantile === 0 ? -1 : loads[Math.ceil(hotQuantile * loads.length) - 1]!
  const isHot = ({ inFlight }: Answer) => inFlight > hotAbove
  const cold = answers.filter(one => !isHot(one)).sort((a, b) => a.latencyMs - b.latencyMs)
  return [...cold, ...answers.filter(isHot).sort((a, b) => a.inFlight - b.inFlight)]
}

const upstreams = Array.from({ length: 12 }, (_, index) => ({ index, id: `o${index}`, weight: 1, inFlight: 0 }))
const cases = [2, 5, 16].flatMap(pool => [0, 0.01, 0.3, 0.5, 0.84, 1].map(hotQuantile => ({ pool, hotQuantile })))

test.each(cases)('a pool of $pool takes the quickest that is not among the loaded $hotQuantile', limits => {
  const rng = randomStream(3, 'probe-pool')
  const pool = new ProbePool(limits)
  let answers: Answer[] = []
  let taken = 0
  for (let now = 0; now < 4000; now++) {
    // Latencies are all different, so that the worst is one and not several.
    const [inFlight, latencyMs, uses] = [rng.integer(50) + now / 1e6, rng.uniform(), 1 + rng.integer(3)]
    const upstream = upstreams[rng.integer(upstreams.length)]!
    const avoid = rng.integer(2) === 0 ? [] : [upstream]
    const act = rng.integer(8)
    if (act < 4) {
      pool.add(upstream, inFlight, latencyMs, uses, now)
      answers = [...answers, { upstream, inFlight, latencyMs, usesLeft: uses, at: now }].slice(-limits.pool)
    } else if (act < 7) {
      const best = ranked(answers, limits.hotQuantile).find(one => !avoid.includes(one.upstream))
      expect(pool.take(avoid)).toBe(best?.upstream ?? null)
      if (best === undefined) continue
      taken++
      best.inFlight++
      if (--best.usesLeft === 0) answers.splice(answers.indexOf(best), 1)
    } else {
      pool.dropOlderThan(now - 40)
      answers = answers.filter(({ at }) => at >= now - 40)
    }
    expect(pool.size).toBe(answers.length)
  }
  expect(taken).toBeGreaterThan(500)
  for (const removed of ['oldest', 'worst', 'oldest']) {
    if (answers.length === 0) break
    pool.removeOne()
    const gone = removed === 'oldest' ? answers[0]! : ranked(answers, limits.hotQuantile).at(-1)!
    answers.splice(answers.indexOf(gone), 1)
    expect(pool.size).toBe(answers.length)
    pool.keepOnly(upstreams)
    expect(pool.size).toBe(answers.length)
  }
})
