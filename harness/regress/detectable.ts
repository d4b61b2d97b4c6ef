// What a run could have seen: the smallest slow-down that the whole rule (both looks and the confirmation) would have
// called a regression four times in five. A pass without this figure is no evidence. Found by playing the rule on normal
// log ratios from a seeded stream, because the normal approximation promises too much for ten restarts.
import { type Rng, randomStream } from '../../core/random.ts'
import { type Design, judge } from './design.ts'

export const power = 0.8
const games = 1000
const bisections = 12
/** A shift of so many standard deviations is found by every design. */
const largestShift = 8

/** A standard normal number (Box and Muller, the cosine half). */
export function standardNormal(rng: Rng): number {
  return Math.sqrt(rng.exponential(2)) * Math.cos(2 * Math.PI * rng.uniform())
}

/** Plays the rule once on log ratios drawn by `draw`. */
export function playRule(design: Design, tolerance: number, draw: () => number) {
  const rule = judge(design, tolerance)
  let step = rule.next()
  while (!step.done) step = rule.next(Array.from({ length: step.value.restarts }, draw))
  return step.value
}

/** The share of games that end in a regression when the ratios lie `shift` standard deviations beyond the tolerance. */
function shareFound(design: Design, shift: number): number {
  const rng = randomStream(1, 'regress/detectable')
  let found = 0
  for (let game = 0; game < games; game++) {
    if (playRule(design, 0, () => shift + standardNormal(rng)).finding === 'regression') found++
  }
  return found / games
}

/**
 * The smallest change that would have been found with a probability of 0.8; 0.08 is 8 % slower. It lies beyond the
 * tolerance, since nothing within it is looked for. `deviation` is the standard deviation of the log ratios of restarts.
 */
export function smallestDetectable(design: Design, deviation: number, tolerance: number): number {
  let low = 0
  let high = largestShift
  for (let step = 0; step < bisections; step++) {
    const middle = (low + high) / 2
    if (shareFound(design, middle) < power) low = middle
    else high = middle
  }
  return (1 + tolerance) * Math.exp(high * deviation) - 1
}
