// Every seam of the testbed: what a strategy is told, what it may answer, and in which unit.
//
// Policies are told, never ask; engines wait. A policy is a synchronous state machine: it is told `now` (milliseconds on
// a clock that never goes back), draws from the random stream it was given, answers at once, and owns no socket, timer,
// promise or clock. The live proxy and the simulator run the same policy file. A policy that throws fails the run.
import type { ParameterTable, Values } from './parameters.ts'
import type { Rng } from './random.ts'

/** Milliseconds, fractions allowed. */
export type Ms = number
export type Bytes = number

// ---------------------------------------------------------------------------------------------------------- requests

/** One origin server as the policies see it. `index` is dense and stable for the life of a configuration snapshot. */
export interface Upstream {
  readonly index: number
  readonly id: string
  /** Relative share, above 0; not always whole. */
  readonly weight: number
  /** Attempts sent and not yet done; the engine counts, policies only read. */
  inFlight: number
  /** The failure domain it is in, e.g. an availability zone. Absent: none is known. */
  readonly zone?: string
  /** The level of preference, a whole number; 0, the first to be used, when absent. */
  readonly priority?: number
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
  /**
   * `response`: a complete answer. The others say what broke: dialling, the origin, a timeout. `client-gone`: nothing did;
   * the attempt was given up because the client left or another attempt of the same request answered first (hedging).
   */
  readonly kind: 'response' | 'dial-failed' | 'origin-closed' | 'origin-invalid' | 'timeout' | 'client-gone'
  /** The status the origin answered, or 0 when none came. */
  readonly status: number
  /** From sending to the response head, or to the failure. */
  readonly headMs: Ms
  /** From sending to the end. */
  readonly totalMs: Ms
  /** May the origin have acted on the request? False when nothing of it was sent. */
  readonly maybeExecuted: boolean
  /** What the origin said of its load in its answer. Null or absent: nothing. */
  readonly report?: LoadReport | null
}

/** What an origin says of itself, in an answer or to a probe. It counts the requests of everybody, not of one proxy. */
export interface LoadReport {
  /** Requests it has taken and not yet answered, waiting ones included. */
  readonly inFlight: number
  /** The time it now takes to answer, from receipt: the median of recent requests that met about as many others. */
  readonly latencyMs: Ms
  /** The share of its capacity in use, 0 to 1; above 1 when more has come than it can do. */
  readonly utilisation: number
  /** Requests it has answered per second of late, and how many of these were errors. */
  readonly ratePerSecond: number
  readonly errorsPerSecond: number
}

// ----------------------------------------------------------------------------------------------------------- policies

/**
 * Chooses the upstream of each request. The engine promises: `onEligible` comes before the first pick and after every
 * change of health or membership, in stable order; exactly one `onDone` follows each `onSend`; `now` never decreases.
 */
export interface Balancer {
  /** `avoid`: upstreams this request has already tried. Null means none is left. */
  pick(request: PolicyRequest, avoid: readonly Upstream[], now: Ms): Upstream | null
  /** Who there is, eligible or not. Comes before the first `onEligible` and after every change of membership. */
  onMembers?(members: readonly Upstream[], now: Ms): void
  /** Tables are rebuilt here, not per pick. `version` grows with every call. */
  onEligible(eligible: readonly Upstream[], version: number, now: Ms): void
  onSend?(upstream: Upstream, now: Ms): void
  onDone?(upstream: Upstream, outcome: Outcome, now: Ms): void
  /** Absent: it asks upstreams nothing. */
  readonly probing?: Probing
}

/** Asks upstreams how loaded they are, apart from requests. */
export interface Probing {
  /** The upstreams to ask now; called after every `onSend`. The array is the policy's own and is used again. */
  due(now: Ms): readonly Upstream[]
  /** After this long a probe counts as unanswered. */
  readonly timeoutMs: Ms
  /** A probe has ended: one call for each upstream of `due`. Null: there was no answer in time. */
  onProbe(upstream: Upstream, report: LoadReport | null, now: Ms): void
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

/**
 * One body on its way through the proxy, as a policy sees it. All sizes count bytes as they are sent on, chunk framing
 * included. A flyweight: it changes from call to call and must not be kept.
 */
export interface BodyFlow {
  /** The length the sender announced; null when it comes in chunks or ends with the connection. */
  readonly lengthBytes: Bytes | null
  /** What has come from the sender so far. */
  readonly receivedBytes: Bytes
  /** Of that, what has not been given to the receiver yet, in memory or in the file. */
  readonly waitingBytes: Bytes
  /** What of this body is in memory: waiting, on its way into the receiver's kernel, or kept for another attempt. */
  readonly memoryBytes: Bytes
  /** The size of this body's temporary file. It shrinks only when all that it holds has been given to the receiver. */
  readonly fileBytes: Bytes
  /** The last byte has come. */
  readonly complete: boolean
  /** The same two sizes over all bodies of this worker, this one included. */
  readonly totalMemoryBytes: Bytes
  readonly totalFileBytes: Bytes
}

/**
 * What becomes of the sender. `read`: it is read on. `pause`: not before something has left. `spill`: not before what is in
 * memory has been moved to the temporary file. Of requests only: `too-large` ends the request with 413, `no-room` with 503.
 */
export type Intake = 'read' | 'pause' | 'spill' | 'too-large' | 'no-room'

/** How the bodies of one direction are held between sender and receiver. */
export interface DirectionBuffering {
  /**
   * Of requests only: may an upstream be chosen and a connection to it be borrowed? Asked when the head has come and after
   * every piece until the answer is yes; once it is, nothing takes it back. Absent: as soon as the head has come.
   */
  mayDial?(flow: BodyFlow): boolean
  /** How much of what waits may be given to the receiver now, from the oldest on. Asked after every change. */
  mayForward(flow: BodyFlow): Bytes
  /**
   * Asked before the first byte, after every piece, and whenever something has left of a body that is not complete. A pause
   * makes the engine let go of what it keeps for another attempt. It must not be `pause` when nothing is in memory, and what
   * it pauses for must be free to leave: otherwise nothing would ever move again.
   */
  intake(flow: BodyFlow): Intake
  /** Of responses only: false lets the one with these header fields take the straight path. `name` in lower case. */
  mayHold?(header: (name: string) => string | undefined): boolean
}

/**
 * Decides when the engine reads and forwards body bytes. A direction that holds nothing takes the straight path: bytes are
 * given to the receiver's socket as they come, and only `mayRead` is asked.
 */
export interface BufferingPolicy {
  /** May the engine read more from the sender while `heldBytes` wait in the receiver's socket? Asked after every write. */
  mayRead(heldBytes: Bytes): boolean
  readonly request?: DirectionBuffering
  readonly response?: DirectionBuffering
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

/** What a retry policy may know of the request whose attempt has been sent or has failed. */
export interface Retryable {
  /** Attempts made so far, hedges among them, 1 and up. */
  readonly attempts: number
  /** By its method: may it be executed twice without harm? */
  readonly idempotent: boolean
}

/**
 * Decides whether an attempt that has failed is followed by another, and whether one that is slow is joined by another (a
 * hedge). Only asked when the engine still has the whole request and nothing has been sent to the client. A policy without
 * `retryIn` and `hedgeAfter` never sends a request twice, and the engine keeps no request for it.
 */
export interface RetryPolicy {
  /** A request begins: budgets grow by requests, not by attempts. */
  onRequest?(now: Ms): void
  /**
   * Milliseconds to wait before the next attempt, or null to give up. Not asked while another attempt of the same
   * request is on its way: then the one that failed is simply dropped.
   */
  retryIn?(request: Retryable, outcome: Outcome, now: Ms): Ms | null
  /**
   * Asked when an attempt has been sent: milliseconds after which another may be sent to another upstream beside it, unless
   * an answer's head has come by then; null: never. The first answer below 500 wins, or the last of them all; attempts that
   * lose are given up, their connections closed, and their outcome is `client-gone`. Asked for idempotent requests only.
   */
  hedgeAfter?(request: Retryable, now: Ms): Ms | null
  /** The time of `hedgeAfter` has come and no head has: true sends the hedge, and is what a budget counts. Absent: true. */
  mayHedge?(now: Ms): boolean
  /** An attempt has ended: once for each, after `retryIn` has been asked. */
  onDone?(outcome: Outcome, now: Ms): void
}

/** What a limiter says of a request that it does not let in at once. */
export interface Holding {
  /** `delay`: let it in when `ms` have passed; `refuse`: answer 503 and tell the client to come again after `ms`. */
  readonly kind: 'delay' | 'refuse'
  /** 0 and up. */
  readonly ms: Ms
}

/** Limits who is served. Each hook is optional; a limiter that has none limits nothing. */
export interface Limiter {
  /** A client opened a connection; false refuses it. */
  onConnect?(client: string, now: Ms): boolean
  /** An accepted connection of this client closed. Not called for refused ones. */
  onClose?(client: string, now: Ms): void
  /**
   * A request has come while `inFlight` others are being served: null lets it in at once. A request that is delayed is let
   * in by the engine without asking again, and does not count as in flight before.
   */
  admit?(request: PolicyRequest, inFlight: number, now: Ms): Holding | null
  /**
   * A request that was let in, at once or after its delay, has ended: exactly once for each, also when its client left during
   * the delay. `totalMs`: from being let in (0 when it never was). `dropped`: it got no complete answer from an origin, so that its time
   * says nothing of how long an answer takes.
   */
  onDone?(totalMs: Ms, now: Ms, dropped: boolean): void
  /** How many requests it would let be in flight now, for reports; absent when it does not limit that. */
  limit?(now: Ms): number
}

/** What a filter wants done: a closed list, so that every engine can carry it out. */
export type FilterEffect =
  /** The worker that serves the request computes for so much CPU time and serves nobody else meanwhile. */
  { readonly kind: 'burn'; readonly ms: Ms }

/** Code that is run for each request, as a plug-in or a handler would be. A filter without hooks costs nothing. */
export interface Filter {
  /** A request has been admitted and no upstream has been chosen. The effects are carried out in order; none: an empty list. */
  onRequest?(request: PolicyRequest, now: Ms): readonly FilterEffect[]
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
  /** Answered at once with this status and no body: it takes neither service time nor a slot, and nothing is executed. */
  | { readonly kind: 'status'; readonly status: number }
  /** The service time becomes `factor` times what it was, plus `addMs`. */
  | { readonly kind: 'service'; readonly factor: number; readonly addMs: Ms }
  /** It is executed in its service time, and then its connection is reset in place of an answer. */
  | { readonly kind: 'lose-answer' }

/** What a fault makes of an origin as a whole, for as long as it lasts: a closed list, too. */
export type OriginEffect =
  /** Its connections are reset at once and what it was working on is lost; new connections are refused. */
  | 'dead'
  /** It does nothing: connections open and requests are taken, but nothing is answered until the end, when it goes on. */
  | 'frozen'
  /** New connections are refused; those that are open live on. */
  | 'refusing'

/** What is wrong with an origin while a fault is active: with single requests, with the origin as a whole, or both. */
export interface Fault {
  /** Absent: the origin as a whole is well. */
  readonly origin?: OriginEffect
  /**
   * The effect on a request that comes `sinceMs` after the fault began, or null when it is spared. `u` is the request's
   * own number in [0, 1): the same request meets the same fate whatever the proxy did before. Absent: all are spared.
   */
  effectAt?(sinceMs: Ms, u: number): Effect | null
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
  /** What it cannot do without and not every engine has; an engine that lacks it refuses the strategy. */
  readonly needs?: readonly Need[]
}

/** `load-reports`: an `Outcome.report`; `probes`: an engine that carries out `Balancer.probing`. */
export type Need = 'load-reports' | 'probes'

/** Where a policy runs when there are several proxies (or workers) that do not talk to each other. */
export interface Place {
  /** 0 to `count` - 1. */
  readonly index: number
  readonly count: number
  readonly zone?: string
  /** The share of all proxies that are in this zone, above 0 and at most 1. */
  readonly zoneShare?: number
}

/** What a policy is given when it is made. */
export interface PolicyContext {
  readonly rng: Rng
  /** Absent: it is the only one. */
  readonly place?: Place
}

export interface Strategy<P extends ParameterTable, T> extends Described {
  readonly params: P
  make(params: Values<P>, context: PolicyContext): T
}

/** A strategy whose parameter table is not known to the reader of a registry. */
export type AnyStrategy<T> = Described & {
  readonly params: ParameterTable
  make(params: never, context: PolicyContext): T
}

/**
 * A balancer around another: `slow-start:windowMs=5000+least-request`. It sees everything first and passes on what it
 * likes. `inner` makes a balancer each time it is called, so that there can be one per zone or level.
 */
export interface Combinator<P extends ParameterTable> extends Described {
  readonly params: P
  make(params: Values<P>, inner: () => Balancer, context: PolicyContext): Balancer
}

/** A combinator whose parameter table is not known to the reader of a registry. */
export type AnyCombinator = Described & {
  readonly params: ParameterTable
  make(params: never, inner: () => Balancer, context: PolicyContext): Balancer
}

export function defineCombinator<const P extends ParameterTable>(combinator: Combinator<P>): Combinator<P> {
  return combinator
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
export const defineFilter = define<Filter>()
export const defineAccept = define<AcceptPolicy>()
export const defineLoadProfile = define<LoadProfile>()
export const defineServiceTime = define<ServiceTime>()

/** A fault also says whether the simulator can carry it out: true, or a sentence why not. Absent: nobody has made sure. */
export interface FaultStrategy<P extends ParameterTable> extends Strategy<P, Fault> {
  readonly simulated?: true | string
}

export function defineFault<const P extends ParameterTable>(fault: FaultStrategy<P>): FaultStrategy<P> {
  return fault
}

/** A hostile client is started rather than made: it does its own I/O. */
export interface HostileStrategy<P extends ParameterTable> extends Described {
  readonly params: P
  start(params: Values<P>, context: HostileContext): Hostile
}

export function defineHostile<const P extends ParameterTable>(strategy: HostileStrategy<P>): HostileStrategy<P> {
  return strategy
}
