// The bytes of a scripted answer, and how they are written: small ones at once, large ones piece by piece as the client
// takes them, broken ones up to where they break.
import type { Socket } from 'node:net'
import type { Script } from './origin-script.ts'
import type { RequestHead } from './request-head.ts'

const pieceBytes = 65_536
/** Up to this size an answer is joined and written at once. */
const joinedBytes = 65_536
const filler = Buffer.alloc(pieceBytes, 'windtunnel ')
const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  304: 'Not Modified',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

export const badRequest = 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
export const continueInterim = 'HTTP/1.1 100 Continue\r\n\r\n'

/** An answer on its way: the pieces are made as they are written. */
export interface Answer {
  readonly pieces: Iterator<Buffer>
  /** All of it, when it is small. */
  readonly totalBytes: number
  /** Between two pieces; 0: they go out as fast as they are taken. */
  readonly everyMs: number
  /** What happens to the connection after the last piece. */
  readonly after: 'keep' | 'close' | 'reset'
}

/** The answer the origin gives when a request asks for nothing special. */
export function plainAnswer(origin: string, bytes: number): Buffer {
  const head = `HTTP/1.1 200 OK\r\nserver: windtunnel-origin\r\nx-origin: ${origin}\r\ncontent-type: text/plain\r\ncontent-length: ${bytes}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), ...fillerPieces(bytes)])
}

/** `echoed`: the request as received, when the script asks for it; it replaces the filler. */
export function scriptedAnswer(
  script: Script,
  request: RequestHead,
  origin: string,
  ownBytes: number,
  echoed: Buffer,
): Answer {
  const bodyless = request.method === 'HEAD' || script.status === 204 || script.status === 304
  const breakAt = script.cut ?? script.reset
  const bytes = script.echo ? echoed.length : (script.bytes ?? ownBytes)
  const sentBytes = bodyless ? 0 : Math.min(bytes, breakAt ?? bytes)
  const keep = request.keepAlive && breakAt === null && !script.closeDelimited
  const filling = script.events > 1 ? eventPieces(sentBytes, script.events) : fillerPieces(sentBytes)
  const body = script.echo ? [echoed.subarray(0, Math.max(0, sentBytes))] : filling
  const head = breakAt === -1 ? '' : headOf(script, origin, bytes, keep)
  return {
    pieces: pieces(head, body, script.chunked && !bodyless, breakAt === null ? tailOf(script) : ''),
    totalBytes: sentBytes,
    everyMs: script.events > 1 ? script.everyMs : 0,
    after: script.reset !== null ? 'reset' : keep ? 'keep' : 'close',
  }
}

function headOf(script: Script, origin: string, bytes: number, keep: boolean): string {
  const lines = [
    `HTTP/1.1 ${script.status} ${reasons[script.status] ?? 'Scripted'}`,
    'server: windtunnel-origin',
    `x-origin: ${origin}`,
    `content-type: ${script.events > 1 ? 'text/event-stream' : 'text/plain'}`,
  ]
  if (script.unbuffered) lines.push('x-accel-buffering: no')
  if (script.trailers) lines.push('trailer: x-trailer')
  if (script.chunked) lines.push('transfer-encoding: chunked')
  else if (!script.closeDelimited && script.status !== 204) lines.push(`content-length: ${bytes}`)
  if (!keep) lines.push('connection: close')
  const interim = script.hints ? 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n' : ''
  return `${interim}${lines.join('\r\n')}\r\n\r\n`
}

function tailOf(script: Script): string {
  return script.trailers ? '0\r\nx-trailer: end\r\n\r\n' : '0\r\n\r\n'
}

function* pieces(head: string, body: Iterable<Buffer>, chunked: boolean, tail: string): Generator<Buffer, undefined> {
  yield Buffer.from(head, 'latin1')
  for (const piece of body) {
    if (piece.length === 0) continue
    yield chunked ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]) : piece
  }
  if (chunked) yield Buffer.from(tail, 'latin1')
}

function* fillerPieces(bytes: number): Generator<Buffer, undefined> {
  for (let left = bytes; left > 0; left -= pieceBytes) yield filler.subarray(0, Math.min(left, pieceBytes))
}

/** As many pieces of equal size (the last may be smaller); each is an event of text/event-stream without a name. */
function* eventPieces(bytes: number, events: number): Generator<Buffer, undefined> {
  const size = Math.ceil(bytes / events)
  for (let left = bytes; left > 0; left -= size) {
    const length = Math.min(left, size)
    yield Buffer.from(length < 8 ? '\n'.repeat(length) : `data: ${'x'.repeat(length - 8)}\n\n`, 'latin1')
  }
}

/** Writes an answer; `onWritten` is called once, unless the connection closes first. */
export function writeAnswer(socket: Socket, answer: Answer, onWritten: () => void): void {
  const finish = () => {
    if (answer.after === 'close') socket.end()
    if (answer.after === 'reset') socket.resetAndDestroy()
    onWritten()
  }
  if (answer.everyMs > 0) writeEvents(socket, answer, finish)
  else if (answer.totalBytes <= joinedBytes) {
    const joined = Buffer.concat([...{ [Symbol.iterator]: () => answer.pieces }])
    // A reset would throw away what the kernel has not taken yet.
    if (answer.after === 'reset') socket.write(joined, finish)
    else {
      socket.write(joined)
      finish()
    }
  } else writePieces(socket, answer.pieces, finish)
}

function writePieces(socket: Socket, rest: Iterator<Buffer>, finish: () => void): void {
  for (let piece = rest.next(); !piece.done; piece = rest.next()) {
    if (!socket.write(piece.value)) {
      socket.once('drain', () => writePieces(socket, rest, finish))
      return
    }
  }
  socket.write('', finish)
}

/** The head leaves with the first event. */
function writeEvents(socket: Socket, { pieces, everyMs }: Answer, finish: () => void): void {
  socket.write(pieces.next().value ?? '')
  const go = () => {
    if (socket.destroyed) return
    const piece = pieces.next()
    if (piece.done) return finish()
    socket.write(piece.value)
    setTimeout(go, everyMs)
  }
  go()
}
