// Reads a request head at the origin: what an origin needs, and strictly, so that a proxy which forwards something unsafe
// is found out. Apart from the proxy's parser on purpose.

export interface RequestHead {
  readonly method: string
  readonly target: string
  /** Whether the client lets the connection live on. */
  readonly keepAlive: boolean
  /** The generator's row, or -1 when the request does not come from it. */
  readonly index: number
  /** Body length; -1 means chunked. */
  readonly bodyBytes: number
  readonly expectsContinue: boolean
}

const tokenName = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/
const strayLineEnd = /\r(?!\n)|(?<!\r)\n|\0/

/** `text`: the head in latin1, its last header's line end included. Null when an origin must not trust it (RFC 9112). */
export function readRequestHead(text: string): RequestHead | null {
  const lineEnd = text.indexOf('\r\n')
  const methodEnd = text.indexOf(' ')
  const targetEnd = text.indexOf(' ', methodEnd + 1)
  const version = text.slice(targetEnd + 1, lineEnd)
  if (methodEnd < 1 || targetEnd < methodEnd + 2 || targetEnd > lineEnd || strayLineEnd.test(text)) return null
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return null
  const fields = readFields(text, lineEnd + 2)
  if (!fields || (version === 'HTTP/1.1' && fields.hosts !== 1)) return null
  const bodyBytes = bodyLength(fields)
  if (bodyBytes === null) return null
  return {
    method: text.slice(0, methodEnd),
    target: text.slice(methodEnd + 1, targetEnd),
    keepAlive: version === 'HTTP/1.1' ? fields.connection !== 'close' : fields.connection === 'keep-alive',
    index: fields.index,
    bodyBytes,
    expectsContinue: fields.expect === '100-continue',
  }
}

interface Fields {
  hosts: number
  index: number
  connection: string
  length: string | null
  coding: string | null
  expect: string
}

/** The few fields an origin looks at; null for a line that is no field and for framing that is given twice. */
function readFields(text: string, from: number): Fields | null {
  const fields: Fields = { hosts: 0, index: -1, connection: '', length: null, coding: null, expect: '' }
  for (let at = from; at < text.length; ) {
    const end = text.indexOf('\r\n', at)
    const colon = text.indexOf(':', at)
    if (colon < at + 1 || colon > end) return null
    const name = text.slice(at, colon)
    if (!tokenName.test(name) || !noteField(fields, name.toLowerCase(), text.slice(colon + 1, end).trim())) return null
    at = end + 2
  }
  return fields
}

function noteField(fields: Fields, name: string, value: string): boolean {
  switch (name) {
    case 'host':
      fields.hosts++
      return true
    case 'connection':
      fields.connection = value.toLowerCase()
      return true
    case 'expect':
      fields.expect = value.toLowerCase()
      return true
    case 'x-request-index':
      if (/^\d{1,9}$/.test(value)) fields.index = Number(value)
      return true
    case 'content-length':
      if (fields.length !== null) return false
      fields.length = value
      return /^\d{1,15}$/.test(value)
    case 'transfer-encoding':
      if (fields.coding !== null) return false
      fields.coding = value.toLowerCase()
      return fields.coding === 'chunked'
    default:
      return true
  }
}

function bodyLength({ coding, length }: Fields): number | null {
  if (coding !== null) return length === null ? -1 : null
  return length === null ? 0 : Number(length)
}
