// Threads as workers: what becomes of one that breaks, and of connections that cannot be moved.
import { once } from 'node:events'
import net from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { decodeConfig } from './config.ts'
import { launchWorkers } from './worker-launch.ts'
import { WorkerThread } from './worker-thread.ts'

const crashing = new URL('./crashing.fixture.ts', import.meta.url)
const order = { source: '', worker: 0, workers: 1, sharedPort: null }

let said = ''
beforeEach(() => {
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    said += text
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

test('a thread that breaks ends alone, says why, and is replaced each time', async () => {
  const config = await decodeConfig(
    { upstreams: [{ id: 'o0', host: '127.0.0.1', port: 9 }], listen: { port: 0 } },
    'test',
  )
  const threads: WorkerThread[] = []
  const proxy = await launchWorkers({
    config,
    source: '',
    workers: 1,
    accept: 'round-robin',
    model: 'threads',
    start(order) {
      threads.push(new WorkerThread(order, 4, crashing))
      return threads.at(-1)!
    },
  })
  for (const time of [1, 2]) {
    const client = net.connect(proxy.port, '127.0.0.1').on('error', () => {})
    expect(await threads.at(-1)!.ended).toBe('broken on purpose')
    await threads[time]!.ready
    expect(proxy.takeStatistics().counters.workersReplaced).toBe(time)
    client.destroy()
  }
  expect(said).toMatch(/Error: broken on purpose\n +at /)
  expect(said).toMatch(/windtunnel: worker 0 died \(broken on purpose\); another one takes its place\n/)
  await proxy.drain()
  expect(threads).toHaveLength(3)
})

test('a thread that ends before it serves is an error', async () => {
  const thread = new WorkerThread(order, 4, new URL('data:text/javascript,process.exit(7)'))
  await expect(thread.ready).rejects.toThrow('worker 0 could not start (status 7)')
})

test('a connection whose client is gone is closed and not counted', async () => {
  const thread = new WorkerThread(order, 4, crashing)
  await thread.ready
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  socket.destroy()
  thread.give(socket)
  expect(thread.connections).toBe(0)
  server.close()
  await thread.stop()
  expect(await thread.ended).toBe('status 0')
})
