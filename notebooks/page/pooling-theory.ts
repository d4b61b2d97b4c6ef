// What queueing theory says of connections in use and of connections opened anew, for the lesson on pooling.
import type { Ms } from '../../core/contracts.ts'

/** The chance that exactly `n` are in use when `mean` are on average and there is no limit: Poisson, whatever the work is like. */
export function chanceOf(n: number, mean: number): number {
  let chance = Math.exp(-mean)
  for (let k = 1; k <= n; k++) chance *= mean / k
  return chance
}

/**
 * Connections per request of one pool without a limit that closes what has been idle for `idleMs`: the n-th is opened when n
 * are in use after there have been fewer for longer than that. Arrivals are random, and so is the work.
 */
export function opensInTheory(ratePerSecond: number, workMs: Ms, idleMs: Ms): number {
  const rate = ratePerSecond / 1000
  const busy = rate * workMs
  let sum = 0
  for (let n = 1; n <= busy + 8 * Math.sqrt(busy) + 4; n++) {
    sum += chanceOf(n - 1, busy) * staysBelow(n, rate, 1 / workMs, idleMs)
  }
  return sum
}

/** The chance that n - 1 in use do not become n within `forMs`, by uniformisation of the birth-death chain on 0 … n - 1. */
function staysBelow(n: number, birth: number, death: number, forMs: Ms): number {
  const pace = birth + (n - 1) * death
  let at = new Float64Array(n)
  at[n - 1] = 1
  let logWeight = -pace * forMs
  let survives = 0
  const steps = pace * forMs + 8 * Math.sqrt(pace * forMs) + 20
  for (let step = 0; step < steps; step++) {
    survives += Math.exp(logWeight) * at.reduce((sum, one) => sum + one, 0)
    const after = new Float64Array(n)
    for (let k = 0; k < n; k++) {
      if (k + 1 < n) after[k + 1]! += (at[k]! * birth) / pace
      if (k > 0) after[k - 1]! += (at[k]! * k * death) / pace
      after[k]! += at[k]! * (1 - (birth + k * death) / pace)
    }
    at = after
    logWeight += Math.log((pace * forMs) / (step + 1))
  }
  return survives
}
