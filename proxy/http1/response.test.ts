// Response heads: whatever is wrong with one is a 502; what is right keeps its meaning; a prefix never says more.
import { describe, expect, test } from 'vitest'
import { defaultHeadLimits, INCOMPLETE, REJECTED, ResponseHead } from './head.ts'
import { parseResponseHead } from './response.ts'

const limits = defaultHeadLimits

/**
 * Short heads are cut at every byte; long ones at every 53rd, as each cut is parsed from the start. What
 * was cut off is overwritten with NUL, which no parser lets pass: reading on after the cut would be noticed.
 */
function strideOf(sent: Buffer): number {
  return sent.length < 1000 ? 1 : 53
}
const ok = 'HTTP/1.1 200 OK\r\n'

const hostileResponses: readonly (readonly [name: string, bytes: string])[] = [
  ['no HTTP at all', 'hello world\r\n\r\n'],
  ['an empty line in front', `\r\n${ok}\r\n`],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['HTTP/0.9', 'HTTP/0.9 200 OK\r\n\r\n'],
  ['a lower-case version', 'http/1.1 200 OK\r\n\r\n'],
  ['two blanks before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status of letters', 'HTTP/1.1 2xx OK\r\n\r\n'],
  ['status 099', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['status 600', 'HTTP/1.1 600 OK\r\n\r\n'],
  ['no status', 'HTTP/1.1 \r\n\r\n'],
  ['a NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n'],
  ['a bare CR in the reason', 'HTTP/1.1 200 O\rK\r\n\r\n'],
  ['a status line that ends in a bare LF', 'HTTP/1.1 200 OK\nX-A: b\r\n\r\n'],
  ['Content-Length and Transfer-Encoding', `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`],
  ['two differing lengths', `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\n`],
  ['two equal lengths', `${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\n`],
  ['a length that is no number', `${ok}Content-Length: two\r\n\r\n`],
  ['a negative length', `${ok}Content-Length: -1\r\n\r\n`],
  ['Transfer-Encoding gzip', `${ok}Transfer-Encoding: gzip\r\n\r\n`],
  ['Transfer-Encoding gzip, chunked', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  ['Transfer-Encoding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a NUL in a value', `${ok}X-A: b\0c\r\n\r\n`],
  ['a folded field line', `${ok}X-A: b\r\n c\r\n\r\n`],
  ['a blank before the colon', `${ok}X-A : b\r\n\r\n`],
  ['a bare LF in the fields', `${ok}X-A: b\nSet-Cookie: c\r\n\r\n`],
  ['Connection nominates Set-Cookie', `${ok}Set-Cookie: b\r\nConnection: set-cookie\r\n\r\n`],
  ['101 fields', `${ok}${'X-A: b\r\n'.repeat(101)}\r\n`],
  ['a head of 20 KB', `${ok}X-A: ${'b'.repeat(20_000)}\r\n\r\n`],
]

interface Meaning {
  status: number
  reason: string
  minor: number
  contentLength: number
  chunked: boolean
  keepAlive: boolean
  isBodiless: boolean
  dropped: readonly string[]
}

const plain: Meaning = {
  status: 200,
  reason: 'OK',
  minor: 1,
  contentLength: -1,
  chunked: false,
  keepAlive: true,
  isBodiless: false,
  dropped: [],
}

const legalResponses: readonly (readonly [name: string, bytes: string, means: Partial<Meaning>])[] = [
  ['a plain one', `${ok}\r\n`, {}],
  ['no reason', 'HTTP/1.1 204 \r\n\r\n', { status: 204, reason: '', isBodiless: true }],
  ['no reason and no blank', 'HTTP/1.1 304\r\n\r\n', { status: 304, reason: '', isBodiless: true }],
  ['a reason beyond ASCII', 'HTTP/1.1 404 Nicht da \xe4\r\n\r\n', { status: 404, reason: 'Nicht da \xe4' }],
  [
    'an interim response',
    'HTTP/1.1 103 Early Hints\r\nLink: b\r\n\r\n',
    { status: 103, reason: 'Early Hints', isBodiless: true },
  ],
  [
    'an unasked upgrade',
    'HTTP/1.1 101 X\r\nUpgrade: b\r\n\r\n',
    { status: 101, reason: 'X', isBodiless: true, dropped: ['Upgrade'] },
  ],
  ['a length', `${ok}Content-Length: 2\r\n\r\n`, { contentLength: 2, dropped: ['Content-Length'] }],
  ['chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n`, { chunked: true, dropped: ['Transfer-Encoding'] }],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n', { minor: 0, keepAlive: false }],
  [
    'HTTP/1.0 that keeps alive',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n',
    { minor: 0, dropped: ['Connection'] },
  ],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n', {}],
  ['the wish to close', `${ok}Connection: close\r\n\r\n`, { keepAlive: false, dropped: ['Connection'] }],
  [
    'nominated fields and those of one hop',
    `${ok}Connection: X-Secret\r\nX-Secret: b\r\nKeep-Alive: 5\r\nProxy-Authenticate: c\r\nVia: 1.1 d\r\nServer: e\r\n\r\n`,
    { dropped: ['Connection', 'X-Secret', 'Keep-Alive', 'Proxy-Authenticate', 'Via'] },
  ],
  [
    'fields that only requests give a meaning',
    `${ok}Host: a/b\r\nHost: c\r\nExpect: d\r\nX-Forwarded-For: e\r\n\r\n`,
    {},
  ],
]

function meaningOf(head: ResponseHead): Meaning {
  const { status, minor, contentLength, chunked, keepAlive, isBodiless } = head
  const dropped: string[] = []
  for (let i = 0; i < head.count; i++) {
    if (head.drop[i]) dropped.push(head.bytes.toString('latin1', head.fields[i * 4], head.fields[i * 4 + 1]))
  }
  const reason = head.bytes.toString('latin1', head.reasonFrom, head.reasonTo)
  return { status, reason, minor, contentLength, chunked, keepAlive, isBodiless, dropped }
}

const head = new ResponseHead()

describe('refused', () => {
  test.each(hostileResponses)('%s', (_name, bytes) => {
    const sent = Buffer.from(bytes, 'latin1')
    expect(parseResponseHead(sent, 0, sent.length, limits, head)).toBe(REJECTED)
    expect(head.errorStatus).toBe(502)
    const reason = head.errorReason
    expect(reason).not.toBe('')
    for (let to = sent.length - 1; to >= 0; to -= strideOf(sent)) {
      sent.fill(0, to)
      const end = parseResponseHead(sent, 0, to, limits, head)
      if (end === INCOMPLETE) continue
      if (end !== REJECTED || head.errorReason !== reason) expect.fail(`after ${to} bytes: ${end} ${head.errorReason}`)
    }
  })
})

describe('understood', () => {
  test.each(legalResponses)('%s', (_name, bytes, means) => {
    const sent = Buffer.from(`#${bytes}body`, 'latin1')
    const end = bytes.length + 1
    expect(parseResponseHead(sent, 1, sent.length, limits, head)).toBe(end)
    expect(meaningOf(head)).toEqual({ ...plain, ...means })
    for (let to = end - 1; to >= 1; to -= strideOf(sent)) {
      sent.fill(0, to)
      if (parseResponseHead(sent, 1, to, limits, head) !== INCOMPLETE)
        expect.fail(`not incomplete after ${to - 1} bytes`)
    }
  })
})
