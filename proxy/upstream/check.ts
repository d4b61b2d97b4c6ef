// One active health check: a connection of its own, one GET, one answer. Apart from the proxied traffic on purpose, so that
// a pool that is full or a queue that is long does not make an upstream look dead.
import net from 'node:net'
import type { UpstreamAddress } from '../config.ts'
import { defaultHeadLimits, ResponseHead } from '../http1/head.ts'
import { parseResponseHead } from '../http1/response.ts'

/** Resolves with whether the upstream answered 2xx or 3xx in time. Never rejects. */
export function checkUpstream(address: UpstreamAddress, target: string, timeoutMs: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ host: address.host, port: address.port, noDelay: true })
    const finish = (passed: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(passed)
    }
    const timer = setTimeout(finish, timeoutMs, false)
    let received = Buffer.alloc(0)
    socket
      .on('connect', () => socket.write(`GET ${target} HTTP/1.1\r\nHost: ${address.host}\r\nConnection: close\r\n\r\n`))
      .on('data', (bytes: Buffer) => {
        received = Buffer.concat([received, bytes])
        const head = new ResponseHead()
        const end = parseResponseHead(received, 0, received.length, defaultHeadLimits, head)
        if (end !== 0) finish(end > 0 && head.status >= 200 && head.status < 400)
      })
      .on('error', () => finish(false))
      .on('close', () => finish(false))
  })
}
