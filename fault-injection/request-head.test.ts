import { describe, expect, test } from 'vitest'
import { readRequestHead } from './request-head.ts'

const host = 'Host: a\r\n'

describe('a request head', () => {
  test('is read', () => {
    expect(readRequestHead(`POST /a?b=c HTTP/1.1\r\n${host}X-Request-Index: 17\r\nContent-Length: 5\r\n`)).toEqual({
      method: 'POST',
      target: '/a?b=c',
      keepAlive: true,
      index: 17,
      bodyBytes: 5,
      expectsContinue: false,
    })
  })

  test.each([
    ['chunked', `PUT / HTTP/1.1\r\n${host}Transfer-Encoding: Chunked\r\n`, { bodyBytes: -1 }],
    ['no body', `GET / HTTP/1.1\r\n${host}`, { bodyBytes: 0, index: -1 }],
    ['close', `GET / HTTP/1.1\r\n${host}Connection: close\r\n`, { keepAlive: false }],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n', { keepAlive: false }],
    ['HTTP/1.0 kept alive', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n', { keepAlive: true }],
    ['Expect', `PUT / HTTP/1.1\r\n${host}Expect: 100-Continue\r\nContent-Length: 1\r\n`, { expectsContinue: true }],
  ])('%s', (_, text, expected) => {
    expect(readRequestHead(text)).toMatchObject(expected)
  })

  test.each([
    ['no target', `GET HTTP/1.1\r\n${host}`],
    ['another version', `GET / HTTP/2.0\r\n${host}`],
    ['no host', 'GET / HTTP/1.1\r\n'],
    ['two hosts', `GET / HTTP/1.1\r\n${host}${host}`],
    ['a length and chunks', `GET / HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n`],
    ['two lengths', `GET / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n`],
    ['a signed length', `GET / HTTP/1.1\r\n${host}Content-Length: +1\r\n`],
    ['another coding', `GET / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n`],
    ['a space before the colon', `GET / HTTP/1.1\r\n${host}Content-Length : 1\r\n`],
    ['a folded line', `GET / HTTP/1.1\r\n${host}a: b\r\n c\r\n`],
    ['a bare line feed', `GET / HTTP/1.1\r\n${host}a: b\nc: d\r\n`],
    ['a bare carriage return', `GET / HTTP/1.1\r\n${host}a: b\rc\r\n`],
    ['a NUL', `GET / HTTP/1.1\r\n${host}a: \0\r\n`],
    ['no colon', `GET / HTTP/1.1\r\n${host}abc\r\n`],
  ])('%s is refused', (_, text) => {
    expect(readRequestHead(text)).toBeNull()
  })
})
