// What the programs in this folder share: their configuration, which origin is next, and a server with the limits asked
// for. The packages leave all three to their user.
import { readFileSync } from 'node:fs'
import { Agent, createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { randomStream } from '../../../core/random.ts'
import type { NodeProxyConfig } from '../../node-proxy.ts'

const hourMs = 3_600_000

/** Reads the file named by the first word of the command line. */
export function readConfig(): NodeProxyConfig {
  return JSON.parse(readFileSync(process.argv[2]!, 'utf8'))
}

/** An answer on its way; `close` comes once, however it ends. */
interface Answering {
  once(event: 'close', listener: () => void): unknown
}

/** Gives the base address of the origin for a request whose answer is `answering`. */
export type ChooseOrigin = (answering: Answering) => string

/** Takes origins in turn, or the less busy of two drawn by chance. */
export function originChoice({ originPorts, balancer, seed }: NodeProxyConfig): ChooseOrigin {
  const origins = originPorts.map(port => `http://127.0.0.1:${port}`)
  if (balancer === 'round-robin') {
    let next = 0
    return () => origins[next++ % origins.length]!
  }
  const rng = randomStream(seed, 'balancer')
  const inFlight = new Uint32Array(origins.length)
  return answering => {
    const first = rng.integer(origins.length)
    // Of the others, so that the two are distinct.
    const second = (first + 1 + rng.integer(Math.max(1, origins.length - 1))) % origins.length
    const chosen = inFlight[second]! < inFlight[first]! ? second : first
    inFlight[chosen]!++
    answering.once('close', () => inFlight[chosen]!--)
    return origins[chosen]!
  }
}

/** Node's agent for connections to origins. */
export function originAgent({ keepAlive }: NodeProxyConfig): Agent {
  return new Agent({ keepAlive, maxFreeSockets: 1024 })
}

/** Options of the server that clients connect to. Node looks for late heads only so often, hence the interval. */
export function serverOptions({ requestHeadMs }: NodeProxyConfig): ServerOptions {
  return {
    headersTimeout: requestHeadMs,
    requestTimeout: 0,
    keepAliveTimeout: hourMs,
    connectionsCheckingInterval: Math.min(30_000, Math.max(50, requestHeadMs / 4)),
    noDelay: true,
  }
}

/** Starts a server with the limits asked for. */
export function serve(config: NodeProxyConfig, onRequest: RequestListener): Server {
  const server = createServer(serverOptions(config), onRequest)
  server.maxConnections = config.maxConnections
  return server.listen({ port: config.port, host: '127.0.0.1', backlog: 511 })
}
