// Several processes, each with an event loop and everything in it to itself: connections, pools, counts. A worker that dies
// is replaced, and said so; what it was serving is lost.
import { count } from '../../core/parameters.ts'
import { defineThreading } from '../threading.ts'
import { acceptParameter, launchWorkers } from '../worker-launch.ts'
import { WorkerProcess } from '../worker-process.ts'

export default defineThreading({
  about: 'Several processes, each with its own event loop, pools and counts.',
  source:
    'NGINX worker_processes with listen … reuseport (accept=kernel); Node cluster, Envoy and HAProxy for the others',
  params: {
    workers: count({
      default: 2,
      min: 1,
      max: 256,
      unit: 'processes',
      doc: 'Worker processes; the connection cap is shared out evenly.',
    }),
    accept: acceptParameter,
  },
  launch: ({ workers, accept }, config, source) =>
    launchWorkers({ config, source, workers, accept, model: 'processes', start: order => new WorkerProcess(order) }),
})
