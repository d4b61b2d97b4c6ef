// Carries out what a filter wants. Apart from requests.ts because a proxy without a filter has none of this.
import type { Filter, PolicyRequest } from '../../core/contracts.ts'
import type { Counters } from '../statistics.ts'

/** So many rounds take a few microseconds: asking the kernel more often would measure the asking. */
const roundsPerQuestion = 5_000

export class Filtering {
  private readonly onRequest: NonNullable<Filter['onRequest']>
  private readonly counters: Counters

  private constructor(onRequest: NonNullable<Filter['onRequest']>, counters: Counters) {
    this.onRequest = onRequest
    this.counters = counters
  }

  /** Null when the filter has no hooks, so that the engine need not ask it for each request. */
  static of(filter: Filter, counters: Counters): Filtering | null {
    const onRequest = filter.onRequest?.bind(filter)
    return onRequest ? new Filtering(onRequest, counters) : null
  }

  /** A request has been admitted at `now`. Returns the time after the effects. */
  run(request: PolicyRequest, now: number): number {
    const effects = this.onRequest(request, now)
    if (effects.length === 0) return now
    for (const { ms } of effects) {
      this.counters.filterBurns++
      burnCpu(ms)
    }
    return performance.now()
  }
}

/**
 * Returns after the calling thread has used `ms` of CPU time, which lasts longer where others use the core too: a handler
 * that is interrupted has as much to compute as before. The kernel accounts for a thread that runs once in a tick, of up to
 * 10 ms, so the clock is asked too: it is never less than `ms`.
 */
export function burnCpu(ms: number): void {
  const endsAt = performance.now() + ms
  const before = process.threadCpuUsage()
  let waste = 0
  for (;;) {
    for (let round = 0; round < roundsPerQuestion; round++) waste = (waste * 31 + round) | 0
    const { user, system } = process.threadCpuUsage(before)
    // `waste` is looked at, so that the loop is not optimised away; it is always a whole number.
    if (user + system >= ms * 1000 && performance.now() >= endsAt && Number.isInteger(waste)) return
  }
}
