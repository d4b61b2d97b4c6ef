// What a request asks of the scripted origin through its target, so that a test can have any answer it needs without
// setting anything up: `/?status=503`, `/?chunked=1&trailers=1`, `/?reset=100`. Unknown keys mean nothing.

/** How one request is to be answered. */
export interface Script {
  readonly status: number
  /** Body length; null means the origin's own. */
  readonly bytes: number | null
  /** Chunked coding instead of Content-Length. */
  readonly chunked: boolean
  /** Chunked coding with a trailer field after the body. */
  readonly trailers: boolean
  /** No framing: the body ends with the connection. */
  readonly closeDelimited: boolean
  /** A 103 response before the final one. */
  readonly hints: boolean
  /**
   * The body goes out in so many parts, one every `everyMs`, the first at once: a stream of events. 1: all of it at once.
   */
  readonly events: number
  readonly everyMs: number
  /** The answer says `X-Accel-Buffering: no`. */
  readonly unbuffered: boolean
  /** The request's head and body are the body of the answer. */
  readonly echo: boolean
  /** Milliseconds until the answer, in place of the service time; null keeps the service time. */
  readonly delayMs: number | null
  /**
   * Breaks off after this many bytes of body: `cut` with an orderly close, `reset` with a RST. -1 (written `head`) breaks
   * off before the head. Null answers in full.
   */
  readonly cut: number | null
  readonly reset: number | null
}

export const plainScript: Script = {
  status: 200,
  bytes: null,
  chunked: false,
  trailers: false,
  closeDelimited: false,
  hints: false,
  events: 1,
  everyMs: 0,
  unbuffered: false,
  echo: false,
  delayMs: null,
  cut: null,
  reset: null,
}

/** Reads the script in a request target. A value that is not a whole number counts as absent. */
export function scriptOf(target: string): Script {
  const queryAt = target.indexOf('?')
  if (queryAt < 0) return plainScript
  const query = new URLSearchParams(target.slice(queryAt + 1))
  const amount = (name: string) => {
    const value = query.get(name)
    return value !== null && /^\d{1,12}$/.test(value) ? Number(value) : null
  }
  const breakAt = (name: string) => (query.get(name) === 'head' ? -1 : amount(name))
  const status = amount('status') ?? 200
  return {
    status: status >= 200 && status <= 599 ? status : 200,
    bytes: amount('bytes'),
    chunked: query.has('chunked') || query.has('trailers'),
    trailers: query.has('trailers'),
    closeDelimited: query.has('close'),
    hints: query.has('hints'),
    events: Math.max(1, amount('events') ?? 1),
    everyMs: amount('every') ?? 0,
    unbuffered: query.has('unbuffered'),
    echo: query.has('echo'),
    delayMs: amount('delay'),
    cut: breakAt('cut'),
    reset: breakAt('reset'),
  }
}
