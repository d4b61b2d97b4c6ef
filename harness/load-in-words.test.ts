// What is said of a load and of a sweep.
import { expect, test } from 'vitest'
import type { Sweep } from '../core/scenario.ts'
import ladder from '../scenarios/utilisation-ladder.ts'
import { loadInWords } from './load-in-words.ts'

const { sweep, ...unvaried } = ladder
const said = (some: Sweep) => loadInWords({ ...unvaried, sweep: some }).slice(loadInWords(unvaried).length)

test('a sweep is said with both ends, and what changes with it', () => {
  expect(said(sweep!)).toBe(' Load from 50 % to 95 %: profile poisson:ratePerSecond=500 to poisson:ratePerSecond=950.')
})

test('what a point changes is named by its path, and what only one end changes by what it was', () => {
  const points = [
    { at: 1, virtual: { proxies: { count: 1 } }, origins: { count: 10 } },
    { at: 100, virtual: { proxies: { count: 100 } }, settings: { pool: 'none' } },
  ]
  expect(said({ axis: 'proxies', unit: '', scale: 'log', points })).toBe(
    ' Proxies from 1 to 100: origins.count 10 to as above, proxies.count 1 to 100, pool as above to none.',
  )
})

test('what many origins have in common is said once, and what only the simulator has in a sentence of its own', () => {
  const each = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [index, { virtual: { zone: 'a' } }]))
  const far = { ...each, 7: { service: 'fixed:ms=9', slots: 2 } }
  const virtual = { why: 'x', proxies: { count: 8, zones: ['a', 'b'] }, network: { rttMs: 2 } }
  const words = loadInWords({ ...unvaried, origins: { ...ladder.origins, each: far }, virtual })
  expect(words).toContain('slots 1, 6 origins virtual.zone a, o7 service fixed:ms=9 slots 2)')
  expect(words).toMatch(/\. In the simulator: proxies\.count 8, proxies\.zones a\/b, network\.rttMs 2\.$/)
})
