// Parsing and writing message heads of the sizes that occur (a bare client, a library, a browser), and a chunked body.
import { ChunkedDecoder, writeChunkSize } from '../../proxy/http1/chunked.ts'
import { defaultHeadLimits, RequestHead, ResponseHead } from '../../proxy/http1/head.ts'
import { parseRequestHead } from '../../proxy/http1/request.ts'
import { parseResponseHead } from '../../proxy/http1/response.ts'
import { writeRequestHead, writeResponseHead } from '../../proxy/http1/serialise.ts'
import { type BenchTask, sink } from './task.ts'

const requestFields = [
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-GB,en;q=0.5',
  'Cache-Control: no-cache',
  'Referer: https://windtunnel.xyz/items?page=2',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Site: same-origin',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Priority: u=0, i',
  'If-None-Match: "33a64df551425fcc55e4d42a148795d9"',
]
const responseFields = [
  'Content-Type: application/json; charset=utf-8',
  'Content-Length: 512',
  'Cache-Control: private, max-age=0',
  'Date: Sun, 06 Nov 1994 08:49:37 GMT',
  'ETag: "33a64df551425fcc55e4d42a148795d9"',
  'Vary: Accept-Encoding',
]
const via = '1.1 windtunnel'
const forwarding = { client: '192.0.2.17', proto: 'http', via } as const
const responseOptions = { framing: 'length', keepAlive: true, clientMinor: 1, via } as const

/** A request head of exactly `bytes` bytes: as many usual fields as fit, then a cookie that fills the rest. */
export function requestHeadOf(bytes: number): Buffer {
  const lines = ['GET / HTTP/1.1', 'Host: windtunnel.xyz']
  const cookie = 'Cookie: a='
  const left = () => bytes - Buffer.byteLength(`${lines.join('\r\n')}\r\n\r\n`)
  for (const field of requestFields) if (left() > field.length + cookie.length + 8) lines.push(field)
  if (left() > 0) lines.push(`${cookie}${'x'.repeat(left() - cookie.length - 2)}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** Four chunks of 1 KB, and the last. */
function chunkedBody(): Buffer {
  const body = Buffer.alloc(5000)
  let at = 0
  for (let chunk = 0; chunk < 4; chunk++) {
    at = writeChunkSize(1024, body, at)
    at = body.fill('x', at, at + 1024).indexOf(0, at)
    at += body.write('\r\n', at, 'latin1')
  }
  at += body.write('0\r\n\r\n', at, 'latin1')
  return body.subarray(0, at)
}

function parsingRequest(bytes: number): BenchTask {
  const buffer = requestHeadOf(bytes)
  const head = new RequestHead()
  return {
    group: 'parse',
    name: `request head, ${bytes} B`,
    run(times) {
      for (let i = 0; i < times; i++) {
        sink.value += parseRequestHead(buffer, 0, buffer.length, defaultHeadLimits, head)
      }
    },
  }
}

function responding(): { buffer: Buffer; head: ResponseHead } {
  const buffer = Buffer.from(`HTTP/1.1 200 OK\r\n${responseFields.join('\r\n')}\r\n\r\n`, 'latin1')
  const head = new ResponseHead()
  parseResponseHead(buffer, 0, buffer.length, defaultHeadLimits, head)
  return { buffer, head }
}

function parsingResponse(): BenchTask {
  const { buffer, head } = responding()
  return {
    group: 'parse',
    name: `response head, ${buffer.length} B`,
    run(times) {
      for (let i = 0; i < times; i++) {
        sink.value += parseResponseHead(buffer, 0, buffer.length, defaultHeadLimits, head)
      }
    },
  }
}

function decoding(): BenchTask {
  const body = chunkedBody()
  const decoder = new ChunkedDecoder()
  return {
    group: 'parse',
    name: 'chunked body, 4 × 1 KB',
    run(times) {
      for (let i = 0; i < times; i++) {
        decoder.reset()
        for (let at = 0; !decoder.done && at < body.length; ) at = decoder.step(body, at, body.length)
        sink.value += decoder.dataTo
      }
    },
  }
}

function writing(): BenchTask[] {
  const out = Buffer.alloc(4096)
  const request = new RequestHead()
  const buffer = requestHeadOf(350)
  parseRequestHead(buffer, 0, buffer.length, defaultHeadLimits, request)
  const { head: response, buffer: responseBuffer } = responding()
  return [
    {
      group: 'write',
      name: `request head, ${buffer.length} B`,
      run(times) {
        for (let i = 0; i < times; i++) sink.value += writeRequestHead(request, out, 0, forwarding)
      },
    },
    {
      group: 'write',
      name: `response head, ${responseBuffer.length} B`,
      run(times) {
        for (let i = 0; i < times; i++) sink.value += writeResponseHead(response, out, 0, responseOptions)
      },
    },
  ]
}

/** Every task about messages. */
export function messageTasks(): BenchTask[] {
  return [...[40, 350, 700].map(parsingRequest), parsingResponse(), decoding(), ...writing()]
}
