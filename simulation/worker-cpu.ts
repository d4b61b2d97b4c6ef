// The core of each worker: it does one thing at a time, and what comes meanwhile waits. Answers are passed on before new
// requests are begun. With work stealing, an idle worker begins a request that waits at another worker of its proxy.
import type { Ms } from '../core/contracts.ts'
import { ln } from '../core/logarithm.ts'
import { uniformOf } from '../core/random.ts'
import { DelayRing } from './delay-ring.ts'
import type { Meter } from './meter.ts'
import { CPU_DONE, type World } from './world.ts'

const BEGIN = 0
const CHOOSE = 1
const ANSWER = 2

/** What a worker does when it has had the time for it. */
export interface CpuOwner {
  begin(request: number): void
  choose(request: number): void
  passOn(request: number, status: number): void
}

class Core {
  busy = false
  task = BEGIN
  request = 0
  stamp = 0
  detail = 0
  /** Requests to begin. */
  readonly begins = new DelayRing(0)
  /** Requests to go on with or to answer, with their tasks. */
  readonly others = new DelayRing(0)
  readonly tasks = new DelayRing(0)
  readonly details: Ms[] = []
  busyMs = 0
}

export class WorkerCpu {
  readonly answerMs: Ms
  private readonly requestMs: Ms
  /** Of the stream that says how much CPU each request takes; null when all take the same. */
  private readonly demandAddress: number | null
  private readonly cores: readonly Core[]
  private readonly world: World
  private readonly meter: Meter
  private readonly owner: CpuOwner
  /** Workers that steal from each other; 1: nobody does. */
  private readonly stealing: number

  constructor(world: World, meter: Meter, owner: CpuOwner) {
    const { count = 1, workers = 1, requestCpuMs = 0, answerCpuMs = 0 } = world.model.proxies ?? {}
    const { requestCpu = 'fixed', stealing = false } = world.model.proxies ?? {}
    this.requestMs = requestCpuMs
    this.demandAddress = requestCpu === 'exponential' ? world.address('cpu') : null
    this.answerMs = answerCpuMs
    this.cores = Array.from({ length: count * workers }, () => new Core())
    this.world = world
    this.meter = meter
    this.owner = owner
    this.stealing = stealing ? workers : 1
  }

  /** CPU time used by each worker, ms. */
  get busyMs(): number[] {
    return this.cores.map(core => core.busyMs)
  }

  /** A request has come to its worker. */
  addRequest(request: number): void {
    const { requests, now } = this.world
    const own = requests.worker(request)
    const stamp = requests.stamp[request]!
    const idle = this.cores[own]!.busy ? this.idleBeside(own) : own
    if (idle < 0) return this.cores[own]!.begins.push(now, request, stamp)
    if (idle !== own) this.steal(request, idle)
    this.start(idle, BEGIN, request, stamp, this.cpuOf(request), 0)
  }

  /** The worker computes for `ms` before it goes on with a request that it has begun. */
  addWork(request: number, ms: Ms): void {
    this.add(CHOOSE, request, ms, 0)
  }

  /** The answer to a request is to be passed on. */
  addAnswer(request: number, status: number): void {
    this.add(ANSWER, request, this.answerMs, status)
  }

  /** A worker is done with what it did. */
  onDone(worker: number): void {
    const core = this.cores[worker]!
    const { task, request, stamp, detail } = core
    core.busy = false
    if (this.world.requests.stamp[request] === stamp) {
      if (task === BEGIN) this.owner.begin(request)
      else if (task === CHOOSE) this.owner.choose(request)
      else this.owner.passOn(request, detail)
    }
    if (!core.busy) this.next(worker, core)
  }

  private add(task: number, request: number, ms: Ms, detail: number): void {
    const { requests, now } = this.world
    const worker = requests.worker(request)
    const core = this.cores[worker]!
    if (!core.busy) return this.start(worker, task, request, requests.stamp[request]!, ms, detail)
    core.others.push(now, request, requests.stamp[request]!)
    core.tasks.push(now, task, detail)
    core.details.push(ms)
  }

  private next(worker: number, core: Core): void {
    const { requests } = this.world
    while (core.others.size > 0) {
      const request = core.others.pop()
      const task = core.tasks.pop()
      const ms = core.details.shift()!
      if (requests.stamp[request] !== core.others.stamp) continue
      return this.start(worker, task, request, core.others.stamp, ms, core.tasks.stamp)
    }
    const from = core.begins.size > 0 ? worker : this.fullestBeside(worker)
    const { begins } = this.cores[from]!
    while (begins.size > 0) {
      const request = begins.pop()
      if (requests.stamp[request] !== begins.stamp) continue
      if (from !== worker) this.steal(request, worker)
      return this.start(worker, BEGIN, request, begins.stamp, this.cpuOf(request), 0)
    }
  }

  private start(worker: number, task: number, request: number, stamp: number, ms: Ms, detail: number): void {
    const core = this.cores[worker]!
    core.busy = true
    core.task = task
    core.request = request
    core.stamp = stamp
    core.detail = detail
    core.busyMs += ms
    this.world.at(this.world.now + ms, CPU_DONE, worker, 0)
  }

  /** How long a worker is busy to begin a request: the same whoever does it, and whatever was done before. */
  private cpuOf(request: number): Ms {
    if (this.demandAddress === null) return this.requestMs
    return -ln(1 - uniformOf(this.demandAddress, this.world.requests.number(request))) * this.requestMs
  }

  private steal(request: number, worker: number): void {
    this.meter.counts.stolen++
    this.world.requests.setWorker(request, worker)
  }

  /** An idle worker of the same proxy, or -1. */
  private idleBeside(worker: number): number {
    if (this.stealing === 1) return -1
    const first = worker - (worker % this.stealing)
    for (let other = first; other < first + this.stealing; other++) if (!this.cores[other]!.busy) return other
    return -1
  }

  /** The worker of the same proxy with the most requests to begin; itself when there is none. */
  private fullestBeside(worker: number): number {
    if (this.stealing === 1) return worker
    const first = worker - (worker % this.stealing)
    let fullest = worker
    for (let other = first; other < first + this.stealing; other++) {
      if (this.cores[other]!.begins.size > this.cores[fullest]!.begins.size) fullest = other
    }
    return fullest
  }
}
