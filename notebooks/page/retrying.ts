// The experiments of the lesson on retries: the proxy's own retry policies, in the simulator, in the page.
import type { Ms, RetryPolicy } from '../../core/contracts.ts'
import kill from '../../fault-injection/faults/kill.ts'
import status from '../../fault-injection/faults/status.ts'
import stop from '../../fault-injection/faults/stop.ts'
import fixed from '../../fault-injection/service-times/fixed.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import budgeted from '../../proxy/retries/budgeted.ts'
import none from '../../proxy/retries/none.ts'
import { made } from '../../simulation/made.ts'
import type { Make } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'

/** Requests that the origin of the outage can serve in a second, one after the other. */
export const capacity = 100
export const attempts = 3
/** A proxy gives an attempt up after this. */
const attemptMs = 1000

/** A budget that no run can spend: up to three attempts, whatever it costs. */
const noBudget = { attempts, share: 10, perSecond: 1000, reserve: 1_000_000 }

/** Up to three attempts while retries stay below this share of all requests; time alone adds nothing. */
export const within = (share: number): Make<RetryPolicy> => made(budgeted, { attempts, share, perSecond: 0 })

/** Up to three attempts, and before each a random wait of at most this; it begins there, too, and so does not grow. */
export const waitingUpTo = (maxMs: Ms): Make<RetryPolicy> => made(budgeted, { ...noBudget, baseMs: maxMs, maxMs })

export const policies = {
  'no retries': made(none),
  'three attempts': made(budgeted, noBudget),
  'three attempts, budget 20 %': within(0.2),
} as const
export type PolicyName = keyof typeof policies
export const names = Object.keys(policies) as PolicyName[]

export interface Outage {
  readonly ratePerSecond: number
  readonly outageMs: Ms
  readonly durationMs: Ms
  /** Does the origin stop working on what the proxy has given up? It goes on when absent. */
  readonly noticesLeaving?: boolean
  /** Requests that may wait at the origin; one more is refused at once. No limit when absent. */
  readonly queue?: number
  /** Is it started again after a minute? It is away for a second, and what waited is gone. Left alone when absent. */
  readonly restarts?: boolean
}

export const outageFromMs = 10_000
const secondsAtEnd = 20

/** An origin that does nothing for a while and then goes on with what has come meanwhile. */
export function throughAnOutage(retries: Make<RetryPolicy>, outage: Outage) {
  const { ratePerSecond, outageMs, durationMs, noticesLeaving = false, restarts = false } = outage
  const overAtMs = outageFromMs + outageMs
  const restartAtMs = overAtMs + 60_000
  const { series } = simulate(
    {
      durationMs,
      origins: { count: 1, queue: outage.queue ?? Number.POSITIVE_INFINITY },
      timeouts: { attemptMs, cancelsWork: noticesLeaving },
      faults: [
        { origin: 0, fromMs: outageFromMs, untilMs: overAtMs },
        ...(restarts ? [{ origin: 0, fromMs: restartAtMs, untilMs: restartAtMs + 1000 }] : []),
      ],
      seriesMs: 1000,
    },
    {
      arrivals: made(poisson, { ratePerSecond }),
      service: () => made(fixed, { ms: 1000 / capacity }),
      balancer: made(roundRobin),
      retries,
      faults: [made(stop), ...(restarts ? [made(kill)] : [])],
    },
    1,
  )
  const { ok, failed, attempts: sent } = series!
  const isWell = (second: number) => ok[second]! >= 0.9 * (ok[second]! + failed[second]!) && ok[second]! > 0
  const last = (column: Float64Array) => column.slice(-secondsAtEnd).reduce((sum, one) => sum + one, 0)
  const firstWell = ok.findIndex((_, second) => second * 1000 >= overAtMs && isWell(second))
  return {
    seconds: Array.from(ok, (answered, second) => ({ second, answered, sent: sent[second]! })),
    /** From the end of the outage to the first second in which nine of ten were answered; null: there was none. */
    recoveryMs: firstWell < 0 ? null : Math.max(0, firstWell * 1000 - overAtMs),
    /** Of the requests that ended in the last seconds of the run, and what reached the origin in each of them. */
    answeredInTheEnd: last(ok) / Math.max(1, last(ok) + last(failed)),
    sentInTheEnd: last(sent) / secondsAtEnd,
  }
}

/** Is the origin given less than it can serve when every failed request is worth `budget` retries? */
export function isStable(ratePerSecond: number, budget: number): boolean {
  return ratePerSecond * (1 + budget) < capacity
}

const loads = Array.from({ length: 14 }, (_, at) => 30 + 5 * at)

/** The share that is answered five minutes after an outage of five seconds, for each load. */
export function longAfter(budget: number): { load: number; answered: number }[] {
  return loads.map(load => {
    const { answeredInTheEnd } = throughAnOutage(within(budget), {
      ratePerSecond: load,
      outageMs: 5000,
      durationMs: 300_000 + outageFromMs + 5000,
    })
    return { load, answered: answeredInTheEnd }
  })
}

/** Four origins with room to spare, each of which fails this share of its requests at random, as `retry-storm` has them. */
export function randomFailures(retries: Make<RetryPolicy>, failingShare: number, fromMs: Ms, untilMs: Ms) {
  const durationMs = untilMs + fromMs
  const seriesMs = 100
  const { series } = simulate(
    {
      durationMs,
      origins: { count: 4, slots: 64 },
      faults: [0, 1, 2, 3].map(origin => ({ origin, fromMs, untilMs })),
      seriesMs,
    },
    {
      arrivals: made(poisson, { ratePerSecond: 400 }),
      service: () => made(fixed, { ms: 2 }),
      balancer: made(roundRobin),
      retries,
      faults: [0, 1, 2, 3].map(() => made(status, { code: 503, share: failingShare })),
    },
    1,
  )
  const meanwhile = (column: Float64Array) =>
    column.slice(fromMs / seriesMs, untilMs / seriesMs).reduce((sum, one) => sum + one, 0)
  const { ok, failed, offered, attempts: sent } = series!
  return {
    answered: meanwhile(ok) / (meanwhile(ok) + meanwhile(failed)),
    attemptsPerRequest: meanwhile(sent) / meanwhile(offered),
  }
}

/** The share that is answered when each of so many attempts fails by itself with this chance. */
export function answeredInTheory(failingShare: number, attempts: number): number {
  return 1 - failingShare ** attempts
}

/** The retry policies of `npm run scenario retry-storm`, by the names of its variants. */
export const ofTheScenario = {
  'no-retries': made(none),
  unlimited: made(budgeted, { share: 10, perSecond: 1000, reserve: 1_000_000 }),
  budgeted: made(budgeted, { share: 0.2, perSecond: 1 }),
} as const
