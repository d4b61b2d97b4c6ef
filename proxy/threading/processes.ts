// Several processes, each with an event loop and everything in it to itself: connections, pools, counts. The kernel
// spreads new connections over their listening sockets by a hash of addresses and ports, whatever their load.
import { type ChildProcess, fork } from 'node:child_process'
import { count } from '../../core/parameters.ts'
import type { ProxyConfig } from '../config.ts'
import { Listener } from '../downstream/listener.ts'
import { newCounters, type Statistics, sumStatistics } from '../statistics.ts'
import { defineThreading, type RunningProxy } from '../threading.ts'

export default defineThreading({
  about: 'Several processes, each with its own event loop, pools and counts; the kernel spreads connections by hash.',
  source: 'NGINX worker_processes with listen … reuseport; SO_REUSEPORT in socket(7)',
  params: {
    workers: count({
      default: 2,
      min: 1,
      max: 256,
      unit: 'processes',
      doc: 'Worker processes; the connection cap is shared out evenly.',
    }),
  },
  async launch({ workers }, config, source): Promise<RunningProxy> {
    const { port, free } = await reservePort(config)
    const started = await Promise.all(
      Array.from({ length: workers }, (_, worker) => startWorker({ source, worker, workers, port })),
    )
    free()
    return {
      port,
      takeStatistics: () => sumStatistics(started.map(worker => worker.statistics())),
      async drain() {
        await Promise.all(started.map(worker => worker.stop()))
      },
      failed: Promise.race(started.map(worker => worker.died)),
    }
  },
})

/** What a worker process is told on its start. */
export interface WorkerOrder {
  readonly source: string
  readonly worker: number
  readonly workers: number
  readonly port: number
}

/** Finds the port for all: a listener of our own holds it until every worker listens on it too. */
async function reservePort(config: ProxyConfig): Promise<{ port: number; free(): void }> {
  const listener = new Listener({
    ...config.listen,
    reusePort: true,
    maxConnections: 1,
    backlog: 0,
    counters: newCounters(),
    onAdmitted: socket => socket.destroy(),
  })
  return { port: await listener.listen(), free: () => listener.close() }
}

interface Worker {
  statistics(): Statistics
  stop(): Promise<void>
  readonly died: Promise<never>
}

function startWorker(order: WorkerOrder): Promise<Worker> {
  const child = fork(new URL('../worker.ts', import.meta.url), { serialization: 'json' })
  let latest: Statistics = { counters: newCounters(), loopDelayMaxMs: 0, gcMs: 0 }
  let stopping = false
  const exited = new Promise<string>(resolve => {
    child.once('exit', (code, signal) => resolve(signal ?? `status ${code}`))
  })
  const died = exited.then(how => {
    // A worker that was asked to stop has not died.
    if (stopping) return new Promise<never>(() => {})
    throw new Error(`worker ${order.worker} died (${how})`)
  })
  died.catch(() => {})
  child.send(order)
  return new Promise((resolve, reject) => {
    died.catch(reject)
    child.on('message', (message: { type: string } & Statistics) => {
      if (message.type === 'statistics') latest = message
      if (message.type === 'ready') {
        resolve({
          statistics: () => latest,
          died,
          async stop() {
            stopping = true
            stopChild(child)
            await exited
          },
        })
      }
    })
  })
}

function stopChild(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
}
