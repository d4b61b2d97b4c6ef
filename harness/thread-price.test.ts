// What the price of threads says, with a handful of them; how much they cost is the system's affair.
import { expect, test } from 'vitest'
import { Children } from './children.ts'
import { priceTable } from './commands/threads.ts'
import { priceOfThreads } from './thread-price.ts'

const isLinux = process.platform === 'linux'
if (!isLinux) process.stdout.write('skipped: the price of threads, which is read from /proc\n')

test.skipIf(!isLinux)('a bare thread reserves more than it uses, and an event loop is resident', async () => {
  const children = new Children()
  const bare = await priceOfThreads('bare', 16, 1, children)
  const loop = await priceOfThreads('loop', 3, 1, children)
  expect(bare.threads).toBe(16)
  expect(loop.threads).toBeGreaterThanOrEqual(3)
  expect(bare.reservedBytes).toBeGreaterThan(bare.residentBytes)
  expect(loop.residentBytes).toBeGreaterThan(bare.residentBytes)
  expect(children.pids).toEqual([])
})

test('ten thousand are marked as extrapolated', () => {
  const text = priceTable([['a thread', { threads: 200, reservedBytes: 2 ** 20, residentBytes: 2048 }]])
  expect(text).toMatch(/a thread +│ 200 +│ 1 MB +│ 2 KB +│ 9\.77 GB +│ 19\.5 MB/)
  expect(text).toMatch(/10,000: reserved\*/)
  expect(text).toMatch(/Extrapolated from what was measured, not measured/)
})
