// Thousands of damaged heads, from a seed: no byte sequence makes a parser throw, and what is accepted says the same after
// it has been written and parsed again. This is the property that request smuggling would break.
import { expect, test } from 'vitest'
import { type Rng, randomStream } from '../../core/random.ts'
import { defaultHeadLimits, type MessageHead, RequestHead, ResponseHead } from './head.ts'
import { parseRequestHead } from './request.ts'
import { parseResponseHead } from './response.ts'
import { writeRequestHead, writeResponseHead } from './serialise.ts'

const rounds = 15_000
const forwarding = { client: '192.0.2.7', proto: 'http', via: '1.1 w' } as const

const requests = [
  'GET /a?b HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\nConnection: keep-alive, X-A\r\nX-A: b\r\n\r\n',
  'POST http://a/b HTTP/1.1\r\nX-B: c\r\nHost: a\r\nContent-Length: 12\r\nVia: 1.0 x\r\nx-forwarded-for: y\r\n\r\n',
  'PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nCookie: d\r\n\r\n',
  '\r\nOPTIONS * HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: X-Sum\r\n\r\n',
]
const responses = [
  'HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 130\r\nConnection: keep-alive\r\n\r\n',
  'HTTP/1.0 404 Not Found\r\nConnection: close, X-A\r\nX-A: b\r\nVia: 1.1 c\r\n\r\n',
  'HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n',
]
const dictionary = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  ':',
  ',',
  '\0',
  '\x7f',
  '\xff',
  '_',
  '-',
  '/',
  '?',
  '1',
  'Host: a\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Connection: Cookie\r\n',
  'Connection: x-b\r\n',
  'X-A: b\r\n',
  ' c\r\n',
  'chunked',
  'HTTP/1.1',
  'http://a',
]

/** One to three edits: a piece inserted, a piece removed, a byte replaced, a piece repeated elsewhere. */
function mutate(text: string, rng: Rng): string {
  let mutated = text
  for (let edits = 1 + rng.integer(3); edits > 0; edits--) {
    const at = rng.integer(mutated.length + 1)
    const other = Math.min(mutated.length, at + 1 + rng.integer(8))
    const piece = [
      dictionary[rng.integer(dictionary.length)]!,
      '',
      String.fromCharCode(rng.integer(256)),
      mutated.slice(at, other).repeat(2),
    ]
    const kind = rng.integer(piece.length)
    mutated = mutated.slice(0, at) + piece[kind] + mutated.slice(kind === 0 ? at : kind === 2 ? at + 1 : other)
  }
  return mutated
}

/** The field lines that are sent on as they stand, without those that every proxy adds. */
function keptFields(head: MessageHead): string[] {
  const lines: string[] = []
  for (let i = 0; i < head.count; i++) {
    if (head.drop[i]) continue
    const [nameFrom, nameTo, valueFrom, valueTo] = head.fields.subarray(i * 4, i * 4 + 4)
    lines.push(
      `${head.bytes.toString('latin1', nameFrom, nameTo)}: ${head.bytes.toString('latin1', valueFrom, valueTo)}`,
    )
  }
  return lines
}

function requestMeaning(head: RequestHead) {
  const { method, target, contentLength, chunked, expectContinue } = head
  const host = head.bytes.toString('latin1', head.hostFrom, head.hostTo).toLowerCase()
  return { method, target, contentLength, chunked, expectContinue, host, kept: keptFields(head) }
}

function responseMeaning(head: ResponseHead) {
  const { status, contentLength, chunked } = head
  return { status, contentLength, chunked, kept: keptFields(head) }
}

test('requests keep their meaning', () => {
  const rng = randomStream(1, 'mutated-requests')
  const head = new RequestHead()
  const again = new RequestHead()
  const out = Buffer.alloc(4096)
  let accepted = 0
  for (let round = 0; round < rounds; round++) {
    const sent = Buffer.from(mutate(requests[rng.integer(requests.length)]!, rng), 'latin1')
    const end = parseRequestHead(sent, 0, sent.length, defaultHeadLimits, head)
    if (end < 0) expect(head.errorStatus, head.errorReason).toBeGreaterThanOrEqual(400)
    if (end <= 0) continue
    accepted++
    const outEnd = writeRequestHead(head, out, 0, { ...forwarding, fallbackHost: 'origin' })
    const written = out.toString('latin1', 0, outEnd)
    expect(parseRequestHead(out, 0, outEnd, defaultHeadLimits, again), JSON.stringify(written)).toBe(outEnd)
    const meaning = requestMeaning(head)
    expect(requestMeaning(again)).toEqual({ ...meaning, host: meaning.host || 'origin' })
    expect(again.keepAlive).toBe(true)
  }
  expect(accepted).toBeGreaterThan(rounds / 20)
  expect(accepted).toBeLessThan(rounds)
})

test('responses keep their meaning', () => {
  const rng = randomStream(2, 'mutated-responses')
  const head = new ResponseHead()
  const again = new ResponseHead()
  const out = Buffer.alloc(4096)
  let accepted = 0
  for (let round = 0; round < rounds; round++) {
    const sent = Buffer.from(mutate(responses[rng.integer(responses.length)]!, rng), 'latin1')
    const end = parseResponseHead(sent, 0, sent.length, defaultHeadLimits, head)
    if (end < 0) expect(head.errorStatus).toBe(502)
    if (end <= 0 || head.isBodiless) continue
    accepted++
    const framing = head.chunked ? 'chunked' : head.contentLength >= 0 ? 'length' : 'close'
    const options = { framing, keepAlive: framing !== 'close', clientMinor: 1, via: '1.1 w' } as const
    const outEnd = writeResponseHead(head, out, 0, options)
    expect(parseResponseHead(out, 0, outEnd, defaultHeadLimits, again)).toBe(outEnd)
    expect(responseMeaning(again)).toEqual(responseMeaning(head))
    expect(again.keepAlive).toBe(options.keepAlive)
  }
  expect(accepted).toBeGreaterThan(rounds / 20)
  expect(accepted).toBeLessThan(rounds)
})
