// Connection pools at work over sockets: who waits, who is refused, what a closed connection sets free.
import type net from 'node:net'
import { describe, expect, test } from 'vitest'
import { bareOrigin, eventually, exchange, openTunnel, RawClient, statusOf } from './tunnel.ts'

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`
const getAndClose = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** An origin that answers when told to; `asked` are the connections that have asked and have no answer yet. */
async function patientOrigin() {
  const asked: net.Socket[] = []
  let opened = 0
  const origin = await bareOrigin(socket => {
    opened++
    socket.on('data', () => asked.push(socket))
  })
  return { ...origin, asked, opened: () => opened, answerNext: () => asked.shift()!.write(answer) }
}

describe('capped', () => {
  test('requests beyond the cap wait in order and are served on the connection that becomes free', async () => {
    const origin = await patientOrigin()
    const tunnel = await openTunnel({ ports: [origin.port], config: { pool: 'capped:max=1' } })
    const order: number[] = []
    const clients: RawClient[] = []
    for (const number of [0, 1, 2, 3]) {
      const client = new RawClient(tunnel.port).send(get('/'))
      client.receives(/200 OK/).then(() => order.push(number))
      clients.push(client)
      await eventually(() => tunnel.proxy.counters.requests === number + 1)
    }
    for (const served of [1, 2, 3, 4]) {
      await eventually(() => origin.asked.length === 1)
      origin.answerNext()
      await eventually(() => order.length === served)
    }
    expect(order).toEqual([0, 1, 2, 3])
    expect(origin.opened()).toBe(1)
    expect(tunnel.proxy.counters).toMatchObject({ upstreamWaits: 3, upstreamDials: 1, responses5xx: 0 })
    for (const client of clients) client.socket.destroy()
    await tunnel.close()
    origin.close()
  })

  test('a request that waits too long gets 503 and its client may go on; the queue has a length', async () => {
    const origin = await patientOrigin()
    const pool = 'capped:max=1,maxWaiting=1,waitMs=60'
    const tunnel = await openTunnel({ ports: [origin.port], config: { pool } })
    const served = new RawClient(tunnel.port).send(get('/'))
    await eventually(() => origin.asked.length === 1)
    const waiting = new RawClient(tunnel.port).send(get('/'))
    await eventually(() => tunnel.proxy.counters.upstreamWaits === 1)
    const refused = new RawClient(tunnel.port).send(get('/'))
    await refused.receives(/503 Service Unavailable/)
    await waiting.receives(/503 Service Unavailable/)
    expect(tunnel.reasons()).toEqual(['the pool is full', 'o0: no connection became free in time'])
    expect(tunnel.proxy.counters.upstreamWaitTimeouts).toBe(1)
    expect(tunnel.proxy.upstreams[0]!.inFlight).toBe(1)
    origin.answerNext()
    await served.receives(/200 OK/)
    waiting.send(get('/'))
    await eventually(() => origin.asked.length === 1)
    origin.answerNext()
    await waiting.receives(/200 OK/)
    for (const client of [served, waiting, refused]) client.socket.destroy()
    await tunnel.close()
    origin.close()
  })

  test('the wait is not counted against the answer that comes after it', async () => {
    const origin = await patientOrigin()
    const pool = 'capped:max=1,waitMs=200'
    const tunnel = await openTunnel({ ports: [origin.port], config: { pool } })
    const first = new RawClient(tunnel.port).send(get('/'))
    const second = new RawClient(tunnel.port).send(get('/'))
    await eventually(() => tunnel.proxy.counters.upstreamWaits === 1)
    await eventually(() => origin.asked.length === 1)
    origin.answerNext()
    await eventually(() => origin.asked.length === 1)
    // Longer than the wait allowed: a third request that waits all this time is given up first.
    const third = new RawClient(tunnel.port).send(get('/'))
    await third.receives(/503 Service Unavailable/)
    origin.answerNext()
    for (const client of [first, second]) await client.receives(/200 OK/)
    for (const client of [first, second, third]) client.socket.destroy()
    await tunnel.close()
    origin.close()
  })

  test('one that waits dials when the lent connection breaks, and nobody waits for a client that has left', async () => {
    const origin = await patientOrigin()
    const tunnel = await openTunnel({ ports: [origin.port], config: { pool: 'capped:max=1' } })
    const clients = [0, 1, 2].map(() => new RawClient(tunnel.port))
    for (const [index, client] of clients.entries()) {
      client.send(get('/'))
      await eventually(() => tunnel.proxy.counters.requests === index + 1)
    }
    await eventually(() => origin.asked.length === 1)
    clients[1]!.socket.destroy()
    await eventually(() => tunnel.proxy.counters.clientAborts === 1)
    origin.asked.shift()!.destroy()
    await clients[0]!.receives(/502 Bad Gateway/)
    await eventually(() => origin.asked.length === 1)
    origin.answerNext()
    await clients[2]!.receives(/200 OK/)
    expect(tunnel.proxy.counters).toMatchObject({ upstreamDials: 2, upstreamConnectionsOpen: 1 })
    for (const client of clients) client.socket.destroy()
    await tunnel.close()
    origin.close()
  })

  test('when nobody listens everyone who waits is told so, one failed dial after another', async () => {
    const nobody = await bareOrigin(() => {})
    nobody.close()
    const tunnel = await openTunnel({ ports: [nobody.port], config: { pool: 'capped:max=1' } })
    const answers = await Promise.all([0, 1, 2, 3].map(() => exchange(tunnel.port, getAndClose)))
    expect(answers.map(statusOf)).toEqual([502, 502, 502, 502])
    expect(tunnel.proxy.counters.upstreamConnectionsOpen).toBe(0)
    await tunnel.close()
  })

  test('a body that waits with its request arrives whole', async () => {
    const tunnel = await openTunnel({ config: { pool: 'capped:max=1' } })
    const first = new RawClient(tunnel.port).send(get('/?delay=50'))
    await eventually(() => tunnel.proxy.counters.requests === 1)
    const body = 'x'.repeat(40_000)
    const second = new RawClient(tunnel.port)
    second.send(`POST /?echo=1 HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await second.receives(received => received.endsWith(body))
    expect(tunnel.proxy.counters).toMatchObject({ upstreamWaits: 1, upstreamDials: 1 })
    for (const client of [first, second]) client.socket.destroy()
    await tunnel.close()
  })
})

describe('pre-connect', () => {
  test('opens connections before the first request, and another for each that is lent', async () => {
    const tunnel = await openTunnel({ origins: { count: 2 }, config: { pool: 'pre-connect:ready=3' } })
    await eventually(() => tunnel.origins.ledger().connectionsOpened === 6)
    const client = new RawClient(tunnel.port).send(get('/?delay=30'))
    await eventually(() => tunnel.origins.ledger().connectionsOpened === 7)
    await client.receives(/200 OK/)
    expect(tunnel.proxy.counters).toMatchObject({ upstreamReuses: 1, upstreamDials: 7, upstreamSpareDials: 7 })
    client.socket.destroy()
    await tunnel.close()
  })

  test('opens nothing ahead while nobody listens, and tells the client', async () => {
    const nobody = await bareOrigin(() => {})
    nobody.close()
    const tunnel = await openTunnel({ ports: [nobody.port], config: { pool: 'pre-connect:ready=3' } })
    await eventually(() => tunnel.proxy.counters.upstreamDialFailures === 3)
    expect(statusOf(await exchange(tunnel.port, getAndClose))).toBe(502)
    expect(tunnel.proxy.counters).toMatchObject({ upstreamDials: 4, upstreamSpareDials: 3, upstreamConnectionsOpen: 0 })
    await tunnel.close()
  })
})

test('global closes an idle connection of one upstream when another needs its place', async () => {
  const config = { pool: 'global:maxIdle=1', balancer: 'round-robin' }
  const tunnel = await openTunnel({ origins: { count: 2 }, config })
  for (let i = 0; i < 4; i++) expect(statusOf(await exchange(tunnel.port, getAndClose))).toBe(200)
  expect(tunnel.origins.perOrigin().map(origin => origin.connectionsOpened)).toEqual([2, 2])
  expect(tunnel.proxy.counters.upstreamConnectionsOpen).toBe(1)
  await tunnel.close()
})

test.each([
  ['reuse=safe', 3],
  ['reuse=always', 1],
  ['maxRequests=2', 3],
])('keep-alive:%s: three clients of two requests each take %i upstream connection(s)', async (params, connections) => {
  const tunnel = await openTunnel({ config: { pool: `keep-alive:${params}` } })
  for (let i = 0; i < 3; i++) {
    const client = new RawClient(tunnel.port).send(get('/'))
    await client.receives(/200 OK/)
    client.send(getAndClose)
    await client.closed
  }
  expect(tunnel.origins.ledger()).toMatchObject({ connectionsOpened: connections, requests: 6 })
  await tunnel.close()
})
