// The first half of a request's life: a worker has it, the limiter lets it in, an upstream is chosen, a connection is
// borrowed, and it leaves for its origin. The same steps in the same order as in the live proxy's exchange/requests.ts.
import type { PolicyRequest, Upstream } from '../core/contracts.ts'
import { uniformOf } from '../core/random.ts'
import { UNSENT } from './attempt-table.ts'
import type { DelayRing } from './delay-ring.ts'
import type { Endings } from './endings.ts'
import type { Borrower } from './lending.ts'
import type { Meter } from './meter.ts'
import type { Network } from './network.ts'
import type { Probes } from './probes.ts'
import { nobody } from './rows.ts'
import type { Worker } from './worker.ts'
import type { WorkerCpu } from './worker-cpu.ts'
import { ADMISSION_DUE, ATTEMPT_DUE, HEDGE_DUE, kindBits, WAIT_DUE, type World } from './world.ts'

const untried: readonly Upstream[] = []

/**
 * A hedge is due a nanosecond late: where all answers take equally long, it would be due at the very instant of the answer,
 * and rounding would decide.
 */
const momentMs = 1e-6

/** The request as the policies see it; one object for all. */
class RequestView implements PolicyRequest {
  readonly method = 'GET'
  target = '/'
  client = ''

  header(): undefined {
    return undefined
  }
}

export interface RequestsSetup {
  readonly world: World
  readonly network: Network
  readonly meter: Meter
  readonly endings: Endings
  readonly targets: readonly string[]
  readonly clients: readonly string[]
  /** Does this origin take new connections? */
  readonly originAccepts: (origin: number) => boolean
}

export class Requests implements Borrower {
  workers: readonly Worker[] = []
  cpu: WorkerCpu | null = null
  probes: Probes | null = null
  private readonly world: World
  private readonly network: Network
  private readonly meter: Meter
  private readonly endings: Endings
  private readonly targets: readonly string[]
  private readonly clients: readonly string[]
  private readonly originAccepts: (origin: number) => boolean
  private readonly view = new RequestView()
  private readonly attemptRing: DelayRing | null
  private readonly idempotent: boolean
  private readonly demandByOrigin: boolean
  private readonly demandAddresses: number[]
  private readonly retryable = { attempts: 0, idempotent: true }
  private readonly avoid: Upstream[] = []

  constructor({ world, network, meter, endings, targets, clients, originAccepts }: RequestsSetup) {
    const { timeouts = {}, requests = {}, origins } = world.model
    this.world = world
    this.network = network
    this.meter = meter
    this.endings = endings
    this.targets = targets
    this.clients = clients
    this.originAccepts = originAccepts
    this.attemptRing = timeouts.attemptMs ? world.ring(timeouts.attemptMs) : null
    this.idempotent = requests.idempotent ?? true
    this.demandByOrigin = requests.demand === 'origin'
    // A second attempt draws anew, so it needs streams of its own; few requests have more than eight.
    const names = this.demandByOrigin ? origins.count : 8
    this.demandAddresses = Array.from({ length: names }, (_, index) =>
      world.address(this.demandByOrigin ? `service/o${index}` : `service/attempt${index}`),
    )
  }

  /** The request is with its worker. */
  begin(request: number): void {
    const worker = this.workerOf(request)
    const { now } = this.world
    worker.requests++
    this.show(request)
    if (worker.limiter.admit !== undefined) {
      const holding = worker.limiter.admit(this.view, worker.inFlight, now)
      if (holding?.kind === 'refuse') {
        this.meter.counts.limited++
        return this.endings.refuse(request, 503)
      }
      if (holding?.kind === 'delay') {
        const { requests } = this.world
        this.meter.counts.delayed++
        requests.setAdmitted(request, -1)
        return this.world.at(now + holding.ms, ADMISSION_DUE, request, requests.stamp[request]!)
      }
    }
    this.enter(request, worker)
  }

  /** The time that the limiter held the request outside has passed. */
  onAdmissionDue(request: number): void {
    this.show(request)
    this.enter(request, this.workerOf(request))
  }

  private enter(request: number, worker: Worker): void {
    const { requests, now } = this.world
    worker.inFlight++
    requests.setAdmitted(request, 1)
    if (worker.limiter.onDone !== undefined) requests.admittedAt[request] = now
    worker.retries.onRequest?.(now)
    if (worker.filter.onRequest !== undefined) {
      const burnMs = worker.filter.onRequest(this.view, now).reduce((sum, { ms }) => sum + ms, 0)
      if (burnMs > 0) return this.cpu!.addWork(request, burnMs)
    }
    this.choose(request, worker)
  }

  /** The filters are done: the request goes to an upstream that has not been asked before. */
  private choose(request: number, worker: Worker): void {
    const upstream = worker.balancer.pick(this.view, untried, this.world.now)
    if (upstream === null) this.endings.refuse(request, 503)
    else this.attempt(request, worker, upstream)
  }

  /** The worker has computed for as long as the filters wanted. */
  onBurnt(request: number): void {
    this.show(request)
    this.choose(request, this.workerOf(request))
  }

  /** The time has come for another attempt: at an upstream that has not failed this request, if there is one. */
  onRetryDue(request: number): void {
    const worker = this.workerOf(request)
    const { requests, now } = this.world
    this.show(request)
    const tried = requests.tried[request] ?? untried
    const upstream = worker.balancer.pick(this.view, tried, now) ?? worker.balancer.pick(this.view, untried, now)
    if (upstream === null) return this.endings.refuse(request, 503)
    this.meter.counts.retries++
    this.attempt(request, worker, upstream)
  }

  /** An attempt is slow: another joins it, at an upstream that has neither failed this request nor has it now. */
  onHedgeDue(request: number): void {
    const { requests, attempts, now } = this.world
    const worker = this.workerOf(request)
    // A later attempt has planned anew, or all have ended.
    if (requests.hedgeAt[request] !== now || requests.live(request) === nobody) return
    const { avoid } = this
    avoid.length = 0
    for (const upstream of requests.tried[request] ?? untried) avoid.push(upstream)
    for (let live = requests.live(request); live !== nobody; live = attempts.sibling(live)) {
      avoid.push(attempts.upstream[live]!)
    }
    this.show(request)
    const upstream = worker.balancer.pick(this.view, avoid, now)
    if (upstream === null || worker.retries.mayHedge?.(now) === false) return
    this.meter.counts.hedges++
    this.attempt(request, worker, upstream)
  }

  private attempt(request: number, worker: Worker, upstream: Upstream): void {
    const { requests, attempts, now } = this.world
    const { index } = upstream
    const attempt = attempts.add(request, worker.index, index, UNSENT, requests.live(request))
    attempts.setSentAt(attempt, now)
    attempts.setWork(attempt, this.quantileOf(request, index))
    requests.begin(request, attempt)
    this.meter.onAttempt(now)
    attempts.upstream[attempt] = upstream
    this.world.count(upstream, 1)
    worker.balancer.onSend?.(upstream, now)
    worker.health.onSend(upstream)
    if (worker.balancer.probing !== undefined) this.probes!.send(worker)
    if (worker.lending === null) this.send(attempt)
    else worker.lending.borrow(attempt, upstream, requests.isFresh(request), WAIT_DUE)
  }

  /** The attempt has a connection. */
  onLent(attempt: number): void {
    this.send(attempt)
  }

  dialMs(attempt: number, origin: number): number {
    return this.network.dialMs(attempt === nobody ? 0 : this.world.attempts.worker(attempt), origin)
  }

  accepts(origin: number): boolean {
    return this.originAccepts(origin)
  }

  onDialFailed(attempt: number): void {
    this.endings.fail(attempt, 'dial-failed', 502)
  }

  onRefused(attempt: number): void {
    this.endings.fail(attempt, 'dial-failed', 503)
  }

  private send(attempt: number): void {
    const { attempts, now } = this.world
    attempts.setSentAt(attempt, now)
    const request = attempts.request(attempt)
    const stamp = attempts.stamp[attempt]!
    this.attemptRing?.push(now, (attempt << kindBits) | ATTEMPT_DUE, stamp)
    const worker = this.workerOf(request)
    if (worker.retries.hedgeAfter !== undefined && this.idempotent) this.planHedge(request, worker)
    this.network.send(attempt)
  }

  private planHedge(request: number, worker: Worker): void {
    const { requests, now } = this.world
    this.retryable.attempts = requests.attempts(request)
    const waitMs = worker.retries.hedgeAfter!(this.retryable, now)
    const dueAt = waitMs === null ? Number.NaN : now + waitMs + momentMs
    requests.hedgeAt[request] = dueAt
    if (waitMs !== null) this.world.at(dueAt, HEDGE_DUE, request, requests.stamp[request]!)
  }

  private workerOf(request: number): Worker {
    return this.workers[this.world.requests.worker(request)]!
  }

  private show(request: number): void {
    const { requests } = this.world
    this.view.target = this.targets[requests.key(request)]!
    this.view.client = this.clients[requests.client(request)]!
  }

  /** How much work the next attempt is, as a number in [0, 1). */
  private quantileOf(request: number, origin: number): number {
    const { requests } = this.world
    const before = requests.attempts(request)
    if (this.demandByOrigin) return uniformOf(this.demandAddresses[origin]!, requests.number(request))
    if (before === 0) return requests.quantile(request)
    return uniformOf(this.demandAddresses[before & 7]!, requests.number(request))
  }
}
