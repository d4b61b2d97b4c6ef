// Request heads that must be refused, each with the status that says so: the raw material of request smuggling, cache
// poisoning and parser abuse. Data only, so that the parser's own test and a test over sockets can play the same corpus.
// Limits are those of defaultHeadLimits: 16 KiB of head, 100 fields, 8 KiB of target.

export interface HostileRequest {
  readonly name: string
  /** As sent, one latin1 character per byte. */
  readonly bytes: string
  /** The status of the refusal; the connection is closed after it. */
  readonly status: number
}

const post = 'POST / HTTP/1.1\r\nHost: a\r\n'
const get = 'GET / HTTP/1.1\r\nHost: a\r\n'

function posted(name: string, fieldLines: string, body: string, status = 400): HostileRequest {
  return { name, bytes: `${post}${fieldLines}\r\n${body}`, status }
}

function got(name: string, fieldLines: string, status = 400): HostileRequest {
  return { name, bytes: `${get}${fieldLines}\r\n`, status }
}

function line(name: string, requestLine: string, status = 400): HostileRequest {
  return { name, bytes: `${requestLine}\r\nHost: a\r\n\r\n`, status }
}

function nominating(name: string): HostileRequest {
  return got(`Connection nominates ${name}`, `${name}: x\r\nConnection: keep-alive, ${name}\r\n`)
}

const framing: readonly HostileRequest[] = [
  posted('Content-Length before Transfer-Encoding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
  posted('Transfer-Encoding before Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
  posted('Content-Length twice, equal', 'Content-Length: 2\r\nContent-Length: 2\r\n', 'ab'),
  posted('Content-Length twice, differing', 'Content-Length: 2\r\nContent-Length: 1\r\n', 'ab'),
  posted('Content-Length as a list', 'Content-Length: 2, 2\r\n', 'ab'),
  posted('Content-Length with a plus sign', 'Content-Length: +2\r\n', 'ab'),
  posted('Content-Length with a minus sign', 'Content-Length: -2\r\n', 'ab'),
  posted('Content-Length in hexadecimal', 'Content-Length: 0x2\r\n', 'ab'),
  posted('Content-Length with a fraction', 'Content-Length: 2.0\r\n', 'ab'),
  posted('Content-Length with a blank inside', 'Content-Length: 1 2\r\n', 'ab'),
  posted('Content-Length empty', 'Content-Length:\r\n', 'ab'),
  posted('Content-Length of 16 digits', 'Content-Length: 0000000000000002\r\n', 'ab'),
  posted('Content-Length beyond 2^64', 'Content-Length: 18446744073709551618\r\n', 'ab'),
  posted('content_length beside Content-Length', 'Content-Length: 2\r\ncontent_length: 9\r\n', 'ab'),
  posted('Transfer-Encoding twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
  posted('Transfer-Encoding chunked, chunked', 'Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n'),
  posted('Transfer-Encoding chunked, identity', 'Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'),
  posted('Transfer-Encoding chunked with a parameter', 'Transfer-Encoding: chunked;q=1\r\n', '0\r\n\r\n'),
  posted('Transfer-Encoding gzip, chunked', 'Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n', 501),
  posted('Transfer-Encoding gzip', 'Transfer-Encoding: gzip\r\n', 'ab', 501),
  posted('Transfer-Encoding xchunked', 'Transfer-Encoding: xchunked\r\n', '0\r\n\r\n', 501),
  posted('Transfer-Encoding identity', 'Transfer-Encoding: identity\r\n', 'ab', 501),
  posted('Transfer-Encoding empty', 'Transfer-Encoding:\r\n', '0\r\n\r\n'),
  posted('Transfer-Encoding with a leading comma', 'Transfer-Encoding: ,chunked\r\n', '0\r\n\r\n'),
  posted('Transfer-Encoding with a vertical tab', 'Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'),
  posted('Transfer-Encoding quoted', 'Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n'),
  posted('transfer_encoding', 'transfer_encoding: chunked\r\n', '0\r\n\r\n'),
  {
    name: 'Transfer-Encoding in HTTP/1.0',
    bytes: 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    status: 400,
  },
]

const lines: readonly HostileRequest[] = [
  got('a blank before the colon', 'X-A : b\r\n'),
  got('a tab before the colon', 'Content-Length\t: 2\r\n'),
  got('a folded field line', 'X-A: b\r\n c\r\n'),
  got('a first field line that begins with a blank', ' X-A: b\r\n'),
  got('a field line without a colon', 'X-A\r\n'),
  got('an empty field name', ': b\r\n'),
  got('a field name with a slash', 'X/A: b\r\n'),
  got('a field name with a NUL', 'X\0A: b\r\n'),
  got('a field name beyond ASCII', 'X-\xe4: b\r\n'),
  got('a NUL in a value', 'X-A: b\0c\r\n'),
  got('a bare CR in a value', 'X-A: b\rContent-Length: 5\r\n'),
  got('an escape character in a value', 'X-A: b\x1bc\r\n'),
  got('a DEL in a value', 'X-A: b\x7fc\r\n'),
  got('a field line that ends in a bare LF', 'X-A: b\n'),
  got('two line feeds in place of the empty line', 'X-A: b\n\n'),
  got('a field line that ends in CR CR LF', 'X-A: b\r\r\n'),
  { name: 'an empty line of LF only', bytes: `${get}\n`, status: 400 },
  { name: 'an empty line of CR only', bytes: `${get}\rX`, status: 400 },
  { name: 'a request line that ends in a bare LF', bytes: 'GET / HTTP/1.1\nHost: a\r\n\r\n', status: 400 },
  { name: 'two empty lines in front', bytes: `\r\n\r\n${get}\r\n`, status: 400 },
  { name: 'a bare LF in front', bytes: `\n${get}\r\n`, status: 400 },
  { name: 'a bare CR in front', bytes: `\r${get}\r\n`, status: 400 },
]

const requestLines: readonly HostileRequest[] = [
  line('no version (HTTP/0.9)', 'GET /'),
  line('no target', 'GET HTTP/1.1'),
  line('two blanks after the method', 'GET  / HTTP/1.1'),
  line('two blanks before the version', 'GET /  HTTP/1.1'),
  line('a tab in place of a blank', 'GET\t/ HTTP/1.1'),
  line('a blank in front', ' GET / HTTP/1.1'),
  line('a blank after the version', 'GET / HTTP/1.1 '),
  line('a blank in the target', 'GET /a b HTTP/1.1'),
  line('a method with a byte that no token has', 'GE(T / HTTP/1.1'),
  line('a method of 33 bytes', `${'M'.repeat(33)} / HTTP/1.1`, 501),
  line('a lower-case version', 'GET / http/1.1'),
  line('a version without a minor number', 'GET / HTTP/1'),
  line('a version with two minor digits', 'GET / HTTP/1.10'),
  line('another protocol', 'GET / ICAP/1.0'),
  line('HTTP/2.0', 'GET / HTTP/2.0', 505),
  line('HTTP/0.9 by name', 'GET / HTTP/0.9', 505),
  { name: 'the HTTP/2 preface', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 505 },
  { name: 'a TLS hello', bytes: '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', status: 400 },
  line('CONNECT', 'CONNECT a:443 HTTP/1.1', 501),
  line('a target that is no path', 'GET index.html HTTP/1.1'),
  line('a target of host and port', 'GET a:80 HTTP/1.1'),
  line('the target * with GET', 'GET * HTTP/1.1'),
  line('a fragment', 'GET /a#b HTTP/1.1'),
  line('a NUL in the target', 'GET /a\0b HTTP/1.1'),
  line('a target beyond ASCII', 'GET /\xe4 HTTP/1.1'),
  line('another scheme', 'GET ftp://a/ HTTP/1.1'),
  line('an absolute target without a host', 'GET http:///x HTTP/1.1'),
  line('an absolute target with one slash', 'GET http:/a/x HTTP/1.1'),
  line('an absolute target with user information', 'GET http://u@a/x HTTP/1.1'),
  line('an absolute target that differs from Host', 'GET http://b/x HTTP/1.1'),
  line('an absolute target with another port than Host', 'GET http://a:81/x HTTP/1.1'),
]

const hosts: readonly HostileRequest[] = [
  { name: 'no Host', bytes: 'GET / HTTP/1.1\r\n\r\n', status: 400 },
  { name: 'no Host beside an absolute target', bytes: 'GET http://a/ HTTP/1.1\r\n\r\n', status: 400 },
  { name: 'two Hosts, in HTTP/1.0', bytes: 'GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n', status: 400 },
  got('two Hosts, equal', 'Host: a\r\n'),
  got('two Hosts, differing', 'Host: b\r\n'),
  ...[
    ['empty', ''],
    ['with a slash', 'a/b'],
    ['with user information', 'u@a'],
    ['with a blank', 'a b'],
    ['with a query', 'a?b'],
    ['with a backslash', 'a\\b'],
    ['beyond ASCII', '\xe4'],
    ['with letters for a port', 'a:b'],
    ['with two ports', 'a:80:81'],
    ['with a port of six digits', 'a:000080'],
    ['of a port only', ':80'],
    ['with an open bracket', '[::1'],
    ['with text after the bracket', '[::1]a'],
    ['with empty brackets', '[]'],
    ['of 262 bytes', 'a'.repeat(262)],
  ].map(([name, host]) => ({ name: `a Host ${name}`, bytes: `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, status: 400 })),
]

const meanings: readonly HostileRequest[] = [
  posted('an unknown expectation', 'Expect: foo\r\nContent-Length: 2\r\n', 'ab', 417),
  posted('an expectation beside 100-continue', 'Expect: 100-continue, foo\r\nContent-Length: 2\r\n', 'ab', 417),
  ...['Authorization', 'Cookie', 'X-Forwarded-For', 'X-Real-IP', 'Via'].map(nominating),
  got('Connection nominates Host', 'Connection: host\r\n'),
  posted('Connection nominates Content-Length', 'Content-Length: 2\r\nConnection: content-length\r\n', 'ab'),
  posted(
    'Connection nominates Transfer-Encoding',
    'Transfer-Encoding: chunked\r\nConnection: transfer-encoding\r\n',
    '',
  ),
  got('Connection nominates an imitation of Content-Length', 'Connection: content_length\r\n'),
  got('Connection is no list', 'Connection: close keep-alive\r\n'),
  got('Connection is quoted', 'Connection: "close"\r\n'),
  got('Connection nominates 33 fields', `Connection: ${Array.from({ length: 33 }, (_, i) => `x${i}`).join(',')}\r\n`),
  ...['x_forwarded_for', 'X-Forwarded_Proto', 'x_forwarded_host', 'X_Real_IP', 'proxy_authorization', 'Keep_Alive'].map(
    name => got(`the imitation ${name}`, `${name}: x\r\n`),
  ),
]

const limits: readonly HostileRequest[] = [
  line('a target of 8193 bytes', `GET /${'a'.repeat(8192)} HTTP/1.1`, 414),
  { name: 'a target without end', bytes: `GET /${'a'.repeat(9000)}`, status: 414 },
  got('101 fields', 'X-A: b\r\n'.repeat(100), 431),
  got('1503 fields', 'X-A: b\r\n'.repeat(1502), 431),
  got('a field of 17 KB', `X-A: ${'b'.repeat(17_000)}\r\n`, 431),
  { name: 'a field name without end', bytes: `${get}${'X'.repeat(17_000)}`, status: 431 },
  { name: 'a head without end', bytes: get + `X-A: ${'b'.repeat(400)}\r\n`.repeat(50), status: 431 },
]

/** Every one is refused with its status, at once or when the head is complete, and none reaches an origin. */
export const hostileRequests: readonly HostileRequest[] = [
  ...framing,
  ...lines,
  ...requestLines,
  ...hosts,
  ...meanings,
  ...limits,
]
