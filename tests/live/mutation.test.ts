// Hundreds of connections with requests that were legal until chance had its way with them, cut into pieces at random and
// left at random: the proxy must not crash, must leave nothing behind, and must never send an origin what is not HTTP.
import { expect, test } from 'vitest'
import { type Rng, randomStream } from '../../core/random.ts'
import { hostileRequests } from './hostile-requests.ts'
import { eventually, openTunnel, RawClient } from './tunnel.ts'

const seed = 20_260
const connections = 400
const legal = [
  'GET /?bytes=100 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n',
  'POST /?echo=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world',
  'PUT /?chunked=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-T: 1\r\n\r\n',
  'HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'GET /?hints=1&trailers=1 HTTP/1.1\r\nHost: a\r\nConnection: x-private\r\nX-Private: 1\r\n\r\n',
  'DELETE /?status=204 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
]
const spice = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  ':',
  ';',
  '0',
  'ffffffff',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  '\x80\xff',
]

function mutated(text: string, rng: Rng): string {
  let bytes = text
  for (let n = rng.integer(4); n > 0; n--) {
    const at = rng.integer(bytes.length + 1)
    const removed = rng.integer(3) === 0 ? rng.integer(12) : 0
    bytes = bytes.slice(0, at) + spice[rng.integer(spice.length)] + bytes.slice(at + removed)
  }
  return bytes
}

/** One client: a few requests, in pieces, then it waits, half-closes or leaves. */
async function misbehave(port: number, rng: Rng): Promise<void> {
  const client = new RawClient(port)
  const sources = [...legal, hostileRequests[rng.integer(hostileRequests.length)]!.bytes]
  let bytes = ''
  for (let n = rng.integer(4) + 1; n > 0; n--) bytes += mutated(sources[rng.integer(sources.length)]!, rng)
  for (let at = 0; at < bytes.length; ) {
    const size = rng.integer(2) === 0 ? bytes.length : rng.integer(40) + 1
    client.send(bytes.slice(at, at + size))
    at += size
    if (rng.integer(2) === 0) await new Promise(setImmediate)
  }
  const leaving = rng.integer(3)
  if (leaving === 0) client.socket.end()
  if (leaving === 1) client.socket.resetAndDestroy()
  await client.closed
}

test(`${connections} connections of mutated requests leave nothing behind (seed ${seed})`, async () => {
  const tunnel = await openTunnel({
    origins: { count: 3 },
    config: { timeouts: { requestHeadMs: 300, bodyIdleMs: 300, keepAliveIdleMs: 300 } },
  })
  const rng = randomStream(seed, 'mutation')
  const clients = Array.from({ length: connections }, () =>
    misbehave(tunnel.port, randomStream(rng.integer(2 ** 30), 'client')),
  )
  await Promise.all(clients)
  await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
  for (const upstream of tunnel.proxy.upstreams) expect(upstream.inFlight).toBe(0)
  await eventually(() => tunnel.origins.ledger().connectionsOpen === tunnel.proxy.counters.upstreamConnectionsOpen)
  const { requests, requestsMalformed } = tunnel.origins.ledger()
  expect(requestsMalformed).toBe(0)
  // Both kinds did happen: what is still legal got through, what is not was refused.
  expect(requests).toBeGreaterThan(connections / 10)
  expect(tunnel.proxy.counters.rejectedHeads).toBeGreaterThan(connections / 10)
  await tunnel.close()
})
