// What only a virtual clock can have: a hundred proxies, zones, workers that steal from each other. Plain data, named in
// scenarios and read by the simulator, and by no live engine.
import type { Ms } from './contracts.ts'

export interface ProxiesModel {
  /** Proxies, each with policies of its own; requests are drawn to them evenly. 1 when absent. */
  readonly count?: number
  /** Workers of a proxy, each with policies of its own. 1 when absent. */
  readonly workers?: number
  /** Have the workers of a proxy a connection pool each (`worker`), or one together (`proxy`)? */
  readonly poolScope?: 'worker' | 'proxy'
  /** Zones the proxies stand in, in turn; all in '' when absent. */
  readonly zones?: readonly string[]
  /**
   * What the balancers see as an upstream's requests in flight. `own`: those of their worker. `shared`: all that the origin
   * has been sent by anybody, as it was at the last multiple of `refreshMs` (0: as it is).
   */
  readonly view?: { readonly kind: 'own' } | { readonly kind: 'shared'; readonly refreshMs: Ms }
  /** CPU of a worker for each request and each answer; what comes meanwhile waits. 0 when absent. */
  readonly requestCpuMs?: Ms
  readonly answerCpuMs?: Ms
  /** Is `requestCpuMs` that of every request (`fixed`, when absent), or the mean of an exponential distribution? */
  readonly requestCpu?: 'fixed' | 'exponential'
  /** May an idle worker take a waiting request from the fullest worker of its proxy? */
  readonly stealing?: boolean
}

export interface NetworkModel {
  /** Between a proxy and an origin, there and back; 0 when absent. */
  readonly rttMs?: Ms
  /** In place of `rttMs` when their zones differ. */
  readonly crossZoneRttMs?: Ms
  /** Round trips until a new connection is open: 1 for TCP (when absent), 2 with TLS 1.3, 3 with TLS 1.2. */
  readonly dialRtts?: number
}

/** What an origin may have in the simulator only. */
export interface OriginSituation {
  /** `fifo`: further requests wait in order. `shared`: all are served at once, at a rate divided by their number. */
  readonly discipline?: 'fifo' | 'shared'
  /** Requests that may wait; one more is answered 503 at once. Infinity when absent. */
  readonly queue?: number
  /** Where it stands; '' when absent. */
  readonly zone?: string
  /** The level of preference the balancers are told; 0, the first to be used, when absent. */
  readonly priority?: number
  /** Each request present when a request arrives adds so much to its service time: 0 when absent. */
  readonly contentionMs?: Ms
}

/** The situation of a simulated run beyond what its scenario says of origins, load and faults. */
export interface VirtualPlan {
  readonly proxies?: ProxiesModel
  /** Its round trip is the `linkMs` of the origins when absent. */
  readonly network?: NetworkModel
  /** Addresses the requests come from, drawn evenly; 1 when absent. */
  readonly clients?: number
  /**
   * Kept connections that carry any number of requests at once, as those of HTTP/2 do, in place of the connections of the
   * load; each request is drawn to one of them evenly.
   */
  readonly multiplexed?: number
  /** Does an origin stop working on what a proxy has given up? True when absent. */
  readonly cancelsWork?: boolean
  /**
   * Whose is the quantile of a service time: the request's, the same at every origin, or (when absent) the origin's, drawn
   * anew for each request there?
   */
  readonly demand?: 'request' | 'origin'
}
