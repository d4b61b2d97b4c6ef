// Several threads of one process, each with an event loop and everything in it to itself, as in `processes`; what they share
// is the memory of the runtime's code and the fate of the process: an error that nobody catches ends one thread, a signal or
// a fault in native code ends all.
import { count, number } from '../../core/parameters.ts'
import { defineThreading } from '../threading.ts'
import { acceptParameter, launchWorkers } from '../worker-launch.ts'
import { WorkerThread } from '../worker-thread.ts'

export default defineThreading({
  about: 'Several threads of one process, each with its own event loop, pools and counts.',
  source:
    'HAProxy nbthread and Envoy --concurrency; Node.js worker_threads, and node:net for moving a socket to a thread',
  params: {
    workers: count({
      default: 2,
      min: 1,
      max: 256,
      unit: 'threads',
      doc: 'Worker threads; the connection cap is shared out evenly.',
    }),
    accept: acceptParameter,
    stackMb: number({
      default: 4,
      min: 1,
      max: 64,
      unit: 'MiB',
      doc: 'Call stack of a thread: address space that is reserved, and becomes memory where it is used.',
    }),
  },
  launch: ({ workers, accept, stackMb }, config, source) =>
    launchWorkers({
      config,
      source,
      workers,
      accept,
      model: 'threads',
      start: order => new WorkerThread(order, stackMb),
    }),
})
