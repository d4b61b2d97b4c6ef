// Several processes, each with an event loop and everything in it to itself: connections, pools, counts. Either the kernel
// spreads new connections over their listening sockets, or this process accepts and hands them over as a policy says. A
// worker that dies is replaced, and said so; what it was serving is lost.
import type net from 'node:net'
import type { AcceptPolicy, AnyStrategy } from '../../core/contracts.ts'
import { count, text } from '../../core/parameters.ts'
import { choose, make } from '../../core/registry.ts'
import type { ProxyConfig } from '../config.ts'
import { Listener } from '../downstream/listener.ts'
import { newCounters, type Statistics, sumStatistics } from '../statistics.ts'
import { defineThreading, type RunningProxy } from '../threading.ts'
import { type WorkerOrder, WorkerProcess } from '../worker-process.ts'

export default defineThreading({
  about: 'Several processes, each with its own event loop, pools and counts.',
  source:
    'NGINX worker_processes with listen … reuseport (accept=kernel); Node cluster, Envoy and HAProxy for the others',
  params: {
    workers: count({
      default: 2,
      min: 1,
      max: 256,
      unit: 'processes',
      doc: 'Worker processes; the connection cap is shared out evenly.',
    }),
    accept: text({
      default: 'kernel',
      pattern: /^[a-z0-9-]+$/,
      allowed: 'the name of an accept policy (npm run list accept)',
      doc: 'Who takes a new connection; all but kernel cost a handover between processes for each.',
    }),
  },
  async launch({ workers, accept }, config, source): Promise<RunningProxy> {
    const policy = await choose<AnyStrategy<AcceptPolicy>>('accept', accept, 'threading processes.accept')
    const listener = acceptingListener(config, socket => group.take(socket))
    const port = await listener.listen()
    const group = new WorkerGroup(
      { source, workers, sharedPort: accept === 'kernel' ? port : null },
      make(policy, config.seed, 'accept'),
    )
    try {
      await group.start()
    } catch (error) {
      listener.close()
      await group.stop()
      throw error
    }
    // With the kernel spreading, ours has only held the port until the workers' sockets were there.
    if (accept === 'kernel') listener.close()
    return {
      port,
      takeStatistics: () => group.statistics(),
      async drain() {
        listener.close()
        await group.stop()
      },
      failed: group.failed,
    }
  },
})

function acceptingListener(config: ProxyConfig, onAdmitted: (socket: net.Socket) => void): Listener {
  return new Listener({
    ...config.listen,
    reusePort: true,
    maxConnections: Number.POSITIVE_INFINITY,
    backlog: config.limits.backlog,
    counters: newCounters(),
    onAdmitted,
  })
}

class WorkerGroup {
  /** Rejects when a worker cannot be replaced. */
  readonly failed: Promise<never>
  private readonly orders: readonly WorkerOrder[]
  private readonly policy: AcceptPolicy
  private readonly current: WorkerProcess[] = []
  private replaced = 0
  private stopping = false
  private fail: (error: Error) => void = () => {}

  constructor(common: Omit<WorkerOrder, 'worker'>, policy: AcceptPolicy) {
    this.orders = Array.from({ length: common.workers }, (_, worker) => ({ ...common, worker }))
    this.policy = policy
    this.failed = new Promise((_, reject) => {
      this.fail = reject
    })
    this.failed.catch(() => {})
  }

  /** Starts every worker and waits until all serve. */
  async start(): Promise<void> {
    await Promise.all(this.orders.map(order => this.run(order).ready))
  }

  /** Gives a connection to the worker that the policy chooses. */
  take(socket: net.Socket): void {
    this.current[this.policy.choose(this.current.map(worker => worker.connections))]!.give(socket)
  }

  statistics(): Statistics {
    const { counters, ...loop } = sumStatistics(this.current.map(worker => worker.statistics))
    const each = this.current.flatMap(({ statistics }, index) => [
      [`worker${index}.connectionsAccepted`, statistics.counters.connectionsAccepted],
      [`worker${index}.requests`, statistics.counters.requests],
    ])
    return { ...loop, counters: { ...counters, workersReplaced: this.replaced, ...Object.fromEntries(each) } }
  }

  async stop(): Promise<void> {
    this.stopping = true
    await Promise.all(this.current.map(worker => worker.stop()))
  }

  private run(order: WorkerOrder): WorkerProcess {
    const worker = new WorkerProcess(order)
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
