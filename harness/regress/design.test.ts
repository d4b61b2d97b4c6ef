// The rule on simulated restarts: how often it cries wolf, and whether it finds what it says it can find.
import { expect, test } from 'vitest'
import { randomStream } from '../../core/random.ts'
import { alphas, designs, type Finding, judge } from './design.ts'
import { playRule, smallestDetectable, standardNormal } from './detectable.ts'

const tolerance = 0.05
const deviation = 0.04
const games = 2000

/** The share of games in which the rule finds `finding`, when the true change is `change`. */
function share(effort: keyof typeof designs, change: number, finding: Finding): number {
  const rng = randomStream(11, `regress/${effort}/${change}`)
  let found = 0
  for (let game = 0; game < games; game++) {
    const draw = () => Math.log1p(change) + deviation * standardNormal(rng)
    if (playRule(designs[effort], tolerance, draw).finding === finding) found++
  }
  return found / games
}

const efforts = ['quick', 'normal', 'thorough'] as const

test.each(efforts)('%s: identical trees are hardly ever called a regression', effort => {
  expect(share(effort, 0, 'regression')).toBeLessThan(0.001)
})

test.each(efforts)(
  '%s: a change of exactly the tolerance is a false alarm in far fewer than five of a hundred',
  effort => {
    expect(share(effort, tolerance, 'regression')).toBeLessThan(0.005)
  },
)

test.each(efforts)(
  '%s: the smallest detectable effect is found four times in five, twice of it nearly always',
  effort => {
    const smallest = smallestDetectable(designs[effort], deviation, tolerance)
    expect(smallest).toBeGreaterThan(tolerance)
    expect(share(effort, smallest, 'regression')).toBeGreaterThan(0.75)
    expect(share(effort, smallest, 'regression')).toBeLessThan(0.85)
    expect(share(effort, 2 * smallest, 'regression')).toBeGreaterThan(0.9)
  },
)

test('the more is measured, the less it takes to be found', () => {
  const smallest = efforts.map(effort => smallestDetectable(designs[effort], deviation, tolerance))
  expect(smallest).toEqual(smallest.toSorted((a, b) => b - a))
  expect(smallestDetectable(designs.normal, 2 * deviation, tolerance)).toBeGreaterThan(smallest[1]!)
})

/** `count` log ratios about `change`, evenly spread over plus and minus `spread`. */
const around = (change: number, spread: number, count: number) =>
  Array.from({ length: count }, (_, index) => Math.log1p(change) + spread * ((2 * index) / (count - 1) - 1))

test.each([
  [0, 0.01, 'ok'],
  [-0.1, 0.01, 'better'],
  [0.02, 0.01, 'slower-but-within-tolerance'],
] as const)('a change of %s within plus or minus %s is %s at the first look', (change, spread, finding) => {
  const rule = judge(designs.normal, tolerance)
  expect(rule.next().value).toEqual({ name: 'first look', restarts: 10 })
  const end = rule.next(around(change, spread, 10))
  expect(end).toMatchObject({ done: true, value: { finding, confirmation: [], confirmationP: null } })
})

test('an open question is looked at once more and then stays undecided', () => {
  const rule = judge(designs.normal, tolerance)
  rule.next()
  expect(rule.next(around(0.05, 0.1, 10)).value).toEqual({ name: 'second look', restarts: 6 })
  expect(rule.next(around(0.05, 0.1, 6))).toMatchObject({ done: true, value: { finding: 'undecided' } })
})

test.each([
  [0.3, 'regression'],
  [0, 'undecided'],
] as const)('a suspicion followed by a second batch at %s is %s', (second, finding) => {
  const rule = judge(designs.normal, tolerance)
  rule.next()
  expect(rule.next(around(0.3, 0.05, 10)).value).toEqual({ name: 'confirmation', restarts: 8 })
  const end = rule.next(around(second, 0.05, 8))
  expect(end).toMatchObject({ done: true, value: { finding, p: 2 ** -10 } })
})

test('every design can reach the significance it asks for, at each look and in the confirmation', () => {
  for (const { restarts, extendedTo, confirmation } of Object.values(designs)) {
    expect(2 ** -extendedTo).toBeLessThanOrEqual(alphas.secondLook)
    expect(2 ** -restarts).toBeLessThanOrEqual(alphas.firstLook)
    expect(2 ** -confirmation).toBeLessThanOrEqual(alphas.confirmation)
  }
})
