import { expect, test } from 'vitest'
import { randomStream } from '../core/random.ts'
import { DeadlineWheel, Timed } from './deadlines.ts'

class Entry extends Timed {
  firedAt: number[] = []
  action: (now: number) => void = () => {}
  onDue(now: number): void {
    this.firedAt.push(now)
    this.dueAt = Number.POSITIVE_INFINITY
    this.action(now)
  }
}

test('a deadline fires once, not before its time and at most one tick after it', () => {
  const wheel = new DeadlineWheel(50, 1000)
  const rng = randomStream(7, 'deadlines')
  const entries = Array.from({ length: 500 }, () => new Entry())
  // Up to 60 s: more than two turns of the wheel.
  const dueAt = entries.map(entry => {
    const due = 1000 + rng.uniform() * 60_000
    wheel.arm(entry, due)
    return due
  })
  for (let now = 1000; now <= 62_000; now += 25) wheel.advance(now)
  entries.forEach((entry, i) => {
    expect(entry.firedAt).toHaveLength(1)
    expect(entry.firedAt[0]! - dueAt[i]!).toBeGreaterThanOrEqual(0)
    expect(entry.firedAt[0]! - dueAt[i]!).toBeLessThanOrEqual(50)
  })
})

test('a deadline that is moved counts at its last place, later or earlier', () => {
  const wheel = new DeadlineWheel(50, 0)
  const later = new Entry()
  const earlier = new Entry()
  wheel.arm(later, 200)
  wheel.arm(later, 900)
  wheel.arm(earlier, 900)
  wheel.arm(earlier, 200)
  for (let now = 0; now <= 1000; now += 10) wheel.advance(now)
  expect(later.firedAt).toEqual([900])
  expect(earlier.firedAt).toEqual([200])
})

test('an entry may re-arm itself, arm another of the same slot, and disarm one, while it fires', () => {
  const wheel = new DeadlineWheel(10, 0)
  const [first, second, third] = [new Entry(), new Entry(), new Entry()]
  const act = (now: number) => {
    wheel.disarm(second)
    wheel.arm(third, now + 100)
    if (first.firedAt.length === 1) wheel.arm(first, now + 50)
  }
  // Slots are last in, first out: `first` fires before the others of its slot.
  wheel.arm(third, 20)
  wheel.arm(second, 20)
  wheel.arm(first, 20)
  first.action = act
  for (let now = 0; now <= 300; now += 10) wheel.advance(now)
  expect(first.firedAt).toEqual([20, 70])
  expect(second.firedAt).toEqual([])
  expect(third.firedAt).toEqual([170])
})

test('a stall longer than a whole turn loses no deadline and fires none twice', () => {
  const wheel = new DeadlineWheel(1, 0)
  const entries = Array.from({ length: 100 }, (_, i) => {
    const entry = new Entry()
    wheel.arm(entry, i * 13)
    return entry
  })
  wheel.advance(5000)
  for (const entry of entries) expect(entry.firedAt).toEqual([5000])
})
