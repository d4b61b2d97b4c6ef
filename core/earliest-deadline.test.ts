// Deadlines follow weights that change: nobody waits for a turn that was computed when it weighed next to nothing.
import { expect, test } from 'vitest'
import { EarliestDeadline } from './earliest-deadline.ts'

const upstreams = [0, 1].map(index => ({ index, id: `o${index}`, weight: 1, inFlight: 0 }))

function picks(order: EarliestDeadline, n: number): number[] {
  const counts = [0, 0]
  for (let i = 0; i < n; i++) counts[order.pick([])!.index]!++
  return counts
}

test('one that weighed a thousandth and now weighs as much as the other gets its half at once', () => {
  const weights = [1, 0.001]
  const order = new EarliestDeadline(({ index }) => weights[index]!)
  order.keep(upstreams)
  expect(picks(order, 500)).toEqual([500, 0])
  weights[1] = 1
  order.reweigh()
  const [first, second] = picks(order, 100)
  expect(Math.abs(first! - second!)).toBeLessThanOrEqual(2)
})

test('the part of a turn that was waited for counts, whatever the weight becomes', () => {
  const weights = [1, 0.1]
  const order = new EarliestDeadline(({ index }) => weights[index]!)
  order.keep(upstreams)
  // Due after ten turns of the other, it has waited for nine.
  expect(picks(order, 9)).toEqual([9, 0])
  weights[1] = 0.05
  order.keep(upstreams)
  // A tenth of its new turn of twenty is left: two more, and it is its turn before the third.
  expect(picks(order, 3)).toEqual([2, 1])
})

test('avoiding the earliest leaves it the earliest', () => {
  const order = new EarliestDeadline(() => 1)
  order.keep(upstreams)
  expect(order.pick([upstreams[0]!])).toBe(upstreams[1])
  expect(order.pick([])).toBe(upstreams[0])
  expect(order.pick(upstreams)).toBeNull()
})
