// What is sent on, byte for byte, and that it never outgrows what was promised.
import { describe, expect, test } from 'vitest'
import { defaultHeadLimits, RequestHead, ResponseHead } from './head.ts'
import { maxHostBytes } from './host.ts'
import { parseRequestHead } from './request.ts'
import { parseResponseHead } from './response.ts'
import {
  errorResponse,
  type Forwarding,
  growthBytes,
  type ResponseOptions,
  writeRequestHead,
  writeResponseHead,
} from './serialise.ts'

const forwarding: Forwarding = { client: '192.0.2.7', proto: 'http', via: '1.1 windtunnel' }
const tail = 'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nVia: 1.1 windtunnel\r\n'

/** Parses and writes, once into the same buffer and once into another; both must agree. */
function forward(bytes: string, options: Forwarding = forwarding): string {
  const slab = Buffer.alloc(65_536)
  const length = slab.write(bytes, 100, 'latin1')
  const head = new RequestHead()
  expect(parseRequestHead(slab, 100, 100 + length, defaultHeadLimits, head)).toBe(100 + length)
  const out = Buffer.alloc(65_536)
  const text = out.toString('latin1', 7, writeRequestHead(head, out, 7, options))
  expect(slab.toString('latin1', 32_768, writeRequestHead(head, slab, 32_768, options))).toBe(text)
  return text
}

function answer(bytes: string, options: Partial<ResponseOptions> = {}): string {
  const slab = Buffer.alloc(65_536)
  const length = slab.write(bytes, 0, 'latin1')
  const head = new ResponseHead()
  expect(parseResponseHead(slab, 0, length, defaultHeadLimits, head)).toBe(length)
  const whole: ResponseOptions = {
    framing: 'length',
    keepAlive: true,
    clientMinor: 1,
    via: '1.1 windtunnel',
    ...options,
  }
  return slab.toString('latin1', 32_768, writeResponseHead(head, slab, 32_768, whole))
}

describe('requests', () => {
  test('a plain one', () => {
    expect(forward('GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(`GET /a?b HTTP/1.1\r\nHost: a\r\n${tail}\r\n`)
  })

  test('an empty line in front is not passed on', () => {
    expect(forward('\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${tail}\r\n`)
  })

  test('kept fields stay in order and case; Host goes first; the framing is written anew', () => {
    expect(forward('POST / HTTP/1.1\r\nX-b:  c \r\nHost:a\r\nCONTENT-length: 007\r\nAccept: d\r\n\r\n')).toBe(
      `POST / HTTP/1.1\r\nHost: a\r\nX-b:  c \r\nAccept: d\r\n${tail}Content-Length: 7\r\n\r\n`,
    )
    expect(forward('POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n')).toBe(
      `POST / HTTP/1.1\r\nHost: a\r\n${tail}Transfer-Encoding: chunked\r\n\r\n`,
    )
    expect(forward('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')).toContain('\r\nContent-Length: 0\r\n')
    expect(forward('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999\r\n\r\n')).toContain(
      '\r\nContent-Length: 999999999999999\r\n',
    )
  })

  test('hop-by-hop and nominated fields are dropped, Expect is not', () => {
    const lines =
      'X-A: 1\r\nConnection: x-a, close\r\nKeep-Alive: 2\r\nExpect: 100-continue\r\nTE: trailers\r\nX-B: 3\r\n'
    expect(forward(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)).toBe(
      `GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nX-B: 3\r\n${tail}\r\n`,
    )
  })

  test('X-Forwarded-For and Via are appended to, the other two overwritten', () => {
    const lines =
      'X-Forwarded-For: b, c\r\nVia: 1.0 x\r\nX-Forwarded-Host: evil\r\nx-forwarded-for:\r\nx-forwarded-for: d\r\nX-Forwarded-Proto: z\r\nvia: y\r\n'
    expect(forward(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, { ...forwarding, proto: 'https' })).toBe(
      'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: b, c, d, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n' +
        'X-Forwarded-Host: a\r\nVia: 1.0 x, y, 1.1 windtunnel\r\n\r\n',
    )
  })

  test('an absolute target becomes a path', () => {
    expect(forward('GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(`GET /b?c HTTP/1.1\r\nHost: a\r\n${tail}\r\n`)
    expect(forward('GET http://a HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${tail}\r\n`)
    expect(forward('GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(`GET /?b HTTP/1.1\r\nHost: a\r\n${tail}\r\n`)
    expect(forward('OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(`OPTIONS * HTTP/1.1\r\nHost: a\r\n${tail}\r\n`)
  })

  test('other versions become HTTP/1.1, and one without a Host gets one', () => {
    expect(forward('GET / HTTP/1.0\r\nHost: a\r\nX-A: b\r\n\r\n')).toBe(
      `GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n${tail}\r\n`,
    )
    expect(forward('GET / HTTP/1.3\r\nHost: a\r\n\r\n')).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${tail}\r\n`)
    const nameless = 'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nVia: 1.1 windtunnel\r\n\r\n'
    expect(forward('GET / HTTP/1.0\r\n\r\n')).toBe(`GET / HTTP/1.1\r\nHost: \r\n${nameless}`)
    expect(forward('GET / HTTP/1.0\r\n\r\n', { ...forwarding, fallbackHost: 'o:80' })).toBe(
      `GET / HTTP/1.1\r\nHost: o:80\r\n${nameless}`,
    )
  })

  test('the output grows by no more than was promised', () => {
    const host = 'h'.repeat(maxHostBytes)
    const worst = [
      `GET http://${host} HTTP/1.1\r\nHost:${host}\r\nContent-Length:1\r\n\r\n`,
      `GET http://${host}?a HTTP/1.0\r\nTransfer: a\r\n\r\n`,
      'GET / HTTP/1.0\r\n\r\n',
    ]
    const wide: Forwarding = { client: 'c'.repeat(39), proto: 'https', via: '1.1 v', fallbackHost: 'f'.repeat(50) }
    const given = wide.client.length + wide.via.length + wide.fallbackHost!.length
    for (const bytes of worst)
      expect(forward(bytes, wide).length - bytes.length - given).toBeLessThanOrEqual(growthBytes)
  })
})

describe('responses', () => {
  const fields = 'Server: b\r\nDate: c\r\n'

  test('one with a length', () => {
    expect(answer(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 5\r\nConnection: keep-alive\r\nX-A: d\r\n\r\n`)).toBe(
      `HTTP/1.1 200 OK\r\n${fields}X-A: d\r\nVia: 1.1 windtunnel\r\nContent-Length: 5\r\n\r\n`,
    )
  })

  test('one that is framed otherwise towards the client', () => {
    const bytes = `HTTP/1.0 200 OK\r\n${fields}\r\n`
    const head = `HTTP/1.1 200 OK\r\n${fields}Via: 1.1 windtunnel\r\n`
    expect(answer(bytes, { framing: 'chunked' })).toBe(`${head}Transfer-Encoding: chunked\r\n\r\n`)
    expect(answer(bytes, { framing: 'close', keepAlive: false })).toBe(`${head}Connection: close\r\n\r\n`)
  })

  test('an HTTP/1.0 client is told that the connection stays', () => {
    expect(answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { clientMinor: 0 })).toBe(
      'HTTP/1.1 200 OK\r\nVia: 1.1 windtunnel\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n',
    )
    expect(answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { clientMinor: 0, keepAlive: false })).toBe(
      'HTTP/1.1 200 OK\r\nVia: 1.1 windtunnel\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    )
  })

  test('answers to HEAD and 304 keep their length; 1xx and 204 have none', () => {
    const lengthOf = (status: number) =>
      answer(`HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`, { framing: 'none' })
    expect(lengthOf(200)).toBe('HTTP/1.1 200 X\r\nVia: 1.1 windtunnel\r\nContent-Length: 5\r\n\r\n')
    expect(lengthOf(304)).toBe('HTTP/1.1 304 X\r\nVia: 1.1 windtunnel\r\nContent-Length: 5\r\n\r\n')
    expect(lengthOf(204)).toBe('HTTP/1.1 204 X\r\nVia: 1.1 windtunnel\r\n\r\n')
    expect(lengthOf(103)).toBe('HTTP/1.1 103 X\r\nVia: 1.1 windtunnel\r\n\r\n')
    expect(answer('HTTP/1.1 304 X\r\n\r\n', { framing: 'none' })).toBe('HTTP/1.1 304 X\r\nVia: 1.1 windtunnel\r\n\r\n')
  })

  test('a missing reason gets its blank, Via is appended to, nominated fields go', () => {
    expect(answer('HTTP/1.1 204\r\nConnection: X-A\r\nX-A: b\r\nVia: 1.1 o\r\n\r\n', { framing: 'none' })).toBe(
      'HTTP/1.1 204 \r\nVia: 1.1 o, 1.1 windtunnel\r\n\r\n',
    )
  })

  test('the output grows by no more than was promised', () => {
    const bytes = 'HTTP/1.1 200\r\n\r\n'
    const text = answer(bytes, { framing: 'chunked', clientMinor: 0 })
    expect(text.length - bytes.length - '1.1 windtunnel'.length).toBe(60)
    expect(growthBytes).toBeGreaterThanOrEqual(60)
  })
})

describe('responses of our own', () => {
  test('are complete and say why', () => {
    expect(errorResponse(502, false)).toBe(
      'HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n\r\n502 Bad Gateway\n',
    )
    expect(errorResponse(400, true)).toContain('\r\nConnection: close\r\n\r\n400 Bad Request\n')
    expect(errorResponse(502, false)).toBe(errorResponse(502, false))
  })

  test('round Retry-After up and leave out the body for HEAD', () => {
    expect(errorResponse(503, false, 1.2)).toContain('\r\nRetry-After: 2\r\n')
    expect(errorResponse(503, false)).not.toContain('Retry-After')
    expect(errorResponse(502, false, undefined, true)).toBe(
      'HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n\r\n',
    )
  })
})
