import { describe, expect, test } from 'vitest'
import { ResponseScanner } from './response-scanner.ts'

/** Feeds `text` in pieces of `pieceBytes` and says how the last one left the scanner. */
function scan(text: string, pieceBytes = text.length): { progress: string; scanner: ResponseScanner } {
  const scanner = new ResponseScanner()
  const bytes = Buffer.from(text, 'latin1')
  scanner.begin()
  let progress = 'more'
  for (let at = 0; at < bytes.length && progress === 'more'; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    progress = scanner.feed(piece, piece.length)
    if (progress === 'complete' && at + pieceBytes < bytes.length) progress = 'early'
  }
  return { progress, scanner }
}

const complete: [name: string, text: string, bodyBytes: number][] = [
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 5],
  ['no body', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 0],
  ['204 without a length', 'HTTP/1.1 204 No Content\r\nx: y\r\n\r\n', 0],
  ['304 whatever its length says', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n', 0],
  ['chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n', 13],
  ['a trailer', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\nz: w\r\n\r\n', 1],
  [
    'interim responses first',
    'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    2,
  ],
]

describe.each([1, 2, 7, 1000])('read %i bytes at a time', pieceBytes => {
  test.each(complete)('%s is complete', (_, text, bodyBytes) => {
    const { progress, scanner } = scan(text, pieceBytes)
    expect(progress).toBe('complete')
    expect(scanner.bodyBytes).toBe(bodyBytes)
    expect(scanner.reusable).toBe(true)
  })

  test.each([
    ['no HTTP', 'SSH-2.0-server\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello'],
    ['a chunk size that is no number', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n'],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ])('%s is bad', (_, text) => {
    expect(scan(text, pieceBytes).progress).toBe('bad')
  })
})

test('bytes beyond the end are bad when they come with it', () => {
  expect(scan('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1').progress).toBe('bad')
})

test('without framing the body ends with the connection, and only then', () => {
  const open = scan('HTTP/1.1 200 OK\r\n\r\nhello')
  expect(open.progress).toBe('more')
  expect(open.scanner.endsAtClose()).toBe(true)
  expect(open.scanner.bodyBytes).toBe(5)
  expect(scan('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello').scanner.endsAtClose()).toBe(false)
})

test.each([
  ['HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 0\r\n\r\n', false],
  ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', false],
  ['HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\ncontent-length: 0\r\n\r\n', true],
])('%j leaves the connection reusable: %s', (text, reusable) => {
  const { progress, scanner } = scan(text)
  expect(progress).toBe('complete')
  expect(scanner.reusable).toBe(reusable)
})
