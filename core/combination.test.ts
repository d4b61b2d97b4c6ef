// How combinators are written and found, and what a combination of them says of itself.
import { expect, test } from 'vitest'
import { partsOf } from './combination.ts'
import type { AnyStrategy, Balancer, PolicyRequest, Upstream } from './contracts.ts'
import { choose, make } from './registry.ts'

const balancer = (spec: string) => choose<AnyStrategy<Balancer>>('balancer', spec, 'here')
const request: PolicyRequest = { method: 'GET', target: '/', client: '127.0.0.1', header: () => undefined }

test('a plus sign joins strategies, except within a number', () => {
  expect(partsOf('random')).toEqual(['random'])
  expect(partsOf('slow-start:windowMs=1e+5,steps=3+stale-view+peak-ewma:decayMs=5')).toEqual([
    'slow-start:windowMs=1e+5,steps=3',
    'stale-view',
    'peak-ewma:decayMs=5',
  ])
})

test('a combination is a balancer that says all of what it is', async () => {
  const { name, strategy, params } = await balancer('slow-start:windowMs=50+stale-view:everyMs=5+ring-hash')
  expect(name).toBe('slow-start+stale-view+ring-hash')
  expect(params).toEqual({})
  expect(strategy.about).toMatch(/growing part.*last refresh.*ring of upstreams/)
  expect(strategy.needs).toEqual([])
})

test('mistakes say where, what was given and what is allowed', async () => {
  await expect(balancer('slow-start')).rejects.toThrow(
    'here: "slow-start" ends with the combinator slow-start; allowed: a balancer behind it, slow-start+…',
  )
  await expect(balancer('random+round-robin')).rejects.toThrow(
    /here: unknown combinator "random"; allowed: .*slow-start/,
  )
  await expect(balancer('slow-start+rondom')).rejects.toThrow(/here: unknown balancer "rondom"; allowed: .*random/)
  await expect(balancer('slow-start:windowMs=0+random')).rejects.toThrow(
    /here slow-start\.windowMs: "0" given; allowed/,
  )
  await expect(balancer('slow-start+random:x=1')).rejects.toThrow(/here random: unknown parameter "x"/)
})

test('the order of combinators is that of the spec: the outermost is asked first', async () => {
  const upstreams: Upstream[] = [0, 1].map(index => ({ index, id: `o${index}`, weight: 1, inFlight: 0 }))
  const made = make(await balancer('stale-view:everyMs=100+slow-start+least-request'), 1, 'balancer')
  made.onEligible(upstreams, 1, 0)
  upstreams[0]!.inFlight = 5
  const early = Array.from({ length: 40 }, () => made.pick(request, [], 99)!.index)
  expect(new Set(early)).toEqual(new Set([0, 1]))
  expect(made.pick(request, [], 100)!.index).toBe(1)
})
