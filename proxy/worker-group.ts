// The workers of one proxy, whether they are processes or threads: started together, replaced when they die, counted.
import type net from 'node:net'
import { type Statistics, sumStatistics } from './statistics.ts'

/** What a worker is told on its start. */
export interface WorkerOrder {
  /** The configuration file. */
  readonly source: string
  readonly worker: number
  readonly workers: number
  /** Null when connections are handed over. */
  readonly sharedPort: number | null
}

/** One worker seen from the process that started it. */
export interface Worker {
  readonly statistics: Statistics
  /** Connections handed over and not yet closed. */
  readonly connections: number
  /** Resolves when it serves; rejects when it ends before. */
  readonly ready: Promise<void>
  /** Resolves with how it ended, whoever ended it. */
  readonly ended: Promise<string>
  /** Hands a paused connection over; one that cannot be handed over any more is closed. */
  give(socket: net.Socket): void
  /** Lets it finish what it serves and resolves when it has ended. */
  stop(): Promise<void>
}

export class WorkerGroup {
  /** Rejects when a worker cannot be replaced. */
  readonly failed: Promise<never>
  /** By their number; one that has died stays until another has taken its place. */
  readonly current: Worker[] = []
  private readonly orders: readonly WorkerOrder[]
  private readonly make: (order: WorkerOrder) => Worker
  private replaced = 0
  private stopping = false
  private fail: (error: Error) => void = () => {}

  constructor(common: Omit<WorkerOrder, 'worker'>, make: (order: WorkerOrder) => Worker) {
    this.orders = Array.from({ length: common.workers }, (_, worker) => ({ ...common, worker }))
    this.make = make
    this.failed = new Promise((_, reject) => {
      this.fail = reject
    })
    this.failed.catch(() => {})
  }

  /** Starts every worker and waits until all serve; when one does not, the others are stopped. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.orders.map(order => this.run(order).ready))
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  statistics(): Statistics {
    const { counters, ...loop } = sumStatistics(this.current.map(worker => worker.statistics))
    const each = this.current.flatMap(({ statistics }, index) => [
      [`worker${index}.connectionsAccepted`, statistics.counters.connectionsAccepted],
      [`worker${index}.connectionsOpenPeak`, statistics.counters.connectionsOpenPeak],
      [`worker${index}.requests`, statistics.counters.requests],
    ])
    return { ...loop, counters: { ...counters, workersReplaced: this.replaced, ...Object.fromEntries(each) } }
  }

  async stop(): Promise<void> {
    this.stopping = true
    await Promise.all(this.current.map(worker => worker.stop()))
  }

  private run(order: WorkerOrder): Worker {
    const worker = this.make(order)
    this.current[order.worker] = worker
    worker.ready.then(
      () => worker.ended.then(how => this.replace(order, how)),
      // One that cannot even start would not start again either.
      error => this.fail(error as Error),
    )
    return worker
  }

  private replace(order: WorkerOrder, how: string): void {
    if (this.stopping) return
    process.stderr.write(`windtunnel: worker ${order.worker} died (${how}); another one takes its place\n`)
    this.replaced++
    this.run(order)
  }
}
