// The listening socket of the thread that starts workers: it takes the port before they do, and shares it with theirs.
import type net from 'node:net'
import type { ProxyConfig } from '../config.ts'
import { newCounters } from '../statistics.ts'
import { Listener } from './listener.ts'

/** Not yet listening. The cap on connections is the workers' affair. */
export function sharedListener(config: ProxyConfig, onAdmitted: (socket: net.Socket) => void): Listener {
  return new Listener({
    ...config.listen,
    reusePort: true,
    maxConnections: Number.POSITIVE_INFINITY,
    backlog: config.limits.backlog,
    counters: newCounters(),
    onAdmitted,
  })
}
