// The entry of one worker process: is told its place, serves, reports, and drains on SIGTERM or when its parent is gone.
import type net from 'node:net'
import { type ServingWorker, serveOrder } from './serve.ts'
import type { FromWorker, ToWorker } from './worker-process.ts'

const say = (message: FromWorker) => process.send?.(message, undefined, undefined, () => {})

let running: ServingWorker | null = null
/** Connections that came while the worker was still starting. */
const early: net.Socket[] = []

function adopt(worker: ServingWorker, socket: net.Socket): void {
  worker.adopt(socket, () => say({ type: 'closed' }))
}

process.on('message', async (message: ToWorker, socket?: net.Socket) => {
  // A client may be gone before its connection has been handed over.
  if (message.type === 'connection') {
    if (!socket) say({ type: 'closed' })
    else if (running) adopt(running, socket)
    else early.push(socket)
    return
  }
  const worker = await serveOrder(message.order, statistics => say({ type: 'statistics', ...statistics }))
  running = worker
  const stop = async () => {
    await worker.drain()
    process.exit(0)
  }
  process.once('SIGTERM', stop).once('disconnect', stop)
  for (const waiting of early) adopt(worker, waiting)
  say({ type: 'ready' })
})
process.on('SIGINT', () => {})
