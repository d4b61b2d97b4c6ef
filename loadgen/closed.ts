// The closed loop: so many connections, each asking again as soon as it is answered. It tells how much a server can carry,
// and nothing of latency: a server that stalls is simply asked less. The requests are autocannon's (9.0.0); its latencies,
// rounded to milliseconds, and its count of errors, which lacks answers that break off, are not used.
import autocannon, { type Client } from 'autocannon'
import type { Ms } from '../core/contracts.ts'
import type { Fate } from '../core/request-log.ts'
import { localFault } from './local-faults.ts'

export interface ClosedLoopOptions {
  readonly host: string
  readonly port: number
  /** Path and query of every request; `/` when absent. */
  readonly target?: string
  readonly connections: number
  /** Load before the answers count. */
  readonly warmUpMs: Ms
  readonly durationMs: Ms
  /** 1000 and up; 2000 when absent. */
  readonly timeoutMs?: Ms
}

/** How a request of the closed loop failed; the words are those of the open loop. */
export type ClosedFailure = Exclude<Fate, 'pending' | 'ok' | 'unsent'>

/** Every request sent was answered with 200, failed, or was without an answer when the load ended. */
export interface ClosedLoopResult {
  /** What counts as the measurement, on this process's performance.now(). */
  readonly fromAt: Ms
  readonly toAt: Ms
  /** Answers with status 200 between the two. */
  readonly answered: number
  readonly sent: number
  readonly ok: number
  readonly failures: Readonly<Partial<Record<ClosedFailure, number>>>
  /** At most one for each connection. */
  readonly unanswered: number
}

/** autocannon looks only so often whether it is to stop. */
const stopWithinMs = 20
/** So many failures without an answer between them mean that nobody is there: autocannon dials again without a pause. */
const failuresInARow = 500

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
      if (lost && !failed) tally.fail(lost.bytes > 0 ? 'bad-response' : 'closed')
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

class Tally {
  sent = 0
  unanswered = 0
  failuresInARow = 0
  private ok = 0
  private answered = 0
  private readonly failures: Partial<Record<ClosedFailure, number>> = {}
  private readonly fromAt: Ms
  private readonly toAt: Ms

  constructor(fromAt: Ms, toAt: Ms) {
    this.fromAt = fromAt
    this.toAt = toAt
  }

  respond(status: number): void {
    if (status !== 200) return this.fail('bad-status')
    const now = performance.now()
    this.failuresInARow = 0
    this.ok++
    if (now >= this.fromAt && now < this.toAt) this.answered++
  }

  fail(kind: ClosedFailure): void {
    this.failuresInARow++
    this.failures[kind] = (this.failures[kind] ?? 0) + 1
  }

  result(endedAt: Ms): ClosedLoopResult {
    const { fromAt, answered, sent, ok, failures, unanswered } = this
    return { fromAt, toAt: Math.min(this.toAt, endedAt), answered, sent, ok, failures, unanswered }
  }
}
