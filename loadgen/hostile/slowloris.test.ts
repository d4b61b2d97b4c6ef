import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import slowloris from './slowloris.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(onConnection: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(resolve))
  })
  return server
}

function attack(port: number, given: Record<string, number>) {
  const params = decodeParameters(slowloris.params, given, 'slowloris')
  const attacker = slowloris.start(params, { host: '127.0.0.1', port, rng: randomStream(1, 'hostile') })
  cleanups.push(() => attacker.stop())
  return attacker
}

const portOf = (server: Server) => (server.address() as AddressInfo).port
const small = { connectionsPerSecond: 1000, addresses: 5, maxHeld: 20, dripMs: 5 }

describe('slowloris', () => {
  test('holds as many as it may, from all its addresses, and never finishes a head', async () => {
    const sources = new Set<string>()
    const received = new Map<Socket, string>()
    const dripped = Promise.withResolvers<void>()
    const server = await serve(socket => {
      sources.add(socket.remoteAddress!)
      received.set(socket, '')
      socket.on('data', bytes => {
        received.set(socket, received.get(socket)! + bytes.toString('latin1'))
        if (received.size === 20 && [...received.values()].every(text => text.endsWith('aaaa'))) dripped.resolve()
      })
    })
    const attacker = attack(portOf(server), small)
    await dripped.promise
    expect(attacker.report()).toMatchObject({ opened: 20, held: 20, heldPeak: 20, endedByServer: 0, refused: 0 })
    expect([...sources].sort()).toEqual([1, 2, 3, 4, 5].map(last => `127.0.1.${last}`))
    for (const text of received.values()) {
      expect(text).toMatch(/^GET \/ HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\nx-slow: a+$/)
    }
  })

  test('replaces what the server ends, with or without an answer', async () => {
    let ended = 0
    const enough = Promise.withResolvers<void>()
    const server = await serve(socket => {
      if (++ended === 60) enough.resolve()
      if (ended % 2 === 0) socket.end()
      else socket.write('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n')
    })
    const attacker = attack(portOf(server), small)
    await enough.promise
    await expect.poll(() => attacker.report().endedByServer).toBeGreaterThan(40)
    const { opened, endedByServer, held, longestHeldMs } = attacker.report()
    expect(opened).toBe(endedByServer + held)
    expect(longestHeldMs).toBeGreaterThan(0)
  })

  test('counts refusals', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const port = portOf(server)
    await new Promise(resolve => server.close(resolve))
    const attacker = attack(port, small)
    await expect.poll(() => attacker.report().refused).toBeGreaterThan(5)
    expect(attacker.report()).toMatchObject({ opened: 0, held: 0, endedByServer: 0, longestHeldMs: 0 })
  })

  test('stops: every connection is closed and the longest hold is remembered', async () => {
    const closed = Promise.withResolvers<void>()
    let open = 0
    const server = await serve(socket => {
      open++
      socket.on('data', () => {})
      socket.on('close', () => --open === 0 && closed.resolve())
    })
    const attacker = attack(portOf(server), small)
    await expect.poll(() => attacker.report().held).toBe(20)
    await expect.poll(() => open).toBe(20)
    attacker.stop()
    await closed.promise
    const { held, longestHeldMs, endedByServer } = attacker.report()
    expect({ held, endedByServer }).toEqual({ held: 0, endedByServer: 0 })
    expect(longestHeldMs).toBeGreaterThan(0)
    expect(attacker.report().longestHeldMs).toBe(longestHeldMs)
  })
})
