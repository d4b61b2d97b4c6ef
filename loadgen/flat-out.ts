// A closed loop that takes little of its own core, so that even a lean proxy never rests: the load under which CPU per
// request is compared. autocannon (closed.ts) needs more for a request than such a proxy does, and a proxy that waits for
// its clients wakes for a few requests at a time, which makes each of them dearer.
import type { InvalidRunError } from '../core/errors.ts'
import { RequestLog } from '../core/request-log.ts'
import { ClientConnection, type Line } from './client-connection.ts'
import {
  type ClosedFailure,
  type ClosedLoopOptions,
  type ClosedLoopResult,
  failuresInARow,
  Tally,
} from './closed-tally.ts'

/**
 * Runs one closed loop; it ends `warmUpMs` + `durationMs` later, or earlier when only failures are left. A request may take as
 * long as that; one that is open at the end is unanswered.
 * @throws InvalidRunError when this machine ran out of ports or descriptors.
 */
export async function runFlatOut(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const { host, port, target = '/', connections: count, warmUpMs, durationMs } = options
  const connections: ClientConnection[] = []
  const done = Promise.withResolvers<void>()
  const startAt = performance.now()
  const tally = new Tally(startAt + warmUpMs, startAt + warmUpMs + durationMs)
  let stopped = false
  const line: Line = {
    host,
    port,
    from: '127.0.0.1',
    targets: [target],
    keys: null,
    posts: null,
    requestBeforeIndex: ` HTTP/1.1\r\nhost: ${host}:${port}\r\nx-connection: `,
    requestAfterIndex: '\r\n\r\n',
    expectedStatus: 200,
    expectedBytes: null,
    log: new RequestLog(count),
    open: 0,
    onEnded(connection, row, fate) {
      if (stopped) return
      if (fate === 'ok') tally.respond(200)
      else tally.fail(fate as ClosedFailure)
      if (tally.failuresInARow >= failuresInARow) return done.resolve()
      tally.sent++
      connection.send(row)
    },
    onFault: (fault: InvalidRunError) => done.reject(fault),
  }
  const timer = setTimeout(done.resolve, warmUpMs + durationMs)
  for (let row = 0; row < count; row++) {
    const connection = new ClientConnection(line)
    connections.push(connection)
    tally.sent++
    connection.send(row)
  }
  try {
    await done.promise
  } finally {
    clearTimeout(timer)
    stopped = true
    tally.unanswered = connections.filter(connection => connection.row >= 0).length
    for (const connection of connections) connection.abandon()
  }
  return tally.result(performance.now())
}
