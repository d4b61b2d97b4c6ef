// What the lesson on slow clients says in words, held to the modules and the recorded figures that its page shows.
import { describe, expect, test } from 'vitest'
import scenario from '../../scenarios/slowloris.ts'
import live from '../recorded/slowloris.json' with { type: 'json' }
import price from '../recorded/threads.json' with { type: 'json' }
import { onOneCore } from './one-core.ts'
import { besiege, calmMs, usersPerSecond, visitMs } from './places.ts'

const attack = { slowPerSecond: 300, attackMs: 3600, badNetworkShare: 0 }

describe('in the model', () => {
  test('only the event loop with a deadline serves everybody through a minute of attack', () => {
    const minute = { ...attack, attackMs: 60_000 }
    const served = (places: number, headMs: number) => besiege({ places, headMs }, minute).servedShare
    expect(served(600, 1000)).toBe(1)
    expect(served(10_000, 0)).toBeLessThan(0.7)
    expect(served(640, 0)).toBeLessThan(0.1)
    expect(served(64, 1000)).toBeLessThan(0.1)
  })

  test('places run out after their number divided by the rate, less those that users hold', () => {
    const users = (usersPerSecond * visitMs) / 1000
    for (const places of [64, 600]) {
      const { firstLossMs, heldPeak } = besiege({ places, headMs: 0 }, { ...attack, attackMs: 6000 })
      expect(firstLossMs).toBeLessThan((places / 300) * 1000 + 200)
      expect(firstLossMs).toBeGreaterThan(((places - 2 * users) / 300) * 1000)
      expect(heldPeak).toBe(places)
    }
  })

  test('with a deadline, rate times deadline places are held', () => {
    expect(Math.abs(besiege({ places: 600, headMs: 1000 }, attack).heldPeak - 300)).toBeLessThanOrEqual(1)
    expect(besiege({ places: 600, headMs: 4000 }, { ...attack, attackMs: 20_000 }).heldPeak).toBe(600)
  })

  test('without an attack everybody is served, and after one too', () => {
    expect(besiege({ places: 64, headMs: 0 }, { ...attack, slowPerSecond: 0 }).servedShare).toBe(1)
    const { series } = besiege({ places: 64, headMs: 0 }, attack)
    const after = series.filter(({ second }) => second * 1000 >= calmMs + attack.attackMs)
    expect(after.length).toBeGreaterThan(4)
    expect(after.every(({ served }) => served === 1)).toBe(true)
  })

  test('a short deadline cuts off users with a bad network, a long one lets the places fill', () => {
    const served = (headMs: number, slowPerSecond: number) =>
      besiege({ places: 600, headMs }, { slowPerSecond, attackMs: 20_000, badNetworkShare: 0.2 }).servedShare
    expect(served(100, 300)).toBeLessThan(served(1000, 300))
    expect(served(8000, 300)).toBeLessThan(0.3)
    expect(served(8000, 0)).toBeGreaterThan(0.99)
    // The cliff lies at places divided by rate.
    expect(served(1600, 300)).toBeGreaterThan(0.9)
    expect(served(2300, 300)).toBeLessThan(0.5)
  })
})

describe('recorded', () => {
  const run = (name: string) => live.variants.find(one => one.name === name)!

  test('the page plays the phases of the live run, with its users and its attack', () => {
    expect(scenario.load.profile).toBe(`poisson:ratePerSecond=${usersPerSecond}`)
    expect(scenario.hostile[0]!.client).toContain(`connectionsPerSecond=${attack.slowPerSecond}`)
    const calm = live.phases.find(({ name }) => name === 'calm')!
    expect(calm.durationMs).toBe(calmMs)
    expect(live.phases.find(({ hostile }) => hostile)!.durationMs).toBe(attack.attackMs)
  })

  test('whoever had a deadline and enough places answered everything, the others did not', () => {
    expect(['defended', 'nginx', 'haproxy'].map(name => run(name).failed)).toEqual([0, 0, 0])
    expect(run('prefork').failed).toBeGreaterThan(run('no-head-timeout').failed)
    expect(run('no-head-timeout').failed).toBeGreaterThan(0)
  })

  test('a place of an event loop is cheaper than a thread; threads that wait use far less than their stacks', () => {
    expect(run('defended').bytesPerHeld).toBeLessThan(price.bare.residentBytes)
    expect(10_000 * price.bare.residentBytes).toBeLessThan(2 ** 30)
    expect(10_000 * price.bare.reservedBytes).toBeGreaterThan(70 * 2 ** 30)
    expect(price.loop.residentBytes / price.bare.residentBytes).toBeGreaterThan(100)
  })
})

test('an event loop makes many wait for one that computes, threads do not', () => {
  for (const busy of [0.3, 0.5, 0.8]) {
    expect(onOneCore('event loop', busy).p90Ms / onOneCore('threads', busy).p90Ms).toBeGreaterThan(4)
  }
})
