// One process, one event loop for everything.

import { serveHere } from '../serve.ts'
import { defineThreading } from '../threading.ts'

export default defineThreading({
  about: 'One process with one event loop serves every connection.',
  source: 'NGINX with worker_processes 1; HAProxy with nbthread 1',
  params: {},
  launch: (_params, config) => serveHere(config, config.limits.maxConnections),
})
