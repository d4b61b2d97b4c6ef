import { describe, expect, test } from 'vitest'
import recorded from '../recorded/retry-storm.json' with { type: 'json' }
import {
  answeredInTheory,
  capacity,
  isStable,
  longAfter,
  names,
  type Outage,
  ofTheScenario,
  policies,
  randomFailures,
  throughAnOutage,
  waitingUpTo,
  within,
} from './retrying.ts'

const outage: Outage = { ratePerSecond: 70, outageMs: 5000, durationMs: 75_000 }

describe('after a short outage', () => {
  const [none, three, budget] = names.map(name => throughAnOutage(policies[name], outage))

  test('without retries it is soon over, with a budget it takes longer', () => {
    expect(none!.recoveryMs).toBeLessThan(10_000)
    expect(budget!.recoveryMs).toBeGreaterThan(none!.recoveryMs!)
    expect(budget!.answeredInTheEnd).toBe(1)
  })

  test('with three attempts nobody is answered any more: every request is sent three times', () => {
    expect(three!.recoveryMs).toBeNull()
    expect(three!.answeredInTheEnd).toBe(0)
    expect(three!.sentInTheEnd / none!.sentInTheEnd).toBeCloseTo(3, 1)
    expect(three!.sentInTheEnd).toBeGreaterThan(capacity)
  })

  test('the load as such could be borne for ever: without an outage three attempts answer everybody', () => {
    const calm = throughAnOutage(policies['three attempts'], { ...outage, outageMs: 1, durationMs: 300_000 })
    expect(calm.answeredInTheEnd).toBe(1)
  })

  test('below a third of what the origin can serve even three attempts come back', () => {
    const low = throughAnOutage(policies['three attempts'], { ...outage, ratePerSecond: 30 })
    expect(low.answeredInTheEnd).toBe(1)
  })
})

describe('the rule λ · (1 + b) < μ', () => {
  test.each([0, 0.1, 0.2, 0.5, 1])('holds for a budget of %d, five minutes later', budget => {
    for (const { load, answered } of longAfter(budget)) {
      // Just below the edge five minutes are too short.
      if (Math.abs(load * (1 + budget) - capacity) < 1) continue
      expect(answered, `at ${load} per second`).toBe(isStable(load, budget) ? 1 : 0)
    }
  })

  test('a budget of 20 % protects up to 83 % of what the origin can do, and no further', () => {
    const at = (ratePerSecond: number) =>
      throughAnOutage(within(0.2), { ratePerSecond, outageMs: 5000, durationMs: 900_000 }).answeredInTheEnd
    expect(at(81)).toBe(1)
    expect(at(85)).toBe(0)
  })

  test('just below the edge coming back takes longer than five minutes', () => {
    const { answered } = longAfter(0.05).at(-1)!
    expect(isStable(95, 0.05)).toBe(true)
    expect(answered).toBeLessThan(0.9)
  })
})

describe('what else might help', () => {
  const long = { ...outage, durationMs: 200_000 }
  const after = (waitMs: number, change: Partial<Outage> = {}) =>
    throughAnOutage(waitingUpTo(waitMs), { ...long, ...change })

  test.each([0, 1000, 5000, 20_000, 50_000])('a wait of up to %d ms does not', waitMs => {
    expect(after(waitMs).recoveryMs).toBeNull()
  })

  test('waits of up to a minute let the origin work for a while before it goes down again', () => {
    const { recoveryMs, answeredInTheEnd } = after(60_000)
    expect(recoveryMs).not.toBeNull()
    expect(answeredInTheEnd).toBe(0)
  })

  test.each([0, 5000, 60_000])(
    'an origin that drops what was given up, or a short queue, does, with waits of up to %d ms',
    waitMs => {
      expect(after(waitMs, { noticesLeaving: true }).answeredInTheEnd).toBe(1)
      expect(after(waitMs, { queue: 50 }).answeredInTheEnd).toBe(1)
    },
  )

  test('a restart does, unless retries that are being put off survive it', () => {
    expect(after(0, { restarts: true }).answeredInTheEnd).toBe(1)
    expect(after(5000, { restarts: true }).answeredInTheEnd).toBe(0)
  })
})

describe('single failures', () => {
  const day = (failing: number) => names.map(name => randomFailures(policies[name], failing, 1000, 61_000))

  test.each([0.01, 0.05, 0.2, 0.5])('a share of %d: retries answer 1 − f³ for 1 + f + f² attempts', failing => {
    const [none, three] = day(failing)
    expect(none!.answered).toBeCloseTo(1 - failing, 1)
    expect(three!.answered).toBeCloseTo(answeredInTheory(failing, 3), 2)
    expect(three!.attemptsPerRequest).toBeCloseTo(1 + failing + failing ** 2, 1)
    expect(three!.answered).toBeGreaterThan(none!.answered)
  })

  test('a budget does as well while few fail, and runs out when many do', () => {
    const [, three, budget] = day(0.05)
    expect(budget).toEqual(three)
    const [none, all, some] = day(0.5)
    expect(some!.answered).toBeGreaterThan(none!.answered)
    expect(some!.answered).toBeLessThan(all!.answered)
    expect(some!.attemptsPerRequest).toBeLessThan(1.21)
  })

  test('the recorded run of the live proxy says the same', () => {
    for (const { name, attemptsPerRequest, answeredShare } of recorded.variants) {
      const played = randomFailures(ofTheScenario[name as keyof typeof ofTheScenario], 0.5, 800, 3800)
      expect(Math.abs(attemptsPerRequest - played.attemptsPerRequest), name).toBeLessThan(0.1)
      expect(Math.abs(answeredShare - played.answered), name).toBeLessThan(0.05)
    }
  })
})
