// What every balancer must do, whatever its idea. Runs over every file in proxy/balancers, and over every combinator in
// proxy/combinators around each of them.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Balancer, Outcome, PolicyRequest, Upstream } from '../../core/contracts.ts'
import { randomStream } from '../../core/random.ts'
import { choose, load, make, namesOf, type Seam } from '../../core/registry.ts'

const request: PolicyRequest = { method: 'GET', target: '/', client: '127.0.0.1', header: () => undefined }

/** Requests that differ in everything a balancer might hash. */
const requestOf = (i: number): PolicyRequest => ({
  method: 'GET',
  target: `/k/${i}`,
  client: `127.0.${i >> 8}.${i & 255}`,
  header: () => `${i}`,
})

function upstreams(n: number): Upstream[] {
  return Array.from({ length: n }, (_, index) => ({ index, id: `o${index}`, weight: 1, inFlight: 0 }))
}

const answered: Outcome = { kind: 'response', status: 200, headMs: 1, totalMs: 1, maybeExecuted: true }

/** What need not hold for one of them, and why. */
const unfair: Readonly<Record<string, string>> = {
  'first-available': 'by design: the first has room for all',
}
const blindToWeights: Readonly<Record<string, string>> = {
  'round-robin': 'by design: the baseline',
  'first-available': 'by design: the first has room for all',
  'stale-view+peak-ewma': 'all go to one until the next refresh, then all to the other',
  'stale-view+least-time': 'all go to one until the next refresh, then all to the other',
  'stale-view+deterministic-aperture': 'all go to one until the next refresh, then all to the other',
}
/** Why a law does not hold for a balancer, or undefined. */
const exempt = (spec: string, from: Readonly<Record<string, string>>) =>
  [spec, ...spec.split('+')].map(part => from[part]).find(reason => reason !== undefined)

const around = namesOf('combinator').flatMap(outer => namesOf('balancer').map(inner => `${outer}+${inner}`))
const specs = [...namesOf('balancer'), ...around]

describe.each(['balancer', 'combinator'] as Seam[])('every %s', seam => {
  test.each(namesOf(seam))('%s says what it is and where it comes from', async name => {
    const { about, source } = await load<AnyStrategy<Balancer>>(seam, name, 'test')
    expect(about).toMatch(/^[A-Z].*\.$/)
    expect(source.length).toBeGreaterThan(10)
  })
})

describe.each(specs)('%s', async spec => {
  const chosen = await choose<AnyStrategy<Balancer>>('balancer', spec)
  const made = (seed = 1) => make(chosen, seed, 'balancer')
  /** Picks, and tells the balancer of what an engine would tell it. */
  function send(balancer: Balancer, asked: PolicyRequest, now: number): Upstream {
    const upstream = balancer.pick(asked, [], now)!
    upstream.inFlight++
    balancer.onSend?.(upstream, now)
    return upstream
  }
  function end(balancer: Balancer, upstream: Upstream, now: number, outcome = answered): void {
    upstream.inFlight--
    balancer.onDone?.(upstream, outcome, now)
  }

  test('picks only eligible upstreams, and null when there is none', () => {
    const balancer = made()
    balancer.onEligible([], 1, 0)
    expect(balancer.pick(request, [], 0)).toBeNull()
    const all = upstreams(5)
    balancer.onEligible(all.slice(1, 4), 2, 1)
    const picked = new Set(Array.from({ length: 200 }, (_, i) => balancer.pick(requestOf(i), [], 1 + i)))
    expect([...picked].filter(upstream => !all.slice(1, 4).includes(upstream!))).toEqual([])
  })

  test('never returns an upstream to avoid while another is left, and null when all are to be avoided', () => {
    const balancer = made()
    const all = upstreams(3)
    balancer.onEligible(all, 1, 0)
    const picked = Array.from({ length: 60 }, (_, i) => {
      return balancer.pick(requestOf(i), [all[i % 3]!, all[(i + 1) % 3]!], i)?.index
    })
    expect(picked).toEqual(picked.map((_, i) => (i + 2) % 3))
    expect(balancer.pick(request, all, 100)).toBeNull()
  })

  test('keeps to who is eligible while they come and go with requests under way', () => {
    const balancer = made()
    const all = upstreams(9)
    const random = randomStream(7, 'changes')
    const underWay: Upstream[] = []
    let eligible: readonly Upstream[] = all
    const wrong: unknown[] = []
    for (let i = 0; i < 600; i++) {
      if (i % 20 === 0) balancer.onEligible((eligible = all.filter(() => random.uniform() < 0.6)), 1 + i, i)
      if (eligible.length === 0) {
        if (balancer.pick(requestOf(i), [], i) !== null) wrong.push(i)
        continue
      }
      const upstream = send(balancer, requestOf(i), i)
      if (!eligible.includes(upstream)) wrong.push({ i, picked: upstream.id })
      // Some end after their upstream has left.
      if (underWay.push(upstream) > 12) {
        const outcome: Outcome = i % 7 === 0 ? { ...answered, kind: 'origin-closed', status: 0 } : answered
        end(balancer, underWay.splice(random.integer(underWay.length), 1)[0]!, i, outcome)
      }
    }
    expect(wrong).toEqual([])
  })

  test('reaches all of equal weight, none with more than twice its share', context => {
    const reason = exempt(spec, unfair)
    if (reason !== undefined) return context.skip(reason)
    const balancer = made()
    const all = upstreams(8)
    balancer.onEligible(all, 1, 0)
    const picks = new Array<number>(8).fill(0)
    for (let i = 0; i < 4000; i++) {
      const upstream = send(balancer, requestOf(i), i)
      picks[upstream.index]!++
      end(balancer, upstream, i)
    }
    for (const n of picks) expect(n).toBeGreaterThan(250)
    for (const n of picks) expect(n).toBeLessThan(1000)
  })

  test('is deterministic: the same seed gives the same picks', () => {
    const picks = [1, 1].map(seed => {
      const balancer = made(seed)
      const all = upstreams(7)
      balancer.onEligible(all, 1, 0)
      return Array.from({ length: 100 }, (_, i) => {
        const upstream = send(balancer, requestOf(i % 13), i)
        if (i % 3 > 0) end(balancer, upstream, i)
        return upstream.index
      })
    })
    expect(picks[0]).toEqual(picks[1])
  })

  test('gives a heavy upstream more than a light one', context => {
    const reason = exempt(spec, blindToWeights)
    if (reason !== undefined) return context.skip(reason)
    const balancer = made()
    const all = [1, 4].map((weight, index) => ({ index, id: `o${index}`, weight, inFlight: 0 }))
    balancer.onEligible(all, 1, 0)
    const underWay: Upstream[] = []
    const picks = [0, 0]
    for (let i = 0; i < 2000; i++) {
      const upstream = send(balancer, requestOf(i), i)
      picks[upstream.index]!++
      // Ten requests are under way at any time, so that load and weight both have their say.
      if (underWay.push(upstream) > 10) end(balancer, underWay.shift()!, i, { ...answered, headMs: 10, totalMs: 10 })
    }
    // The square root of 4 where weight and load count alike, as in biased-least-request.
    expect(picks[1]! / picks[0]!).toBeGreaterThan(1.8)
  })
})

test('power-of-two takes the less loaded of its two looks, so the most loaded upstream gets nothing', async () => {
  const strategy = await load<AnyStrategy<Balancer>>('balancer', 'power-of-two', 'test')
  const balancer = strategy.make({} as never, { rng: randomStream(3, 'balancer') })
  const all = upstreams(4)
  all[2]!.inFlight = 10
  balancer.onEligible(all, 1, 0)
  for (let i = 0; i < 500; i++) expect(balancer.pick(request, [], i)).not.toBe(all[2])
})

test('power-of-two weighs load by weight', async () => {
  const strategy = await load<AnyStrategy<Balancer>>('balancer', 'power-of-two', 'test')
  const balancer = strategy.make({} as never, { rng: randomStream(3, 'balancer') })
  const small: Upstream = { index: 0, id: 'small', weight: 1, inFlight: 2 }
  const large: Upstream = { index: 1, id: 'large', weight: 10, inFlight: 5 }
  balancer.onEligible([small, large], 1, 0)
  for (let i = 0; i < 50; i++) expect(balancer.pick(request, [], i)).toBe(large)
})

test('round-robin gives each upstream exactly its share', async () => {
  const strategy = await load<AnyStrategy<Balancer>>('balancer', 'round-robin', 'test')
  const balancer = strategy.make({} as never, { rng: randomStream(3, 'balancer') })
  balancer.onEligible(upstreams(5), 1, 0)
  const picks = Array.from({ length: 50 }, (_, i) => balancer.pick(request, [], i)!.index)
  for (let i = 5; i < 50; i++) expect(picks[i]).toBe(picks[i - 5])
  expect(new Set(picks.slice(0, 5)).size).toBe(5)
})
