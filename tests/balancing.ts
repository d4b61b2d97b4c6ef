// What tests of balancers need: requests, upstreams, outcomes, a balancer by its spec, counts of picks, and a test of whether
// counts fit what chance would give.
import type { AnyStrategy, Balancer, LoadReport, Outcome, Place, PolicyRequest, Upstream } from '../core/contracts.ts'
import { choose, make } from '../core/registry.ts'

export const requestFor = (target: string, more: Partial<PolicyRequest> = {}): PolicyRequest => ({
  method: 'GET',
  target,
  client: '127.0.0.1',
  header: () => undefined,
  ...more,
})

export const request = requestFor('/')

/** The balancer `spec`, combinators included, told of nothing yet. */
export async function balancerOf(spec: string, seed = 1, place?: Place): Promise<Balancer> {
  return make(await choose<AnyStrategy<Balancer>>('balancer', spec), seed, 'balancer', place)
}

/** Upstreams of these weights, all idle. */
export function upstreams(...weights: number[]): Upstream[] {
  return weights.map((weight, index) => ({ index, id: `o${index}`, weight, inFlight: 0 }))
}

/** `n` upstreams of weight 1, all idle. */
export const equals = (n: number) => upstreams(...new Array<number>(n).fill(1))

export const answered = (headMs: number, status = 200, report: LoadReport | null = null): Outcome => ({
  kind: 'response',
  status,
  headMs,
  totalMs: headMs,
  maybeExecuted: true,
  report,
})

/** Of `n` picks, how many each upstream of `size` got. Nothing is sent. */
export function shares(balancer: Balancer, n: number, size: number, now = 0, asked = request): number[] {
  const picks = new Array<number>(size).fill(0)
  for (let i = 0; i < n; i++) picks[balancer.pick(asked, [], now)!.index]!++
  return picks
}

/** Tells as an engine does: one more in flight, then `onSend`. */
export function send(balancer: Balancer, upstream: Upstream, now: number): void {
  upstream.inFlight++
  balancer.onSend?.(upstream, now)
}

export function end(balancer: Balancer, upstream: Upstream, outcome: Outcome, now: number): void {
  upstream.inFlight--
  balancer.onDone?.(upstream, outcome, now)
}

/** The 99.9 % points of chi-square, by degrees of freedom. */
const limits: Readonly<Record<number, number>> = { 1: 10.83, 2: 13.82, 3: 16.27, 5: 20.52, 7: 24.32, 9: 27.88 }

/**
 * Do the counts fit these chances, by Pearson's chi-square at 0.1 %? Of a fixed seed the answer is always the same.
 * @throws when the number of counts is not in the table of limits.
 */
export function fits(counts: readonly number[], chances: readonly number[]): boolean {
  const total = counts.reduce((sum, n) => sum + n, 0)
  const limit = limits[counts.length - 1]
  if (limit === undefined) throw new Error(`no chi-square limit for ${counts.length} counts`)
  const chiSquare = counts.reduce((sum, n, i) => sum + (n - total * chances[i]!) ** 2 / (total * chances[i]!), 0)
  return chiSquare < limit
}
