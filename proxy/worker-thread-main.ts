// The entry of one worker thread: its order is its workerData; it serves, reports, and drains when it is told to. What it is
// told while it starts waits in its port.
import { parentPort, workerData } from 'node:worker_threads'
import { serveOrder } from './serve.ts'
import type { WorkerOrder } from './worker-group.ts'
import type { FromThread, ToThread } from './worker-thread.ts'

const say = (message: FromThread) => parentPort!.postMessage(message)

const worker = await serveOrder(workerData as WorkerOrder, statistics => say({ type: 'statistics', ...statistics }))

async function stop(): Promise<void> {
  await worker.drain()
  // Ends this thread alone.
  process.exit(0)
}

parentPort!.on('message', (message: ToThread) => {
  if (message.type === 'connection') worker.adopt(message.socket, () => say({ type: 'closed' }))
  else void stop()
})
say({ type: 'ready' })
