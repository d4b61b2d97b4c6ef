// Heads as they are sent on: written anew from what was parsed, never passed through. Runs of kept field lines are copied
// as they arrived, since each byte of them has been checked; everything that frames or routes is written from its meaning.
// Source: RFC 9110 section 7.6 (forwarding, Via), RFC 9112 section 6 (framing).
import { VIA, X_FORWARDED_FOR } from './field-names.ts'
import type { MessageHead, RequestHead, ResponseHead } from './head.ts'
import { maxHostBytes } from './host.ts'
import { phraseOf } from './status-phrases.ts'
import { copy, encode, put, writeLineEnd, writeNumber, writeText } from './text-output.ts'

/** The constant parts, encoded once. */
const blank = encode(' ')
const afterTarget = encode(' HTTP/1.1\r\nHost: ')
const version = encode('HTTP/1.1 ')
const forwardedFor = encode('X-Forwarded-For: ')
const forwardedProto = { http: encode('X-Forwarded-Proto: http\r\n'), https: encode('X-Forwarded-Proto: https\r\n') }
const forwardedHost = encode('X-Forwarded-Host: ')
const viaLabel = encode('Via: ')
const contentLength = encode('Content-Length: ')
const transferEncoding = encode('Transfer-Encoding: chunked\r\n')
const connectionClose = encode('Connection: close\r\n')
const connectionKeepAlive = encode('Connection: keep-alive\r\n')

/** What is told to the origin about the way a request came. All texts are ASCII without line ends. */
export interface Forwarding {
  /** The client's address without its port. */
  readonly client: string
  readonly proto: 'http' | 'https'
  /** Protocol version received and the proxy's name, e.g. `1.1 windtunnel`. */
  readonly via: string
  /** The Host of an HTTP/1.0 request that named none; empty when left out. */
  readonly fallbackHost?: string
}

/**
 * A head that is written takes at most this many bytes more than the one that was parsed, plus the lengths of `client`,
 * `via` and `fallbackHost`. For a request: Host and its blank (8), a slash for an empty path (1), the three X-Forwarded
 * lines (19, 26, 20 and the host once more), Via (7) and a blank in the framing line (1). A response needs 60.
 */
export const growthBytes = 8 + 1 + 19 + 26 + 20 + maxHostBytes + 7 + 1

/**
 * Writes an HTTP/1.1 request head in origin form (or `OPTIONS *`) at `at`; returns the offset after it. `out` may be the
 * buffer that holds the parsed head, if the two places do not overlap. The head is framed by `head.contentLength` and
 * `head.chunked`. Kept fields keep their order and case.
 */
export function writeRequestHead(head: RequestHead, out: Buffer, at: number, forwarding: Forwarding): number {
  const { bytes, hostFrom, hostTo } = head
  let end = at
  if (head.plainStart) {
    end = writeKept(head, 1, head.startFrom, out, end)
  } else {
    end = writeText(head.method, out, end)
    end = put(blank, out, end)
    end = writeText(head.impliedTarget, out, end)
    end = copy(bytes, head.targetFrom, head.targetTo, out, end)
    end = put(afterTarget, out, end)
    end =
      hostFrom < hostTo ? copy(bytes, hostFrom, hostTo, out, end) : writeText(forwarding.fallbackHost ?? '', out, end)
    end = writeLineEnd(out, end)
    end = writeKept(head, 0, -1, out, end)
  }
  end = writeList(head, X_FORWARDED_FOR, forwardedFor, forwarding.client, out, end)
  end = put(forwardedProto[forwarding.proto], out, end)
  if (hostFrom < hostTo) {
    end = put(forwardedHost, out, end)
    end = copy(bytes, hostFrom, hostTo, out, end)
    end = writeLineEnd(out, end)
  }
  end = writeList(head, VIA, viaLabel, forwarding.via, out, end)
  if (head.chunked) end = put(transferEncoding, out, end)
  else if (head.contentLength >= 0) end = writeLength(head.contentLength, out, end)
  return writeLineEnd(out, end)
}

/** How the body of a response is delimited towards the client. `close`: by the end of the connection. */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

export interface ResponseOptions {
  readonly framing: Framing
  /** Does the connection to the client stay open after this response? */
  readonly keepAlive: boolean
  /** Minor version of the client; the response says HTTP/1.1 to both. */
  readonly clientMinor: 0 | 1
  /** Protocol version received and the proxy's name, e.g. `1.1 windtunnel`. */
  readonly via: string
}

/**
 * Writes a response head for a client at `at`; returns the offset after it. `out` may be the buffer that holds the
 * parsed head, if the two places do not overlap. With `none` a Content-Length that came is kept, as answers to HEAD and
 * 304 announce what is not sent; 1xx and 204 get none. `length` needs a `head.contentLength` of 0 or more.
 */
export function writeResponseHead(head: ResponseHead, out: Buffer, at: number, options: ResponseOptions): number {
  let end = at
  if (head.plainStart) {
    end = writeKept(head, 0, head.startFrom, out, end)
  } else {
    end = put(version, out, end)
    end = writeNumber(head.status, out, end)
    end = put(blank, out, end)
    end = copy(head.bytes, head.reasonFrom, head.reasonTo, out, end)
    end = writeLineEnd(out, end)
    end = writeKept(head, 0, -1, out, end)
  }
  end = writeList(head, VIA, viaLabel, options.via, out, end)
  if (options.framing === 'chunked') end = put(transferEncoding, out, end)
  else if (options.framing !== 'close' && announcesLength(head)) end = writeLength(head.contentLength, out, end)
  if (!options.keepAlive) end = put(connectionClose, out, end)
  else if (options.clientMinor === 0) end = put(connectionKeepAlive, out, end)
  return writeLineEnd(out, end)
}

function announcesLength(head: ResponseHead): boolean {
  return head.contentLength >= 0 && head.status >= 200 && head.status !== 204
}

/** Copies the field lines that are not dropped, from field `first` on; a run is already open at `runFrom`, or -1. */
function writeKept(head: MessageHead, first: number, runFrom: number, out: Buffer, at: number): number {
  const { bytes, fields, drop, count } = head
  let from = runFrom
  let end = at
  for (let i = first; i < count; i++) {
    if (drop[i] === 0) {
      if (from < 0) from = fields[i * 4]!
    } else if (from >= 0) {
      end = copy(bytes, from, fields[i * 4]!, out, end)
      from = -1
    }
  }
  return from < 0 ? end : copy(bytes, from, head.fieldsTo, out, end)
}

/** Writes a list field: the values that came with this id, then one of ours. */
function writeList(head: MessageHead, id: number, label: Buffer, last: string, out: Buffer, at: number): number {
  const { ids, fields, count } = head
  let end = put(label, out, at)
  for (let i = 0; i < count; i++) {
    if (ids[i] !== id) continue
    const from = fields[i * 4 + 2]!
    const to = fields[i * 4 + 3]!
    if (from === to) continue
    end = copy(head.bytes, from, to, out, end)
    end = writeText(', ', out, end)
  }
  return writeLineEnd(out, writeText(last, out, end))
}

function writeLength(length: number, out: Buffer, at: number): number {
  const end = writeNumber(length, out, put(contentLength, out, at))
  return writeLineEnd(out, end)
}

const errorResponses = new Map<string, string>()

/**
 * A complete response of the proxy's own: text/plain body `<status> <phrase>`, with Content-Length, and Connection: close
 * when `close`. `retryAfterSeconds` is rounded up. `withoutBody` leaves out the body but not its length: an answer to HEAD.
 */
export function errorResponse(status: number, close: boolean, retryAfterSeconds?: number, withoutBody = false): string {
  if (retryAfterSeconds !== undefined) return buildError(status, close, Math.ceil(retryAfterSeconds), withoutBody)
  const key = `${status} ${close} ${withoutBody}`
  let response = errorResponses.get(key)
  if (response === undefined) errorResponses.set(key, (response = buildError(status, close, undefined, withoutBody)))
  return response
}

function buildError(
  status: number,
  close: boolean,
  retryAfterSeconds: number | undefined,
  withoutBody: boolean,
): string {
  const body = `${status} ${phraseOf(status)}\n`
  const retryAfter = retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`
  const connection = close ? 'Connection: close\r\n' : ''
  const head = `HTTP/1.1 ${status} ${phraseOf(status)}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n`
  return `${head}${retryAfter}${connection}\r\n${withoutBody ? '' : body}`
}
