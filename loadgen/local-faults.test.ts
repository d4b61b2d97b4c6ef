import { expect, test } from 'vitest'
import { InvalidRunError } from '../core/errors.ts'
import { RequestLog } from '../core/request-log.ts'
import type { LoadPlan } from '../core/scenario.ts'
import { localFault } from './local-faults.ts'
import { OpenLoop } from './open.ts'
import { buildSchedule } from './schedule.ts'

test('lack of descriptors is this machine’s fault and says what to do; a refusal is not', () => {
  expect(localFault({ code: 'EMFILE', message: 'connect EMFILE' })?.message).toContain('ulimit')
  expect(localFault({ code: 'ECONNREFUSED' })).toBeNull()
  expect(localFault({ code: 'ECONNRESET' })).toBeNull()
})

test('a load from an address this machine does not have ends as an invalid run, with every connection closed', async () => {
  const plan: LoadPlan = {
    connections: { kind: 'keep-alive', count: 1 },
    profile: 'constant:ratePerSecond=100',
    pacing: 'timer',
    timeoutMs: 10_000,
    from: '192.0.2.1',
  }
  const schedule = await buildSchedule(plan, 60_000, 1)
  const log = new RequestLog(schedule.size)
  const loop = new OpenLoop({ schedule, plan, log, host: '127.0.0.1', port: 1, expectedBytes: 0 })
  loop.start(performance.now())
  await expect(loop.finished).rejects.toThrow(InvalidRunError)
  expect(loop.openConnections).toBe(0)
})
