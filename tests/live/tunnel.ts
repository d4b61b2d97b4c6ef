// A proxy between scripted origins and a test, in this process, with what it logs kept for the test to read.
import net from 'node:net'
import type { OriginPlan } from '../../core/scenario.ts'
import { type Origins, startOrigins } from '../../fault-injection/origin.ts'
import { decodeConfig } from '../../proxy/config.ts'
import { chooseReadAdapter, type ReadAdapter } from '../../proxy/downstream/shared-read.ts'
import { Log } from '../../proxy/log.ts'
import { ProxyServer } from '../../proxy/server.ts'

export interface Tunnel {
  readonly port: number
  readonly proxy: ProxyServer
  readonly origins: Origins
  /** Reasons the proxy has logged so far. */
  reasons(): string[]
  close(): Promise<void>
}

export interface TunnelOptions {
  /** Merged over the configuration that has just the upstreams. */
  readonly config?: Record<string, unknown>
  readonly origins?: Partial<OriginPlan>
  /** Ports of origins of the test's own, in place of the scripted ones. */
  readonly ports?: readonly number[]
  readonly adapter?: ReadAdapter
}

export async function openTunnel(options: TunnelOptions = {}): Promise<Tunnel> {
  const plan = { count: 1, service: 'fixed:ms=0', responseBytes: 10, ...options.origins }
  const origins = await startOrigins(plan, 1, null)
  const ports = options.ports ?? origins.ports
  const upstreams = ports.map((port, i) => ({ id: `o${i}`, host: '127.0.0.1', port }))
  const config = await decodeConfig({ upstreams, ...options.config }, 'test')
  let logged = ''
  const errorLog = new Log({ write: text => (logged += text) })
  const proxy = new ProxyServer(config, {
    adapter: options.adapter ?? (await chooseReadAdapter()),
    worker: 0,
    port: 0,
    reusePort: false,
    maxConnections: config.limits.maxConnections,
    accessLog: null,
    errorLog,
  })
  const port = await proxy.listen()
  return {
    port,
    proxy,
    origins,
    reasons() {
      errorLog.flush()
      return logged
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line).reason)
    },
    async close() {
      await proxy.drain()
      await origins.close()
    },
  }
}

/** A raw client that remembers everything it has received. */
export class RawClient {
  readonly socket: net.Socket
  received = ''
  /** Resolves when the connection has closed, with how it ended. */
  readonly closed: Promise<'clean' | 'reset'>
  private waiters: { until: (received: string) => boolean; resolve: () => void }[] = []

  constructor(port: number) {
    this.socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let how: 'clean' | 'reset' = 'clean'
    this.socket.on('data', bytes => {
      this.received += bytes.toString('latin1')
      this.wake()
    })
    this.socket.on('end', () => this.socket.end())
    this.socket.on('error', () => {
      how = 'reset'
    })
    this.closed = new Promise(resolve => this.socket.on('close', () => resolve(how)))
  }

  send(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** Waits until the received text satisfies `until`; rejects when the connection closes first. */
  async receives(until: RegExp | ((received: string) => boolean)): Promise<string> {
    const test = typeof until === 'function' ? until : (received: string) => until.test(received)
    const enough = new Promise<void>(resolve => {
      this.waiters.push({ until: test, resolve })
      this.wake()
    })
    const early = this.closed.then(() => {
      if (!test(this.received)) throw new Error(`closed after ${JSON.stringify(this.received.slice(0, 300))}`)
    })
    await Promise.race([enough, early])
    return this.received
  }

  private wake(): void {
    this.waiters = this.waiters.filter(waiter => {
      if (!waiter.until(this.received)) return true
      waiter.resolve()
      return false
    })
  }
}

/** Sends bytes on a connection of its own and returns all that comes until it closes. */
export async function exchange(port: number, bytes: string): Promise<string> {
  const client = new RawClient(port).send(bytes)
  await client.closed
  return client.received
}

export function statusOf(response: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(response)?.[1] ?? 0)
}

/** An origin that is a bare socket server, for what the scripted one cannot do. */
export async function bareOrigin(onConnection: (socket: net.Socket) => void): Promise<{ port: number; close(): void }> {
  const open = new Set<net.Socket>()
  const server = net.createServer(socket => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    onConnection(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

/** Polls a condition between turns of the event loop; bounded by the test's own timeout. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5))
}
