import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { RequestLog } from '../core/request-log.ts'
import type { LoadPlan } from '../core/scenario.ts'
import { startOrigins } from '../fault-injection/origin.ts'
import { OpenLoop, type OpenLoopOptions } from './open.ts'
import { buildSchedule } from './schedule.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A server that hands every request head it reads to `onRequest`. */
async function serve(
  onRequest: (socket: Socket, index: number, target: string, head: string) => void,
): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', bytes => {
      const head = bytes.toString('latin1')
      const request = /^(?:GET|POST) (\S+)[\s\S]*x-request-index: (\d+)/.exec(head)
      if (request) onRequest(socket, Number(request[2]), request[1]!, head)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

interface Wish extends Partial<OpenLoopOptions> {
  plan?: LoadPlan
  durationMs?: number
}

const plan: LoadPlan = {
  connections: { kind: 'keep-alive', count: 2 },
  profile: 'constant:ratePerSecond=100',
  pacing: 'timer',
  timeoutMs: 10_000,
  from: '127.0.0.1',
}

async function loopFor(port: number, wish: Wish = {}): Promise<{ loop: OpenLoop; log: RequestLog }> {
  const wanted = wish.plan ?? plan
  const schedule = await buildSchedule(wanted, wish.durationMs ?? 100, 1)
  const log = wish.log ?? new RequestLog(schedule.size)
  const loop = new OpenLoop({ schedule, log, host: '127.0.0.1', port, expectedBytes: 2, ...wish, plan: wanted })
  cleanups.push(() => loop.stop())
  return { loop, log }
}

/** Runs a load to its end; the fates in order of the rows. */
async function fatesAgainst(port: number, wish: Wish = {}): Promise<string[]> {
  const { loop, log } = await loopFor(port, wish)
  await loop.connect()
  loop.start(performance.now())
  await loop.finished
  expect(loop.ended).toBe(log.size)
  expect(loop.openConnections).toBe(0)
  return fatesOf(log)
}

const fatesOf = (log: RequestLog) => Array.from({ length: log.size }, (_, row) => log.fateOf(row))
const all = (fate: string) => new Array(9).fill(fate)
const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

test('the first byte of a body is noted when it comes before the last read, and only then', async () => {
  const port = await serve((socket, index) => {
    if (index % 2 === 0) return void socket.write(answer)
    socket.write(answer.slice(0, -1))
    setTimeout(() => socket.write(answer.slice(-1)), 30)
  })
  const { loop, log } = await loopFor(port, { plan: { ...plan, request: '/events' } })
  await loop.connect()
  loop.start(performance.now())
  await loop.finished
  expect(fatesOf(log)).toEqual(all('ok'))
  for (let row = 0; row < log.size; row++) {
    if (row % 2 === 0) expect(log.firstByteAt[row]).toBe(0)
    else {
      expect(log.firstByteAt[row]!).toBeGreaterThan(log.sentAt[row]!)
      expect(log.firstByteAt[row]!).toBeLessThan(log.endedAt[row]!)
    }
  }
})

test('the plan says what is asked for', async () => {
  const targets = new Set<string>()
  const port = await serve((socket, _, target) => {
    targets.add(target)
    socket.write(answer)
  })
  await fatesAgainst(port, { plan: { ...plan, request: '/?events=2' } })
  expect([...targets]).toEqual(['/?events=2'])
})

test('a request for key k asks for /k/<k>', async () => {
  const targets: string[] = []
  const port = await serve((socket, index, target) => {
    targets[index] = target
    socket.write(answer)
  })
  const keyed = { ...plan, connections: { kind: 'keep-alive', count: 1 } as const, keys: { count: 3, exponent: 0 } }
  expect(await fatesAgainst(port, { plan: keyed })).toEqual(all('ok'))
  const { keys } = await buildSchedule(keyed, 100, 1)
  expect(targets).toEqual(Array.from(keys!, key => `/k/${key}`))
})

test('POSTs are sent where they were drawn, and say that they have no body', async () => {
  const heads: string[] = []
  const port = await serve((socket, index, _target, head) => {
    heads[index] = head
    socket.write(answer)
  })
  const mixed = { ...plan, postShare: 0.5 }
  const schedule = await buildSchedule(mixed, 100, 1)
  expect(await fatesAgainst(port, { plan: mixed, schedule })).toEqual(all('ok'))
  expect(new Set(schedule.posts)).toEqual(new Set([0, 1]))
  heads.forEach((head, row) => {
    expect(head.startsWith(schedule.posts![row] === 1 ? 'POST / ' : 'GET / ')).toBe(true)
    expect(head.includes('\r\ncontent-length: 0\r\n\r\n')).toBe(schedule.posts![row] === 1)
  })
  expect(schedule.hash).not.toBe((await buildSchedule(plan, 100, 1)).hash)
})

describe('every request has one fate', () => {
  test.each([
    ['ok', answer],
    ['ok', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['bad-status', 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\nno'],
    ['bad-response', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nfar'],
    ['bad-response', 'HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\nok'],
    ['bad-response', `${answer}HTTP/1.1 200 OK\r\n`],
  ])('%s: %j', async (fate, text) => {
    const port = await serve(socket => socket.write(text))
    expect(await fatesAgainst(port)).toEqual(all(fate))
  })

  test('ok: a body that ends with the connection', async () => {
    const port = await serve(socket => socket.end('HTTP/1.1 200 OK\r\n\r\nok'))
    expect(await fatesAgainst(port)).toEqual(all('ok'))
  })

  test('closed: the server ends the connection in the middle of the body', async () => {
    const port = await serve(socket => socket.end(answer.slice(0, -1)))
    expect(await fatesAgainst(port)).toEqual(all('closed'))
  })

  test('closed: the server ends the connection without a word', async () => {
    const port = await serve(socket => socket.end())
    expect(await fatesAgainst(port)).toEqual(all('closed'))
  })

  test('reset', async () => {
    const port = await serve(socket => socket.resetAndDestroy())
    expect(await fatesAgainst(port)).toEqual(all('reset'))
  })

  test('refused', async () => {
    expect(await fatesAgainst(await closedPort())).toEqual(all('refused'))
  })

  test('timeout: no answer, for those sent at once and for those that waited', async () => {
    const port = await serve(() => {})
    const { loop, log } = await loopFor(port, { plan: { ...plan, timeoutMs: 150 } })
    await loop.connect()
    loop.start(performance.now())
    await loop.finished
    expect(fatesOf(log)).toEqual(all('timeout'))
    expect(log.endedAt.every((endedAt, row) => endedAt >= log.dueAt[row]! + 150)).toBe(true)
    expect(log.sentAt[8]! - log.dueAt[8]!).toBeGreaterThan(50)
  })

  test('a connection that broke is opened again for the next request', async () => {
    const port = await serve((socket, index) => (index === 4 ? socket.resetAndDestroy() : socket.write(answer)))
    const fates = await fatesAgainst(port)
    expect(fates.filter(fate => fate === 'reset')).toHaveLength(1)
    expect(fates[4]).toBe('reset')
    expect(fates.filter(fate => fate === 'ok')).toHaveLength(8)
  })

  test('stopped early: in flight is closed, not sent is unsent', async () => {
    const arrived = Promise.withResolvers<void>()
    const port = await serve(() => arrived.resolve())
    const { loop, log } = await loopFor(port, { durationMs: 60_000 })
    await loop.connect()
    loop.start(performance.now())
    await arrived.promise
    loop.stop()
    await loop.finished
    expect(log.fateOf(0)).toBe('closed')
    expect(log.fateOf(log.size - 1)).toBe('unsent')
    expect(fatesOf(log)).not.toContain('pending')
    expect(loop.openConnections).toBe(0)
  })

  test('a load without requests is finished at once', async () => {
    expect(await fatesAgainst(await closedPort(), { durationMs: 5 })).toEqual([])
  })
})

describe('connections', () => {
  const origin = async (log: RequestLog | null, service = 'fixed') => {
    const origins = await startOrigins({ count: 1, service, responseBytes: 2 }, 1, log)
    cleanups.push(() => origins.close())
    return origins
  }

  test.each(['timer', 'spin'] as const)('keep-alive: a fixed set, with %s pacing', async pacing => {
    const origins = await origin(null)
    const fates = await fatesAgainst(origins.ports[0]!, {
      durationMs: 300,
      plan: { ...plan, pacing, connections: { kind: 'keep-alive', count: 5 }, profile: 'poisson:ratePerSecond=1000' },
    })
    expect(new Set(fates)).toEqual(new Set(['ok']))
    expect(origins.ledger()).toMatchObject({ connectionsOpened: 5, requests: fates.length, requestsNotHonest: 0 })
  })

  test('keep-alive: what finds no free connection waits its turn, and the wait is response time', async () => {
    const held: Socket[] = []
    const order: number[] = []
    const port = await serve((socket, index) => {
      order.push(index)
      if (index === 8) for (const waiting of [...held, socket]) waiting.write(answer)
      else if (index === 0) held.push(socket)
      else socket.write(answer)
    })
    const { loop, log } = await loopFor(port)
    await loop.connect()
    loop.start(performance.now())
    await loop.finished
    expect(fatesOf(log)).toEqual(all('ok'))
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(log.endedAt[0]!).toBeGreaterThan(log.dueAt[8]!)
  })

  test('sessions: one connection each, in order, also when an answer takes longer than the gap', async () => {
    const sessions = { kind: 'sessions', requests: 4, gapMs: 5 } as const
    const wanted: LoadPlan = { ...plan, connections: sessions, profile: 'constant:ratePerSecond=50', from: '127.0.0.9' }
    const schedule = await buildSchedule(wanted, 300, 1)
    const log = new RequestLog(schedule.size)
    const origins = await origin(log, 'fixed:ms=12')
    const fates = await fatesAgainst(origins.ports[0]!, { plan: wanted, durationMs: 300, schedule, log })
    expect(new Set(fates)).toEqual(new Set(['ok']))
    expect(origins.ledger().connectionsOpened).toBe(new Set(schedule.session).size)
    const rows = [...schedule.session.keys()].filter(row => schedule.session[row] === 3)
    expect(rows).toHaveLength(4)
    for (const [k, row] of rows.slice(1).entries())
      expect(log.sentAt[row]).toBeGreaterThanOrEqual(log.endedAt[rows[k]!]!)
  })

  test('sessions: after a broken connection the session goes on with a new one', async () => {
    let connections = 0
    const seen = new Set<Socket>()
    const port = await serve((socket, index) => {
      if (!seen.has(socket)) connections++
      seen.add(socket)
      if (index === 0) socket.end()
      else socket.write(answer)
    })
    const sessions = { kind: 'sessions', requests: 3, gapMs: 5 } as const
    const fates = await fatesAgainst(port, {
      durationMs: 35,
      plan: { ...plan, connections: sessions, profile: 'constant:ratePerSecond=50' },
    })
    expect(fates).toEqual(['closed', 'ok', 'ok'])
    expect(connections).toBe(2)
  })

  test('stamps of generator and origin are in order on one clock', async () => {
    const schedule = await buildSchedule(plan, 200, 1)
    const log = new RequestLog(schedule.size)
    const origins = await origin(log, 'fixed:ms=2')
    await fatesAgainst(origins.ports[0]!, { log, schedule, durationMs: 200 })
    for (let row = 0; row < log.size; row++) {
      const stamps = [log.dueAt, log.startedAt, log.sentAt, log.originInAt, log.originOutAt, log.endedAt]
      const instants = stamps.map(column => column[row]!)
      expect(instants).toEqual([...instants].sort((a, b) => a - b))
    }
  })
})

test('a throttled generator is late, and says so', async () => {
  const port = await serve(socket => socket.write(answer))
  const { loop } = await loopFor(port, { throttleMs: 30 })
  await loop.connect()
  loop.start(performance.now())
  await loop.finished
  // Arrivals are 10 ms apart and each look at the schedule costs at least 30 ms.
  expect(loop.lagMs.filter(lagMs => lagMs > 5).length).toBeGreaterThan(loop.lagMs.length / 2)
})
