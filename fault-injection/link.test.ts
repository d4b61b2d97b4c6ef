// The link between proxy and origins: nothing is lost or reordered, nothing comes early, and ends and resets are passed on.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type Links, openLinks } from './link.ts'

const open: { close(): void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

/** A server on a free port and a link of `roundTripMs` to it; `client` is connected to the link. */
async function linked(roundTripMs: number, onConnection: (socket: Socket) => void) {
  const server: Server = createServer({ allowHalfOpen: true }, socket => {
    open.push({ close: () => socket.destroy() })
    socket.on('error', () => {})
    onConnection(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const links: Links = await openLinks([port], roundTripMs)
  const startedAt = performance.now()
  const client = connect({ port: links.ports[0]!, host: '127.0.0.1', allowHalfOpen: true })
  open.push(server, links, { close: () => client.destroy() })
  return { client, links, startedAt }
}

const echo = (socket: Socket) => void socket.on('data', bytes => socket.write(bytes)).on('end', () => socket.end())

test.each([0, 1, 20])(
  '%i ms: a new connection costs two round trips to the first answer, a kept one costs one',
  async ms => {
    const { client, startedAt } = await linked(ms, echo)
    client.write('a')
    await once(client, 'data')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(2 * ms)
    const againAt = performance.now()
    client.write('b')
    expect(String((await once(client, 'data'))[0])).toBe('b')
    expect(performance.now() - againAt).toBeGreaterThanOrEqual(ms)
  },
)

test('a connection that was opened ahead of its use has its first round trip behind it', async () => {
  const { client, startedAt } = await linked(10, socket => {
    socket.write('hello')
    echo(socket)
  })
  await once(client, 'data')
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(15)
})

test('five megabytes come back in order through a reader that pauses, and the end comes last', async () => {
  const { client } = await linked(4, echo)
  const sent = Buffer.alloc(5_000_000)
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at)
  client.end(sent)
  const pieces: Buffer[] = []
  client.on('data', (piece: Buffer) => {
    pieces.push(piece)
    if (pieces.length % 10 !== 1) return
    client.pause()
    setImmediate(() => client.resume())
  })
  await once(client, 'end')
  expect(Buffer.concat(pieces).equals(sent)).toBe(true)
})

test('a receiver that takes nothing stops the sender', async () => {
  const { client } = await linked(1, socket => socket.pause())
  const chunk = Buffer.alloc(1_000_000)
  let taken = 0
  const more = () => taken++ < 100 && client.write(chunk, more)
  more()
  // What the relay and the kernel's buffers hold is bounded: at some point nothing more is taken.
  for (let before = -1, still = 0; still < 20; before = taken) {
    await new Promise(resolve => setTimeout(resolve, 5))
    still = taken === before ? still + 1 : 0
  }
  expect(taken).toBeGreaterThan(0)
  expect(taken).toBeLessThan(50)
})

test('an origin that cannot be reached, or resets, resets the client', async () => {
  const { client, links } = await linked(2, socket => socket.resetAndDestroy())
  expect((await once(client, 'error'))[0]).toMatchObject({ code: 'ECONNRESET' })
  await links.close()
  const nowhere = await openLinks([1], 2)
  open.push(nowhere)
  const refused = connect(nowhere.ports[0]!, '127.0.0.1')
  expect((await once(refused, 'error'))[0]).toMatchObject({ code: 'ECONNRESET' })
})

test('a client that leaves or resets is gone for the origin too', async () => {
  const ends: string[] = []
  let arrived: () => void = () => {}
  const both = new Promise<void>(resolve => {
    arrived = () => ends.length === 2 && resolve()
  })
  const { client, links } = await linked(2, socket => {
    socket.on('end', () => socket.end())
    socket.on('error', () => ends.push('reset'))
    socket.on('close', hadError => {
      if (!hadError) ends.push('closed')
      arrived()
    })
    socket.resume()
  })
  await once(client, 'connect')
  client.destroy()
  const other = connect(links.ports[0]!, '127.0.0.1')
  await once(other, 'connect')
  other.resetAndDestroy()
  await both
  expect(ends.sort()).toEqual(['closed', 'reset'])
})
