// The entry of one worker process: is told its place, serves, reports, and drains on SIGTERM or when its parent is gone.
import type net from 'node:net'
import { readConfig } from './config.ts'
import { type RunningWorker, serveHere } from './serve.ts'
import type { ToWorker, WorkerOrder } from './worker-process.ts'

const reportMs = 200
const say = (message: object) => process.send?.(message, undefined, undefined, () => {})

let running: RunningWorker | null = null
/** Connections that came while the worker was still starting. */
const early: net.Socket[] = []

async function start(order: WorkerOrder): Promise<void> {
  const config = await readConfig(order.source)
  const cap = Math.max(1, Math.floor(config.limits.maxConnections / order.workers))
  const worker = await serveHere(config, cap, { worker: order.worker, sharedPort: order.sharedPort })
  running = worker
  const report = setInterval(() => say({ type: 'statistics', ...worker.takeStatistics() }), reportMs)
  const stop = async () => {
    clearInterval(report)
    await worker.drain()
    process.exit(0)
  }
  process.once('SIGTERM', stop).once('disconnect', stop)
  for (const socket of early) adopt(worker, socket)
  say({ type: 'ready' })
}

function adopt(worker: RunningWorker, socket: net.Socket): void {
  worker.adopt(socket, () => say({ type: 'closed' }))
}

process.on('message', (message: ToWorker, socket?: net.Socket) => {
  if (message.type === 'order') void start(message.order)
  // A client may be gone before its connection has been handed over.
  else if (!socket) say({ type: 'closed' })
  else if (running) adopt(running, socket)
  else early.push(socket)
})
process.on('SIGINT', () => {})
