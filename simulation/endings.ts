// The second half of a request's life: an attempt is answered, breaks or takes too long; the retry policy may want another;
// the client has its answer or gives up. As in the live proxy's exchange/endings.ts.
import type { Outcome, Upstream } from '../core/contracts.ts'
import { IN_SERVICE, QUEUED, RETURNED, UNSENT } from './attempt-table.ts'
import type { Clients } from './clients.ts'
import type { LoadReports } from './load-reports.ts'
import type { Meter } from './meter.ts'
import type { Network } from './network.ts'
import { BROKEN, REFUSED } from './origin-faults.ts'
import { nobody } from './rows.ts'
import type { Worker } from './worker.ts'
import type { WorkerCpu } from './worker-cpu.ts'
import { RETRY_DUE, type World } from './world.ts'

type OutcomeKind = Outcome['kind']
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface EndingsSetup {
  readonly world: World
  readonly network: Network
  readonly meter: Meter
  /** Null when nobody asks for reports. */
  readonly reports: LoadReports | null
  /** Takes an attempt out of its origin. */
  readonly abandonAtOrigin: (attempt: number) => void
}

export class Endings {
  workers: readonly Worker[] = []
  clients!: Clients
  cpu: WorkerCpu | null = null
  private readonly world: World
  private readonly network: Network
  private readonly meter: Meter
  private readonly reports: LoadReports | null
  private readonly abandonAtOrigin: (attempt: number) => void
  private readonly cancelsWork: boolean
  private readonly idempotent: boolean
  private readonly retryable = { attempts: 0, idempotent: true }
  /** One object for all outcomes: policies read it and do not keep it. */
  private readonly outcome: Mutable<Outcome> = {
    kind: 'response',
    status: 0,
    headMs: 0,
    totalMs: 0,
    maybeExecuted: false,
    report: null,
  }

  constructor({ world, network, meter, reports, abandonAtOrigin }: EndingsSetup) {
    this.world = world
    this.network = network
    this.meter = meter
    this.reports = reports
    this.abandonAtOrigin = abandonAtOrigin
    this.cancelsWork = world.model.timeouts?.cancelsWork ?? true
    this.idempotent = world.model.requests?.idempotent ?? true
    this.retryable.idempotent = this.idempotent
  }

  /** An answer, or the end of a broken connection (status 0), is at its proxy. */
  onAnswer(attempt: number): void {
    const { attempts } = this.world
    if (attempts.isDetached(attempt)) return attempts.free(attempt)
    attempts.setState(attempt, RETURNED)
    const status = attempts.status(attempt)
    const request = attempts.request(attempt)
    if (request === nobody) {
      const { health } = this.workers[attempts.worker(attempt)]!
      const origin = attempts.origin(attempt)
      attempts.free(attempt)
      return health.onChecked(origin, status >= 200 && status < 400)
    }
    if (status === BROKEN) return this.fail(attempt, 'origin-closed', 502)
    if (status === REFUSED) return this.fail(attempt, 'dial-failed', 502)
    if (status >= 500 && this.isBettered(attempt, 'response', status)) return
    this.endAttempt(attempt, 'response', status, true)
    while (this.world.requests.live(request) !== nobody) this.giveUp(this.world.requests.live(request))
    this.respond(request, status)
  }

  /** An attempt has broken, as `kind` says; the client is told `status` unless another attempt makes good for it. */
  fail(attempt: number, kind: OutcomeKind, status: number): void {
    if (this.isBettered(attempt, kind, 0)) return
    const request = this.world.attempts.request(attempt)
    this.endAttempt(attempt, kind, 0, false)
    this.refuse(request, status)
  }

  /** The attempt, or a check, has taken too long. */
  onAttemptDue(attempt: number): void {
    const { attempts } = this.world
    if (attempts.isDetached(attempt)) return
    if (attempts.request(attempt) !== nobody) {
      this.meter.counts.attemptTimeouts++
      return this.fail(attempt, 'timeout', 504)
    }
    attempts.detach(attempt)
    this.workers[attempts.worker(attempt)]!.health.onChecked(attempts.origin(attempt), false)
    this.network.abandon(attempt)
  }

  /** The attempt has waited too long for a connection. */
  onWaitDue(attempt: number): void {
    const { attempts } = this.world
    if (attempts.state(attempt) === UNSENT && attempts.connection(attempt) === nobody)
      this.fail(attempt, 'timeout', 503)
  }

  /** The client has waited too long and leaves. */
  onClientDue(request: number): void {
    const { requests } = this.world
    while (requests.live(request) !== nobody) this.giveUp(requests.live(request))
    this.end(request, 'timeout', 0)
  }

  /** Answers a request that is with no origin. */
  refuse(request: number, status: number): void {
    this.respond(request, status)
  }

  /** A proxy has closed the connection of an attempt, and its origin has heard of it. */
  onAbandoned(attempt: number): void {
    const { attempts } = this.world
    const state = attempts.state(attempt)
    if (state !== QUEUED && state !== IN_SERVICE) return
    this.abandonAtOrigin(attempt)
    attempts.free(attempt)
  }

  /** The answer is on its way to the client as soon as the worker has had the time to pass it on. */
  private respond(request: number, status: number): void {
    if (this.cpu !== null && this.cpu.answerMs > 0) this.cpu.addAnswer(request, status)
    else this.end(request, status < 400 ? 'ok' : 'bad-status', status)
  }

  /** The worker has passed the answer on. */
  onPassedOn(request: number, status: number): void {
    this.end(request, status < 400 ? 'ok' : 'bad-status', status)
  }

  /** The request is over for everybody. */
  private end(request: number, ending: 'ok' | 'bad-status' | 'timeout', status: number): void {
    const { requests, now } = this.world
    const worker = this.workers[requests.worker(request)]!
    const admitted = requests.admitted(request)
    if (admitted === 1) worker.inFlight--
    if (admitted !== 0 && worker.limiter.onDone !== undefined) {
      const insideMs = admitted === 1 ? now - requests.admittedAt[request]! : 0
      worker.limiter.onDone(insideMs, now, ending === 'timeout' || !requests.isAnswered(request))
    }
    this.meter.onEnd(requests.number(request), requests.dueAt(request), now, ending, status)
    const connection = requests.connection(request)
    const { tried } = requests
    if (tried[request] !== undefined) tried[request].length = 0
    requests.free(request)
    this.clients.onEnded(connection, worker, ending === 'timeout')
  }

  /** Is the attempt dropped because another of its request is under way, or does the policy want one more? */
  private isBettered(attempt: number, kind: OutcomeKind, status: number): boolean {
    const { requests, attempts, now } = this.world
    const request = attempts.request(attempt)
    const worker = this.workers[attempts.worker(attempt)]!
    const alone = requests.live(request) === attempt && attempts.sibling(attempt) === nobody
    const upstream = attempts.upstream[attempt]!
    if (!alone) {
      ;(requests.tried[request] ??= []).push(upstream)
      this.endAttempt(attempt, kind, status, false)
      return true
    }
    if (worker.retries.retryIn === undefined) return false
    this.retryable.attempts = requests.attempts(request)
    const waitMs = worker.retries.retryIn(this.retryable, this.tell(attempt, kind, status), now)
    if (waitMs === null) return false
    ;(requests.tried[request] ??= []).push(upstream)
    this.endAttempt(attempt, kind, status, false)
    this.world.at(now + waitMs, RETRY_DUE, request, requests.stamp[request]!)
    return true
  }

  /** Gives up an attempt for which nobody waits any longer. */
  private giveUp(attempt: number): void {
    this.endAttempt(attempt, 'client-gone', 0, false)
  }

  /** Everybody hears how the attempt ended, and its connection goes back or is closed. */
  private endAttempt(attempt: number, kind: OutcomeKind, status: number, reusable: boolean): void {
    const { requests, attempts, now } = this.world
    const worker = this.workers[attempts.worker(attempt)]!
    const request = attempts.request(attempt)
    const upstream = attempts.upstream[attempt]!
    this.unlink(request, attempt)
    if (kind === 'response') requests.setAnswered(request)
    this.world.count(upstream, -1)
    if (worker.hearsOutcomes) {
      const outcome = this.tell(attempt, kind, status)
      worker.balancer.onDone?.(upstream, outcome, now)
      worker.health.onDone(upstream, outcome)
      worker.retries.onDone?.(outcome, now)
    }
    this.leaveConnection(worker, attempt, upstream, reusable)
  }

  private leaveConnection(worker: Worker, attempt: number, upstream: Upstream, reusable: boolean): void {
    const { attempts } = this.world
    const state = attempts.state(attempt)
    const connection = attempts.connection(attempt)
    // Whoever is lent the connection now may end before this returns.
    if (state === UNSENT) {
      attempts.detach(attempt)
      worker.lending?.abandon(attempt, upstream)
      attempts.free(attempt)
    } else if (state === RETURNED) {
      attempts.free(attempt)
      if (connection !== nobody) {
        if (reusable) worker.lending!.release(connection)
        else worker.lending!.close(connection)
      }
    } else {
      attempts.detach(attempt)
      if (connection !== nobody) worker.lending!.close(connection)
      if (this.cancelsWork) this.network.abandon(attempt)
    }
  }

  private unlink(request: number, attempt: number): void {
    const { requests, attempts } = this.world
    let at = requests.live(request)
    if (at === attempt) {
      requests.setLive(request, attempts.sibling(attempt))
      return
    }
    while (attempts.sibling(at) !== attempt) at = attempts.sibling(at)
    attempts.setSibling(at, attempts.sibling(attempt))
  }

  private tell(attempt: number, kind: OutcomeKind, status: number): Outcome {
    const { attempts, now } = this.world
    const { outcome } = this
    const tookMs = now - attempts.sentAt(attempt)
    outcome.kind = kind
    outcome.status = Math.max(0, status)
    outcome.headMs = tookMs
    outcome.totalMs = tookMs
    outcome.maybeExecuted = attempts.state(attempt) !== UNSENT && attempts.status(attempt) !== REFUSED
    outcome.report = kind === 'response' && this.reports !== null ? this.reports.of(attempts.origin(attempt)) : null
    return outcome
  }
}
