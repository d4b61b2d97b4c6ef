// Two looks at old counts: better than a draw while the counts are fresh enough, and worse from a certain age on. Brooker's
// simulation of 2012 has that age at 70 s: ten servers, a request per second, each server takes its oldest request off
// every eight seconds, and the lengths of the queues are refreshed every so often. His model is small enough to be written
// out here; the balancers are the files of the proxy, seeing the queues through `stale-view`.
// Then the simulator's own board, on which all counts are renewed every so often: a hundred origins at load 0.9, where the means
// are those of an independent simulation of ours and the order is Mitzenmacher's.
// Sources: Brooker, "The power of two random choices", brooker.co.za, 2012; Mitzenmacher, "How useful is old information?",
// TPDS 11(1), 2000.
import { expect, test } from 'vitest'
import { randomStream } from '../../core/random.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import leastRequest from '../../proxy/balancers/least-request.ts'
import powerOfD from '../../proxy/balancers/power-of-d.ts'
import { made } from '../../simulation/made.ts'
import type { Model, Policies } from '../../simulation/model.ts'
import { answered, balancerOf, end, equals, request, send } from '../balancing.ts'
import { intervalOf, timesOf } from './interval.ts'

const servers = 10
const serviceS = 8
const runs = 24
const lengthS = 8000
const warmUpS = 1000

/** The mean time in the queue, in seconds, of one run. */
async function timeInQueue(spec: string, seed: number): Promise<number> {
  const balancer = await balancerOf(spec, seed)
  const rng = randomStream(seed, 'arrivals')
  const all = equals(servers)
  const queues = all.map((): number[] => [])
  const nextAt = all.map(() => rng.uniform() * serviceS)
  balancer.onEligible(all, 1, 0)
  let total = 0
  let served = 0
  function serve(until: number): void {
    for (;;) {
      const due = nextAt.reduce((best, at, i) => (at < nextAt[best]! ? i : best), 0)
      const now = nextAt[due]!
      if (now > until) return
      nextAt[due] = now + serviceS
      const came = queues[due]!.shift()
      if (came === undefined) continue
      end(balancer, all[due]!, answered((now - came) * 1000), now * 1000)
      if (came < warmUpS) continue
      total += now - came
      served++
    }
  }
  for (let now = rng.exponential(1); now < lengthS; now += rng.exponential(1)) {
    serve(now)
    const upstream = balancer.pick(request, [], now * 1000)!
    send(balancer, upstream, now * 1000)
    queues[upstream.index]!.push(now)
  }
  return total / served
}

/** The mean difference of two specs over the same arrivals, with the half width of its 99.9 % interval. */
async function difference(a: string, b: string): Promise<{ mean: number; half: number }> {
  const differences: number[] = []
  for (let seed = 1; seed <= runs; seed++) differences.push((await timeInQueue(a, seed)) - (await timeInQueue(b, seed)))
  const mean = differences.reduce((sum, d) => sum + d) / runs
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (runs - 1)
  // Student's t of 23 degrees of freedom.
  return { mean, half: 3.77 * Math.sqrt(variance / runs) }
}

const stale = (s: number, balancer: string) => `stale-view:everyMs=${s * 1000}+${balancer}`

test('two looks are better than a draw at 40 s and worse at 100 s, and at 70 s they are equal', async () => {
  const at40 = await difference(stale(40, 'power-of-two'), 'random')
  const at70 = await difference(stale(70, 'power-of-two'), 'random')
  const at100 = await difference(stale(100, 'power-of-two'), 'random')
  expect(at40.mean + at40.half).toBeLessThan(0)
  expect(at100.mean - at100.half).toBeGreaterThan(0)
  expect(Math.abs(at70.mean)).toBeLessThan(at70.half)
  // Of about 18 s: the interval says something.
  expect(at70.half).toBeLessThan(1.5)
})

test('the best of all is best when counts are fresh, and worst at 70 s', async () => {
  const fresh = await difference(stale(0, 'least-request'), stale(0, 'power-of-two'))
  expect(fresh.mean + fresh.half).toBeLessThan(0)
  const old = await difference(stale(70, 'least-request'), 'random')
  expect(old.mean - old.half).toBeGreaterThan(20)
})

/** The mean time in service times, when the board is renewed every `refresh` of them. */
function timeWithBoard(balancer: Policies['balancer'], refresh: number) {
  const [origins, load, requests] = [100, 0.9, 60_000]
  const durationMs = requests / (origins * load)
  const model: Model = {
    durationMs,
    warmUpMs: durationMs / 4,
    origins: { count: origins },
    proxies: { view: { kind: 'shared', refreshMs: refresh } },
  }
  const arrivals = made(poisson, { ratePerSecond: origins * load * 1000 })
  const service = () => made(exponential, { meanMs: 1 })
  return intervalOf(timesOf(model, () => ({ arrivals, service, balancer }), 8))
}

test.each([
  [0.5, 2.84, 2.22, 2.85],
  [10, 5.11, 15.5, 24.5],
])('a board that is up to %f service times old: two looks take %f, ten %f, all %f', (refresh, two, ten, all) => {
  const balancers = [made(powerOfD, { choices: 2 }), made(powerOfD, { choices: 10 }), made(leastRequest)]
  const [ofTwo, ofTen, ofAll] = balancers.map(balancer => timeWithBoard(balancer, refresh))
  for (const [{ mean, half }, about] of [
    [ofTwo!, two],
    [ofTen!, ten],
    [ofAll!, all],
  ] as const) {
    const text = `${about} against ${mean.toFixed(3)} ± ${half.toFixed(3)}`
    expect(half / mean, text).toBeLessThan(0.25)
    expect(Math.abs(mean / about - 1), text).toBeLessThan(half / mean + 0.03)
  }
  // Whoever looks at more of what is old is led astray together with all others, and is worse off than by chance, M/M/1.
  const atRandom = 10
  if (refresh < 1) expect(ofTen!.mean + ofTen!.half).toBeLessThan(ofTwo!.mean - ofTwo!.half)
  else {
    expect(ofTwo!.mean + ofTwo!.half).toBeLessThan(atRandom)
    expect(ofTen!.mean - ofTen!.half).toBeGreaterThan(atRandom)
    expect(ofAll!.mean).toBeGreaterThan(ofTen!.mean)
  }
})
