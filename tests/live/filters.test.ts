// Filters at work: the worker that burns serves nobody meanwhile, and a proxy without a filter is not asked.
import { expect, test } from 'vitest'
import { burnCpu, Filtering } from '../../proxy/exchange/filtering.ts'
import { newCounters } from '../../proxy/statistics.ts'
import { exchange, openTunnel, statusOf } from './tunnel.ts'

const getAndClose = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

test('every request that is to burn does, is counted, and is answered', async () => {
  const tunnel = await openTunnel({ config: { filter: 'burn:share=1,ms=1' } })
  for (let i = 0; i < 5; i++) expect(statusOf(await exchange(tunnel.port, getAndClose))).toBe(200)
  expect(tunnel.proxy.counters.filterBurns).toBe(5)
  await tunnel.close()
})

test('a request that a limiter refuses does not burn', async () => {
  const limiter = 'token-bucket:ratePerSecond=0.001,burst=1'
  const tunnel = await openTunnel({ config: { filter: 'burn:share=1,ms=1', limiter } })
  expect(statusOf(await exchange(tunnel.port, getAndClose))).toBe(200)
  expect(statusOf(await exchange(tunnel.port, getAndClose))).toBe(503)
  expect(tunnel.proxy.counters.filterBurns).toBe(1)
  await tunnel.close()
})

test('burning takes that much time at least, and hands back the time after it', () => {
  const from = performance.now()
  burnCpu(12)
  expect(performance.now() - from).toBeGreaterThanOrEqual(12)
  const filtering = Filtering.of({ onRequest: () => [{ kind: 'burn', ms: 3 }] }, newCounters())!
  const now = performance.now()
  const request = { method: 'GET', target: '/', client: '', header: () => undefined }
  expect(filtering.run(request, now) - now).toBeGreaterThanOrEqual(3)
  expect(Filtering.of({}, newCounters())).toBeNull()
})
