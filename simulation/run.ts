// One run of a simulation: puts the parts together, and does what is due until the last request has ended.
import type { RequestLog } from '../core/request-log.ts'
import { Clients } from './clients.ts'
import { Endings } from './endings.ts'
import type { EventQueue } from './event-queue.ts'
import { type ConnectionCounts, ConnectionTable, type Lending, type LendingCounts } from './lending.ts'
import { LoadReports } from './load-reports.ts'
import { Meter } from './meter.ts'
import type { Model, Policies } from './model.ts'
import { Network } from './network.ts'
import { OriginFaults } from './origin-faults.ts'
import { Origins, type OriginTally } from './origins.ts'
import { Probes } from './probes.ts'
import { Requests } from './requests.ts'
import { makeWorkers, type Worker, type WorkerTally } from './worker.ts'
import { WorkerCpu } from './worker-cpu.ts'
import * as kinds from './world.ts'
import { kindBits, World } from './world.ts'

const kindMask = (1 << kindBits) - 1

export class Run {
  events = 0
  readonly meter: Meter
  private readonly world: World
  private readonly network: Network
  private readonly faults: OriginFaults
  private readonly origins: Origins
  private readonly endings: Endings
  private readonly clients: Clients
  private readonly requests: Requests
  private readonly workers: readonly Worker[]
  private readonly connections = new ConnectionTable()
  private readonly lendings: readonly Lending[]
  private readonly probes: Probes | null = null
  private readonly cpu: WorkerCpu | null
  private readonly refreshMs: number

  constructor(
    model: Model,
    policies: Policies,
    seed: number,
    replication: number,
    queue: EventQueue,
    log: RequestLog | null,
  ) {
    const world = new World(model, seed, replication, queue)
    const meter = new Meter(model, log)
    this.world = world
    this.meter = meter
    this.network = new Network(world)
    this.faults = new OriginFaults(world, policies)
    this.origins = new Origins(world, policies, this.faults, meter, this.network, origin => {
      for (const lending of this.lendings) lending.closeIdle(origin)
    })
    const { reports = false } = model.origins
    this.origins.reports = reports ? new LoadReports(model.origins.count, this.origins.queues, world) : null
    this.endings = new Endings({
      world,
      network: this.network,
      meter,
      reports: this.origins.reports,
      abandonAtOrigin: attempt => this.origins.abandon(attempt),
    })
    this.cpu = cpuOf(model, policies) ? new WorkerCpu(world, meter, this.cpuOwner()) : null
    this.clients = new Clients(world, policies, meter, request => this.hand(request))
    this.requests = new Requests({
      world,
      network: this.network,
      meter,
      endings: this.endings,
      targets: this.clients.targets,
      clients: this.clients.addresses,
      originAccepts: origin => this.origins.accepts(origin),
    })
    this.workers = makeWorkers(world, policies, this.network, this.connections, this.requests)
    this.lendings = [...new Set(this.workers.flatMap(({ lending }) => lending ?? []))]
    if (this.origins.reports !== null) {
      this.probes = new Probes(world, this.network, meter, this.origins.reports, origin => this.origins.answers(origin))
    }
    Object.assign(this.network, { origins: this.origins, endings: this.endings })
    Object.assign(this.endings, { workers: this.workers, clients: this.clients, cpu: this.cpu })
    Object.assign(this.requests, { workers: this.workers, cpu: this.cpu, probes: this.probes })
    const { view = { kind: 'own' } } = model.proxies ?? {}
    this.refreshMs = view.kind === 'shared' ? view.refreshMs : 0
  }

  get now(): number {
    return this.world.now
  }

  /** Requests that have not ended. */
  get requestsLeft(): number {
    return this.world.requests.inUse
  }

  originTallies(): OriginTally[] {
    return this.origins.tallies(this.connections.openedAt)
  }

  /** The most requests that were at all origins together at one instant. */
  get presentPeak(): number {
    return this.origins.queues.totalPeak
  }

  workerTallies(): WorkerTally[] {
    const busy = this.cpu?.busyMs
    const { taken } = this.clients
    return this.workers.map(({ requests }, index) => ({
      requests,
      connections: taken[index]!,
      busyMs: busy?.[index] ?? 0,
    }))
  }

  /** Added up over all pools; null when there are none. */
  connectionCounts(): ConnectionCounts | null {
    if (this.lendings.length === 0) return null
    const sum = { dials: 0, spareDials: 0, reuses: 0, waits: 0, refusals: 0 }
    for (const { counts } of this.lendings) {
      for (const name of Object.keys(sum) as (keyof LendingCounts)[]) sum[name] += counts[name]
    }
    return { ...sum, openPeak: this.connections.openPeak }
  }

  /** Starts everything, and does what is due until no request is left or nothing is to come. */
  play(): void {
    const { world, clients } = this
    for (const { health } of this.workers) health.start()
    this.faults.start()
    // A pool may be that of several workers.
    for (const lending of this.lendings) {
      lending.start(this.workers.find(worker => worker.lending === lending)!.upstreams)
    }
    clients.start()
    if (this.refreshMs > 0) world.at(this.refreshMs, kinds.REFRESH_DUE, 0, 0)
    while (clients.nextAt !== Number.POSITIVE_INFINITY || world.requests.inUse > 0) if (!this.step()) break
    this.meter.counts.checks = this.workers.reduce((sum, { health }) => sum + health.checks, 0)
    this.meter.counts.tableRebuilds = this.workers.reduce((sum, { health }) => sum + health.rebuilds, 0)
  }

  /** Does the next thing that is due; false when there is nothing. Ends come before beginnings of the same instant. */
  private step(): boolean {
    const { queue, rings } = this.world
    const ring = rings.soonest
    const queuedAt = queue.peek()
    const at = ring.nextAt < queuedAt ? ring.nextAt : queuedAt
    if (this.clients.nextAt < at) {
      this.world.now = this.clients.nextAt
      this.events++
      this.clients.arrive()
      return true
    }
    if (at === Number.POSITIVE_INFINITY) return false
    this.world.now = at
    if (at === queuedAt) {
      const payload = queue.pop()
      this.happen(payload & kindMask, payload >>> kindBits, queue.stamp)
    } else {
      const payload = ring.pop()
      this.happen(payload & kindMask, payload >>> kindBits, ring.stamp)
    }
    return true
  }

  private happen(kind: number, index: number, stamp: number): void {
    if (kind <= kinds.WAIT_DUE) {
      if (this.world.attempts.stamp[index] !== stamp) return
      this.events++
      // The three of every request, without another call.
      if (kind === kinds.SERVED) this.origins.served(index)
      else if (kind === kinds.AT_PROXY) this.endings.onAnswer(index)
      else if (kind === kinds.AT_ORIGIN) this.origins.arrive(index)
      else this.attemptEvent(kind, index)
    } else if (kind <= kinds.ADMISSION_DUE) {
      if (this.world.requests.stamp[index] !== stamp) return
      this.events++
      this.requestEvent(kind, index)
    } else {
      this.events++
      this.otherEvent(kind, index, stamp)
    }
  }

  private attemptEvent(kind: number, attempt: number): void {
    if (kind === kinds.ABANDONED) this.endings.onAbandoned(attempt)
    else if (kind === kinds.ATTEMPT_DUE) this.endings.onAttemptDue(attempt)
    else this.endings.onWaitDue(attempt)
  }

  private requestEvent(kind: number, request: number): void {
    if (kind === kinds.CLIENT_DUE) this.endings.onClientDue(request)
    else if (kind === kinds.RETRY_DUE) this.requests.onRetryDue(request)
    else if (kind === kinds.HEDGE_DUE) this.requests.onHedgeDue(request)
    else this.requests.onAdmissionDue(request)
  }

  private otherEvent(kind: number, index: number, stamp: number): void {
    const { connections } = this
    if (kind === kinds.SHARE_SERVED) this.origins.shareServed(index, stamp)
    else if (kind === kinds.CPU_DONE) this.cpu!.onDone(index)
    else if (kind === kinds.DIALED) {
      if (connections.stamps[index] === stamp) connections.owners[index]!.onDialed(index)
    } else if (kind === kinds.HEALTH_DUE) this.workers[index]!.health.onDue(stamp)
    else if (kind === kinds.POOL_DUE) this.workers[index]!.lending!.onExpiry(stamp)
    else if (kind === kinds.ORIGIN_CHANGES) this.origins.onChange(index)
    else if (kind === kinds.REFRESH_DUE) this.refresh()
    else if (kind === kinds.PROBE_AT_ORIGIN) this.probes!.onAtOrigin(index, stamp)
    else this.probes!.onEnd(index, stamp, kind === kinds.PROBE_AT_PROXY)
  }

  private hand(request: number): void {
    if (this.cpu !== null) this.cpu.addRequest(request)
    else this.requests.begin(request)
  }

  private refresh(): void {
    const { world } = this
    for (const upstream of this.workers[0]!.upstreams) upstream.inFlight = world.hidden![upstream.index]!
    world.at(world.now + this.refreshMs, kinds.REFRESH_DUE, 0, 0)
  }

  private cpuOwner() {
    return {
      begin: (request: number) => this.requests.begin(request),
      choose: (request: number) => this.requests.onBurnt(request),
      passOn: (request: number, status: number) => this.endings.onPassedOn(request, status),
    }
  }
}

/** Is the workers' time modelled at all? */
function cpuOf({ proxies = {} }: Model, { filter }: Policies): boolean {
  return (proxies.requestCpuMs ?? 0) > 0 || (proxies.answerCpuMs ?? 0) > 0 || filter !== undefined
}
