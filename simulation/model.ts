// What is simulated, as plain data: how many proxies and origins, how far apart, how long things may take. The strategies
// are handed in beside it, so that a model can be stored, sent to a worker thread and shown.
import type {
  AcceptPolicy,
  Balancer,
  ConnectionPool,
  Fault,
  Filter,
  HealthPolicy,
  Limiter,
  LoadProfile,
  Ms,
  PolicyContext,
  RetryPolicy,
  ServiceTime,
} from '../core/contracts.ts'
import { UsageError } from '../core/errors.ts'
import type { NetworkModel, OriginSituation, ProxiesModel } from '../core/virtual.ts'

/** What is to be simulated. Everything but `durationMs` and `origins` has a default. */
export interface Model {
  /** Requests come from 0 until here, and what is under way then is served to its end. Above 0. */
  readonly durationMs: Ms
  /** Requests that come before this are served but not measured; 0 when absent. */
  readonly warmUpMs?: Ms
  readonly origins: OriginsModel
  readonly proxies?: ProxiesModel
  readonly network?: NetworkModel
  readonly timeouts?: TimeoutsModel
  readonly requests?: RequestsModel
  readonly faults?: readonly FaultModel[]
  /** Measured requests are put into so many groups of equal time, for a confidence interval; 32 when absent. */
  readonly batches?: number
  /** The length of an interval of `Result.series`, ms; 0 or absent: there is no series. */
  readonly seriesMs?: Ms
}

/** What one origin may have of its own. */
export interface OriginModel extends OriginSituation {
  /** Requests it serves at once; Infinity: all of them. 1 when absent. */
  readonly slots?: number
  /** What the balancers are told of its share, above 0; 1 when absent. */
  readonly weight?: number
}

export interface OriginsModel extends OriginModel {
  /** 1 and up. */
  readonly count: number
  /** Do they say how loaded they are, in answers and to probes? False when absent. */
  readonly reports?: boolean
  /** Traits of single origins, by index, in place of the common ones. */
  readonly each?: Readonly<Record<number, OriginModel>>
}

/** 0, or absent, is no limit. */
export interface TimeoutsModel {
  /** The client gives a request up so long after it was due. */
  readonly clientMs?: Ms
  /** A proxy gives an attempt up so long after it was sent. */
  readonly attemptMs?: Ms
  /** A proxy gives a dial up after this. */
  readonly connectMs?: Ms
  /** Does an origin stop working on what a proxy has given up? True when absent: it sees the connection close. */
  readonly cancelsWork?: boolean
}

export interface RequestsModel {
  /** May a request be sent twice without harm? True when absent. */
  readonly idempotent?: boolean
  /** Which things are asked for: key k of `count` in proportion to 1 / (k + 1)^exponent, as `/k/<k>`. Absent: all ask for `/`. */
  readonly keys?: { readonly count: number; readonly exponent: number }
  /** Addresses the requests come from, drawn evenly; 1 when absent. */
  readonly clients?: number
  /**
   * Kept connections of the clients, dealt out to the workers by the accept policy; a request takes the free one that was
   * used last, or waits. Absent or 0: each request is dealt out by itself and waits for nothing.
   */
  readonly connections?: number
  /** Does a connection carry any number of requests at once, and is drawn evenly for each? False when absent. */
  readonly multiplexed?: boolean
  /**
   * Whose is the quantile of a service time? `request` (when absent): the same at every origin, drawn anew for a second
   * attempt. `origin`: drawn by each origin, the same for every attempt there, as the scripted origins do.
   */
  readonly demand?: 'request' | 'origin'
}

/** Something wrong with an origin from `fromMs` until `untilMs`: which fault is in `Policies.faults`, at the same index. */
export interface FaultModel {
  readonly origin: number
  readonly fromMs: Ms
  readonly untilMs: Ms
}

/** Makes a policy with a random stream and a place of its own; `made` makes one of these from a strategy file. */
export type Make<T> = (context: PolicyContext) => T

/** Requests as they came once. */
export interface Trace {
  /** When each is due, never decreasing. */
  readonly dueMs: Float64Array
  /** What each asks for; null: as the model says. */
  readonly keys: Int32Array | null
}

/** The strategies of a simulation. What is absent is the plainest there is. */
export interface Policies {
  /** When requests come: a law, or the instants themselves. */
  readonly arrivals: Make<LoadProfile> | Trace
  /** The service times of an origin, by its index; origins whose maker is the same share one law. */
  readonly service: (origin: number) => Make<ServiceTime>
  readonly balancer: Make<Balancer>
  readonly health?: Make<HealthPolicy>
  readonly retries?: Make<RetryPolicy>
  readonly limiter?: Make<Limiter>
  readonly filter?: Make<Filter>
  /** Absent: connections cost nothing and there are always enough. */
  readonly pool?: Make<ConnectionPool>
  /** Absent: in turn. */
  readonly accept?: Make<AcceptPolicy>
  /** In the order of `Model.faults`. */
  readonly faults?: readonly Make<Fault>[]
}

/** Traits of origin `index`, with the common ones and the defaults filled in. */
export function originOf(
  { count: _, reports: __, each, ...common }: OriginsModel,
  index: number,
): Required<OriginModel> {
  return {
    slots: 1,
    discipline: 'fifo',
    queue: Number.POSITIVE_INFINITY,
    weight: 1,
    zone: '',
    priority: 0,
    contentionMs: 0,
    ...common,
    ...each?.[index],
  }
}

/** @throws UsageError for the first number that is out of range, saying what is allowed. */
export function checkModel(model: Model, policies: Policies): void {
  const { durationMs, warmUpMs = 0, origins, proxies = {}, network = {}, requests = {}, faults = [] } = model
  const positive = (value: number) => value > 0 && Number.isFinite(value)
  const whole = (value: number) => Number.isInteger(value) && value >= 1
  const from0 = (value: number) => value >= 0 && Number.isFinite(value)
  check(positive(durationMs), 'durationMs', durationMs, 'above 0')
  check(warmUpMs >= 0 && warmUpMs < durationMs, 'warmUpMs', warmUpMs, 'from 0 to below durationMs')
  check(whole(origins.count), 'origins.count', origins.count, '1 and up')
  check(whole(proxies.count ?? 1), 'proxies.count', proxies.count, '1 and up')
  check(whole(proxies.workers ?? 1), 'proxies.workers', proxies.workers, '1 and up')
  check(from0(network.rttMs ?? 0), 'network.rttMs', network.rttMs, '0 and up')
  check(from0(network.dialRtts ?? 1), 'network.dialRtts', network.dialRtts, '0 and up')
  check(whole(model.batches ?? 1), 'batches', model.batches, '1 and up')
  check(whole(requests.clients ?? 1), 'requests.clients', requests.clients, '1 and up')
  const { connections = 0, multiplexed = false } = requests
  check(!multiplexed || whole(connections), 'requests.connections', connections, '1 and up where they are multiplexed')
  for (const index of Object.keys(origins.each ?? {})) {
    check(Number(index) < origins.count, `origins.each.${index}`, index, `0 to ${origins.count - 1}`)
  }
  for (let index = 0; index < origins.count; index++) {
    const { slots, queue, weight } = originOf(origins, index)
    check(slots === Number.POSITIVE_INFINITY || whole(slots), `origins.${index}.slots`, slots, '1 and up')
    check(queue >= 0, `origins.${index}.queue`, queue, '0 and up')
    check(positive(weight), `origins.${index}.weight`, weight, 'above 0')
  }
  faults.forEach(({ origin }, at) => {
    check(origin >= 0 && origin < origins.count, `faults.${at}.origin`, origin, `0 to ${origins.count - 1}`)
  })
  const made = policies.faults?.length ?? 0
  check(made === faults.length, 'policies.faults', made, `as many as the model has: ${faults.length}`)
}

function check(fits: boolean, where: string, given: unknown, allowed: string): void {
  if (!fits) throw new UsageError(`model.${where}: ${given} given; allowed: ${allowed}`)
}
