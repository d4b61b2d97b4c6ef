import { afterEach, expect, test } from 'vitest'
import type { Hostile } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { type Origins, startOrigins } from '../../fault-injection/origin.ts'
import idle from './idle.ts'

let origins: Origins
let client: Hostile
afterEach(async () => {
  client.stop()
  await origins.close()
})

async function start(given: Record<string, number>): Promise<void> {
  origins = await startOrigins({ count: 1, service: 'fixed', responseBytes: 1000 }, 1, null)
  const params = decodeParameters(idle.params, { connections: 20, addresses: 4, ...given }, 'idle')
  client = idle.start(params, { host: '127.0.0.1', port: origins.ports[0]!, rng: randomStream(1, 'hostile') })
}

test.each([0, 1, 3])('opens its connections, asks %i times on each, and holds them', async requestsBefore => {
  await start({ requestsBefore })
  await expect.poll(() => client.report().held).toBe(20)
  await expect.poll(() => origins.ledger().requests).toBe(20 * requestsBefore)
  await expect.poll(() => origins.ledger().connectionsOpened).toBe(20)
  expect(client.report()).toMatchObject({ opened: 20, heldPeak: 20, endedByServer: 0, refused: 0 })
  expect(origins.ledger().connectionsWithoutRequest).toBe(requestsBefore === 0 ? 20 : 0)
})

test('does not come back when the server ends its connections', async () => {
  await start({})
  await expect.poll(() => client.report().held).toBe(20)
  await origins.close()
  await expect.poll(() => client.report().endedByServer).toBe(20)
  expect(client.report()).toMatchObject({ opened: 20, held: 0, refused: 0 })
})
