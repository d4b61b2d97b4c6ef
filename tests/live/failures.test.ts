// What may go wrong on either side, in every phase, and that nothing is left behind: no count, no connection, no lie.
import { spawn } from 'node:child_process'
import net from 'node:net'
import { describe, expect, test } from 'vitest'
import { bareOrigin, eventually, exchange, openTunnel, RawClient, statusOf, type Tunnel } from './tunnel.ts'

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`

/** After everything has gone wrong: no request counts as in flight, no connection as open. */
async function expectNothingLeft(tunnel: Tunnel): Promise<void> {
  await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
  for (const upstream of tunnel.proxy.upstreams) expect(upstream.inFlight).toBe(0)
  await eventually(() => tunnel.origins.ledger().connectionsOpen === tunnel.proxy.counters.upstreamConnectionsOpen)
}

describe('timeouts', () => {
  test('requestHeadMs: a head that does not end gets 408, a silent client is closed without an answer', async () => {
    const tunnel = await openTunnel({ config: { timeouts: { requestHeadMs: 100 } } })
    expect(statusOf(await exchange(tunnel.port, 'GET / HTTP/1.1\r\nHost: a\r\nX: '))).toBe(408)
    expect(await exchange(tunnel.port, '')).toBe('')
    const second = new RawClient(tunnel.port).send(get('/'))
    await second.receives(/200 OK/)
    second.send('GET /late HTTP/1.1\r\n')
    await second.closed
    expect(second.received).toMatch(/ 408 Request Timeout/)
    expect(tunnel.proxy.counters.requestHeadTimeouts).toBe(3)
    expect(tunnel.reasons()).toEqual(['requestHeadMs has passed', 'requestHeadMs has passed'])
    await expectNothingLeft(tunnel)
    await tunnel.close()
  })

  test('keepAliveIdleMs: an idle connection is closed without a word', async () => {
    const tunnel = await openTunnel({ config: { timeouts: { keepAliveIdleMs: 60 } } })
    const answer = await exchange(tunnel.port, get('/'))
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(tunnel.reasons()).toEqual([])
    await tunnel.close()
  })

  test('bodyIdleMs: an upload that stops gets 408 and its origin connection is closed', async () => {
    const tunnel = await openTunnel({ config: { timeouts: { bodyIdleMs: 100 } } })
    const answer = await exchange(tunnel.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf')
    expect(statusOf(answer)).toBe(408)
    await expectNothingLeft(tunnel)
    expect(tunnel.origins.ledger().connectionsOpen).toBe(0)
    await tunnel.close()
  })

  test('responseHeadMs: an origin that does not answer gives 504', async () => {
    const tunnel = await openTunnel({ config: { timeouts: { responseHeadMs: 100 } } })
    const client = new RawClient(tunnel.port).send(get('/?delay=60000'))
    await client.receives(/ 504 /)
    client.socket.destroy()
    await expectNothingLeft(tunnel)
    await tunnel.close()
  })

  test('responseIdleMs: an origin that stops in the middle is cut off, and the client can tell', async () => {
    const origin = await bareOrigin(socket => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    })
    const tunnel = await openTunnel({ ports: [origin.port], config: { timeouts: { responseIdleMs: 100 } } })
    const client = new RawClient(tunnel.port).send(get('/'))
    expect(await client.closed).toBe('reset')
    expect(client.received).toMatch(/half$/)
    await tunnel.close()
    origin.close()
  })

  test('writeIdleMs: a client that stops reading is cut off and the origin is released', async () => {
    const tunnel = await openTunnel({ config: { timeouts: { writeIdleMs: 200 } } })
    const client = new RawClient(tunnel.port).send(get('/?bytes=100000000'))
    client.socket.pause()
    await eventually(() => tunnel.proxy.counters.requests === 1)
    await expectNothingLeft(tunnel)
    expect(tunnel.origins.ledger().connectionsOpen).toBe(0)
    client.socket.destroy()
    await tunnel.close()
  })

  test('connectMs: an origin that does not take the connection gives 504', async () => {
    // A process that listens and never accepts: once its queue is full, the kernel answers no more SYNs.
    const listenAndBlock = `
      const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
        require('fs').writeSync(1, String(server.address().port))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000)
      })`
    const child = spawn(process.execPath, ['-e', listenAndBlock], { stdio: ['ignore', 'pipe', 'ignore'] })
    const stuck = Number(await new Promise(resolve => child.stdout.once('data', resolve)))
    const fillers = Array.from({ length: 8 }, () => net.connect(stuck, '127.0.0.1').on('error', () => {}))
    await eventually(() => fillers.filter(socket => !socket.connecting).length >= 2)
    const tunnel = await openTunnel({ ports: [stuck], config: { timeouts: { connectMs: 150 } } })
    const client = new RawClient(tunnel.port).send(get('/'))
    await client.receives(/HTTP\/1\.1 50\d/)
    expect(statusOf(client.received)).toBe(504)
    client.socket.destroy()
    for (const socket of fillers) socket.destroy()
    child.kill('SIGKILL')
    await tunnel.close()
  })
})

describe('the origin fails', () => {
  test('refused, closed or reset before an answer, or not HTTP at all: 502, and the client may go on', async () => {
    const closed = await bareOrigin(() => {})
    closed.close()
    const nonsense = await bareOrigin(socket => socket.once('data', () => socket.end('SSH-2.0-nonsense\r\n\r\n')))
    for (const [ports, target] of [
      [[closed.port], '/'],
      [undefined, '/?cut=head'],
      [undefined, '/?reset=head'],
      [[nonsense.port], '/'],
    ] as const) {
      const tunnel = await openTunnel(ports ? { ports } : {})
      const client = new RawClient(tunnel.port).send(get(target) + get(target))
      await client.receives(received => received.match(/ 502 Bad Gateway/g)?.length === 2)
      client.socket.destroy()
      expect(tunnel.reasons().length).toBe(2)
      await expectNothingLeft(tunnel)
      await tunnel.close()
    }
    nonsense.close()
  })

  test('a body that breaks off never looks complete, whatever its framing', async () => {
    const tunnel = await openTunnel()
    for (const query of [
      'bytes=1000&cut=500',
      'bytes=1000&reset=500',
      'bytes=1000&chunked=1&cut=500',
      'bytes=1000&chunked=1&reset=500',
      'bytes=1000&close=1&reset=500',
    ]) {
      const client = new RawClient(tunnel.port).send(get(`/?${query}`))
      expect([query, await client.closed]).toEqual([query, 'reset'])
      expect(client.received).not.toMatch(/\r\n0\r\n\r\n$/)
    }
    await expectNothingLeft(tunnel)
    await tunnel.close()
  })

  test('a body delimited by the end of the connection is complete when that end is clean', async () => {
    const tunnel = await openTunnel()
    const client = new RawClient(tunnel.port).send(get('/?bytes=1000&close=1'))
    expect(await client.closed).toBe('clean')
    expect(client.received.length - client.received.indexOf('\r\n\r\n') - 4).toBe(1000)
    await tunnel.close()
  })

  test.each([
    [
      'Content-Length and chunked',
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
    ['a switch of protocols nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(9000)}`],
  ])('%s from the origin gives 502', async (_name, bytes) => {
    const origin = await bareOrigin(socket => socket.once('data', () => socket.write(bytes)))
    const tunnel = await openTunnel({ ports: [origin.port] })
    const client = new RawClient(tunnel.port).send(get('/'))
    await client.receives(/HTTP\/1\.1 \d/)
    expect(statusOf(client.received)).toBe(502)
    client.socket.destroy()
    await tunnel.close()
    origin.close()
  })

  test('an interim response that is followed by nonsense is followed by 502', async () => {
    const origin = await bareOrigin(socket =>
      socket.once('data', () =>
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/9.9 nonsense\r\n\r\n'),
      ),
    )
    const tunnel = await openTunnel({ ports: [origin.port] })
    const client = new RawClient(tunnel.port).send(get('/'))
    await client.receives(/502 Bad Gateway\n$/)
    expect(client.received).toMatch(/^HTTP\/1\.1 103 .*?\r\n\r\nHTTP\/1\.1 502 /s)
    client.socket.destroy()
    await tunnel.close()
    origin.close()
  })

  test('a connection with bytes left over, or that talks while idle, is not used again', async () => {
    const origin = await bareOrigin(socket =>
      socket.on('data', () =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'),
      ),
    )
    const tunnel = await openTunnel({ ports: [origin.port] })
    const client = new RawClient(tunnel.port)
    for (let i = 1; i <= 3; i++) {
      client.send(get('/'))
      await client.receives(received => received.match(/ok$|ok(?=HTTP)/g)?.length === i)
    }
    expect(client.received).not.toMatch(/evil/)
    expect(tunnel.proxy.counters.upstreamDials).toBe(3)
    client.socket.destroy()
    await tunnel.close()
    origin.close()
  })
})

describe('the client leaves', () => {
  test.each([
    ['within the head', 'GET / HTTP/1.1\r\nHo'],
    ['within an upload', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf'],
    ['while it waits for the answer', get('/?delay=60000')],
    ['within a large response', get('/?bytes=50000000')],
  ])('%s: the origin connection is closed and nothing is left', async (_name, bytes) => {
    const tunnel = await openTunnel()
    const client = new RawClient(tunnel.port).send(bytes)
    if (bytes.startsWith('GET / ')) await eventually(() => tunnel.proxy.counters.connectionsOpen === 1)
    else await eventually(() => tunnel.origins.ledger().connectionsOpen === 1)
    if (bytes.includes('bytes=')) await client.receives(/200 OK/)
    client.socket.resetAndDestroy()
    await expectNothingLeft(tunnel)
    expect(tunnel.origins.ledger().connectionsOpen).toBe(0)
    await tunnel.close()
  })

  test('while its connection to the origin is being opened', async () => {
    const tunnel = await openTunnel()
    const client = new RawClient(tunnel.port).send(get('/?delay=60000'))
    await eventually(() => tunnel.proxy.counters.upstreamDials === 1)
    client.socket.resetAndDestroy()
    await expectNothingLeft(tunnel)
    await tunnel.close()
  })
})

describe('backpressure', () => {
  const size = 64_000_000

  test('a client that does not read stops the origin, and gets every byte once it reads', async () => {
    let sent = 0
    const origin = await bareOrigin(socket => {
      const piece = Buffer.alloc(65_536, 'z')
      const pump = () => {
        while (sent < size) {
          const slice = piece.subarray(0, Math.min(piece.length, size - sent))
          sent += slice.length
          if (!socket.write(slice)) return socket.once('drain', pump)
        }
        return undefined
      }
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
        pump()
      })
    })
    const tunnel = await openTunnel({ ports: [origin.port] })
    const socket = net.connect(tunnel.port, '127.0.0.1')
    let received = 0
    socket.write(get('/'))
    await new Promise<void>(resolve =>
      socket.once('data', first => {
        received += first.length
        socket.pause()
        resolve()
      }),
    )
    // Wait until the origin has stood still for a while: the kernel's buffers are full.
    for (let last = -1; last !== sent; ) {
      last = sent
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    expect(sent).toBeLessThan(size / 2)
    socket.on('data', bytes => (received += bytes.length)).resume()
    await eventually(() => received > size)
    socket.destroy()
    await tunnel.close()
    origin.close()
  })

  test('an origin that does not read stops the client, and gets every byte once it reads', async () => {
    let arrived = 0
    let resume = () => {}
    const origin = await bareOrigin(socket => {
      socket.once('data', bytes => {
        arrived += bytes.length
        socket.pause()
        resume = () => socket.on('data', more => (arrived += more.length)).resume()
      })
    })
    const tunnel = await openTunnel({ ports: [origin.port] })
    const socket = net.connect(tunnel.port, '127.0.0.1')
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
    socket.write(Buffer.alloc(size, 'z'))
    await eventually(() => arrived > 0)
    const unsent = () => socket.writableLength
    for (let last = -1; last !== unsent(); ) {
      last = unsent()
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    expect(unsent()).toBeGreaterThan(0)
    resume()
    await eventually(() => arrived > size)
    socket.destroy()
    await tunnel.close()
    origin.close()
  })
})

describe('an origin connection that is used again while the last answer is still on its way', () => {
  // The last piece of an answer is written as it lies in the connection's read buffer. The client of /a stops reading, so
  // that for some size of the answer this piece is what waits; the answer to /b must not be read over it.
  test('does not overwrite it', async () => {
    const origin = await bareOrigin(socket =>
      socket.on('data', bytes => {
        const [, letter, size] = /^GET \/(.)(\d+) /.exec(bytes.toString('latin1'))!
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
        socket.write(Buffer.alloc(Number(size), letter))
      }),
    )
    const tunnel = await openTunnel({ ports: [origin.port] })
    const finished = () => tunnel.proxy.counters.responses2xx
    let pending = 0
    for (let size = 1_000_000; size < 12_000_000; size += 40_000) {
      const before = finished()
      const slow = net.connect(tunnel.port, '127.0.0.1').pause()
      slow.write(get(`/a${size}`))
      // The answer ends in the proxy, or its origin is held back because the client takes no more.
      const stalled = () => tunnel.proxy.stalledClients > 0
      await eventually(() => finished() > before || stalled())
      const done = finished() > before
      if (done) {
        const other = new RawClient(tunnel.port).send(get('/b60000'))
        await other.receives(received => received.length > 60_000)
        other.socket.destroy()
      }
      let received = 0
      let wrong = 0
      slow.on('data', bytes => {
        received += bytes.length
        wrong += bytes.includes('bbbb') ? 1 : 0
      })
      slow.resume()
      await eventually(() => received > size)
      expect([size, wrong]).toEqual([size, 0])
      slow.destroy()
      if (!done) pending++
      if (pending === 2) break
    }
    expect(tunnel.proxy.counters.upstreamDials).toBeLessThan(10)
    await tunnel.close()
    origin.close()
  })
})
