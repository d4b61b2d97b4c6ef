// Bodies over sockets under every buffering policy: byte for byte what was sent, held no longer and no larger than the
// policy says, and nothing left behind, whoever leaves and whenever.
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually, openTunnel, RawClient, statusOf, type Tunnel } from './tunnel.ts'

const policies = [
  'streaming',
  'one-buffer',
  'one-buffer:waitFor=body',
  'full-request:maxBytes=8000000',
  'full-response',
  'full-response:maxBytes=16000000,flushBytes=16000000',
  'spool:memoryBytes=100000',
  'spool:memoryBytes=1,flushBytes=1',
]

/** Bytes that say where they belong: a shift, a loss or a repetition changes the digest. */
function pattern(bytes: number): Buffer {
  const all = Buffer.alloc(bytes)
  for (let at = 0; at + 4 <= bytes; at += 4) all.writeUInt32LE((at * 2654435761) >>> 0, at)
  return all
}
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** What an origin has seen. */
interface Seen {
  requests: number
  /** Answers that have been written to the end. */
  finished: number
  expects: (string | undefined)[]
}

let origin: http.Server
let originPort = 0
let seen: Seen
let spoolDirectory: string
let tunnel: Tunnel
/** How often the next requests are cut off after their body before one is answered. */
let failures = 0

/** Answers a body with its length and digest, `GET /<bytes>` with so many bytes (`/chunked/<bytes>`: in chunks). */
function serve(request: http.IncomingMessage, response: http.ServerResponse): void {
  seen.requests++
  seen.expects.push(request.headers.expect)
  response.on('finish', () => seen.finished++)
  if (request.url === '/early') response.writeHead(418, { 'content-length': '0' }).end()
  else if (request.method === 'GET' || request.method === 'HEAD') answer(request, response)
  else receive(request, response)
}

function receive(request: http.IncomingMessage, response: http.ServerResponse): void {
  const hash = createHash('sha256')
  let length = 0
  request.on('error', () => {})
  request.on('data', (bytes: Buffer) => {
    hash.update(bytes)
    length += bytes.length
  })
  request.on('end', () => {
    const trailer = request.trailers['x-last'] ?? 'none'
    if (failures-- > 0) request.socket.destroy()
    else response.end(`${length} ${hash.digest('hex')} ${trailer}`)
  })
}

function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  const [, kind, bytes] = /^\/(?:(\w+)\/)?(\d+)/.exec(request.url!)!
  const body = pattern(Number(bytes))
  if (kind === 'events') {
    const { searchParams } = new URL(request.url!, 'http://a')
    const accel = searchParams.get('accel')
    response.writeHead(200, { 'content-type': 'text/event-stream', ...(accel ? { 'X-Accel-Buffering': accel } : {}) })
    response.write('data: first\n\n')
    endEvents = () => response.end('data: last\n\n')
    return
  }
  if (kind === 'chunked') response.setHeader('trailer', 'x-last')
  else response.setHeader('content-length', body.length)
  if (kind === 'hinted') response.writeEarlyHints({ link: '</a>; rel=preload' })
  if (kind === 'broken') {
    response.write(body.subarray(0, body.length >> 1))
    endEvents = () => request.socket.resetAndDestroy()
    return
  }
  if (kind === 'chunked') response.addTrailers({ 'x-last': 'here' })
  response.end(body)
}
let endEvents: () => void
/** Sockets that a test may leave open. */
const clients: net.Socket[] = []

beforeAll(async () => {
  origin = http.createServer(serve)
  await new Promise<void>(resolve => origin.listen(0, '127.0.0.1', resolve))
  originPort = (origin.address() as net.AddressInfo).port
})
afterAll(() => {
  origin.closeAllConnections()
  origin.close()
})

async function open(buffering: string, config: Record<string, unknown> = {}): Promise<void> {
  seen = { requests: 0, finished: 0, expects: [] }
  failures = 0
  spoolDirectory = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
  tunnel = await openTunnel({ ports: [originPort], config: { buffering, spoolDirectory, ...config } })
}

/** Whatever happened in a test: nothing is held, no file is open, no request counts, and the directory is gone. */
afterEach(async () => {
  const { counters, upstreams } = tunnel.proxy
  for (const client of clients.splice(0)) client.destroy()
  await eventually(() => counters.connectionsOpen === 0)
  await tunnel.close()
  expect({ held: counters.heldBytes, files: counters.spoolFilesOpen }).toEqual({ held: 0, files: 0 })
  expect(upstreams.map(upstream => upstream.inFlight)).toEqual([0])
  const left = readdirSync(spoolDirectory)
  rmSync(spoolDirectory, { recursive: true })
  expect(left).toEqual([])
})

function ask(path: string, body?: Buffer, headers: http.OutgoingHttpHeaders = {}, method?: string) {
  return new Promise<{
    status: number
    headers: http.IncomingHttpHeaders
    trailers: NodeJS.Dict<string>
    body: Buffer
  }>((resolve, reject) => {
    const options = { port: tunnel.port, path, method: method ?? (body ? 'PUT' : 'GET'), headers, agent: false }
    const request = http.request(options, response => {
      const pieces: Buffer[] = []
      response.on('data', piece => pieces.push(piece)).on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, trailers } = response
        resolve({ status, headers: response.headers, trailers, body: Buffer.concat(pieces) })
      })
    })
    request.on('error', reject)
    if (headers['transfer-encoding']) request.addTrailers({ 'x-last': 'here' })
    request.end(body)
  })
}

/** A client that asks and does not read. */
function stuckClient(text: string): net.Socket {
  const socket = net.connect(tunnel.port, '127.0.0.1').pause()
  clients.push(socket)
  socket.on('error', () => {})
  socket.write(text)
  return socket
}
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

/** Reads until the connection has given `bytes` of body after its head; returns the body. */
function readBody(socket: net.Socket, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  let bodyFrom = -1
  return new Promise((resolve, reject) => {
    socket.on('close', () => reject(new Error(`closed after ${size} bytes`)))
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece)
      size += piece.length
      if (bodyFrom < 0) bodyFrom = Buffer.concat(pieces).indexOf('\r\n\r\n') + 4
      if (size - bodyFrom >= bytes) resolve(Buffer.concat(pieces).subarray(bodyFrom, bodyFrom + bytes))
    })
    socket.resume()
  })
}

describe.each(policies)('%s', policy => {
  test('bodies arrive as they were sent, in both framings and both directions', async () => {
    await open(policy)
    for (const size of [1, 1000, 70_000, 3_000_001]) {
      const body = pattern(size)
      const sent = `${size} ${digest(body)}`
      expect(`${(await ask('/', body)).body}`).toBe(`${sent} none`)
      const chunked = await ask('/', body, { 'transfer-encoding': 'chunked', trailer: 'x-last' })
      expect(`${chunked.body}`).toBe(`${sent} here`)
      expect(digest((await ask(`/${size}`)).body)).toBe(digest(body))
      const inChunks = await ask(`/chunked/${size}`)
      expect([digest(inChunks.body), inChunks.trailers['x-last']]).toEqual([digest(body), 'here'])
    }
  })

  test('one connection carries uploads, downloads and bodiless answers in turn, pipelined', async () => {
    await open(policy)
    const client = new RawClient(tunnel.port)
    const put = `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`
    client.send(put + get('/300000') + `HEAD /300000 HTTP/1.1\r\nHost: a\r\n\r\n` + get('/hinted/9') + put)
    await client.receives(received => received.split('HTTP/1.1 200').length === 6 && /none$/.test(received))
    expect(client.received).toContain('HTTP/1.1 103 Early Hints')
    expect(client.received.split(`5 ${digest(Buffer.from('hello'))} none`)).toHaveLength(3)
    client.socket.destroy()
  })

  test.each(['/3000000', '/chunked/3000000'])('a client that leaves within %s leaves nothing', async path => {
    await open(policy)
    const client = stuckClient(get(path))
    await eventually(() => seen.requests === 1)
    client.destroy()
  })

  test.each([
    ['a length', 'Content-Length: 3000000\r\n\r\n'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n'],
  ])('a client that leaves within an upload with %s leaves nothing', async (_, framing) => {
    await open(policy)
    const client = stuckClient(`PUT / HTTP/1.1\r\nHost: a\r\n${framing}`)
    client.write(pattern(200_000))
    await eventually(() => tunnel.proxy.counters.requests === 1)
    client.destroy()
  })

  test('an origin that breaks off is never taken for complete', async () => {
    await open(policy)
    const client = new RawClient(tunnel.port).send(get('/broken/200000'))
    await client.receives(/HTTP\/1\.1 200/)
    endEvents()
    expect(await client.closed).toBe('reset')
    expect(client.received.length).toBeLessThan(150_000)
  })

  test('a body that is not valid gets 400', async () => {
    await open(policy)
    const client = new RawClient(tunnel.port)
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngoodnonsense')
    await client.receives(/HTTP\/1\.1 \d/)
    expect(statusOf(client.received)).toBe(400)
    client.socket.destroy()
  })
})

describe('a client that does not read', () => {
  const large = 24_000_000

  test.each(['full-response:maxBytes=64000000', 'spool:memoryBytes=200000'])(
    '%s: the origin is free, and the client gets it all later',
    async policy => {
      await open(policy)
      const client = stuckClient(get(`/${large}`))
      await eventually(() => tunnel.proxy.upstreams[0]!.inFlight === 0 && seen.finished === 1)
      expect(tunnel.proxy.stalledClients).toBe(1)
      const { counters } = tunnel.proxy
      if (policy.startsWith('spool')) {
        expect(counters.heldPeakBytes).toBeLessThan(600_000)
        expect(counters.spooledBytes).toBeGreaterThan(large / 2)
        expect(counters.spoolFilesOpen).toBe(1)
      } else expect(counters.heldPeakBytes).toBeGreaterThan(large / 2)
      // The connection that is free serves somebody else.
      expect((await ask('/10')).status).toBe(200)
      expect(counters.upstreamDials).toBe(1)
      expect(digest(await readBody(client, large))).toBe(digest(pattern(large)))
      client.destroy()
    },
  )

  test.each([
    ['streaming', 200_000],
    ['one-buffer', 200_000],
    ['full-response:maxBytes=1000000', 1_300_000],
    ['spool:memoryBytes=100000,maxFileBytes=1000000', 500_000],
    ['full-response:maxBytes=64000000,totalBytes=500000', 700_000],
  ])('%s: beyond its bound the origin waits, and the client gets it all later', async (policy, memoryAtMost) => {
    await open(policy)
    const client = stuckClient(get(`/${large}`))
    await eventually(() => tunnel.proxy.stalledClients === 1)
    // Whatever could still be read is here when somebody else has been served over the same loop.
    expect((await ask('/3000000')).body.length).toBe(3_000_000)
    expect(seen.finished).toBe(1)
    expect(tunnel.proxy.upstreams[0]!.inFlight).toBe(1)
    expect(tunnel.proxy.counters.heldPeakBytes).toBeLessThan(memoryAtMost)
    expect(digest(await readBody(client, large))).toBe(digest(pattern(large)))
    client.destroy()
  })

  test('is cut off after writeIdleMs although its origin has long gone', async () => {
    await open('full-response:maxBytes=64000000', { timeouts: { writeIdleMs: 200 } })
    const client = stuckClient(get(`/${large}`))
    await eventually(() => seen.finished === 1)
    await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
    client.destroy()
  })
})

describe('an upload that is collected', () => {
  test.each(['full-request', 'spool', 'one-buffer:waitFor=body'])('%s: no origin hears of it before', async policy => {
    await open(policy)
    const client = new RawClient(tunnel.port).send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello ')
    await eventually(() => tunnel.proxy.counters.heldBytes === 6)
    expect(tunnel.proxy.counters.upstreamDials).toBe(0)
    client.send('world')
    await client.receives(/none$/)
    expect(client.received).toContain(digest(Buffer.from('hello world')))
    client.socket.destroy()
  })

  test('one-buffer waits only for as much as fits', async () => {
    await open('one-buffer:waitFor=body')
    const client = new RawClient(tunnel.port)
    client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(20_000)}`)
    await eventually(() => seen.requests === 1)
    client.socket.destroy()
  })

  test.each(['full-request', 'spool', 'one-buffer:waitFor=body'])(
    '%s: a client that waits for 100 Continue gets it from us, and the origin is not asked',
    async policy => {
      await open(policy)
      const client = new RawClient(tunnel.port)
      client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
      await client.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
      client.send('hello')
      await client.receives(/none$/)
      expect(seen.expects).toEqual([undefined])
      expect(client.received.match(/HTTP\/1\.1 /g)).toHaveLength(2)
      client.socket.destroy()
    },
  )

  test('times out like any other', async () => {
    await open('full-request', { timeouts: { bodyIdleMs: 100 } })
    const client = new RawClient(tunnel.port).send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello ')
    await client.closed
    expect(statusOf(client.received)).toBe(408)
    expect(seen.requests).toBe(0)
  })

  test.each([
    ['full-request:maxBytes=1000', 'Content-Length: 1001\r\n\r\n', 413],
    ['full-request:maxBytes=1000', `Transfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}`, 413],
    ['spool:memoryBytes=10,maxFileBytes=1000', 'Content-Length: 1001\r\n\r\n', 413],
    ['spool:memoryBytes=10,maxFileBytes=1000', `Transfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}`, 413],
    ['full-request:totalBytes=1000', `Content-Length: 2000\r\n\r\n${'x'.repeat(1500)}`, 503],
    ['spool:memoryBytes=10,totalFileBytes=1000', `Content-Length: 2000\r\n\r\n${'x'.repeat(1500)}`, 503],
  ])('%s refuses what does not fit', async (policy, rest, status) => {
    await open(policy)
    const client = new RawClient(tunnel.port).send(`PUT / HTTP/1.1\r\nHost: a\r\n${rest}`)
    await client.receives(/HTTP\/1\.1 \d/)
    expect(statusOf(client.received)).toBe(status)
    expect(seen.requests).toBe(0)
    client.socket.destroy()
  })

  test('an origin that answers before it has the body is heard, and the rest is thrown away', async () => {
    await open('one-buffer')
    const client = new RawClient(tunnel.port)
    client.send(`PUT /early HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n`)
    client.socket.write(pattern(3_000_000))
    await client.receives(/HTTP\/1\.1 418/)
    client.socket.destroy()
  })
})

describe('a held request and retries', () => {
  const retries = { retries: 'budgeted:attempts=3,baseMs=1,maxMs=1,perSecond=1000' }

  test.each([
    ['full-request', 100_000],
    ['spool:memoryBytes=1000', 300_000],
    ['one-buffer', 10_000],
    ['one-buffer:waitFor=body', 10_000],
  ])('%s: a body of %i bytes is sent again when the origin has failed', async (policy, size) => {
    await open(policy, retries)
    failures = 2
    const { status, body } = await ask('/', pattern(size))
    expect([status, `${body}`]).toEqual([200, `${size} ${digest(pattern(size))} none`])
    expect([seen.requests, tunnel.proxy.counters.retries]).toEqual([3, 2])
  })

  test.each([
    ['streaming', 10_000],
    ['one-buffer', 300_000],
  ])('%s: a body of %i bytes is not', async (policy, size) => {
    await open(policy, retries)
    failures = 1
    expect((await ask('/', pattern(size))).status).toBe(502)
    expect(seen.requests).toBe(1)
  })
})

describe('an event stream', () => {
  const first = /data: first/

  test('streaming and one-buffer pass each event on; full-response and spool wait for more', async () => {
    for (const [policy, passes] of [
      ['streaming', true],
      ['one-buffer', true],
      ['full-response', false],
      ['spool', false],
      ['full-response:flushBytes=1', true],
    ] as const) {
      await open(policy)
      const client = new RawClient(tunnel.port).send(get('/events/0'))
      await client.receives(passes ? first : /\r\n\r\n/)
      if (!passes) await eventually(() => tunnel.proxy.counters.heldBytes > 0)
      expect([policy, first.test(client.received)]).toEqual([policy, passes])
      endEvents()
      await client.receives(/data: first\n\n.*data: last\n\n.*\r\n0\r\n\r\n$/s)
      client.socket.destroy()
      await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
      if (policy !== 'full-response:flushBytes=1') await tunnel.close()
    }
  })

  test.each(['full-response', 'spool'])('%s passes it on when the origin says X-Accel-Buffering: no', async policy => {
    await open(policy)
    const client = new RawClient(tunnel.port).send(get('/events/0?accel=no'))
    await client.receives(first)
    endEvents()
    await client.receives(/data: last/)
    client.socket.destroy()
  })
})

describe('temporary files', () => {
  test('lie unnamed in a directory that is ours alone', async () => {
    await open('spool:memoryBytes=10')
    const client = new RawClient(tunnel.port).send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n`)
    client.send('x'.repeat(1500))
    await eventually(() => tunnel.proxy.counters.spooledBytes > 0)
    const [directory] = readdirSync(spoolDirectory)
    expect(statSync(join(spoolDirectory, directory!)).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(spoolDirectory, directory!))).toEqual([])
    client.socket.destroy()
  })

  test('that cannot be made end the exchange, and no other', async () => {
    await open('spool:memoryBytes=10,bodies=requests', { spoolDirectory: join(spoolDirectory, 'missing') })
    const client = new RawClient(tunnel.port).send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n`)
    client.send('x'.repeat(1500))
    await client.receives(/HTTP\/1\.1 500/)
    client.socket.destroy()
    expect((await ask('/10')).status).toBe(200)
    expect(tunnel.reasons()).toEqual([expect.stringContaining('the temporary file failed')])
  })
})
