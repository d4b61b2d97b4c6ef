// The oracle of an honest instrument: when a server withholds all answers for a while, an open-loop generator must show
// what users would have waited, which is known in closed form, and not just what the few requests in flight took.
// This is about the instrument itself, so it looks at latencies; the tolerances are those of a busy machine.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { RequestLog } from '../core/request-log.ts'
import type { LoadPlan } from '../core/scenario.ts'
import { OpenLoop } from './open.ts'
import { buildSchedule } from './schedule.ts'

const durationMs = 2400
const stallFromMs = 800
const stallMs = 400
const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'

function quantile(values: Float64Array, q: number): number {
  return values.slice().sort()[Math.floor(values.length * q)]!
}

test('a stall of a sixth of the run shows in the response times as theory says, and hardly in the service times', async () => {
  let startAt = Number.POSITIVE_INFINITY
  const withheld: Socket[] = []
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => {
      const at = performance.now() - startAt
      if (at >= stallFromMs && at < stallFromMs + stallMs) withheld.push(socket)
      else socket.write(answer)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const plan: LoadPlan = {
    connections: { kind: 'keep-alive', count: 10 },
    profile: 'constant:ratePerSecond=150',
    pacing: 'timer',
    timeoutMs: 5000,
    from: '127.0.0.1',
  }
  const schedule = await buildSchedule(plan, durationMs, 1)
  const log = new RequestLog(schedule.size)
  const { port } = server.address() as AddressInfo
  const loop = new OpenLoop({ schedule, plan, log, host: '127.0.0.1', port, expectedBytes: 0 })
  await loop.connect()
  startAt = performance.now()
  loop.start(startAt)
  setTimeout(() => {
    for (const socket of withheld) socket.write(answer)
  }, stallFromMs + stallMs)
  await loop.finished
  server.close()

  for (let row = 0; row < log.size; row++) expect(log.fateOf(row)).toBe('ok')
  const response = log.endedAt.map((endedAt, row) => endedAt - log.dueAt[row]!)
  const service = log.endedAt.map((endedAt, row) => endedAt - log.sentAt[row]!)
  // A share f = stall / duration waits uniformly up to the stall: P(response > x) = f·(1 − x / stall) = 0.1.
  const expectedP90 = stallMs * (1 - 0.1 / (stallMs / durationMs))
  expect(quantile(response, 0.9)).toBeGreaterThan(expectedP90 / 2)
  expect(quantile(response, 0.9)).toBeLessThan(expectedP90 * 2)
  expect(quantile(service, 0.9)).toBeLessThan(quantile(response, 0.9) / 3)
})
