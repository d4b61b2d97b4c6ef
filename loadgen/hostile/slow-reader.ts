// The slow reader: asks for a large answer and takes it at a crawl, so that the bytes pile up in whoever buffers them.
// The client's kernel takes some hundred kilobytes ahead of it; from then on the server sees the crawl.
// In its report `longestHeldMs` is the longest time the server kept any connection, though it did send complete heads.
import type { Socket } from 'node:net'
import { defineHostile } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'
import { HeldConnections, loopbackAddresses } from '../held-connections.ts'
import { ResponseScanner } from '../response-scanner.ts'

const turnMs = 50

interface State {
  readonly scanner: ResponseScanner
  /** Bytes it may still read; below 0 it waits. */
  budget: number
}

export default defineHostile({
  about: 'Asks for a large answer and reads it at a crawl.',
  source: 'CAPEC-469; slowhttptest, slow read mode',
  params: {
    connections: count({ default: 50, min: 1, max: 10_000, unit: 'connections', doc: 'held; ended ones are replaced' }),
    addresses: count({ default: 5, min: 1, max: 250, unit: 'addresses', doc: 'sources, 127.0.3.1 and up' }),
    bytes: count({ default: 100_000_000, min: 1, max: 1e12, unit: 'bytes', doc: 'asked of the origin as ?bytes=' }),
    bytesPerSecond: number({ default: 100_000, min: 1, max: 1e9, unit: 'bytes/s', doc: 'read on each connection' }),
    connectionsPerSecond: number({ default: 100, min: 1, max: 20_000, unit: '1/s', doc: 'openings' }),
  },
  start({ connections, addresses, bytes, bytesPerSecond, connectionsPerSecond }, context) {
    const plan = {
      addresses: loopbackAddresses(3, addresses),
      connectionsPerSecond,
      maxHeld: connections,
      replaced: true,
    }
    const request = `GET /?bytes=${bytes} HTTP/1.1\r\nhost: ${context.host}:${context.port}\r\n\r\n`
    const ask = (socket: Socket) => void socket.write(request, 'latin1')
    const perTurn = (bytesPerSecond * turnMs) / 1000
    return new HeldConnections<State>(context, plan, {
      turnMs,
      begin(socket) {
        ask(socket)
        return { scanner: new ResponseScanner(), budget: perTurn }
      },
      onTurn(socket, state) {
        state.budget = Math.min(perTurn, state.budget + perTurn)
        if (state.budget > 0) socket.resume()
      },
      onBytes(socket, state, received, receivedBytes) {
        const progress = state.scanner.feed(received, receivedBytes)
        if (progress === 'bad') return false
        if (progress === 'complete') {
          if (!state.scanner.reusable) return false
          state.scanner.begin()
          ask(socket)
        }
        state.budget -= receivedBytes
        if (state.budget <= 0) socket.pause()
        return true
      },
    })
  },
})
