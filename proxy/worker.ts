// The entry of one worker process: is told its place, serves, reports, and drains on SIGTERM or when its parent is gone.
import { readConfig } from './config.ts'
import { serveHere } from './serve.ts'
import type { WorkerOrder } from './threading/processes.ts'

const reportMs = 200

process.once('message', async (order: WorkerOrder) => {
  const config = await readConfig(order.source)
  const cap = Math.max(1, Math.floor(config.limits.maxConnections / order.workers))
  const running = await serveHere(config, cap, { worker: order.worker, port: order.port, reusePort: true })
  const report = setInterval(() => process.send?.({ type: 'statistics', ...running.takeStatistics() }), reportMs)
  const stop = async () => {
    clearInterval(report)
    await running.drain()
    process.exit(0)
  }
  process.once('SIGTERM', stop).once('disconnect', stop)
  process.send?.({ type: 'ready' })
})
process.on('SIGINT', () => {})
