import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { startOrigins } from '../../fault-injection/origin.ts'
import slowReader from './slow-reader.ts'

function read(port: number, given: Record<string, number>) {
  const params = decodeParameters(slowReader.params, given, 'slow-reader')
  return slowReader.start(params, { host: '127.0.0.1', port, rng: randomStream(1, 'hostile') })
}

test('takes an answer so slowly that the server is left with most of it', async () => {
  const bodyBytes = 50_000_000
  const piece = Buffer.alloc(65_536)
  const taken = new Map<string, number>()
  const sockets: Socket[] = []
  const server = createServer(socket => {
    const source = socket.remoteAddress!
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bodyBytes}\r\n\r\n`)
      const more = () => {
        let given = taken.get(source) ?? 0
        let flowing = true
        while (flowing && given < bodyBytes) {
          flowing = socket.write(piece.subarray(0, Math.min(piece.length, bodyBytes - given)))
          given += Math.min(piece.length, bodyBytes - given)
        }
        taken.set(source, given)
        if (given < bodyBytes) socket.once('drain', more)
      }
      more()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const slow = read(port, { connections: 2, addresses: 2, bytes: bodyBytes, bytesPerSecond: 1000 })
  await expect.poll(() => taken.size).toBe(2)
  // By the time an honest client has all its bytes, the slow ones have had the same chance.
  const honest = connect(port, '127.0.0.1')
  let received = 0
  honest.write('GET / HTTP/1.1\r\n\r\n')
  await new Promise<void>(resolve => {
    honest.on('data', bytes => (received += bytes.length) > bodyBytes && resolve())
  })
  expect(taken.get('127.0.3.1')!).toBeLessThan(bodyBytes / 2)
  expect(taken.get('127.0.3.2')!).toBeLessThan(bodyBytes / 2)
  expect(slow.report()).toMatchObject({ opened: 2, held: 2, endedByServer: 0 })
  honest.destroy()
  slow.stop()
  for (const socket of sockets) socket.destroy()
  await new Promise(resolve => server.close(resolve))
})

test('asks again when it has read an answer to its end', async () => {
  const origins = await startOrigins({ count: 1, service: 'fixed', responseBytes: 1 }, 1, null)
  const slow = read(origins.ports[0]!, { connections: 2, bytes: 5000, bytesPerSecond: 1e6 })
  await expect.poll(() => origins.ledger().requests).toBeGreaterThan(6)
  expect(origins.ledger().connectionsOpened).toBe(2)
  slow.stop()
  await origins.close()
})
