// The proxy over real sockets, spoken to by curl, by Node's client and by hand: framing, headers, keep-alive, pipelining.
import { execFile } from 'node:child_process'
import http from 'node:http'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataEvents } from '../../proxy/downstream/shared-read.ts'
import { hostileRequests } from './hostile-requests.ts'
import { exchange, openTunnel, RawClient, statusOf, type Tunnel } from './tunnel.ts'

const run = promisify(execFile)
const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
)
if (!hasCurl) console.warn('skipped: curl is not installed, so the proxy is not tried with it (apt-get install curl)')

let tunnel: Tunnel
let url: string
beforeAll(async () => {
  tunnel = await openTunnel({ config: { limits: { maxBodyBytes: 4_000_000 } } })
  url = `http://127.0.0.1:${tunnel.port}`
})
afterAll(() => tunnel.close())

describe.skipIf(!hasCurl)('curl', () => {
  const curl = async (...words: string[]) =>
    (await run('curl', ['-s', '-i', '--max-time', '20', ...words], { maxBuffer: 1e8 })).stdout

  test('a GET is forwarded with Via and X-Forwarded headers and without hop-by-hop ones', async () => {
    const answer = await curl(
      '-H',
      'Connection: x-secret',
      '-H',
      'X-Secret: 1',
      '-H',
      'Keep-Alive: 5',
      `${url}/a?echo=1`,
    )
    expect(statusOf(answer)).toBe(200)
    expect(answer).toMatch(/GET \/a\?echo=1 HTTP\/1\.1\r\n/)
    expect(answer).toMatch(/x-forwarded-for: 127\.0\.0\.1/i)
    expect(answer).toMatch(/x-forwarded-proto: http\r/i)
    expect(answer).toMatch(/x-forwarded-host: 127\.0\.0\.1:\d+/i)
    expect(answer.match(/via: 1\.1 windtunnel/gi)).toHaveLength(2)
    expect(answer).not.toMatch(/x-secret|keep-alive: 5/i)
  })

  test('uploads with Content-Length, in chunks and after 100-continue arrive whole', async () => {
    const body = 'x'.repeat(300_000)
    for (const extra of [[], ['-H', 'Transfer-Encoding: chunked'], ['-H', 'Expect: 100-continue']]) {
      const answer = await curl(...extra, '--data-binary', body.slice(0, 100_000), `${url}/?echo=1`)
      expect(answer.match(/x/g)!.length).toBeGreaterThanOrEqual(100_000)
    }
  })

  test('HEAD, 204 and 304 have no body and leave the connection usable', async () => {
    const answer = await curl(
      '-I',
      `${url}/?bytes=5000`,
      '--next',
      '-s',
      '-i',
      `${url}/?status=204`,
      '--next',
      '-s',
      '-i',
      `${url}/?status=304`,
      '--next',
      '-s',
      '-i',
      url,
    )
    expect(answer.match(/HTTP\/1\.1 (\d+)/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 204', 'HTTP/1.1 304', 'HTTP/1.1 200'])
    expect(answer).toMatch(/content-length: 5000/i)
  })

  test('an HTTP/1.0 client gets a chunked response without chunks', async () => {
    const answer = await curl('--http1.0', `${url}/?chunked=1&bytes=100000`)
    expect(answer).not.toMatch(/transfer-encoding/i)
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(100_000)
  })

  test('a large response arrives whole, with a length and in chunks', async () => {
    for (const query of ['bytes=20000000', 'bytes=20000000&chunked=1', 'bytes=20000000&close=1']) {
      const { stdout } = await run('curl', [
        '-s',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code} %{size_download}',
        `${url}/?${query}`,
      ])
      expect(stdout).toBe('200 20000000')
    }
  })
})

describe("Node's client", () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  afterAll(() => agent.destroy())

  function ask(path: string, options: http.RequestOptions = {}, body?: string) {
    return new Promise<{ response: http.IncomingMessage; body: string; hints: number }>((resolve, reject) => {
      let hints = 0
      const request = http.request(`${url}${path}`, { agent, ...options }, response => {
        let text = ''
        response.on('data', chunk => (text += chunk)).on('error', reject)
        response.on('end', () => resolve({ response, body: text, hints }))
      })
      request.on('information', () => hints++).on('error', reject)
      request.end(body)
    })
  }

  test('many requests of every kind share one connection to the client and one to the origin', async () => {
    const before = tunnel.origins.ledger().connectionsOpened
    const accepted = tunnel.proxy.counters.connectionsAccepted
    for (let i = 0; i < 40; i++) {
      const { response, body } = await ask(
        i % 2 ? '/?chunked=1&bytes=70000' : '/?echo=1',
        { method: 'POST' },
        'y'.repeat(i * 1000),
      )
      expect(response.statusCode).toBe(200)
      if (i % 2) expect(body.length).toBe(70_000)
      else expect(body.endsWith('y'.repeat(i * 1000))).toBe(true)
    }
    expect(tunnel.proxy.counters.connectionsAccepted - accepted).toBe(1)
    expect(tunnel.origins.ledger().connectionsOpened - before).toBeLessThanOrEqual(1)
  })

  test('trailers and interim responses are passed on', async () => {
    const { response } = await ask('/?trailers=1')
    expect(Object.keys(response.trailers).length).toBeGreaterThan(0)
    expect((await ask('/?hints=1')).hints).toBe(1)
  })

  test("the origin's statuses are passed on as they are", async () => {
    for (const status of [200, 301, 404, 500, 503]) {
      expect((await ask(`/?status=${status}`)).response.statusCode).toBe(status)
    }
  })
})

describe('by hand', () => {
  test('pipelined requests are answered one by one, in order', async () => {
    const client = new RawClient(tunnel.port)
    const paths = Array.from({ length: 20 }, (_, i) => `/p${i}?echo=1`)
    client.send(paths.map(path => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
    await client.receives(received => received.includes('/p19?echo=1'))
    expect([...client.received.matchAll(/GET (\/p\d+\?echo=1) /g)].map(match => match[1])).toEqual(paths)
    client.socket.destroy()
  })

  test('pipelined requests with bodies survive being sent a byte at a time', async () => {
    const client = new RawClient(tunnel.port)
    const bytes =
      'POST /?echo=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst' +
      'POST /?echo=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n' +
      'GET /last?echo=1 HTTP/1.1\r\nHost: a\r\n\r\n'
    client.socket.setNoDelay(true)
    for (const byte of bytes) {
      client.send(byte)
      await new Promise(setImmediate)
    }
    await client.receives(/\/last\?echo=1/)
    expect(client.received).toMatch(/first.*second.*\/last/s)
    client.socket.destroy()
  })

  test('a long line of pipelined errors does not overflow the stack, and the last is answered', async () => {
    const strict = await openTunnel({ config: { routes: [{ prefix: '/only', upstreams: ['o0'] }] } })
    const client = new RawClient(strict.port)
    client.send(`${'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5000)}GET /only HTTP/1.1\r\nHost: a\r\n\r\n`)
    await client.receives(/ 200 /)
    expect(client.received.match(/ 404 Not Found\r\n/g)).toHaveLength(5000)
    client.socket.destroy()
    await strict.close()
  })

  test.each([
    ['serve', 200],
    ['abort', 0],
  ])('a half-closed client, halfClosedClients=%s', async (halfClosedClients, status) => {
    const own = await openTunnel({ config: { halfClosedClients } })
    const client = new RawClient(own.port)
    client.socket.end('GET /?delay=20 HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.closed
    expect(statusOf(client.received)).toBe(status)
    await own.close()
  })

  test('HTTP/1.0 keep-alive is honoured, and its absence too', async () => {
    const client = new RawClient(tunnel.port).send('GET /one HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n')
    await client.receives(/\r\n\r\n.{10}$/s)
    expect(client.received).toMatch(/connection: keep-alive/i)
    client.send('GET /two HTTP/1.0\r\nHost: a\r\n\r\n')
    await client.closed
    expect(client.received.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
  })

  test('a body above the limit is refused: announced before anything is sent, in chunks when it is reached', async () => {
    const before = tunnel.origins.ledger().requests
    expect(statusOf(await exchange(tunnel.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000001\r\n\r\n'))).toBe(
      413,
    )
    expect(tunnel.origins.ledger().requests).toBe(before)
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const client = new RawClient(tunnel.port).send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let i = 0; i < 70; i++) client.send(chunk)
    await client.receives(/ 413 /)
    client.socket.destroy()
  })

  test('an invalid chunk is answered with 400 and the origin never sees a whole request', async () => {
    const answer = await exchange(
      tunnel.port,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n',
    )
    expect(statusOf(answer)).toBe(400)
  })
})

describe.each([
  ['shared reads', undefined],
  ["'data' events", dataEvents],
])('hostile requests over sockets, %s', (_name, adapter) => {
  let own: Tunnel
  beforeAll(async () => {
    own = await openTunnel(adapter ? { adapter } : {})
  })
  afterAll(() => own.close())

  test('each is refused with its status, the connection closes, and nothing reaches an origin', async () => {
    expect(hostileRequests.length).toBeGreaterThan(40)
    for (const { name, bytes, status } of hostileRequests) {
      const answer = await exchange(own.port, bytes)
      expect([name, statusOf(answer)]).toEqual([name, status])
      expect([name, answer.match(/HTTP\/1\.1 /g)?.length]).toEqual([name, 1])
    }
    expect(own.origins.ledger().connectionsOpened).toBe(0)
    expect(own.reasons()).toHaveLength(hostileRequests.length)
    for (const reason of own.reasons()) expect(reason.length).toBeGreaterThan(5)
  })
})
