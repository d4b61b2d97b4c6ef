// Every seam of the testbed: what a strategy is told, what it may answer, and in which unit.
//
// Policies are told, never ask; engines wait. A policy is a synchronous state machine: it is told `now` (milliseconds on
// a clock that never goes back), draws from the random stream it was given, answers at once, and owns no socket, timer,
// promise or clock. The live proxy and the simulator run the same policy file. A policy that throws fails the run.
import type { ParameterTable, Values } from './parameters.ts'
import type { Rng } from './random.ts'
import type { Claim, Run } from './record.ts'

/** Milliseconds, fractions allowed. */
export type Ms = number
export type Bytes = number

// ---------------------------------------------------------------------------------------------------------- requests

/** One origin server as the policies see it. `index` is dense and stable for the life of a configuration snapshot. */
export interface Upstream {
  readonly index: number
  readonly id: string
  /** Relative share, above 0. */
  readonly weight: number
  /** Attempts sent and not yet done; the engine counts, policies only read. */
  inFlight: number
}

/** What a policy may know of a request. A flyweight: it is reused for the next request and must not be kept. */
export interface PolicyRequest {
  readonly method: string
  /** Path and query as received. */
  readonly target: string
  /** The client's address without its port. */
  readonly client: string
  /** The value of a header, or undefined; `name` in lower case. */
  header(name: string): string | undefined
}

/** How one attempt at an upstream ended. */
export interface Outcome {
  /** `response`: a complete answer. The others say what broke: dialling, the origin, a timeout, or the client leaving. */
  readonly kind: 'response' | 'dial-failed' | 'origin-closed' | 'origin-invalid' | 'timeout' | 'client-gone'
  /** The status the origin answered, or 0 when none came. */
  readonly status: number
  /** From sending to the response head, or to the failure. */
  readonly headMs: Ms
  /** From sending to the end. */
  readonly totalMs: Ms
  /** May the origin have acted on the request? False when nothing of it was sent. */
  readonly maybeExecuted: boolean
}

// ----------------------------------------------------------------------------------------------------------- policies

/**
 * Chooses the upstream of each request. The engine promises: `onEligible` comes before the first pick and after every
 * change of health or membership, in stable order; exactly one `onDone` follows each `onSend`; `now` never decreases.
 */
export interface Balancer {
  /** `avoid`: upstreams this request has already tried. Null means none is left. */
  pick(request: PolicyRequest, avoid: readonly Upstream[], now: Ms): Upstream | null
  /** Tables are rebuilt here, not per pick. `version` grows with every call. */
  onEligible(eligible: readonly Upstream[], version: number, now: Ms): void
  onSend?(upstream: Upstream, now: Ms): void
  onDone?(upstream: Upstream, outcome: Outcome, now: Ms): void
}

/** Answers of a pool that are not a connection. Connection ids and tickets are 0 and up. */
export const DIAL = -1
export const WAIT = -2
export const REJECT = -3
/** Answers to `release`: what becomes of the connection when no waiter takes it. */
export const KEEP = -4
export const CLOSE = -5

/** A number the engine gave to an open upstream connection. Reused after the connection has closed. */
export type ConnectionId = number
/** A number the engine gave to a request that wants a connection. */
export type Ticket = number

/**
 * Lends upstream connections. It deals in ids, never in sockets, and owns the queue of waiting requests. Numbers rather
 * than objects, so that nothing is allocated per request.
 */
export interface ConnectionPool {
  /**
   * An idle connection's id; DIAL: open one for this ticket; WAIT: a later call hands one over; REJECT: answer 503.
   * `first`: it is the first request of its client's connection, which the client will not repeat by itself.
   */
  acquire(
    upstream: Upstream,
    ticket: Ticket,
    first: boolean,
    now: Ms,
  ): ConnectionId | typeof DIAL | typeof WAIT | typeof REJECT
  /** How long a ticket may wait before the engine gives it up and answers 503; 0 or absent: as long as the client does. */
  readonly waitMs?: Ms
  /**
   * How many connections to open now for nobody in particular. Asked when the engine starts and after every `acquire`. Each
   * is followed by `onDialed` and at once `release`, or by `onDialFailed`.
   */
  spares?(upstream: Upstream, now: Ms): number
  /** The dial a pool asked for has succeeded; the connection is already lent to the ticket that asked. */
  onDialed(upstream: Upstream, connection: ConnectionId, now: Ms): void
  /** The dial failed. A ticket returned here may dial in its place; KEEP when nobody waits. */
  onDialFailed(upstream: Upstream, now: Ms): Ticket | typeof KEEP
  /** A request is done with its connection: KEEP it idle, CLOSE it, or lend it to the ticket returned. */
  release(upstream: Upstream, connection: ConnectionId, reusable: boolean, now: Ms): Ticket | typeof KEEP | typeof CLOSE
  /**
   * A connection that had opened is gone: lent, idle, or closed because the pool said CLOSE or handed it over in `expired`.
   * Called once for each. A ticket returned here may dial in its place; KEEP when nobody waits.
   */
  onClosed(upstream: Upstream, connection: ConnectionId, now: Ms): Ticket | typeof KEEP
  /** A waiting request gave up. */
  onGaveUp(upstream: Upstream, ticket: Ticket): void
  /**
   * When to ask `expired` next (Infinity: never), so that the engine polls nothing. Asked after every `release`, so it must
   * be cheap: it may be too early, never too late. At or before `now`: at once.
   */
  nextExpiryAt(): Ms
  /** The connections that are to be closed by `now`; none of them is lent any more. */
  expired(now: Ms): readonly ConnectionId[]
}

/** Decides when the engine reads and forwards body bytes. */
export interface BufferingPolicy {
  /** May the engine read more from the sender while `heldBytes` wait for the receiver? Asked after every write. */
  mayRead(heldBytes: Bytes): boolean
}

/**
 * Which upstreams may be picked. Passive (told of outcomes), active (asks for checks) and circuit breakers are one seam.
 * Every call that may change an answer of `eligible` says whether it did, so that tables are rebuilt on change only.
 */
export interface HealthPolicy {
  onMembers(upstreams: readonly Upstream[], now: Ms): void
  eligible(upstream: Upstream): boolean
  /** An attempt begins; true when eligibility has changed (a half-open breaker lets one through). */
  onSend?(upstream: Upstream, now: Ms): boolean
  /** An attempt has ended; true when eligibility has changed. */
  onDone?(upstream: Upstream, outcome: Outcome, now: Ms): boolean
  /** When eligibility changes by itself, e.g. an ejection ends; Infinity: never. */
  nextChangeAt(): Ms
  /** The time of `nextChangeAt` has come. */
  onChangeDue?(now: Ms): void
  /** Active checks: how, and when the next round is due. Absent: no checks. */
  readonly check?: { readonly target: string; readonly timeoutMs: Ms }
  nextCheckAt?(): Ms
  /** The upstreams to check now. */
  checksDue?(now: Ms): readonly Upstream[]
  /** A check has ended; true when eligibility has changed. */
  onCheck?(upstream: Upstream, passed: boolean, now: Ms): boolean
}

/** What a retry policy may know of the request whose attempt has failed. */
export interface Retryable {
  /** Attempts made so far, 1 and up. */
  readonly attempts: number
  /** By its method: may it be executed twice without harm? */
  readonly idempotent: boolean
}

/**
 * Decides whether a failed attempt is followed by another. Only asked when the engine still has the whole request and
 * nothing has been sent to the client. A policy without `retryIn` never retries, and the engine keeps no request for it.
 */
export interface RetryPolicy {
  /** A request begins: budgets grow by requests, not by attempts. */
  onRequest?(now: Ms): void
  /** Milliseconds to wait before the next attempt, or null to give up. */
  retryIn?(request: Retryable, outcome: Outcome, now: Ms): Ms | null
}

/** Limits who is served. Each hook is optional; a limiter that has none limits nothing. */
export interface Limiter {
  /** A client opened a connection; false refuses it. */
  onConnect?(client: string, now: Ms): boolean
  /** An accepted connection of this client closed. Not called for refused ones. */
  onClose?(client: string, now: Ms): void
  /** A request has come while `inFlight` others are being served: null admits it, a number of ms refuses it (Retry-After). */
  admit?(request: PolicyRequest, inFlight: number, now: Ms): Ms | null
  /** An admitted request has ended. */
  onDone?(totalMs: Ms, now: Ms): void
}

/** Decides which worker takes a new connection. */
export interface AcceptPolicy {
  /** `connections[i]`: open connections of worker `i`, counted when they are handed over. At least one worker. */
  choose(connections: readonly number[]): number
}

// ---------------------------------------------------------------------------------------------------- load and origins

/** An open arrival law: when the next arrival comes. Offsets are from the start of the load. */
export interface LoadProfile {
  /** Arrivals per second at offset `atMs`. */
  rateAt(atMs: Ms): number
  /** The offset of the arrival after the one at `previousMs` (the first call passes 0). */
  next(previousMs: Ms, rng: Rng): Ms
}

/** A service-time law, by inversion: the same uniform number gives the same quantile of every law. */
export interface ServiceTime {
  /** The service time at quantile `u` in [0, 1). */
  quantile(u: number): Ms
  /** The mean, for the reader and for utilisation. */
  readonly meanMs: Ms
}

/** What a fault does to one request at its origin: a closed list, so that every engine can carry it out. */
export type Effect =
  /** Answered at once with this status and no body: it takes neither service time nor a slot. */
  | { readonly kind: 'status'; readonly status: number }
  /** The service time becomes `factor` times what it was, plus `addMs`. */
  | { readonly kind: 'service'; readonly factor: number; readonly addMs: Ms }

/** What is wrong with an origin while a fault is active. */
export interface Fault {
  /**
   * The effect on a request that comes `sinceMs` after the fault began, or null when it is spared. `u` is the request's
   * own number in [0, 1): the same request meets the same fate whatever the proxy did before.
   */
  effectAt(sinceMs: Ms, u: number): Effect | null
}

/** Connections held open by a hostile (or merely idle) client, and how they ended. */
export interface HostileReport {
  opened: number
  /** Connections open now. */
  held: number
  heldPeak: number
  /** Connections the server ended (closed or reset) while the client wanted to go on. */
  endedByServer: number
  /** Connections that could not be opened (refused, or reset before the first byte). */
  refused: number
  /** The longest the server kept one of these connections; for a slowloris none of them ever sent a complete head. */
  longestHeldMs: Ms
}

/** A hostile client at work. `stop` closes every connection it still holds. */
export interface Hostile {
  /** @throws InvalidRunError when this machine ran out of ports or descriptors: then nothing was learnt. */
  report(): HostileReport
  stop(): void
}

/** Where a hostile client connects and from which loopback addresses. */
export interface HostileContext {
  readonly host: string
  readonly port: number
  readonly rng: Rng
}

// ------------------------------------------------------------------------------------------------- strategies as files

/** What every strategy file says of itself. The file name is the strategy's name. */
export interface Described {
  /** One sentence for a person choosing. */
  readonly about: string
  /** Paper, RFC, or project and file. */
  readonly source: string
}

export interface Strategy<P extends ParameterTable, T> extends Described {
  readonly params: P
  make(params: Values<P>, context: { readonly rng: Rng }): T
}

/** A strategy whose parameter table is not known to the reader of a registry. */
export type AnyStrategy<T> = Described & {
  readonly params: ParameterTable
  make(params: never, context: { readonly rng: Rng }): T
}

const define =
  <T>() =>
  <const P extends ParameterTable>(strategy: Strategy<P, T>): Strategy<P, T> =>
    strategy

export const defineBalancer = define<Balancer>()
export const definePool = define<ConnectionPool>()
export const defineBuffering = define<BufferingPolicy>()
export const defineLimiter = define<Limiter>()
export const defineHealth = define<HealthPolicy>()
export const defineRetries = define<RetryPolicy>()
export const defineAccept = define<AcceptPolicy>()
export const defineLoadProfile = define<LoadProfile>()
export const defineServiceTime = define<ServiceTime>()
export const defineFault = define<Fault>()

/** A hostile client is started rather than made: it does its own I/O. */
export interface HostileStrategy<P extends ParameterTable> extends Described {
  readonly params: P
  start(params: Values<P>, context: HostileContext): Hostile
}

export function defineHostile<const P extends ParameterTable>(strategy: HostileStrategy<P>): HostileStrategy<P> {
  return strategy
}

// ---------------------------------------------------------------------------------------------------------- scenarios

/** A strategy by name with optional parameters: `peak-ewma` or `peak-ewma:decayMs=5000,x=1`. */
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
  /** Client connections served at once; what happens to the rest is the target's own rule. */
  readonly maxConnections: number
  /** From accept, or the first byte of a later request, to the end of a request head; 0 means no timeout. */
  readonly requestHeadMs: Ms
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
  /** A request for key `k` asks for `/k/<k>`. Absent: all ask for the same. */
  readonly keys?: KeyPlan
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
  /** What the proxy is told of its share: a whole number from 1 to 256, so that every target understands it; 1 when absent. */
  readonly weight?: number
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

/** Something wrong with one origin for the length of a phase. */
export interface FaultPlan {
  readonly fault: StrategySpec
  /** The index of the origin. */
  readonly origin: number
  readonly phase: string
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
  judge(runs: readonly Run[]): readonly Claim[]
}

export function defineScenario(scenario: Scenario): Scenario {
  return scenario
}
