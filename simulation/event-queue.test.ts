// The fast queue and the simple one, held to each other: the same pushes come out in the same order.
import { expect, test } from 'vitest'
import { randomStream } from '../core/random.ts'
import { CalendarQueue } from './calendar-queue.ts'
import { DelayRing, DelayRings } from './delay-ring.ts'
import type { EventQueue } from './event-queue.ts'
import { HeapQueue } from './heap-queue.ts'

/** How far ahead events are pushed: a law from one number in [0, 1). */
const distances: Record<string, (u: number) => number> = {
  exponential: u => -Math.log1p(-u) * 5,
  'in a fine grid, many at once': u => Math.floor(u * 4),
  'very near and very far': u => (u < 0.5 ? u * 1e-6 : u * 1e6),
  'now and then far beyond the year': u => (u < 0.99 ? u : 1e9 * u),
  'all at once': () => 0,
}

/** What comes out of `steps` random operations: times, payloads and stamps, in order. */
function played(queue: EventQueue, distance: (u: number) => number, seed: number, steps: number): number[] {
  const rng = randomStream(seed, 'queue')
  const seen: number[] = []
  let now = 0
  let pushed = 0
  // Waves: the queue grows to thousands, falls empty, and grows again.
  for (let step = 0; step < steps; step++) {
    const growing = Math.floor(step / 5000) % 2 === 0
    if (queue.size === 0 || rng.uniform() < (growing ? 0.7 : 0.35)) {
      queue.push(now + distance(rng.uniform()), pushed++, step % 97)
    } else {
      now = queue.peek()
      seen.push(now, queue.pop(), queue.stamp)
    }
  }
  while (queue.size > 0) seen.push(queue.peek(), queue.pop(), queue.stamp)
  return seen
}

test.each(Object.entries(distances))('the calendar gives what the heap gives: %s', (_, distance) => {
  for (const seed of [1, 2, 3]) {
    const heap = played(new HeapQueue(), distance, seed, 40_000)
    expect(heap.length).toBeGreaterThan(50_000)
    expect(played(new CalendarQueue(), distance, seed, 40_000)).toEqual(heap)
  }
})

test('the heap gives events in order of time, and of arrival within an instant', () => {
  const seen = played(new HeapQueue(), distances['in a fine grid, many at once']!, 7, 20_000)
  for (let at = 3; at < seen.length; at += 3) {
    const sameTime = seen[at] === seen[at - 3]
    expect(seen[at]! > seen[at - 3]! || (sameTime && seen[at + 1]! > seen[at - 2]!)).toBe(true)
  }
})

test('the rate may change a millionfold', () => {
  const queue = new CalendarQueue()
  const heap = new HeapQueue()
  const rng = randomStream(5, 'rates')
  const seen: [number, number][] = []
  let now = 0
  for (let step = 0; step < 60_000; step++) {
    const scale = step < 20_000 ? 1 : step < 40_000 ? 1e-3 : 1e3
    const at = now + rng.exponential(scale)
    for (const each of [queue, heap]) each.push(at, step, 0)
    if (step % 3 !== 0) {
      now = heap.peek()
      seen.push([queue.pop(), heap.pop()])
    }
  }
  expect(seen.filter(([fast, simple]) => fast !== simple)).toEqual([])
})

test('a ring gives what was put in, after its delay, however it wraps and grows', () => {
  const ring = new DelayRing(10)
  const rng = randomStream(9, 'ring')
  let now = 0
  let expected = 0
  for (let pushed = 0; pushed < 5000; ) {
    now += 1
    const some = rng.integer(300)
    for (let i = 0; i < some; i++) ring.push(now, pushed, pushed++ * 2)
    while (ring.nextAt <= now) {
      expect([ring.pop(), ring.stamp]).toEqual([expected, expected * 2])
      expected++
    }
    expect(ring.nextAt > now).toBe(true)
  }
  while (ring.size > 0) expect(ring.pop()).toBe(expected++)
  expect(ring.nextAt).toBe(Number.POSITIVE_INFINITY)
})

test('of several rings the one that is due first is known, and of those due together the one made first', () => {
  const rings = new DelayRings()
  const rng = randomStream(11, 'rings')
  const all = [7, 2, 5].map(delayMs => rings.of(delayMs))
  expect(rings.of(2)).toBe(all[1])
  let told = 0
  for (let now = 0; now < 3000; now++) {
    if (rng.integer(2) === 0) all[rng.integer(3)]!.push(now, now, 0)
    const earliest = Math.min(...all.map(({ nextAt }) => nextAt))
    expect(rings.soonest.nextAt).toBe(earliest)
    for (; rings.soonest.nextAt <= now; told++) {
      expect(rings.soonest).toBe(all.find(({ nextAt }) => nextAt === rings.soonest.nextAt))
      rings.soonest.pop()
    }
  }
  expect(told).toBeGreaterThan(1000)
})
