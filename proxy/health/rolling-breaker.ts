// A breaker that looks at the share of failures in a window that rolls on, instead of at failures in a row: an upstream that
// fails every fourth request opens it, where a success in between would start `circuit-breaker` from nothing. Half-open it
// is the same: one request passes as a probe, and what becomes of it decides.
import { defineHealth, type HealthPolicy, type Outcome, type Upstream } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

const CLOSED = 0
const OPEN = 1
const HALF_OPEN = 2
/** Half-open, with the probe on its way. */
const PROBING = 3

/** The window moves on by this part of itself. */
const buckets = 10

export default defineHealth({
  about: 'Opens when too large a share of the last requests failed, and closes when a single probe succeeds.',
  source: 'Hystrix and resilience4j (failure rate over a sliding window, minimum number of calls); Linkerd, 10 buckets',
  params: {
    windowMs: number({ default: 10_000, min: 10, max: 3_600_000, unit: 'ms', doc: 'How far back the share looks.' }),
    errorShare: number({ default: 0.5, min: 0.001, max: 1, unit: 'share', doc: 'Opens at this share of failures.' }),
    volume: count({
      default: 20,
      min: 1,
      max: 1e9,
      unit: 'requests',
      doc: 'With fewer in the window it stays closed.',
    }),
    openMs: number({
      default: 5_000,
      min: 1,
      max: 3_600_000,
      unit: 'ms',
      doc: 'How long it stays open before a probe.',
    }),
  },
  make({ windowMs, errorShare, volume, openMs }): HealthPolicy {
    let breakers: Breaker[] = []
    let earliest = Number.POSITIVE_INFINITY
    const lookAgain = () => {
      earliest = breakers.reduce(
        (at, one) => (one.state === OPEN ? Math.min(at, one.halfOpenAt) : at),
        Number.POSITIVE_INFINITY,
      )
    }
    const open = (breaker: Breaker, now: number) => {
      breaker.state = OPEN
      breaker.halfOpenAt = now + openMs
      earliest = Math.min(earliest, breaker.halfOpenAt)
    }
    return {
      onMembers(upstreams) {
        breakers = upstreams.map(() => new Breaker(windowMs / buckets))
        lookAgain()
      },
      eligible(upstream) {
        const { state } = breakers[upstream.index]!
        return state === CLOSED || state === HALF_OPEN
      },
      onSend(upstream) {
        const breaker = breakers[upstream.index]!
        if (breaker.state !== HALF_OPEN) return false
        breaker.state = PROBING
        return true
      },
      onDone(upstream: Upstream, outcome: Outcome, now) {
        const breaker = breakers[upstream.index]!
        const { state } = breaker
        if (outcome.kind === 'client-gone') {
          // A probe that was given up has told nothing: the next request probes again.
          if (state === PROBING) breaker.state = HALF_OPEN
          return state === PROBING
        }
        const failed = outcome.kind !== 'response' || outcome.status >= 500
        if (state === PROBING) {
          if (failed) open(breaker, now)
          else breaker.close()
          return true
        }
        if (state !== CLOSED) return false
        breaker.record(failed, now)
        if (breaker.total < volume || breaker.failed < errorShare * breaker.total) return false
        open(breaker, now)
        return true
      },
      nextChangeAt: () => earliest,
      onChangeDue(now) {
        for (const breaker of breakers) {
          if (breaker.state === OPEN && breaker.halfOpenAt <= now) breaker.state = HALF_OPEN
        }
        lookAgain()
      },
    }
  },
})

class Breaker {
  state = CLOSED
  halfOpenAt = Number.POSITIVE_INFINITY
  /** In the window: how many have ended, and how many of them badly. */
  total = 0
  failed = 0
  private readonly bucketMs: number
  private readonly totals = new Array<number>(buckets).fill(0)
  private readonly failures = new Array<number>(buckets).fill(0)
  private bucket = Number.NEGATIVE_INFINITY

  constructor(bucketMs: number) {
    this.bucketMs = bucketMs
  }

  record(failed: boolean, now: number): void {
    this.rollTo(Math.floor(now / this.bucketMs))
    const at = this.bucket % buckets
    this.totals[at]!++
    this.total++
    if (!failed) return
    this.failures[at]!++
    this.failed++
  }

  /** Closed again, and with nothing held against it. */
  close(): void {
    this.state = CLOSED
    this.rollTo(Number.POSITIVE_INFINITY)
    this.bucket = Number.NEGATIVE_INFINITY
  }

  private rollTo(bucket: number): void {
    const stale = Math.min(buckets, bucket - this.bucket)
    for (let i = 1; i <= stale; i++) {
      const at = stale === buckets ? i - 1 : (this.bucket + i) % buckets
      this.total -= this.totals[at]!
      this.failed -= this.failures[at]!
      this.totals[at] = this.failures[at] = 0
    }
    this.bucket = bucket
  }
}
