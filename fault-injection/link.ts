// A network between proxy and origins: a TCP relay whose bytes arrive half a round trip after they were sent, in order, in
// both directions. Loopback hides what a new connection costs on a real network, a whole round trip; here it shows.
//
// The kernel completes a connection to the relay at once, so the round trip that connecting takes is charged where the
// proxy cannot tell the difference in the sum: nothing sent on a connection leaves before one round trip after it was
// opened. A request on a new connection thus reaches the origin 1.5 round trips after dialling, on a kept one 0.5 after
// sending. A proxy's own connect timeout does not see this time. The delay is a constant: nothing is lost or reordered.
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import type { Ms } from '../core/contracts.ts'
import { DelayLine, type Passage } from './delay-line.ts'

/** A sender is not read further while so much of what it has sent is under way. */
const underWayLimitBytes = 1_048_576

/** One relay per origin. */
export interface Links {
  /** Where they listen, in the order of the origins. */
  readonly ports: number[]
  /** Ends every connection and stops listening. */
  close(): Promise<void>
}

/** Opens a relay to each of `ports`. `roundTripMs` is 0 and up; at 0 there is a relay all the same, without a delay. */
export async function openLinks(ports: readonly number[], roundTripMs: Ms, host = '127.0.0.1'): Promise<Links> {
  const line = new DelayLine()
  const open = new Set<Socket>()
  const servers = ports.map(port => serverFor({ port, host }, roundTripMs, line, open))
  return {
    ports: await Promise.all(servers.map(server => listen(server, host))),
    async close() {
      line.stop()
      for (const socket of open) socket.destroy()
      await Promise.all(servers.map(server => new Promise<void>(resolve => server.close(() => resolve()))))
    },
  }
}

function serverFor(
  origin: { port: number; host: string },
  roundTripMs: Ms,
  line: DelayLine,
  open: Set<Socket>,
): Server {
  return createServer({ noDelay: true, allowHalfOpen: true }, near => {
    const far = dial({ ...origin, noDelay: true, allowHalfOpen: true })
    const openedAt = performance.now() + roundTripMs
    relay(near, far, openedAt, roundTripMs / 2, line.passage())
    relay(far, near, openedAt, roundTripMs / 2, line.passage())
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
    }
  })
}

/** Carries bytes, the end and a reset from one socket to the other. Nothing leaves before `openedAt`. */
function relay(from: Socket, to: Socket, openedAt: Ms, delayMs: Ms, passage: Passage): void {
  let underWayBytes = 0
  let reset = false
  const send = (arrive: () => void) => passage.send(Math.max(performance.now(), openedAt) + delayMs, arrive)
  from.on('data', chunk => {
    underWayBytes += chunk.length
    if (underWayBytes > underWayLimitBytes) from.pause()
    send(() => {
      underWayBytes -= chunk.length
      if (from.isPaused() && underWayBytes <= underWayLimitBytes) from.resume()
      if (to.destroyed || to.write(chunk)) return
      // A receiver that is behind holds up what follows, and in the end the sender.
      passage.hold()
      to.once('drain', () => passage.release())
    })
  })
  from.on('end', () => send(() => to.end()))
  from.on('error', () => {
    reset = true
  })
  from.on('close', () => {
    if (reset) send(() => to.resetAndDestroy())
    else if (!from.readableEnded) send(() => to.destroy())
  })
}

function listen(server: Server, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: 0, host, backlog: 4096 }, () => resolve((server.address() as { port: number }).port))
  })
}
