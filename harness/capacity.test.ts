// The process of the closed loop: its counts against those of the server, on the clock of this process, and its failures.
import { afterEach, expect, test } from 'vitest'
import { type Origins, startOrigins } from '../fault-injection/origin.ts'
import { CapacityProcess } from './capacity.ts'
import { capacityFaults } from './capacity-figures.ts'

const plan = { connections: 5, warmUpMs: 50, durationMs: 200 }
let capacity: CapacityProcess
let origins: Origins | undefined

afterEach(async () => {
  await capacity.stop()
  await origins?.close()
})

test('loads, counts what the origin counts, and ends', async () => {
  origins = await startOrigins({ count: 1, service: 'fixed:ms=0', responseBytes: 100 }, 1, null)
  capacity = new CapacityProcess(plan)
  await capacity.ready()
  const before = performance.now()
  const observed = await capacity.run('127.0.0.1', origins.ports[0]!, () => origins!.ledger().requests)
  expect(capacityFaults(observed)).toEqual([])
  expect(observed.ok).toBeGreaterThan(5)
  expect(observed.failures).toEqual({})
  expect(observed.originRequests).toBe(origins.ledger().requests)
  // Two clocks of one machine, a millisecond apart at most.
  expect(observed.fromAt).toBeGreaterThan(before - 1)
  expect(observed.toAt).toBeLessThan(performance.now() + 1)
})

test('that ends unasked fails the run', async () => {
  capacity = new CapacityProcess(plan)
  await capacity.ready()
  const running = capacity.run('127.0.0.1', 1, () => 0)
  await Promise.all([expect(running).rejects.toThrow('the closed loop failed: it ended with SIGKILL'), capacity.stop()])
})
