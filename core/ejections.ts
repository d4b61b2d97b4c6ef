// Who is ejected and until when: each ejection of the same upstream is longer than the one before, and never so many are out
// at once that the rest would drown. In core because health policies import nothing else.
// Source: Envoy outlier detection (base_ejection_time, max_ejection_time, max_ejection_percent).
import type { Ms } from './contracts.ts'
import { number, type Values } from './parameters.ts'

export const ejectionParameters = {
  baseEjectionMs: number({
    default: 30_000,
    min: 1,
    max: 3_600_000,
    unit: 'ms',
    doc: 'The first ejection; the n-th is n times as long.',
  }),
  maxEjectionMs: number({ default: 300_000, min: 1, max: 3_600_000, unit: 'ms', doc: 'No ejection is longer.' }),
  maxEjectedShare: number({
    default: 0.5,
    min: 0,
    max: 1,
    unit: 'share',
    doc: 'Of all upstreams, ejected at once; one may always be.',
  }),
} as const

export class Ejections {
  /** How many are ejected now. */
  count = 0
  private readonly limits: Values<typeof ejectionParameters>
  /** By upstream index: when it comes back; -Infinity when it is not ejected. */
  private backAt: Ms[] = []
  /** By upstream index: how often it was ejected, less what was forgiven. */
  private times: number[] = []

  constructor(limits: Values<typeof ejectionParameters>) {
    this.limits = limits
  }

  /** Starts over with so many upstreams. */
  reset(upstreams: number): void {
    this.backAt = new Array(upstreams).fill(Number.NEGATIVE_INFINITY)
    this.times = new Array(upstreams).fill(0)
    this.count = 0
  }

  has(index: number): boolean {
    return this.backAt[index] !== Number.NEGATIVE_INFINITY
  }

  /** Ejects an upstream; false when it is out already, or too many are. One is always left. */
  eject(index: number, now: Ms): boolean {
    const { baseEjectionMs, maxEjectionMs, maxEjectedShare } = this.limits
    const upstreams = this.backAt.length
    const most = Math.max(1, Math.floor(upstreams * maxEjectedShare))
    if (this.has(index) || this.count >= most || this.count + 1 >= upstreams) return false
    this.times[index]!++
    this.count++
    this.backAt[index] = now + Math.min(maxEjectionMs, baseEjectionMs * this.times[index]!)
    return true
  }

  /** A good interval makes the next ejection shorter again. */
  forgive(index: number): void {
    this.times[index] = Math.max(0, this.times[index]! - 1)
  }

  /** When the next ejection ends; Infinity when nobody is ejected. */
  nextEndAt(): Ms {
    if (this.count === 0) return Number.POSITIVE_INFINITY
    return this.backAt.reduce(
      (earliest, at) => (at === Number.NEGATIVE_INFINITY ? earliest : Math.min(earliest, at)),
      Number.POSITIVE_INFINITY,
    )
  }

  /** Brings back whose time is over. */
  end(now: Ms): void {
    for (const [index, at] of this.backAt.entries()) {
      if (at === Number.NEGATIVE_INFINITY || at > now) continue
      this.backAt[index] = Number.NEGATIVE_INFINITY
      this.count--
    }
  }
}
