// The closed loop: so many connections, each asking again as soon as it is answered. It tells how much a server can carry,
// and nothing of latency: a server that stalls is simply asked less. The requests are autocannon's (9.0.0); its latencies,
// rounded to milliseconds, and its count of errors, which lacks answers that break off, are not used.
import autocannon, { type Client } from 'autocannon'
import {
  type ClosedFailure,
  type ClosedLoopOptions,
  type ClosedLoopResult,
  failuresInARow,
  Tally,
} from './closed-tally.ts'
import { localFault } from './local-faults.ts'

/** autocannon looks only so often whether it is to stop. */
const stopWithinMs = 20
/**
 * Runs one closed loop; it ends `warmUpMs` + `durationMs` later, or earlier when only failures are left.
 * @throws InvalidRunError when this machine ran out of ports or descriptors.
 */
export async function runClosedLoop(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const { host, port, target = '/', connections, warmUpMs, durationMs, timeoutMs = 2000 } = options
  const startAt = performance.now()
  const tally = new Tally(startAt + warmUpMs, startAt + warmUpMs + durationMs)
  const running = autocannon({
    url: `http://${host}:${port}${target}`,
    connections,
    duration: (warmUpMs + durationMs) / 1000,
    timeout: timeoutMs / 1000,
    sampleInt: stopWithinMs,
    setupClient: client => follow(client, tally),
  })
  let fault: Error | null = null
  running.on('response', (_client, status: number) => tally.respond(status))
  running.on('reqError', (error: NodeJS.ErrnoException) => {
    fault ??= localFault(error)
    tally.fail(kindOf(error))
    if (fault !== null || tally.failuresInARow >= failuresInARow) running.stop()
  })
  await running
  if (fault !== null) throw fault
  return tally.result(performance.now())
}

/**
 * Counts what a client sends, and mends its way of starting a new connection: by itself it would take the answer of the
 * new connection for that of the request which was lost with the old one, go on parsing the broken answer, and keep
 * listening to the old socket.
 */
function follow(client: Client, tally: Tally): void {
  const dial = client._connect
  let dialled = false
  let failed = false
  client.on('request', () => tally.sent++)
  client.on('connError', () => {
    failed = true
  })
  client.once('done', () => {
    tally.unanswered += client.pipelinedRequests.size()
  })
  client._connect = () => {
    if (dialled) {
      // An orderly close is no error to autocannon; what was asked on the connection is lost all the same.
      const lost = client.pipelinedRequests.peek()
      if (lost && !failed) tally.fail('closed')
      client.pipelinedRequests.clear()
      client.parser.reinitialize('RESPONSE')
      for (const event of ['data', 'end', 'error']) client.conn.removeAllListeners(event)
      client.conn.on('error', () => {}).destroy()
    }
    dialled = true
    failed = false
    dial.call(client)
  }
}

function kindOf(error: NodeJS.ErrnoException): ClosedFailure {
  if (error.message === 'request timed out') return 'timeout'
  return error.code === 'ECONNREFUSED' ? 'refused' : 'reset'
}
