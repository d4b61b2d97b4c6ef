// The closed loops against small servers: its counts are the server's, and every way in which a server breaks off is an
// error of the right kind, though autocannon itself would not call all of them errors.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { runClosedLoop } from './closed.ts'
import type { ClosedLoopResult } from './closed-tally.ts'
import { runFlatOut } from './flat-out.ts'

const good = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'
const sockets = new Set<Socket>()
let server: Server | undefined

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  if (server?.listening) await new Promise(resolve => server!.close(resolve))
})

/** A server that hands each request, by its number from 1, to `answer`. */
async function listen(answer: (socket: Socket, number: number) => void): Promise<{ port: number; seen: () => number }> {
  let seen = 0
  server = createServer(socket => {
    sockets.add(socket)
    socket.on('data', () => answer(socket, ++seen)).on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, seen: () => seen }
}

const loops = [
  ['autocannon', runClosedLoop],
  ['the lean loop', runFlatOut],
] as const

const load = (run: typeof runFlatOut, port: number) =>
  run({ host: '127.0.0.1', port, connections: 5, warmUpMs: 50, durationMs: 200, timeoutMs: 1000 })

const failed = (result: ClosedLoopResult) => Object.values(result.failures).reduce((sum, count) => sum + count, 0)

function expectAccountsToAddUp(result: ClosedLoopResult): void {
  expect(result.ok + failed(result) + result.unanswered).toBe(result.sent)
  expect(result.unanswered).toBeLessThanOrEqual(5)
}

test.each(loops)('the counts of %s are those of the server', async (_, run) => {
  const { port, seen } = await listen(socket => socket.write(good))
  const result = await load(run, port)
  expect(result.failures).toEqual({})
  expectAccountsToAddUp(result)
  expect(result.ok).toBeGreaterThan(5)
  expect(result.answered).toBeGreaterThan(0)
  expect(result.answered).toBeLessThanOrEqual(result.ok)
  // A request may have been on its way when the load ended.
  expect(seen()).toBeGreaterThanOrEqual(result.ok)
  expect(seen()).toBeLessThanOrEqual(result.sent)
  // A timer may fire a fraction of a millisecond early, and then the measurement ends with it.
  expect(result.toAt - result.fromAt).toBeGreaterThan(198)
  expect(result.toAt - result.fromAt).toBeLessThan(200.000_001)
})

describe.each(loops)('every tenth request of %s', (_, run) => {
  const everyTenth = (spoil: (socket: Socket) => void) =>
    listen((socket, number) => {
      if (number % 10 === 0) spoil(socket)
      else socket.write(good)
    })

  test.each<[string, string, (socket: Socket) => void]>([
    ['closed without an answer', 'closed', socket => socket.end()],
    ['reset', 'reset', socket => socket.resetAndDestroy()],
    ['broken off', 'closed', socket => socket.end(good.slice(0, -2))],
    ['answered with 503', 'bad-status', socket => socket.write('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n')],
  ])('%s is counted as %s, once', async (_, kind, spoil) => {
    const { port, seen } = await everyTenth(spoil)
    const result = await load(run, port)
    expectAccountsToAddUp(result)
    expect(Object.keys(result.failures)).toEqual([kind])
    // The last ones may have happened while the load was ending.
    const spoilt = Math.floor(seen() / 10)
    expect(spoilt).toBeGreaterThan(0)
    expect(failed(result)).toBeLessThanOrEqual(spoilt)
    expect(failed(result)).toBeGreaterThanOrEqual(spoilt - 5)
  })
})

test('a server that never answers is a time-out for each connection of autocannon', async () => {
  const { port } = await listen(() => {})
  const waiting = { host: '127.0.0.1', port, connections: 5, warmUpMs: 0, durationMs: 1500, timeoutMs: 1000 }
  const result = await runClosedLoop(waiting)
  expectAccountsToAddUp(result)
  expect(result).toMatchObject({ ok: 0, answered: 0, failures: { timeout: 5 }, unanswered: 5 })
})

test('a server that never answers leaves the requests of the lean loop unanswered', async () => {
  const { port } = await listen(() => {})
  const result = await load(runFlatOut, port)
  expectAccountsToAddUp(result)
  expect(result).toMatchObject({ ok: 0, answered: 0, failures: {}, unanswered: 5 })
})

test.each(loops)('where nobody listens %s gives up early', async (_, run) => {
  const { port } = await listen(() => {})
  await new Promise(resolve => server!.close(resolve))
  const result = await run({ host: '127.0.0.1', port, connections: 5, warmUpMs: 0, durationMs: 20_000 })
  expect(Object.keys(result.failures)).toEqual(['refused'])
  expect(failed(result)).toBeGreaterThanOrEqual(500)
  expect(result).toMatchObject({ ok: 0, answered: 0 })
  expect(result.toAt - result.fromAt).toBeLessThan(20_000)
  expectAccountsToAddUp(result)
})
