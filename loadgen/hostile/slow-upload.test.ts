import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Hostile } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import slowUpload from './slow-upload.ts'

let stop: () => Promise<void>
afterEach(() => stop())

async function attack(given: Record<string, number>, onUpload: (socket: Socket, received: string) => void) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    let received = ''
    socket.on('error', () => {})
    socket.on('data', bytes => onUpload(socket, (received += bytes.toString('latin1'))))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const params = decodeParameters(slowUpload.params, { connectionsPerSecond: 1000, dripMs: 5, ...given }, 'slow-upload')
  const client: Hostile = slowUpload.start(params, { host: '127.0.0.1', port, rng: randomStream(1, 'hostile') })
  stop = async () => {
    client.stop()
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
  return client
}

test('promises a body, sends the first bytes at once and the rest one by one, never to its end', async () => {
  const uploads = new Map<Socket, string>()
  const client = await attack({ connections: 8, bytes: 25, firstBytes: 20 }, (socket, received) => {
    uploads.set(socket, received)
  })
  await expect.poll(() => [...uploads.values()].filter(text => text.endsWith('a'.repeat(24))).length).toBe(8)
  expect([...uploads.values()][0]).toMatch(
    /^POST \/ HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\ncontent-length: 25\r\n\r\na{24}$/,
  )
  expect(client.report()).toMatchObject({ opened: 8, held: 8, endedByServer: 0 })
})

test('comes back when it is answered', async () => {
  const client = await attack({ connections: 3 }, socket => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'))
  await expect.poll(() => client.report().endedByServer).toBeGreaterThan(9)
})
