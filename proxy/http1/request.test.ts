// Request heads: what must be refused, what must be understood and how, and that a prefix never says more than the whole.
import { describe, expect, test } from 'vitest'
import { hostileRequests } from '../../tests/live/hostile-requests.ts'
import { defaultHeadLimits, INCOMPLETE, REJECTED, RequestHead } from './head.ts'
import { parseRequestHead } from './request.ts'

const limits = defaultHeadLimits

/**
 * Short heads are cut at every byte; long ones at every 53rd, as each cut is parsed from the start. What
 * was cut off is overwritten with NUL, which no parser lets pass: reading on after the cut would be noticed.
 */
function strideOf(sent: Buffer): number {
  return sent.length < 1000 ? 1 : 53
}

/** What a test says of an accepted head; what it leaves out is as in `plain`. */
interface Meaning {
  method: string
  target: string
  host: string
  minor: number
  contentLength: number
  chunked: boolean
  keepAlive: boolean
  expectContinue: boolean
  /** Names of the fields not forwarded as they stand, in order. */
  dropped: readonly string[]
}

const plain: Meaning = {
  method: 'GET',
  target: '/',
  host: 'a',
  minor: 1,
  contentLength: -1,
  chunked: false,
  keepAlive: true,
  expectContinue: false,
  dropped: ['Host'],
}

interface LegalRequest {
  readonly name: string
  readonly bytes: string
  readonly means: Partial<Meaning>
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\n'
const post = 'POST / HTTP/1.1\r\nHost: a\r\n'

function got(name: string, fieldLines: string, means: Partial<Meaning> = {}): LegalRequest {
  return { name, bytes: `${get}${fieldLines}\r\n`, means }
}

function line(name: string, requestLine: string, means: Partial<Meaning>): LegalRequest {
  return { name, bytes: `${requestLine}\r\nHost: a\r\n\r\n`, means }
}

const legalRequests: readonly LegalRequest[] = [
  got('a plain request', ''),
  { name: 'one empty line in front', bytes: `\r\n${get}\r\n`, means: {} },
  line('a query', 'GET /a/../b%2f..//c?d=e&f HTTP/1.1', { target: '/a/../b%2f..//c?d=e&f' }),
  line('a lower-case method', 'get / HTTP/1.1', { method: 'get' }),
  line('an unregistered method', 'PURGE / HTTP/1.1', { method: 'PURGE' }),
  line('a method of 32 bytes', `${'M'.repeat(32)} / HTTP/1.1`, { method: 'M'.repeat(32) }),
  line('a method of the shape of DELETE', 'DETACH / HTTP/1.1', { method: 'DETACH' }),
  line('TRACE', 'TRACE / HTTP/1.1', { method: 'TRACE' }),
  line('HTTP/1.2', 'GET / HTTP/1.2', { minor: 1 }),
  line('OPTIONS *', 'OPTIONS * HTTP/1.1', { method: 'OPTIONS', target: '*' }),
  line('a target of 8192 bytes', `GET /${'a'.repeat(8191)} HTTP/1.1`, { target: `/${'a'.repeat(8191)}` }),
  line('an absolute target', 'GET http://a/b?c HTTP/1.1', { target: '/b?c' }),
  line('an absolute target in capitals', 'GET HTTPS://A/b HTTP/1.1', { target: '/b' }),
  line('an absolute target without a path', 'GET http://a HTTP/1.1', { target: '/' }),
  line('an absolute target with a query only', 'GET http://a?b HTTP/1.1', { target: '/?b' }),
  line('OPTIONS for a whole host', 'OPTIONS http://a HTTP/1.1', { method: 'OPTIONS', target: '*' }),
  {
    name: 'HTTP/1.0 without Host',
    bytes: 'GET / HTTP/1.0\r\n\r\n',
    means: { minor: 0, host: '', keepAlive: false, dropped: [] },
  },
  {
    name: 'HTTP/1.0 with an absolute target',
    bytes: 'GET http://b/c HTTP/1.0\r\n\r\n',
    means: { minor: 0, target: '/c', host: 'b', keepAlive: false, dropped: [] },
  },
  {
    name: 'HTTP/1.0 that keeps alive and cannot wait',
    bytes: 'GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\nExpect: 100-continue\r\n\r\n',
    means: { minor: 0, keepAlive: true, dropped: ['Host', 'Connection', 'Expect'] },
  },
  ...['www.example.com:8080', '192.0.2.1', '[2001:db8::1]:443', 'a_b-c.d~', 'a:'].map(host => ({
    name: `the Host ${host}`,
    bytes: `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    means: { host },
  })),
  got('blanks around a value', 'X-A: \t b \t \r\n'),
  got('an empty value', 'X-A:\r\nX-B: \r\n'),
  got('a value beyond ASCII, with a tab inside', 'X-A: \xe4\tb\r\n'),
  got('an underscore in a harmless name', 'user_agent: a\r\ncontent_type: b\r\n'),
  got('100 fields', 'X-A: b\r\n'.repeat(99)),
  {
    name: 'a length',
    bytes: `${post}content-LENGTH: 015\r\n\r\n`,
    means: { method: 'POST', contentLength: 15, dropped: ['Host', 'content-LENGTH'] },
  },
  got('a length of 15 digits', 'Content-Length: 999999999999999\r\n', {
    contentLength: 999_999_999_999_999,
    dropped: ['Host', 'Content-Length'],
  }),
  got('chunks', 'Transfer-Encoding: CHUNKED\r\n', { chunked: true, dropped: ['Host', 'Transfer-Encoding'] }),
  got('a tab before a length', 'Content-Length:\t2\r\n', { contentLength: 2, dropped: ['Host', 'Content-Length'] }),
  got('an expectation', 'Expect: 100-Continue\r\n', { expectContinue: true }),
  got('the wish to close', 'Connection: Close\r\n', { keepAlive: false, dropped: ['Host', 'Connection'] }),
  got('both wishes', 'Connection: keep-alive, close\r\n', { keepAlive: false, dropped: ['Host', 'Connection'] }),
  got('an upgrade to h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n', {
    dropped: ['Host', 'Connection', 'Upgrade', 'HTTP2-Settings'],
  }),
  got(
    'fields of one hop',
    'Keep-Alive: 5\r\nProxy-Connection: close\r\nTE: trailers\r\nTrailer: X\r\nProxy-Authorization: x\r\n',
    {
      dropped: ['Host', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Proxy-Authorization'],
    },
  ),
  got('nominated fields, before and after', 'X-A: 1\r\nConnection: x-a, ,X-B,\r\nx-b: 2\r\nX-C: 3\r\nX-A: 4\r\n', {
    dropped: ['Host', 'X-A', 'Connection', 'x-b', 'X-A'],
  }),
  got('nominated with an underscore', 'X-A: 1\r\nX_A: 2\r\nConnection: x_a\r\n', {
    dropped: ['Host', 'X_A', 'Connection'],
  }),
  got('two Connection fields', 'Connection: X-A\r\nConnection: close\r\nX-A: 1\r\n', {
    keepAlive: false,
    dropped: ['Host', 'Connection', 'Connection', 'X-A'],
  }),
  got('forwarding fields', 'X-Forwarded-For: b\r\nVia: 1.0 c\r\nX-Forwarded-Proto: d\r\nX-Forwarded-Host: e\r\n', {
    dropped: ['Host', 'X-Forwarded-For', 'Via', 'X-Forwarded-Proto', 'X-Forwarded-Host'],
  }),
]

function meaningOf(head: RequestHead): Meaning {
  const { method, target, minor, contentLength, chunked, keepAlive, expectContinue } = head
  const host = head.bytes.toString('latin1', head.hostFrom, head.hostTo)
  const dropped: string[] = []
  for (let i = 0; i < head.count; i++) {
    if (head.drop[i]) dropped.push(head.bytes.toString('latin1', head.fields[i * 4], head.fields[i * 4 + 1]))
  }
  return { method, target, host, minor, contentLength, chunked, keepAlive, expectContinue, dropped }
}

const head = new RequestHead()

describe('refused', () => {
  test.each(hostileRequests)('$name: $status', ({ bytes, status }) => {
    const sent = Buffer.from(bytes, 'latin1')
    expect(parseRequestHead(sent, 0, sent.length, limits, head)).toBe(REJECTED)
    expect(head.errorStatus).toBe(status)
    const reason = head.errorReason
    expect(reason).not.toBe('')
    for (let to = sent.length - 1; to >= 0; to -= strideOf(sent)) {
      sent.fill(0, to)
      const end = parseRequestHead(sent, 0, to, limits, head)
      if (end === INCOMPLETE) continue
      if (end !== REJECTED || head.errorReason !== reason) expect.fail(`after ${to} bytes: ${end} ${head.errorReason}`)
    }
  })
})

describe('understood', () => {
  test.each(legalRequests)('$name', ({ bytes, means }) => {
    const sent = Buffer.from(`#${bytes}GET /next`, 'latin1')
    const end = bytes.length + 1
    expect(parseRequestHead(sent, 1, sent.length, limits, head)).toBe(end)
    expect(meaningOf(head)).toEqual({ ...plain, ...means })
    expect(parseRequestHead(sent, 1, end, limits, head)).toBe(end)
    for (let to = end - 1; to >= 1; to -= strideOf(sent)) {
      sent.fill(0, to)
      if (parseRequestHead(sent, 1, to, limits, head) !== INCOMPLETE)
        expect.fail(`not incomplete after ${to - 1} bytes`)
    }
  })
})

test('a head at the size limit is accepted, one beyond it refused, also while it is incomplete', () => {
  const sent = Buffer.from(`${get}X-A: b\r\n\r\n`)
  const exact = { ...limits, maxHeadBytes: sent.length }
  expect(parseRequestHead(sent, 0, sent.length, exact, head)).toBe(sent.length)
  const tight = { ...limits, maxHeadBytes: sent.length - 1 }
  expect(parseRequestHead(sent, 0, sent.length - 2, tight, head)).toBe(INCOMPLETE)
  expect(parseRequestHead(sent, 0, sent.length - 1, tight, head)).toBe(REJECTED)
  expect(head.errorStatus).toBe(431)
})

test('fields are looked up by lower-case name, also dropped ones, several values joined', () => {
  const sent = Buffer.from(`${get}Accept: b\r\nX-A:\r\naccept:  c d \r\nConnection: close\r\n\r\n`)
  parseRequestHead(sent, 0, sent.length, limits, head)
  expect(head.header('accept')).toBe('b, c d')
  expect(head.header('connection')).toBe('close')
  expect(head.header('x-a')).toBe('')
  expect(head.header('x-b')).toBeUndefined()
})

test('the idempotent methods are those of the RFC', () => {
  const idempotent = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'get', 'PURGE'].filter(
    method => {
      const sent = Buffer.from(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)
      parseRequestHead(sent, 0, sent.length, limits, head)
      return head.isIdempotent
    },
  )
  expect(idempotent).toEqual(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
})
