// Runs one worker in this thread. Shared by the threading models that have one, and by every worker of the others.
import type net from 'node:net'
import { type ProxyConfig, readConfig } from './config.ts'
import { chooseReadAdapter } from './downstream/shared-read.ts'
import { Log } from './log.ts'
import { ProxyServer } from './server.ts'
import { LoopMonitor, type Statistics } from './statistics.ts'
import type { RunningProxy } from './threading.ts'
import type { WorkerOrder } from './worker-group.ts'

/** Where a worker stands among its like. */
export interface Place {
  readonly worker: number
  /** The port that all workers listen on together; null when connections are handed to this one. */
  readonly sharedPort: number | null
}

export interface ServingWorker extends RunningProxy {
  /** Serves a connection that another process has accepted; `onClosed` is called when it has closed. */
  adopt(socket: net.Socket, onClosed: () => void): void
}

/** Starts a worker with at most `maxConnections` client connections. @throws UsageError when the address is taken. */
export async function serveHere(config: ProxyConfig, maxConnections: number, place?: Place): Promise<ServingWorker> {
  const accessLog = config.accessLog ? new Log(process.stdout) : null
  const errorLog = new Log(process.stderr)
  const server = new ProxyServer(config, {
    adapter: await chooseReadAdapter(),
    worker: place?.worker ?? 0,
    port: place?.sharedPort ?? config.listen.port,
    reusePort: place !== undefined,
    maxConnections,
    accessLog,
    errorLog,
  })
  let port = 0
  if (place?.sharedPort === null) server.start()
  else port = await server.listen()
  const monitor = new LoopMonitor()
  monitor.start()
  return {
    port,
    adopt(socket, onClosed) {
      socket.once('close', onClosed)
      server.adopt(socket)
    },
    takeStatistics: () => ({ counters: { ...server.counters }, ...monitor.take() }),
    async drain() {
      await server.drain()
      monitor.stop()
      accessLog?.flush()
      errorLog.flush()
    },
    failed: new Promise<never>(() => {}),
  }
}

const reportMs = 200

/** Serves as one of several workers, with its share of the connections, and reports until it is drained. */
export async function serveOrder(
  { source, worker, workers, sharedPort }: WorkerOrder,
  report: (statistics: Statistics) => void,
): Promise<ServingWorker> {
  const config = await readConfig(source)
  const cap = Math.max(1, Math.floor(config.limits.maxConnections / workers))
  const serving = await serveHere(config, cap, { worker, sharedPort })
  const reporting = setInterval(() => report(serving.takeStatistics()), reportMs)
  return {
    ...serving,
    drain() {
      clearInterval(reporting)
      return serving.drain()
    },
  }
}
