import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { uniformAt } from '../core/random.ts'
import { RequestLog } from '../core/request-log.ts'
import type { OriginPlan } from '../core/scenario.ts'
import { type Origins, startOrigins } from './origin.ts'
import { placeFaults } from './origin-plan.ts'

let origins: Origins
let agent: Agent
const log = new RequestLog(10)
beforeEach(async () => {
  origins = await startOrigins({ count: 2, service: 'fixed', responseBytes: 100 }, 1, log)
  agent = new Agent({ keepAlive: true, maxSockets: 1 })
})
afterEach(async () => {
  agent.destroy()
  await origins.close()
})

interface Answer {
  readonly response: IncomingMessage
  readonly body: string
}

/** Asks through Node's own client, which is strict about framing. */
async function ask(path: string, options: RequestOptions = {}, body: string | null = null): Promise<Answer> {
  const request = httpRequest({ host: '127.0.0.1', port: origins.ports[0], path, agent, ...options })
  // A reset in the middle of the body reaches the reader of the response; the request tells of it as well.
  request.on('error', () => {})
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const piece of response) text += String(piece)
  return { response, body: text }
}

/** Sends `text` as it is and reads until the origin closes. */
async function exchange(text: string): Promise<string> {
  const socket = connect(origins.ports[0]!, '127.0.0.1')
  socket.write(text)
  let received = ''
  for await (const piece of socket) received += String(piece)
  return received
}

describe('answers, to a strict client', () => {
  test('plain, on one kept-alive connection', async () => {
    for (let k = 0; k < 3; k++) {
      const { response, body } = await ask('/')
      expect(response.statusCode).toBe(200)
      expect(body).toHaveLength(100)
    }
    expect(origins.ledger()).toMatchObject({ connectionsOpened: 1, requests: 3, requestsNotHonest: 3, inFlightPeak: 1 })
    expect(origins.perOrigin()).toEqual([
      { requests: 3, connectionsOpened: 1, inFlightPeak: 1 },
      { requests: 0, connectionsOpened: 0, inFlightPeak: 0 },
    ])
  })

  test.each([0, 1, 65_536, 65_537, 3_000_000])('?bytes=%i, by length, in chunks and up to the close', async bytes => {
    for (const way of ['', '&chunked=1', '&trailers=1', '&close=1']) {
      const { response, body } = await ask(`/?bytes=${bytes}${way}`)
      expect(body.length).toBe(bytes)
      if (way === '&trailers=1') expect(response.trailers).toEqual({ 'x-trailer': 'end' })
    }
  })

  test('?status, HEAD, 204, ?hints', async () => {
    expect((await ask('/?status=503')).response.statusCode).toBe(503)
    expect((await ask('/?status=204')).response.headers['content-length']).toBeUndefined()
    const head = await ask('/?bytes=5000000', { method: 'HEAD' })
    expect(head.response.headers['content-length']).toBe('5000000')
    expect(head.body).toBe('')
    expect((await ask('/?hints=1')).body).toHaveLength(100)
    expect(origins.ledger().connectionsOpened).toBe(1)
  })

  test('?echo gives back head and body, by length and in chunks', async () => {
    const plain = await ask('/?echo=1', { method: 'POST', headers: { 'content-length': 5, 'x-a': 'b' } }, 'hello')
    expect(plain.body).toMatch(/^POST \/\?echo=1 HTTP\/1\.1\r\n[\s\S]*x-a: b\r\n[\s\S]*hello$/)
    const chunked = await ask('/?echo=1', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, 'hello')
    expect(chunked.body).toMatch(/hello$/)
    expect(origins.ledger()).toMatchObject({ requestBodyBytes: 10, connectionsOpened: 1, requestsMalformed: 0 })
  })

  test('100 Continue when it is asked for', async () => {
    const request = httpRequest({
      host: '127.0.0.1',
      port: origins.ports[0],
      method: 'PUT',
      agent,
      headers: { expect: '100-continue', 'content-length': 2 },
    })
    request.flushHeaders()
    await once(request, 'continue')
    request.end('ok')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(200)
  })

  test('?cut and ?reset break off where they say', async () => {
    const get = (target: string) => exchange(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect(await get('/?cut=10')).toMatch(/content-length: 100\r\nconnection: close\r\n\r\n.{10}$/s)
    expect(await get('/?cut=10&chunked=1')).toMatch(/\r\n\r\na\r\n.{10}\r\n$/s)
    expect(await get('/?cut=head')).toBe('')
    await expect(ask('/?reset=10')).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(ask('/?reset=head')).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(ask('/?bytes=3000000&reset=2000000')).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})

describe('requests', () => {
  test('pipelined ones are answered in order, also when the first takes longer', async () => {
    const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
    const received = await exchange(
      get('/?status=404&delay=20') + get('/?status=500') + get('/?status=503', 'Connection: close\r\n'),
    )
    expect([...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(match => match[1])).toEqual(['404', '500', '503'])
  })

  test('arrive byte by byte', async () => {
    const socket = connect({ port: origins.ports[0]!, host: '127.0.0.1', noDelay: true })
    const answered = once(socket, 'data')
    for (const byte of 'GET / HTTP/1.1\r\nHost: a\r\n\r\n') await new Promise(resolve => socket.write(byte, resolve))
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 200/)
    socket.destroy()
  })

  test('malformed ones are refused and counted, and their connection closed', async () => {
    expect(await exchange('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n')).toMatch(/400/)
    expect(await exchange('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')).toMatch(/400/)
    expect(await exchange(`GET / HTTP/1.1\r\nHost: ${'a'.repeat(70_000)}`)).toMatch(/400/)
    expect(origins.ledger()).toMatchObject({ requestsMalformed: 3, requests: 1 })
  })

  test('of the generator leave their stamps in the log', async () => {
    await ask('/?delay=3', { headers: { 'x-request-index': 4 } })
    expect(log.originInAt[4]).toBeGreaterThan(0)
    expect(log.originOutAt[4]!).toBeGreaterThan(log.originInAt[4]!)
    expect(log.originInAt[5]).toBe(0)
    await ask('/', { headers: { 'x-request-index': 4_000_000 } })
    expect(origins.ledger().requestsNotHonest).toBe(0)
  })

  test('connections without a request are told apart, open or closed', async () => {
    const silent = connect(origins.ports[0]!, '127.0.0.1')
    const partial = connect(origins.ports[1]!, '127.0.0.1')
    partial.write('GET / HTTP/1.1\r\nHost: a\r\n')
    await ask('/')
    await expect.poll(() => origins.ledger().connectionsOpened).toBe(3)
    expect(origins.ledger()).toMatchObject({ connectionsWithoutRequest: 2, connectionsOpen: 3 })
    silent.destroy()
    partial.destroy()
    await expect.poll(() => origins.ledger().connectionsOpen).toBe(1)
    expect(origins.ledger()).toMatchObject({ connectionsWithoutRequest: 2, connectionsOpenPeak: 3 })
  })

  test('a client that leaves during the service is no longer in flight', async () => {
    const socket = connect(origins.ports[0]!, '127.0.0.1')
    socket.write('GET /?delay=60000 HTTP/1.1\r\nHost: a\r\n\r\n')
    await expect.poll(() => origins.ledger().requests).toBe(1)
    socket.destroy()
    await expect.poll(() => origins.ledger().connectionsOpen).toBe(0)
    await ask('/')
    expect(origins.ledger().inFlightPeak).toBe(1)
  })
})

test('a service time belongs to its request: it is the law at the draw of that number', async () => {
  const slow = await startOrigins({ count: 1, service: 'exponential:meanMs=4', responseBytes: 1 }, 9, log)
  const rows = [6, 7, 8]
  for (const row of rows) await ask('/', { port: slow.ports[0], headers: { 'x-request-index': row } })
  await slow.close()
  for (const row of rows) {
    const drawnMs = -Math.log1p(-uniformAt(9, 'service/o0', row)) * 4
    // Timers may fire up to a millisecond early, and as late as the machine likes.
    expect(log.originOutAt[row]! - log.originInAt[row]!).toBeGreaterThan(Math.round(drawnMs) - 1.001)
  }
})

describe('origins that differ', () => {
  const start = (plan: Partial<OriginPlan>) =>
    startOrigins({ count: 2, service: 'fixed', responseBytes: 1, ...plan }, 1, log)

  test('have their own service time, and the log says which saw a request', async () => {
    const two = await start({ each: { 1: { service: 'fixed:ms=30' } } })
    for (const origin of [0, 1]) await ask('/', { port: two.ports[origin], headers: { 'x-request-index': origin } })
    await two.close()
    expect([...log.origin.slice(0, 2)]).toEqual([0, 1])
    expect(log.originOutAt[1]! - log.originInAt[1]!).toBeGreaterThan(29)
  })

  test('with one slot the second request waits for the first, and for nothing when the first has left', async () => {
    const one = await start({ slots: 1 })
    const held = connect(one.ports[0]!, '127.0.0.1')
    held.write('GET /?delay=60000 HTTP/1.1\r\nHost: a\r\n\r\n')
    await expect.poll(() => one.ledger().requests).toBe(1)
    const waiting = ask('/', { port: one.ports[0] })
    await expect.poll(() => one.perOrigin()[0]!.inFlightPeak).toBe(2)
    // The other origin has a slot of its own.
    expect((await ask('/', { port: one.ports[1] })).response.statusCode).toBe(200)
    held.destroy()
    expect((await waiting).response.statusCode).toBe(200)
    await one.close()
  })

  test('a fault strikes its origin during its phase and no other', async () => {
    const broken = await start({ count: 3 })
    const phases = [
      { name: 'calm', durationMs: 1000 },
      { name: 'fault', durationMs: 100_000 },
    ]
    const statuses = async () => {
      const answers = []
      for (const port of broken.ports) answers.push((await ask('/', { port })).response.statusCode)
      return answers
    }
    const faults = [{ fault: 'status:code=503', origin: 1, phase: 'fault' }]
    broken.schedule(await placeFaults(faults, phases, 3, 1), performance.now())
    expect(await statuses()).toEqual([200, 200, 200])
    broken.schedule(await placeFaults(faults, phases, 3, 1), performance.now() - 2000)
    expect(await statuses()).toEqual([200, 503, 200])
    broken.schedule(await placeFaults(faults, phases, 3, 1), performance.now() - 200_000)
    expect(await statuses()).toEqual([200, 200, 200])
    await broken.close()
  })

  test('a slow fault multiplies the service time', async () => {
    const slow = await start({ service: 'fixed:ms=3' })
    const phases = [{ name: 'fault', durationMs: 100_000 }]
    const faults = [{ fault: 'slow:factor=10', origin: 0, phase: 'fault' }]
    slow.schedule(await placeFaults(faults, phases, 2, 1), performance.now())
    await ask('/', { port: slow.ports[0], headers: { 'x-request-index': 3 } })
    await slow.close()
    expect(log.originOutAt[3]! - log.originInAt[3]!).toBeGreaterThan(29)
  })

  test('what a plan gets wrong is said', async () => {
    await expect(start({ each: { 2: { slots: 1 } } })).rejects.toThrow('each.2: origin 2 given; allowed: 0 to 1')
    await expect(start({ slots: 0 })).rejects.toThrow('origins.0.slots: 0 given')
    await expect(start({ each: { 1: { weight: 1.5 } } })).rejects.toThrow('origins.1.weight: 1.5 given')
    const place = (fault: string, origin: number, phase: string) =>
      placeFaults([{ fault, origin, phase }], [{ name: 'calm', durationMs: 1 }], 2, 1)
    await expect(place('status', 2, 'calm')).rejects.toThrow('faults: origin 2 given')
    await expect(place('status', 0, 'storm')).rejects.toThrow('unknown phase "storm"; allowed: calm')
    await expect(place('haunted', 0, 'calm')).rejects.toThrow('unknown fault "haunted"')
  })
})

const curlMissing = spawnSync('curl', ['--version']).error !== undefined
test.skipIf(curlMissing)(
  `curl accepts every way of framing${curlMissing ? ' (skipped: no curl here)' : ''}`,
  async () => {
    const url = (query: string) => `http://127.0.0.1:${origins.ports[0]}/?${query}`
    const size = async (...words: string[]) => {
      const { stdout } = await promisify(execFile)('curl', [
        '-sS',
        '--noproxy',
        '*',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code} %{size_download}',
        ...words,
      ])
      return stdout
    }
    expect(await size(url('bytes=70000'))).toBe('200 70000')
    expect(await size(url('bytes=70000&trailers=1'))).toBe('200 70000')
    expect(await size(url('bytes=70000&close=1'))).toBe('200 70000')
    expect(await size(url('status=404&hints=1'))).toBe('404 100')
    expect(await size('--http1.0', url('bytes=10'))).toBe('200 10')
    expect(await size('-I', url('bytes=10'))).toMatch(/^200/)
    await expect(size(url('cut=10'))).rejects.toMatchObject({ code: 18 })
  },
)
