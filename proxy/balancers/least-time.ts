// Who would answer soonest? The average time to answer, times the requests ahead and this one. Times are rounded up to steps,
// so that those nearly as quick share the load in turn, and an upstream that nobody has asked for a while gets another
// chance. Only successes count, so failing fast earns nothing.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { choice, number } from '../../core/parameters.ts'
import { SmoothTurn } from '../../core/smooth-turn.ts'

/** What a new time counts in the average. */
const share = 0.05
/** Above this all upstreams are equally bad, and the requests in flight decide. */
const worstMs = 5000

export default defineBalancer({
  about: 'Looks at all upstreams and takes the one with the least average time to answer times requests, per weight.',
  source: 'NGINX ngx_http_upstream_least_time_module.c; here the average begins with the first answer',
  params: {
    time: choice({ default: 'head', choices: ['head', 'last-byte'], doc: 'to the response head or to its last byte.' }),
    inflight: choice({
      default: 'no',
      choices: ['no', 'yes'],
      doc: 'yes: the average age of the requests in flight counts where it is larger, so a stuck upstream is noticed.',
    }),
    stepMs: number({ default: 20, min: 0.001, max: 1000, unit: 'ms', doc: 'to which times are rounded up' }),
    halveMs: number({
      default: 10_000,
      min: 1,
      max: 3_600_000,
      unit: 'ms',
      doc: 'after so long without being picked its time counts half, and so on',
    }),
  },
  make({ time, inflight, stepMs, halveMs }): Balancer {
    let eligible: readonly Upstream[] = []
    const turn = new SmoothTurn()
    const least: Upstream[] = []
    // By upstream index.
    const averageMs: number[] = []
    const checkedAt: number[] = []
    const sentTotal: number[] = []
    const underWay: number[] = []

    function timeOf(index: number, now: number): number {
      let ms = averageMs[index]!
      const idleMs = now - checkedAt[index]!
      if (idleMs > halveMs) ms /= 2 ** Math.floor(idleMs / halveMs)
      // The mean age of those under way: now minus the mean of when they were sent.
      if (inflight === 'yes' && underWay[index]! > 0) ms = Math.max(ms, now - sentTotal[index]! / underWay[index]!)
      return ms > worstMs ? worstMs : (Math.floor(ms / stepMs) + 1) * stepMs
    }

    return {
      onEligible(upstreams, _version, now) {
        eligible = upstreams
        least.length = 0
        turn.keep(upstreams)
        for (const { index } of upstreams) {
          averageMs[index] ??= 0
          checkedAt[index] ??= now
          sentTotal[index] ??= 0
          underWay[index] ??= 0
        }
      },
      pick(_request, avoid, now) {
        let count = 0
        let bestMs = 0
        for (const upstream of eligible) {
          if (avoid.length > 0 && avoid.includes(upstream)) continue
          const ms = (timeOf(upstream.index, now) * (1 + upstream.inFlight)) / upstream.weight
          if (count > 0 && ms > bestMs) continue
          if (count === 0 || ms < bestMs) {
            count = 0
            bestMs = ms
          }
          least[count++] = upstream
        }
        const picked = count === 1 ? least[0]! : turn.take(least, count)
        if (picked !== null && now - checkedAt[picked.index]! > halveMs) checkedAt[picked.index] = now
        return picked
      },
      onSend({ index }, now) {
        underWay[index] = (underWay[index] ?? 0) + 1
        sentTotal[index] = (sentTotal[index] ?? 0) + now
      },
      onDone({ index }, { kind, status, headMs, totalMs }, now) {
        underWay[index]!--
        // Sums of differences drift; none under way is exactly none.
        sentTotal[index] = underWay[index] === 0 ? 0 : sentTotal[index]! - (now - totalMs)
        if (kind !== 'response' || status >= 500) return
        const ms = time === 'head' ? headMs : totalMs
        const average = averageMs[index] ?? 0
        averageMs[index] = average === 0 ? ms : average + share * (ms - average)
      },
    }
  },
})
