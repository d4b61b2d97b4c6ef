// Health, retries and admission at work over sockets.
import { expect, test } from 'vitest'
import { bareOrigin, eventually, exchange, openTunnel, RawClient, statusOf } from './tunnel.ts'

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`
const post = (target: string, body: string) =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const answer = (status: string) => `HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`

/** An origin that answers every request with the same status and counts them. */
async function fixedOrigin(status: string) {
  const seen: string[] = []
  const origin = await bareOrigin(socket =>
    socket.on('data', bytes => {
      seen.push(bytes.toString('latin1'))
      socket.write(answer(status))
    }),
  )
  return { ...origin, seen }
}

async function closedPort(): Promise<number> {
  const origin = await bareOrigin(() => {})
  origin.close()
  return origin.port
}

const eager = 'budgeted:reserve=1000,perSecond=1000,baseMs=1'

test('a refused connection is tried at another upstream, and the request arrives as it was', async () => {
  const good = await fixedOrigin('200 OK')
  const tunnel = await openTunnel({
    ports: [await closedPort(), good.port],
    config: { retries: eager, balancer: 'round-robin' },
  })
  for (let i = 0; i < 20; i++) expect(statusOf(await exchange(tunnel.port, get(`/n${i}`)))).toBe(200)
  // Round robin counts every pick, retries too, so that a first attempt meets the dead one nearly always.
  expect(tunnel.proxy.counters.retries).toBeGreaterThanOrEqual(10)
  expect(tunnel.proxy.counters.retries).toBe(tunnel.proxy.counters.upstreamDialFailures)
  expect(good.seen.map(head => /^GET (\S+) /.exec(head)?.[1])).toEqual(Array.from({ length: 20 }, (_, i) => `/n${i}`))
  for (const head of good.seen) expect(head.match(/x-forwarded-for/gi)).toHaveLength(1)
  for (const upstream of tunnel.proxy.upstreams) expect(upstream.inFlight).toBe(0)
  await tunnel.close()
  good.close()
})

test('a gateway error of one origin is bettered by another; the client never sees it', async () => {
  const good = await fixedOrigin('200 OK')
  const bad = await fixedOrigin('503 Service Unavailable')
  const tunnel = await openTunnel({ ports: [bad.port, good.port], config: { retries: eager, balancer: 'round-robin' } })
  for (let i = 0; i < 20; i++) expect(statusOf(await exchange(tunnel.port, get('/')))).toBe(200)
  expect(bad.seen.length).toBe(tunnel.proxy.counters.retries)
  await tunnel.close()
  good.close()
  bad.close()
})

test('a request with a body, or one that may have been executed and is not idempotent, is not sent twice', async () => {
  const dying = await bareOrigin(socket => socket.on('data', () => socket.destroy()))
  const tunnel = await openTunnel({ ports: [dying.port], config: { retries: eager } })
  expect(statusOf(await exchange(tunnel.port, post('/', 'body')))).toBe(502)
  expect(statusOf(await exchange(tunnel.port, post('/', '')))).toBe(502)
  expect(tunnel.proxy.counters.retries).toBe(0)
  expect(statusOf(await exchange(tunnel.port, get('/')))).toBe(502)
  expect(tunnel.proxy.counters.retries).toBe(2)
  await tunnel.close()
  dying.close()
})

test('a client that leaves while its request waits for another attempt leaves nothing behind', async () => {
  const slow = 'budgeted:reserve=1000,perSecond=1000,baseMs=60000,maxMs=60000'
  const tunnel = await openTunnel({ ports: [await closedPort()], config: { retries: slow } })
  const client = new RawClient(tunnel.port).send(get('/'))
  await eventually(() => tunnel.proxy.counters.retries === 1)
  client.socket.resetAndDestroy()
  await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
  expect(tunnel.proxy.counters.clientAborts).toBe(1)
  expect(tunnel.proxy.upstreams[0]!.inFlight).toBe(0)
  await tunnel.close()
})

test('outlier-ejection takes a failing origin out of the rotation, and brings it back', async () => {
  const good = await fixedOrigin('200 OK')
  const bad = await fixedOrigin('500 Internal Server Error')
  const health = 'outlier-ejection:consecutive=3,baseEjectionMs=1500'
  const tunnel = await openTunnel({ ports: [bad.port, good.port], config: { health, balancer: 'round-robin' } })
  const statuses: number[] = []
  for (let i = 0; i < 20; i++) statuses.push(statusOf(await exchange(tunnel.port, get('/'))))
  expect(statuses.filter(status => status === 500)).toHaveLength(3)
  expect(statuses.slice(-10)).toEqual(Array(10).fill(200))
  while (bad.seen.length === 3) await exchange(tunnel.port, get('/'))
  expect(bad.seen.length).toBe(4)
  await tunnel.close()
  good.close()
  bad.close()
})

test('active checks find a dead origin without traffic, and the balancer leaves it out', async () => {
  const good = await fixedOrigin('200 OK')
  const health = 'active-http:intervalMs=50,fall=2,timeoutMs=500,target=/healthz'
  const tunnel = await openTunnel({
    ports: [await closedPort(), good.port],
    config: { health, balancer: 'round-robin' },
  })
  await eventually(() => good.seen.filter(head => head.startsWith('GET /healthz ')).length >= 6)
  for (let i = 0; i < 10; i++) expect(statusOf(await exchange(tunnel.port, get('/')))).toBe(200)
  await tunnel.close()
  good.close()
})

test('with every upstream out, requests get 503 at once; a breaker lets one probe through', async () => {
  let status = '500 Internal Server Error'
  let seen = 0
  const origin = await bareOrigin(socket =>
    socket.on('data', () => {
      seen++
      socket.write(answer(status))
    }),
  )
  const tunnel = await openTunnel({ ports: [origin.port], config: { health: 'circuit-breaker:failures=2,openMs=300' } })
  const ask = async () => statusOf(await exchange(tunnel.port, get('/')))
  expect([await ask(), await ask(), await ask(), await ask()]).toEqual([500, 500, 503, 503])
  expect(seen).toBe(2)
  status = '200 OK'
  for (let last = 503; last === 503; ) last = await ask()
  expect(seen).toBe(3)
  expect(await ask()).toBe(200)
  await tunnel.close()
  origin.close()
})

test('a limiter refuses with 503 and Retry-After, and keeps count of what is in flight', async () => {
  const tunnel = await openTunnel({ config: { limiter: 'fixed-inflight:max=1,retryAfterMs=1500' } })
  const slow = new RawClient(tunnel.port).send(get('/?delay=60000'))
  await eventually(() => tunnel.origins.ledger().requests === 1)
  const refused = await exchange(tunnel.port, get('/'))
  expect(statusOf(refused)).toBe(503)
  expect(refused).toMatch(/Retry-After: 2\r\n/)
  slow.socket.destroy()
  await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
  for (let i = 0; i < 5; i++) expect(statusOf(await exchange(tunnel.port, get('/')))).toBe(200)
  expect(tunnel.proxy.counters.requestsLimited).toBe(1)
  await tunnel.close()
})

test('a burst is delayed in order and not refused, bodies and all, and reaches the origin at the rate', async () => {
  const at: number[] = []
  const bodies: string[] = []
  const origin = await bareOrigin(socket => {
    let received = ''
    socket.on('data', bytes => {
      received += bytes.toString('latin1')
      if (!received.endsWith('!')) return
      at.push(performance.now())
      bodies.push(received.slice(received.indexOf('\r\n\r\n') + 4))
      received = ''
      socket.write(answer('200 OK'))
    })
  })
  const tunnel = await openTunnel({
    ports: [origin.port],
    config: { limiter: 'leaky-bucket:ratePerSecond=20,burst=3' },
  })
  const body = `${'x'.repeat(50_000)}!`
  const answers = await Promise.all([1, 2, 3, 4].map(() => exchange(tunnel.port, post('/', body))))
  expect(answers.map(statusOf)).toEqual([200, 200, 200, 200])
  expect(bodies).toEqual([body, body, body, body])
  // Timers may be late, never early; a millisecond for their rounding.
  expect(at[3]! - at[0]!).toBeGreaterThan(0)
  expect(tunnel.proxy.counters.requestsDelayed).toBe(3)
  expect(tunnel.proxy.counters.requestsLimited).toBe(0)
  await tunnel.close()
  origin.close()
})

test('a client that leaves while its request is delayed leaves nothing behind, and nothing reaches the origin', async () => {
  const limiter = 'leaky-bucket:ratePerSecond=0.01,burst=1'
  const tunnel = await openTunnel({ config: { limiter } })
  expect(statusOf(await exchange(tunnel.port, get('/')))).toBe(200)
  const client = new RawClient(tunnel.port).send(get('/'))
  await eventually(() => tunnel.proxy.counters.requestsDelayed === 1)
  expect(statusOf(await exchange(tunnel.port, get('/')))).toBe(503)
  client.socket.resetAndDestroy()
  await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
  expect(tunnel.proxy.counters.clientAborts).toBe(1)
  expect(tunnel.origins.ledger().requests).toBe(1)
  await tunnel.close()
})

test.each(['gradient', 'gradient2', 'vegas', 'aimd'])(
  '%s counts what is in flight and lets the next one in',
  async limiter => {
    const least = limiter === 'gradient' ? '' : ',initial=1'
    const tunnel = await openTunnel({ config: { limiter: `${limiter}:min=1${least}` } })
    for (let round = 0; round < 3; round++) {
      const slow = new RawClient(tunnel.port).send(get('/?delay=60000'))
      await eventually(() => tunnel.origins.ledger().requests === 2 * round + 1)
      expect(statusOf(await exchange(tunnel.port, get('/')))).toBe(503)
      slow.socket.destroy()
      await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
      expect(statusOf(await exchange(tunnel.port, get('/')))).toBe(200)
    }
    expect(tunnel.proxy.counters.requestsLimited).toBe(3)
    await tunnel.close()
  },
)
