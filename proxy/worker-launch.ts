// Several workers behind one port, be they processes or threads. Either the kernel spreads new connections over their
// listening sockets, or this thread accepts and hands them over as a policy says.
import type net from 'node:net'
import type { AcceptPolicy, AnyStrategy } from '../core/contracts.ts'
import { text } from '../core/parameters.ts'
import { choose, make } from '../core/registry.ts'
import type { ProxyConfig } from './config.ts'
import { sharedListener } from './downstream/shared-listener.ts'
import type { RunningProxy } from './threading.ts'
import { type Worker, WorkerGroup, type WorkerOrder } from './worker-group.ts'

/** The parameter of every threading model that has several workers. */
export const acceptParameter = text({
  default: 'kernel',
  pattern: /^[a-z0-9-]+$/,
  allowed: 'the name of an accept policy (npm run list accept)',
  doc: 'Who takes a new connection; all but kernel cost a handover for each.',
})

export interface WorkersPlan {
  readonly config: ProxyConfig
  /** The configuration file, which each worker reads for itself. */
  readonly source: string
  readonly workers: number
  /** The name of an accept policy. */
  readonly accept: string
  /** The threading model, for error messages. */
  readonly model: string
  start(order: WorkerOrder): Worker
}

/** Starts every worker and serves. @throws UsageError for an unknown accept policy or a port that is taken. */
export async function launchWorkers(plan: WorkersPlan): Promise<RunningProxy> {
  const { config, source, workers, accept } = plan
  const policy = await choose<AnyStrategy<AcceptPolicy>>('accept', accept, `threading ${plan.model}.accept`)
  const chooser = make(policy, config.seed, 'accept')
  const take = (socket: net.Socket) => {
    const { current } = group
    current[chooser.choose(current.map(worker => worker.connections))]!.give(socket)
  }
  const listener = sharedListener(config, take)
  const port = await listener.listen()
  const orders = { source, workers, sharedPort: accept === 'kernel' ? port : null }
  const group = new WorkerGroup(orders, order => plan.start(order))
  try {
    await group.start()
  } catch (error) {
    listener.close()
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
}
