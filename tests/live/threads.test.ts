// Threads over sockets: a connection that was moved to a thread carries large bodies whole, and the counts come back.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startOrigins } from '../../fault-injection/origin.ts'
import { readConfig } from '../../proxy/config.ts'
import { launch } from '../../proxy/threading.ts'
import { eventually, RawClient } from './tunnel.ts'

const bytes = 1_000_000

test('a moved connection carries large answers whole; each thread takes its turn and reports', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
  const origins = await startOrigins({ count: 1, service: 'fixed:ms=0', responseBytes: bytes }, 1, null)
  const file = join(dir, 'config.json')
  const upstreams = [{ id: 'o0', host: '127.0.0.1', port: origins.ports[0] }]
  writeFileSync(
    file,
    JSON.stringify({ upstreams, listen: { port: 0 }, threading: 'threads:workers=2,accept=round-robin' }),
  )
  const proxy = await launch(await readConfig(file), file)
  const clients = Array.from({ length: 4 }, () => new RawClient(proxy.port))
  for (const client of clients) {
    for (const time of [1, 2]) {
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await eventually(() => client.received.length > time * bytes)
    }
    expect(client.received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  }
  await eventually(() => proxy.takeStatistics().counters.requests === 8)
  expect(proxy.takeStatistics().counters).toMatchObject({
    'worker0.connectionsAccepted': 2,
    'worker1.connectionsAccepted': 2,
    'worker0.requests': 4,
    'worker1.requests': 4,
    workersReplaced: 0,
  })
  for (const client of clients) client.socket.destroy()
  await proxy.drain()
  await origins.close()
  rmSync(dir, { recursive: true })
})
