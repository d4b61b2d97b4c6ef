// Runs one worker in this process. Shared by the threading models that have one, and by every worker process of the others.
import type { ProxyConfig } from './config.ts'
import { chooseReadAdapter } from './downstream/shared-read.ts'
import { Log } from './log.ts'
import { ProxyServer } from './server.ts'
import { LoopMonitor } from './statistics.ts'
import type { RunningProxy } from './threading.ts'

/** Where a worker stands among its like. */
export interface Place {
  readonly worker: number
  readonly port: number
  readonly reusePort: boolean
}

/** Starts a worker with at most `maxConnections` client connections. @throws UsageError when the address is taken. */
export async function serveHere(config: ProxyConfig, maxConnections: number, place?: Place): Promise<RunningProxy> {
  const accessLog = config.accessLog ? new Log(process.stdout) : null
  const errorLog = new Log(process.stderr)
  const server = new ProxyServer(config, {
    adapter: await chooseReadAdapter(),
    worker: place?.worker ?? 0,
    port: place?.port ?? config.listen.port,
    reusePort: place?.reusePort ?? false,
    maxConnections,
    accessLog,
    errorLog,
  })
  const port = await server.listen()
  const monitor = new LoopMonitor()
  monitor.start()
  return {
    port,
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
