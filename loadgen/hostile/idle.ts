// Idle keep-alive connections: each asks as often as it is told, waits for the answers, then says nothing more. Not an
// attack but what browsers and connection pools do all day; it shows what a connection costs in memory.
// In its report `longestHeldMs` is the longest time the server kept any connection, though it did send complete heads.
import type { Socket } from 'node:net'
import { defineHostile } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'
import { HeldConnections, loopbackAddresses } from '../held-connections.ts'
import { ResponseScanner } from '../response-scanner.ts'

/** Null once the last answer is in. */
type State = { asking: { scanner: ResponseScanner; left: number } | null }

export default defineHostile({
  about: 'Opens keep-alive connections, asks on each, and then holds them without a word.',
  source: 'RFC 9112, section 9.3 (persistence)',
  params: {
    connections: count({
      default: 5000,
      min: 1,
      max: 50_000,
      unit: 'connections',
      doc: 'opened; ended ones stay gone',
    }),
    addresses: count({ default: 10, min: 1, max: 250, unit: 'addresses', doc: 'sources, 127.0.2.1 and up' }),
    requestsBefore: count({
      default: 1,
      min: 0,
      max: 1000,
      unit: 'requests',
      doc: 'asked one after another, then idle',
    }),
    connectionsPerSecond: number({ default: 2000, min: 1, max: 20_000, unit: '1/s', doc: 'openings' }),
  },
  start({ connections, addresses, requestsBefore, connectionsPerSecond }, context) {
    const plan = {
      addresses: loopbackAddresses(2, addresses),
      connectionsPerSecond,
      maxHeld: connections,
      replaced: false,
    }
    const request = `GET / HTTP/1.1\r\nhost: ${context.host}:${context.port}\r\n\r\n`
    const ask = (socket: Socket) => void socket.write(request, 'latin1')
    return new HeldConnections<State>(context, plan, {
      begin(socket) {
        if (requestsBefore === 0) return { asking: null }
        ask(socket)
        return { asking: { scanner: new ResponseScanner(), left: requestsBefore } }
      },
      onBytes(socket, state, bytes, received) {
        const { asking } = state
        const progress = asking?.scanner.feed(bytes, received)
        if (progress === 'more') return true
        if (!asking || progress === 'bad' || !asking.scanner.reusable) return false
        asking.scanner.begin()
        if (--asking.left > 0) ask(socket)
        else state.asking = null
        return true
      },
    })
  },
})
