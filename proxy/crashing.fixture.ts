// A worker that serves nobody: the first connection it is given is an error that it does not catch.
import { parentPort } from 'node:worker_threads'
import type { ToThread } from './worker-thread.ts'

parentPort!.on('message', ({ type }: ToThread) => {
  if (type === 'connection') throw new Error('broken on purpose')
  else process.exit(0)
})
parentPort!.postMessage({ type: 'ready' })
