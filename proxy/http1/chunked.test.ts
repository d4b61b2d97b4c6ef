// Chunked bodies, whole and cut at every pair of bytes: the data comes out equal, nothing beyond the body is touched, and
// whatever is not exactly as the grammar says is an error.
import { describe, expect, test } from 'vitest'
import { ChunkedDecoder, lastChunk, writeChunkSize } from './chunked.ts'
import { defaultHeadLimits } from './head.ts'

interface Decoded {
  data: string
  trailers: string
  done: boolean
  error: string
  /** Bytes consumed over all pieces. */
  consumed: number
}

/** Feeds `text` in pieces cut at the given places; every piece lies in a buffer with decoys around it. */
function decode(text: string, cuts: readonly number[] = [], decoder = new ChunkedDecoder()): Decoded {
  decoder.reset()
  let data = ''
  let consumed = 0
  let from = 0
  for (const to of [...cuts, text.length]) {
    const piece = Buffer.from(`0\r\n\r\n${text.slice(from, to)}0\r\n\r\n`, 'latin1')
    const end = piece.length - 5
    let at = 5
    while (at < end && !decoder.done && decoder.error === '') {
      const next = decoder.step(piece, at, end)
      if (decoder.dataFrom < at || decoder.dataTo > next || next > end) expect.fail('data outside of what was given')
      data += piece.toString('latin1', decoder.dataFrom, decoder.dataTo)
      if (next === at && !decoder.done && decoder.error === '') expect.fail('no progress')
      at = next
    }
    consumed += at - 5
    from = to
  }
  return { data, trailers: decoder.trailers, done: decoder.done, error: decoder.error, consumed }
}

const legal: readonly (readonly [name: string, text: string, data: string, trailers?: string])[] = [
  ['an empty body', '0\r\n\r\n', ''],
  ['two chunks', '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', 'hello world'],
  ['hexadecimal of either case', 'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n', '01234567890123456789'],
  ['leading zeros', '0005\r\nhello\r\n000\r\n\r\n', 'hello'],
  ['extensions', '5;a=b;c="d e"\r\nhello\r\n0;x\r\n\r\n', 'hello'],
  ['a blank before an extension', '5 \t;a\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['data that looks like framing', '5\r\n0\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n'],
  ['trailers', '1\r\na\r\n0\r\nX-Sum:  b \r\nX-Two:\r\n\r\n', 'a', 'X-Sum: b\r\nX-Two: \r\n'],
  [
    'trailers that come too late',
    '0\r\nContent-Length: 5\r\nHost: b\r\nX-A: c\r\nAuthorization: d\r\ncookie: e\r\nSet-Cookie: f\r\nTrailer: g\r\nVia: h\r\nTransfer-Encoding: chunked\r\n\r\n',
    '',
    'X-A: c\r\n',
  ],
]

describe('legal', () => {
  test.each(legal.map(([name, text, data, trailers = '']) => ({ name, text, data, trailers })))('$name', given => {
    const { text, data, trailers } = given
    const expected: Decoded = { data, trailers, done: true, error: '', consumed: text.length }
    expect(decode(`${text}GET / HTTP/1.1\r\n`)).toEqual(expected)
    for (let first = 1; first < text.length; first++) {
      for (let second = first; second < text.length; second++) {
        const decoded = decode(text, [first, second])
        if (
          decoded.data !== data ||
          !decoded.done ||
          decoded.trailers !== trailers ||
          decoded.consumed !== text.length
        ) {
          expect(decoded, `cut at ${first} and ${second}`).toEqual(expected)
        }
      }
      const whole = decode(text.slice(0, first))
      if (whole.done || whole.error !== '') expect.fail(`not waiting for more after ${first} bytes`)
    }
  })
})

const hostile: readonly (readonly [name: string, text: string])[] = [
  ['no size', '\r\nhello\r\n0\r\n\r\n'],
  ['a size that is no number', 'x\r\nhello\r\n0\r\n\r\n'],
  ['a size with a prefix', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a negative size', '-5\r\nhello\r\n0\r\n\r\n'],
  ['a size with a plus sign', '+5\r\nhello\r\n0\r\n\r\n'],
  ['a blank before the size', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['a blank after the size', '5 \r\nhello\r\n0\r\n\r\n'],
  ['a size of 17 digits', '00000000000000005\r\nhello\r\n0\r\n\r\n'],
  ['a size beyond 2^48', '1000000000001\r\n'],
  ['a size beyond 2^64', '10000000000000005\r\nhello\r\n0\r\n\r\n'],
  ['a size line that ends in a bare LF', '5\nhello\r\n0\r\n\r\n'],
  ['a size line that ends in a bare CR', '5\rhello\r\n0\r\n\r\n'],
  ['an extension that ends in a bare LF', '5;a\nhello\r\n0\r\n\r\n'],
  ['an extension with a bare CR', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
  ['an extension with a NUL', '5;a\0\r\nhello\r\n0\r\n\r\n'],
  ['data that ends in a bare LF', '5\r\nhello\n0\r\n\r\n'],
  ['data that ends in a bare CR', '5\r\nhello\r0\r\n\r\n'],
  ['data longer than its size', '5\r\nhello!\r\n0\r\n\r\n'],
  ['data shorter than its size', '6\r\nhello\r\n0\r\n\r\n'],
  ['no line end after data', '5\r\nhello0\r\n\r\n'],
  ['a last line of LF only', '0\r\n\n'],
  ['a last line of CR only', '0\r\n\rG'],
  ['a trailer that ends in a bare LF', '0\r\nX-A: b\n\r\n'],
  ['a trailer that ends in a bare CR', '0\r\nX-A: b\rX-B: c\r\n\r\n'],
  ['a trailer with a NUL', '0\r\nX-A: b\0\r\n\r\n'],
  ['a trailer without a colon', '0\r\nX-A\r\n\r\n'],
  ['a trailer with a blank before the colon', '0\r\nX-A : b\r\n\r\n'],
  ['a folded trailer', '0\r\nX-A: b\r\n c\r\n\r\n'],
  ['an imitated trailer', '0\r\ncontent_length: 5\r\n\r\n'],
  ['the next request in place of the end', '0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
]

describe('hostile', () => {
  test.each(hostile)('%s', (_name, text) => {
    const whole = decode(text)
    expect(whole.error).not.toBe('')
    expect(whole.done).toBe(false)
    expect(whole.trailers).toBe('')
    expect(whole.consumed).toBeLessThan(text.length)
    for (let cut = 1; cut < text.length; cut++) expect(decode(text, [cut]), `cut at ${cut}`).toEqual(whole)
  })
})

describe('bounds', () => {
  test('a chunk of 2^48 bytes is still a chunk', () => {
    expect(decode('1000000000000\r\nab')).toMatchObject({ data: 'ab', error: '', done: false })
  })

  test('extensions of one chunk, and of a whole body', () => {
    expect(decode(`1;${'a'.repeat(254)}\r\nb\r\n0\r\n\r\n`).error).toBe('')
    expect(decode(`1;${'a'.repeat(257)}\r\nb\r\n0\r\n\r\n`).error).not.toBe('')
    expect(decode(`1;${'a'.repeat(200)}\r\nb\r\n`.repeat(100)).error).not.toBe('')
    const decoder = new ChunkedDecoder()
    const half = `${`1;${'a'.repeat(200)}\r\nb\r\n`.repeat(60)}0\r\n\r\n`
    for (let body = 0; body < 3; body++) expect(decode(half, [], decoder).error).toBe('')
  })

  test('trailers, in bytes and in number', () => {
    const limits = { ...defaultHeadLimits, maxHeadBytes: 100, maxHeaderCount: 3 }
    const decoder = new ChunkedDecoder(limits)
    expect(decode(`0\r\n${'A: b\r\n'.repeat(3)}\r\n`, [], decoder).trailers).toBe('A: b\r\n'.repeat(3))
    expect(decode(`0\r\n${'A: b\r\n'.repeat(4)}\r\n`, [], decoder).error).toContain('more than 3')
    expect(decode(`0\r\nA: ${'b'.repeat(100)}`, [], decoder).error).toContain('too long')
  })
})

test('after the end nothing is consumed, and a decoder that was reset knows nothing of the last body', () => {
  const decoder = new ChunkedDecoder()
  const bytes = Buffer.from('0\r\nX-A: b\r\n\r\n5\r\nhello\r\n0\r\n\r\n')
  expect(decoder.step(bytes, 0, bytes.length)).toBe(13)
  expect(decoder.trailers).toBe('X-A: b\r\n')
  expect(decoder.step(bytes, 13, bytes.length)).toBe(13)
  expect(decoder.dataTo - decoder.dataFrom).toBe(0)
  decoder.reset()
  expect(decoder.done).toBe(false)
  const end = decoder.step(bytes, 13, bytes.length)
  expect(bytes.toString('latin1', decoder.dataFrom, decoder.dataTo)).toBe('hello')
  expect(decoder.step(bytes, end, bytes.length)).toBe(bytes.length)
  expect(decoder.done).toBe(true)
  expect(decoder.trailers).toBe('')
})

test('what is written can be read', () => {
  const out = Buffer.alloc(64)
  const end = writeChunkSize(26, out, 3)
  expect(out.toString('latin1', 3, end)).toBe('1a\r\n')
  expect(decode(`${out.toString('latin1', 3, end)}${'x'.repeat(26)}\r\n${lastChunk}\r\n`).data).toBe('x'.repeat(26))
})
