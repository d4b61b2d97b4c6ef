// Hedged requests over sockets: the first good answer wins, the loser's connection is closed, and whatever the origins do,
// every attempt that began has ended.
import type net from 'node:net'
import { expect, test } from 'vitest'
import { randomStream } from '../../core/random.ts'
import { bareOrigin, eventually, exchange, openTunnel, RawClient, statusOf } from './tunnel.ts'

const get = (target = '/') => `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`
const answer = (body: string, status = '200 OK') =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
/** Soon, and as often as there are requests. */
const hedged = 'hedged:quantile=0,afterMs=50,share=1'

/** An origin that does what the test says: `asked[i]` is the socket of its i-th request. */
async function manualOrigin() {
  const asked: net.Socket[] = []
  const heads: string[] = []
  let open = 0
  const origin = await bareOrigin(socket => {
    open++
    socket.on('close', () => open--)
    socket.on('data', bytes => {
      heads.push(bytes.toString('latin1'))
      asked.push(socket)
    })
  })
  return { ...origin, asked, heads, open: () => open }
}

async function pair(config: Record<string, unknown> = {}) {
  const origins = [await manualOrigin(), await manualOrigin()] as const
  const ports = origins.map(origin => origin.port)
  const tunnel = await openTunnel({ ports, config: { balancer: 'round-robin', retries: hedged, ...config } })
  return {
    origins,
    tunnel,
    /** Sends a request and waits until both origins have it; says in which order they got it. */
    async askBoth() {
      const client = new RawClient(tunnel.port).send(get())
      await eventually(() => origins.some(origin => origin.asked.length === 1))
      const [a, b] = origins
      const inOrder = a.asked.length === 1 ? ([a, b] as const) : ([b, a] as const)
      await eventually(() => inOrder[1].asked.length === 1)
      return { client, inOrder }
    },
    async close() {
      expect(tunnel.proxy.upstreams.map(upstream => upstream.inFlight)).toEqual([0, 0])
      await tunnel.close()
      for (const origin of origins) origin.close()
    },
  }
}

const sides = [
  ['the first attempt', 0, 1],
  ['the hedge', 1, 0],
] as const

test.each(sides)(
  '%s answers first: its answer goes out, and the connection of the other is closed',
  async (_, fast, slow) => {
    const { tunnel, askBoth, close } = await pair()
    const { client, inOrder: origins } = await askBoth()
    origins[fast].asked[0]!.write(answer('fast'))
    await client.closed
    expect(client.received).toContain('fast')
    await eventually(() => origins[slow].open() === 0)
    expect(origins[0].heads[0]).toBe(origins[1].heads[0])
    const { hedges, hedgesWon, retries } = tunnel.proxy.counters
    expect({ hedges, hedgesWon, retries }).toEqual({ hedges: 1, hedgesWon: fast, retries: 0 })
    await close()
  },
)

test.each(sides)('%s fails: the other one is waited for', async (_, bad, good) => {
  const { askBoth, close } = await pair()
  const { client, inOrder: origins } = await askBoth()
  origins[bad].asked[0]!.destroy()
  await eventually(() => origins[bad].open() === 0)
  origins[good].asked[0]!.write(answer('good'))
  await client.closed
  expect(client.received).toContain('good')
  await close()
})

test.each(sides)('%s answers 503 first: it is thrown away and the other one counts', async (_, bad, good) => {
  const { askBoth, close } = await pair()
  const { client, inOrder: origins } = await askBoth()
  origins[bad].asked[0]!.write(answer('bad', '503 Service Unavailable'))
  await eventually(() => origins[bad].open() === 0)
  origins[good].asked[0]!.write(answer('good'))
  await client.closed
  expect(statusOf(client.received)).toBe(200)
  expect(client.received).not.toContain('bad')
  await close()
})

test('both fail: one error is answered', async () => {
  const { tunnel, askBoth, close } = await pair()
  const { client, inOrder: origins } = await askBoth()
  origins[1].asked[0]!.write('nonsense\r\n\r\n')
  await eventually(() => origins[1].open() === 0)
  origins[0].asked[0]!.destroy()
  await client.closed
  expect(client.received.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  expect(statusOf(client.received)).toBe(502)
  expect(tunnel.proxy.counters.responses5xx).toBe(1)
  await close()
})

test('heads that arrive in pieces from both sides are not mixed up', async () => {
  const { askBoth, close } = await pair()
  const { client, inOrder: origins } = await askBoth()
  const [first, second] = [origins[0].asked[0]!, origins[1].asked[0]!]
  await new Promise<void>(done => first.write('HTTP/1.1 200 OK\r\nX-From: first\r\n', () => done()))
  await new Promise<void>(done => second.write('HTTP/1.1 200 OK\r\nX-From: sec', () => done()))
  second.write('ond\r\nContent-Length: 6\r\n\r\nsecond')
  await client.closed
  expect(client.received).toMatch(/X-From: second\r\n.*second$/s)
  expect(client.received).not.toContain('X-From: first')
  await close()
})

test('a client that leaves takes both attempts with it', async () => {
  const { tunnel, askBoth, close } = await pair()
  const { client, inOrder: origins } = await askBoth()
  client.socket.resetAndDestroy()
  await eventually(() => origins.every(origin => origin.open() === 0))
  expect(tunnel.proxy.counters.clientAborts).toBe(1)
  await close()
})

test('what is not idempotent, or has a body, is asked for once', async () => {
  const { origins, tunnel, close } = await pair()
  const post = new RawClient(tunnel.port).send(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  )
  const put = new RawClient(tunnel.port).send(
    'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc',
  )
  const hedge = new RawClient(tunnel.port).send(get())
  await eventually(() => tunnel.proxy.counters.hedges === 1 && origins[0].asked.length + origins[1].asked.length === 4)
  for (const origin of origins) for (const socket of origin.asked) socket.write(answer('ok'))
  await Promise.all([post.closed, put.closed, hedge.closed])
  expect(tunnel.proxy.counters.hedges).toBe(1)
  await close()
})

test('a budget of none hedges nothing, and one upstream alone is not asked twice', async () => {
  const none = await pair({ retries: 'hedged:quantile=0,afterMs=0,share=0' })
  const client = new RawClient(none.tunnel.port).send(get())
  const asked = () => none.origins.flatMap(origin => origin.asked)
  await eventually(() => asked().length === 1)
  await exchange(none.tunnel.port, 'nonsense\r\n\r\n')
  asked()[0]!.write(answer('ok'))
  await client.closed
  expect(asked()).toHaveLength(1)
  await none.close()
  const tunnel = await openTunnel({ config: { retries: hedged } })
  expect(statusOf(await exchange(tunnel.port, get('/?delay=30')))).toBe(200)
  expect(tunnel.origins.ledger().requests).toBe(1)
  expect(tunnel.proxy.counters.hedges).toBe(0)
  await tunnel.close()
})

test.each(['keep-alive', 'capped:max=2,maxWaiting=3', 'per-request', 'global:maxIdle=2'])(
  'origins that are slow, die or talk nonsense at random leave nothing behind (pool %s)',
  async pool => {
    const rng = randomStream(7, pool)
    const wild = (socket: net.Socket) =>
      socket.on('data', () => {
        const draw = rng.integer(6)
        const later = (then: () => void) => setTimeout(() => !socket.destroyed && then(), rng.integer(8))
        if (draw === 0) socket.destroy()
        else if (draw === 1) socket.write(answer('ok'))
        else if (draw === 2) later(() => socket.write(answer('sorry', '503 Service Unavailable')))
        else if (draw === 3) later(() => socket.write('nonsense\r\n\r\n'))
        else later(() => socket.write(answer('ok')))
      })
    const origins = [await bareOrigin(wild), await bareOrigin(wild), await bareOrigin(wild)]
    const config = { balancer: 'round-robin', pool, retries: 'hedged:quantile=0,afterMs=1,share=1,attempts=3' }
    const tunnel = await openTunnel({ ports: origins.map(origin => origin.port), config })
    const clients = Array.from({ length: 100 }, (_, i) => new RawClient(tunnel.port).send(get(`/${i}`)))
    for (const client of clients) if (rng.integer(10) === 0) client.socket.destroy()
    await Promise.all(clients.map(client => client.closed))
    await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
    for (const client of clients) expect(client.received.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1)
    expect(tunnel.proxy.counters.hedges).toBeGreaterThan(15)
    expect(tunnel.proxy.upstreams.map(upstream => upstream.inFlight)).toEqual([0, 0, 0])
    await tunnel.close()
    for (const origin of origins) origin.close()
  },
)
