// What the scripted origin does about bodies that come or go slowly: events in time, slots from the head on, and how long
// requests of others than the generator were here.
import { once } from 'node:events'
import http from 'node:http'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { OriginPlan } from '../core/scenario.ts'
import { type Origins, startOrigins } from './origin.ts'

let origins: Origins
afterEach(() => origins.close())

async function start(plan: Partial<OriginPlan>): Promise<number> {
  origins = await startOrigins({ count: 1, service: 'fixed', responseBytes: 100, ...plan }, 1, null)
  return origins.ports[0]!
}

async function get(port: number, path: string) {
  const [response] = (await once(http.get({ port, path, agent: false }), 'response')) as [http.IncomingMessage]
  const pieces: string[] = []
  for await (const piece of response) pieces.push(String(piece))
  return { response, pieces }
}

test('a stream of events goes out one by one and adds up', async () => {
  const port = await start({})
  const { response, pieces } = await get(port, '/?events=4&every=20&chunked=1&unbuffered=1')
  expect(response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
  expect(pieces.length).toBeGreaterThan(1)
  expect(pieces.join('')).toBe(`data: ${'x'.repeat(17)}\n\n`.repeat(4))
  const plain = await get(port, '/')
  expect(plain.response.headers).not.toHaveProperty('x-accel-buffering')
})

test('a stream whose client leaves ends, and the origin goes on', async () => {
  const port = await start({})
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /?events=1000&every=5&bytes=9000 HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  socket.destroy()
  await expect.poll(() => origins.ledger().connectionsOpen).toBe(0)
  expect((await get(port, '/')).response.statusCode).toBe(200)
})

const upload = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe'

test('with slotFrom=head an upload that is not complete keeps others waiting', async () => {
  const port = await start({ slots: 1, slotFrom: 'head' })
  const socket = connect(port, '127.0.0.1')
  socket.write(upload)
  await expect.poll(() => origins.ledger().requests).toBe(1)
  const waiting = get(port, '/')
  await expect.poll(() => origins.perOrigin()[0]!.inFlightPeak).toBe(2)
  socket.write('llo')
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/)
  expect((await waiting).response.statusCode).toBe(200)
  socket.destroy()
})

test('an upload that gives up gives its slot back; without slotFrom it never had one', async () => {
  for (const slotFrom of [{ slotFrom: 'head' }, {}] as const) {
    const port = await start({ slots: 1, ...slotFrom })
    const socket = connect(port, '127.0.0.1')
    socket.write(upload)
    await expect.poll(() => origins.ledger().requests).toBe(1)
    if ('slotFrom' in slotFrom) socket.destroy()
    expect((await get(port, '/')).response.statusCode).toBe(200)
    socket.destroy()
    if ('slotFrom' in slotFrom) await origins.close()
  }
})

test('the ledger knows how long requests of others were here', async () => {
  const port = await start({})
  await get(port, '/?delay=30')
  // A timer may fire a millisecond early.
  expect(origins.ledger().othersHeldMs).toBeGreaterThan(28)
  const before = origins.ledger().othersHeldMs
  await new Promise<void>((resolve, reject) => {
    const options = { port, path: '/?delay=30', agent: false, headers: { 'x-request-index': 3 } }
    http.get(options, response => response.resume().on('end', resolve)).on('error', reject)
  })
  expect(origins.ledger().othersHeldMs).toBe(before)
})
