// The experiments of the lesson on means: services with one mean and different tails, pages that need many answers, and the
// percentiles of two servers taken together. The simulator's origins serve as many requests at once as come.
import type { Fault, ServiceTime } from '../../core/contracts.ts'
import { RequestLog } from '../../core/request-log.ts'
import slow from '../../fault-injection/faults/slow.ts'
import bimodal from '../../fault-injection/service-times/bimodal.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import fixed from '../../fault-injection/service-times/fixed.ts'
import bursts from '../../loadgen/profiles/bursts.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import random from '../../proxy/balancers/random.ts'
import { SimulatedHistogram } from '../../simulation/histogram.ts'
import { made } from '../../simulation/made.ts'
import type { FaultModel, Make } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'

const manyAtOnce = { slots: Number.POSITIVE_INFINITY }

/** The mean of every service of the first experiment, and the usual time of the one that is mostly quick, ms. */
export const meanMs = 15
export const quickMs = 10

/** What a slow request takes when so many are slow and the mean is to stay `meanMs`. */
export function slowMsFor(slowShare: number): number {
  return (meanMs - quickMs * (1 - slowShare)) / slowShare
}

export const services = ['steady', 'varied', 'mostly quick'] as const
export type ServiceName = (typeof services)[number]

/** The percentiles of the first chart, by the names engineers give them. */
export const percentiles = { p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99, 'p99.9': 0.999 } as const
export type Percentile = keyof typeof percentiles

export type Times = Readonly<Record<Percentile | 'mean', number>>

/** Response times of a service, ms; `slowShare` matters to the one that is mostly quick. */
export function respond(name: ServiceName, slowShare: number): Times {
  const laws: Record<ServiceName, Make<ServiceTime>> = {
    steady: made(fixed, { ms: meanMs }),
    varied: made(exponential, { meanMs }),
    'mostly quick': made(bimodal, { ms: quickMs, slowMs: slowMsFor(slowShare), slowShare }),
  }
  const { latency } = run(laws[name], 1000, 100_000)
  const times = Object.entries(percentiles).map(([percentile, q]) => [percentile, latency.quantileMs(q)])
  return { mean: latency.meanMs, ...Object.fromEntries(times) }
}

/** One origin, so many requests of independent users. */
function run(law: Make<ServiceTime>, ratePerSecond: number, requests: number, seed = 1) {
  const model = { durationMs: (requests / ratePerSecond) * 1000, origins: { count: 1, ...manyAtOnce } }
  const arrivals = made(poisson, { ratePerSecond })
  return simulate(model, { arrivals, service: () => law, balancer: made(random) }, seed)
}

/** Slow by chance, each part for itself; or all parts that are asked for in the same bad moment. */
export type Cause = 'chance' | 'moments'

const pageEveryMs = 1000
const pages = 2000
export const partMs = 10
export const slowPartMs = 200
export const partsAtMost = 200

/**
 * Loads pages of `partsAtMost` parts each, all parts of a page at one instant. `slowShare`: of all parts, or of the time.
 * @returns the share of pages with a slow one among their first `n` parts, for each `n` from 0.
 */
export function loadPages(slowShare: number, cause: Cause): number[] {
  const origins = 10
  const log = new RequestLog(pages * partsAtMost)
  const byChance = cause === 'chance'
  const bad = byChance ? [] : badMoments(slowShare)
  const faults = bad.flatMap(moment => Array.from({ length: origins }, (_, origin) => ({ origin, ...moment })))
  simulate(
    { durationMs: (pages + 0.5) * pageEveryMs, origins: { count: origins, ...manyAtOnce }, faults },
    {
      arrivals: made(bursts, { size: partsAtMost, everyMs: pageEveryMs }),
      service: () => made(bimodal, { ms: partMs, slowMs: slowPartMs, slowShare: byChance ? slowShare : 0 }),
      balancer: made(random),
      faults: faults.map((): Make<Fault> => made(slow, { factor: slowPartMs / partMs })),
    },
    1,
    0,
    { log },
  )
  const firstSlow = new Array(partsAtMost + 1).fill(0)
  for (let page = 0; page < pages; page++) firstSlow[slowPart(log, page)]++
  let slowPages = 0
  return [0, ...firstSlow.slice(0, partsAtMost).map(count => (slowPages += count) / pages)]
}

/** Which part of the page is the first slow one; `partsAtMost` when none is. */
function slowPart({ endedAt, sentAt }: RequestLog, page: number): number {
  for (let part = 0; part < partsAtMost; part++) {
    const row = page * partsAtMost + part
    if (endedAt[row]! - sentAt[row]! > slowPartMs / 2) return part
  }
  return partsAtMost
}

/** As many moments as make up this share of the time, far from each other, each about one page. */
function badMoments(share: number): Omit<FaultModel, 'origin'>[] {
  const count = Math.round(share * pages)
  return Array.from({ length: count }, (_, at) => {
    const page = 1 + Math.floor(((at + 0.5) * pages) / count)
    return { fromMs: (page - 0.5) * pageEveryMs, untilMs: (page + 0.5) * pageEveryMs }
  })
}

/** The share of pages of `parts` with a slow one, if each part is slow with chance `slowShare` and for itself. */
export function slowPages(parts: number, slowShare: number): number {
  return 1 - (1 - slowShare) ** parts
}

/** How rarely a part may be slow if only `pageShare` of the pages of `parts` may be. */
export function allowedShare(parts: number, pageShare: number): number {
  return 1 - (1 - pageShare) ** (1 / parts)
}

export interface TwoServers {
  readonly quickP99Ms: number
  readonly slowP99Ms: number
  /** The mean of the two, which is nobody's. */
  readonly meanOfP99sMs: number
  /** Of all requests: the two histograms added, then read. */
  readonly allP99Ms: number
}

/** Two servers, one twenty times slower; `shareAtSlow` of the requests go to that one. */
export function twoServers(shareAtSlow: number): TwoServers {
  const requests = 60_000
  const at = (share: number, serviceMs: number, seed: number) =>
    run(made(exponential, { meanMs: serviceMs }), 1000 * share, requests * share, seed).latency
  const quick = at(1 - shareAtSlow, 10, 1)
  const slowOnes = at(shareAtSlow, 200, 2)
  const all = new SimulatedHistogram()
  all.add(quick)
  all.add(slowOnes)
  const p99 = (histogram: SimulatedHistogram) => histogram.quantileMs(0.99) ?? 0
  return {
    quickP99Ms: p99(quick),
    slowP99Ms: p99(slowOnes),
    meanOfP99sMs: (p99(quick) + p99(slowOnes)) / 2,
    allP99Ms: p99(all),
  }
}
