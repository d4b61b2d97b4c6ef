// A scenario as data: one question, what is put in the tunnel to answer it, under which load, faults and hostile clients, and
// for how long. `judge` turns the runs into claims and is the only code in it.
import type { Bytes, Ms } from './contracts.ts'
import type { Claim, Run } from './record.ts'
import type { OriginSituation, VirtualPlan } from './virtual.ts'

/**
 * A strategy by name with optional parameters: `peak-ewma` or `peak-ewma:decayMs=5000,failureMs=0`. A balancer may stand
 * behind combinators, the outermost first, each followed by a plus sign: `slow-start+sticky:max=100+peak-ewma`.
 */
export type StrategySpec = string

export type Effort = 'quick' | 'normal' | 'thorough'

/** What is asked of any target, ours or a peer. A peer refuses what it has no equivalent for. */
export interface Architecture {
  readonly threading: StrategySpec
  readonly pool: StrategySpec
  readonly buffering: StrategySpec
  readonly balancer: StrategySpec
  readonly limiter: StrategySpec
  readonly health: StrategySpec
  readonly retries: StrategySpec
  readonly filter: StrategySpec
  /** Client connections served at once; what happens to the rest is the target's own rule. */
  readonly maxConnections: number
  /** From accept, or the first byte of a later request, to the end of a request head; 0 means no timeout. */
  readonly requestHeadMs: Ms
  /** From the end of a request to the head of the origin's answer, above 0; then 504. Absent: the target's own standard. */
  readonly responseHeadMs?: Ms
}

export interface Variant {
  /** Short and unique within the scenario; shown in tables and legends. */
  readonly name: string
  /** A file name in harness/targets. */
  readonly target: string
  readonly about?: string
  readonly settings: Architecture
  /** In place of the `linkMs` of the scenario's origins. */
  readonly linkMs?: Ms
  /** In place of the `request` of the scenario's load. */
  readonly request?: string
  /** In place of these of the scenario's virtual plan, proxies and network taken apart. Of simulated scenarios only. */
  readonly virtual?: VirtualPlan
  /** Where it stands in its scenario's sweep; absent: there is none. */
  readonly point?: SweepPoint & { readonly series: string }
}

/** One value of what a sweep changes, and what it changes for it. */
export interface SweepPoint {
  /** Where it stands on the axis. */
  readonly at: number
  /** In place of the arrival law of the scenario's load. */
  readonly profile?: StrategySpec
  /** In place of these of the scenario's origins. */
  readonly origins?: Partial<OriginPlan>
  /** In place of these of the variant's settings. */
  readonly settings?: Partial<Architecture>
  /** In place of these of the virtual plan of scenario and variant, proxies and network taken apart. */
  readonly virtual?: VirtualPlan
}

/** One thing that is varied over all variants: every variant is run at every point. Of simulated scenarios only. */
export interface Sweep {
  /** What the axis shows, e.g. `proxies`. */
  readonly axis: string
  /** Of the values on the axis; '' for a plain number. */
  readonly unit: string
  /** `log` where the values span powers; linear when absent. */
  readonly scale?: 'log'
  readonly points: readonly SweepPoint[]
  /** Where on the axis the tournament plays balancers; absent: at the middle one of the points. */
  readonly tournamentAt?: number
}

export interface Phase {
  readonly name: string
  readonly durationMs: Ms
}

/** Which things requests ask for: key `k` of `count`, from 0, is asked for in proportion to 1 / (k + 1)^exponent (Zipf). */
export interface KeyPlan {
  readonly count: number
  /** 0 and up; 0 asks for all keys equally often. */
  readonly exponent: number
}

/** Honest load. `keep-alive`: a fixed set of connections; `sessions`: each arrival opens one, asks, and leaves. */
export interface LoadPlan {
  readonly connections:
    | { readonly kind: 'keep-alive'; readonly count: number }
    | { readonly kind: 'sessions'; readonly requests: number; readonly gapMs: Ms }
  /** Arrival law of requests (of session starts, for `sessions`). */
  readonly profile: StrategySpec
  /** `spin` burns a core for sub-millisecond punctuality; `timer` is late by about a millisecond. */
  readonly pacing: 'spin' | 'timer'
  /** A request that has no complete answer this long after it was due is an error of kind `timeout`. */
  readonly timeoutMs: Ms
  /** The loopback address honest users come from. */
  readonly from: string
  /** Path and query of every request, `/` when absent; the query may say how the origin answers (origin-script.ts). */
  readonly request?: string
  /** A request for key `k` asks for `/k/<k>`. Absent: all ask for the same. */
  readonly keys?: KeyPlan
  /** The share of requests, 0 to 1, that are POSTs without a body; absent: all are GETs. */
  readonly postShare?: number
}

/** A hostile client of a scenario: which, and during which phase. */
export interface HostilePlan {
  readonly client: StrategySpec
  readonly phase: string
}

/** What one origin may have of its own. */
export interface OriginTraits {
  /** Service-time law, e.g. `fixed:ms=5`. */
  readonly service?: StrategySpec
  /** Requests it serves at once, 1 and up; further ones wait in order of arrival. Absent: no limit. */
  readonly slots?: number
  /**
   * Whether a request takes its slot when its head has come (`head`), as in a server with a thread for each request, or not
   * before all of it has (absent).
   */
  readonly slotFrom?: 'head'
  /** A connection that has waited so long for its next request is closed, a whole number from 1. Absent: never. */
  readonly idleMs?: Ms
  /** What the proxy is told of its share: a whole number from 1 to 256, so that every target understands it; 1 when absent. */
  readonly weight?: number
  /** What it has beyond that in a scenario that is only simulated. */
  readonly virtual?: OriginSituation
}

export interface OriginPlan extends OriginTraits {
  readonly count: number
  readonly service: StrategySpec
  readonly responseBytes: Bytes
  /** The round trip between proxy and origins that a relay adds, 0 and up. Absent: there is no relay. */
  readonly linkMs?: Ms
  /** Traits of single origins, by index, in place of the common ones. */
  readonly each?: Readonly<Record<number, OriginTraits>>
}

/** Something wrong with one origin for a phase, or for a part of it. */
export interface FaultPlan {
  readonly fault: StrategySpec
  /** The index of the origin. */
  readonly origin: number
  readonly phase: string
  /** From and until when, as shares of the phase's length from 0 to 1. Absent: all of it. */
  readonly during?: readonly [from: number, until: number]
}

/** A closed loop after the phases: each connection asks again as soon as it is answered. For counts, not for latency. */
export interface CapacityPlan {
  readonly connections: number
  /** Load before the answers count, for a target that is compiled while it runs; others have a fifth of a second. */
  readonly warmUpMs: Ms
  readonly durationMs: Ms
}

/** How much of everything an effort stands for. */
export interface EffortPlan {
  readonly repeats: number
  readonly phases: readonly Phase[]
  /** Load before the first phase; the harness has its own idea when absent. */
  readonly warmUpMs?: Ms
  /** Absent: the capacity is not measured. */
  readonly capacity?: CapacityPlan
}

/** One question, as data. `judge` turns runs into claims and is the only code a scenario has. */
export interface Scenario {
  readonly question: string
  /** Three to six sentences for a reader who has never thought about it: why, and what to look for. */
  readonly explanation: string
  readonly seed: number
  readonly origins: OriginPlan
  readonly load: LoadPlan
  readonly hostile: readonly HostilePlan[]
  readonly faults?: readonly FaultPlan[]
  /** The phase that a summary's headline latency and CPU are taken from. */
  readonly measuredPhase: string
  readonly effort: Readonly<Record<Effort, EffortPlan>>
  /** What every variant starts from, and what a variant named on the command line is made of. */
  readonly base: Architecture
  readonly variants: readonly Variant[]
  /** What was not measured or is modelled, in full sentences, shown in the report. */
  readonly limits: readonly string[]
  /**
   * What only the simulator has of it. With it the scenario is simulated unless said otherwise, and `why` says, as a clause,
   * why it has no live run: "it has a hundred proxies".
   */
  readonly virtual?: VirtualPlan & { readonly why: string }
  readonly sweep?: Sweep
  /** When a reader has this situation, as a clause: "one origin is slow". Balancers are played in it by the tournament. */
  readonly situation?: string
  judge(runs: readonly Run[]): readonly Claim[]
}

export function defineScenario(scenario: Scenario): Scenario {
  return scenario
}
