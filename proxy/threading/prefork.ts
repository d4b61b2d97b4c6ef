// Apache's prefork rule: a fixed number of slots, each holding one connection for its whole life, idle or not; the rest
// wait unread. The rule is what is modelled here, in one event loop: the memory of a process per slot is not.
import { count } from '../../core/parameters.ts'
import { serveHere } from '../serve.ts'
import { defineThreading } from '../threading.ts'

export default defineThreading({
  about: 'A fixed number of slots, each taken by one connection until it closes; the other connections wait unread.',
  source: 'Apache httpd prefork MPM (MaxRequestWorkers slots, ListenBacklog 511), modelled in one event loop',
  params: {
    slots: count({
      default: 256,
      min: 1,
      max: 65_535,
      unit: 'connections',
      doc: 'Connections served at once (MaxRequestWorkers).',
    }),
  },
  launch: ({ slots }, config) => serveHere(config, Math.min(slots, config.limits.maxConnections)),
})
