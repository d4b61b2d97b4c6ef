// What origins say of their load, in answers and to probes: how many are there, how long an answer takes among so many, how
// much of the capacity is in use. Rates are of the last second or so, with an exponential window.
// Source: Wydrowski et al., "Load is not what you should balance: introducing Prequal", NSDI 2024, section 4 (a latency
// estimate from recent queries at about the present number in flight); ORCA load reports (xds, orca_load_report.proto).
import type { LoadReport, Ms } from '../core/contracts.ts'

/** Answers that are remembered, and how many of them, those that met most nearly as many others, make an estimate. */
const remembered = 32
const nearest = 7
const windowMs = 1000

class OriginLoad {
  readonly met = new Int32Array(remembered)
  readonly tookMs = new Float64Array(remembered)
  answers = 0
  busyMs = 0
  answered = 0
  errors = 0
  decayedAt = 0

  decay(now: Ms): void {
    const kept = Math.exp((this.decayedAt - now) / windowMs)
    this.busyMs *= kept
    this.answered *= kept
    this.errors *= kept
    this.decayedAt = now
  }
}

/** By origin: how many requests are there, and how many are served at once. */
interface Occupancy {
  present(origin: number): number
  slots(origin: number): number
}

export class LoadReports {
  private readonly loads: readonly OriginLoad[]
  private readonly origins: Occupancy
  private readonly clock: { readonly now: Ms }

  constructor(count: number, origins: Occupancy, clock: { readonly now: Ms }) {
    this.loads = Array.from({ length: count }, () => new OriginLoad())
    this.origins = origins
    this.clock = clock
  }

  /** An origin has answered a request that met `met` others, after `tookMs`, with a service time of `busyMs`. */
  onAnswer(origin: number, met: number, tookMs: Ms, busyMs: Ms, status: number): void {
    const load = this.loads[origin]!
    const at = load.answers++ % remembered
    load.met[at] = met
    load.tookMs[at] = tookMs
    load.decay(this.clock.now)
    load.busyMs += busyMs
    load.answered++
    if (status >= 500) load.errors++
  }

  of(origin: number): LoadReport {
    const load = this.loads[origin]!
    const inFlight = this.origins.present(origin)
    load.decay(this.clock.now)
    // An exponential window holds `windowMs` of time, less at the start of the run.
    const heldMs = windowMs * -Math.expm1(-this.clock.now / windowMs) || 1
    return {
      inFlight,
      latencyMs: latencyAmong(load, inFlight),
      utilisation: load.busyMs / heldMs / this.origins.slots(origin),
      ratePerSecond: (load.answered / heldMs) * 1000,
      errorsPerSecond: (load.errors / heldMs) * 1000,
    }
  }
}

/** Scratch of `latencyAmong`, so that a report allocates nothing but itself. */
const nearAt = new Int32Array(nearest)
const nearTookMs = new Float64Array(nearest)

/** The median time of the answers that met most nearly `inFlight` others; 0 when nothing has been answered. */
function latencyAmong({ met, tookMs, answers }: OriginLoad, inFlight: number): Ms {
  const known = Math.min(answers, remembered)
  const taken = Math.min(known, nearest)
  if (known === 0) return 0
  const distance = (at: number) => Math.abs(met[at]! - inFlight)
  // The nearest so far are kept sorted by insertion; of equals the first stay.
  for (let at = 0; at < known; at++) {
    let place = Math.min(at, taken)
    while (place > 0 && distance(nearAt[place - 1]!) > distance(at)) {
      if (place < taken) nearAt[place] = nearAt[place - 1]!
      place--
    }
    if (place < taken) nearAt[place] = at
  }
  for (let i = 0; i < taken; i++) nearTookMs[i] = tookMs[nearAt[i]!]!
  return nearTookMs.subarray(0, taken).sort()[taken >> 1]!
}
