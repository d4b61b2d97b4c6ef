import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { RequestLog } from '../core/request-log.ts'
import type { LoadPlan } from '../core/scenario.ts'
import { startOrigins } from '../fault-injection/origin.ts'
import { OpenLoop } from './open.ts'
import { buildSchedule } from './schedule.ts'
import { sourceOptions } from './source-ports.ts'

test('each connection of an address has the next port; the default address is left to the system', () => {
  const first = sourceOptions('127.0.0.71')
  const second = sourceOptions('127.0.0.71')
  expect(first.localAddress).toBe('127.0.0.71')
  expect(Math.abs(second.localPort! - first.localPort!)).toBeGreaterThan(0)
  expect(first.localPort).toBeGreaterThanOrEqual(10_000)
  expect(second.localPort).toBeLessThan(61_000)
  expect(sourceOptions('127.0.0.1')).toEqual({})
})

test('a port that somebody else has is passed over', async () => {
  const from = '127.0.0.72'
  const { localPort } = sourceOptions(from)
  const taken = await Promise.all(
    [1, 2, 3].map(async distance => {
      const server = createServer().listen(localPort! + distance, from)
      await once(server, 'listening')
      return server
    }),
  )
  const connections = { kind: 'sessions', requests: 1, gapMs: 0 } as const
  const profile = 'constant:ratePerSecond=100'
  const plan: LoadPlan = { connections, profile, pacing: 'timer', timeoutMs: 10_000, from }
  const schedule = await buildSchedule(plan, 65, 1)
  const log = new RequestLog(schedule.size)
  const origins = await startOrigins({ count: 1, service: 'fixed', responseBytes: 1 }, 1, log)
  const loop = new OpenLoop({ schedule, plan, log, host: '127.0.0.1', port: origins.ports[0]!, expectedBytes: 1 })
  loop.start(performance.now())
  await loop.finished
  await origins.close()
  for (const server of taken) server.close()
  expect(Array.from({ length: log.size }, (_, row) => log.fateOf(row))).toEqual(new Array(6).fill('ok'))
})
