// Asks a few upstreams for each request how busy and how quick they are, and keeps the answers in a small pool for the next
// requests, so that nobody waits for an answer. An upstream with unusually many requests is hot and is avoided; among the
// cold ones the quickest wins. Balances what latency depends on rather than CPU or counts.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'
import { ProbePool } from '../../core/probe-pool.ts'
import { WeightedDraw } from '../../core/weighted-draw.ts'

export default defineBalancer({
  about:
    'Probes a few upstreams per request and takes, of the recent answers, the quickest that is not unusually loaded.',
  source: 'Wydrowski et al., "Load is not what you should balance: introducing Prequal", NSDI 2024 (arXiv 2312.10172)',
  needs: ['probes'],
  params: {
    probesPerRequest: number({ default: 3, min: 0.1, max: 16, unit: 'probes', doc: 'sent after each request' }),
    removedPerRequest: number({
      default: 1,
      min: 0,
      max: 16,
      unit: 'answers',
      doc: 'taken out: the oldest and the worst by turns',
    }),
    pool: count({ default: 16, min: 2, max: 256, unit: 'answers', doc: 'kept at most' }),
    ageMs: number({ default: 1000, min: 1, max: 60_000, unit: 'ms', doc: 'after which an answer is too old' }),
    hotQuantile: number({
      default: 0.84,
      min: 0,
      max: 1,
      unit: 'quantile',
      doc: 'of the loads in the pool; above it an upstream is hot. 0: the least loaded wins; 1: the quickest wins',
    }),
    reuse: number({
      default: 1,
      min: 0,
      max: 10,
      unit: 'share',
      doc: 'delta of the paper: how often answers are used again',
    }),
    timeoutMs: number({ default: 3, min: 0.1, max: 10_000, unit: 'ms', doc: 'for a probe' }),
  },
  make(params, { rng }): Balancer {
    const { probesPerRequest, removedPerRequest } = params
    let everybody = new WeightedDraw([])
    let eligible: readonly Upstream[] = []
    let isEligible: boolean[] = []
    let order = new Uint32Array(0)
    const answers = new ProbePool(params)
    const due: Upstream[] = []
    let probesOwed = 0
    let removalsOwed = 0

    /** How often one answer may be used: so often, and with this chance once more. */
    let usesAtLeast = 1
    let onceMore = 0

    /** Small sets have no finite value. */
    function setUses(upstreams: number): void {
      const replaced = (1 - params.pool / upstreams) * probesPerRequest - removedPerRequest
      const uses = replaced > 0 ? Math.max(1, Math.min(params.pool, (1 + params.reuse) / replaced)) : params.pool
      usesAtLeast = Math.floor(uses)
      onceMore = uses - usesAtLeast
    }

    return {
      onEligible(upstreams) {
        eligible = upstreams
        everybody = new WeightedDraw(upstreams)
        setUses(upstreams.length)
        order = Uint32Array.from(upstreams, (_, i) => i)
        isEligible = []
        for (const { index } of upstreams) isEligible[index] = true
        answers.keepOnly(upstreams)
      },
      pick(_request, avoid, now) {
        answers.dropOlderThan(now - params.ageMs)
        const picked = answers.size < 2 ? null : answers.take(avoid)
        for (removalsOwed += removedPerRequest; removalsOwed >= 1; removalsOwed--) answers.removeOne()
        if (picked !== null) return picked
        return avoid.length === 0 ? everybody.draw(rng) : everybody.drawExcept(avoid, rng)
      },
      probing: {
        timeoutMs: params.timeoutMs,
        due() {
          due.length = 0
          probesOwed = Math.min(probesOwed + probesPerRequest, probesPerRequest + 1)
          // Without replacement: the first steps of a shuffle.
          for (let i = 0; probesOwed >= 1 && i < order.length; i++, probesOwed--) {
            const at = i + rng.integer(order.length - i)
            const drawn = order[at]!
            order[at] = order[i]!
            order[i] = drawn
            due.push(eligible[drawn]!)
          }
          return due
        },
        onProbe(upstream, report, now) {
          if (report !== null && isEligible[upstream.index]) {
            const uses = rng.uniform() < onceMore ? usesAtLeast + 1 : usesAtLeast
            answers.add(upstream, report.inFlight, report.latencyMs, uses, now)
          }
        },
      },
    }
  },
})
