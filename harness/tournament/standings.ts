// Who did better than whom in one situation. Players meet the same requests in each repeat, so they are compared repeat by
// repeat, and one is better only when the 95 % interval of the difference leaves out equality. Errors count before latency,
// because who answers few may look fast: a share of errors that differs for sure decides, then the p99, then the mean.
import type { Cell, Estimate, FigureName, Standing, Tournament, TournamentRun } from '../../core/tournament.ts'
import { figureNames } from '../../core/tournament.ts'
import { studentT } from '../../reports/student.ts'

export const thresholds: Tournament['thresholds'] = {
  errorsThatCount: 0.001,
  goodRatio: 1.25,
  failsRatio: 3,
  failsErrors: 0.01,
}

/** Fewer say nothing about spread. */
const repeatsForInterval = 3

export type Judged = Pick<Cell, 'estimates' | 'rank' | 'toBest' | 'standing'>

/** The mean with its 95 % interval, cut to what is possible; null of nothing, or when a value is missing. */
export function estimate(
  values: readonly (number | null)[],
  [atLeast, atMost]: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
): Estimate {
  const known = values.filter(value => value !== null)
  if (known.length === 0 || known.length < values.length) return null
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  if (known.length < repeatsForInterval) return { mean, interval: null }
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1)
  const half = studentT(known.length - 1) * Math.sqrt(variance / known.length)
  return { mean, interval: [Math.max(atLeast, mean - half), Math.min(atMost, mean + half)] }
}

/** `one` over `other`, paired by repeat: the geometric mean of the ratios; null when a value is missing or 0. */
function ratio(figure: 'p99Ms' | 'meanMs', one: readonly TournamentRun[], other: readonly TournamentRun[]): Estimate {
  const logs = estimate(
    one.map((run, repeat) => {
      const [value, than] = [run[figure], other[repeat]![figure]]
      return value && than ? Math.log(value / than) : null
    }),
  )
  if (logs === null) return null
  const { mean, interval } = logs
  return { mean: Math.exp(mean), interval: interval && [Math.exp(interval[0]), Math.exp(interval[1])] }
}

function moreErrors(one: readonly TournamentRun[], other: readonly TournamentRun[]): Estimate {
  return estimate(one.map(({ errorShare }, repeat) => errorShare - other[repeat]!.errorShare))
}

const surelyAbove = (found: Estimate, limit: number) => found?.interval != null && found.interval[0] > limit

/** Is the difference more than chance, and more than nothing? */
const hasMoreErrors = (more: Estimate) => surelyAbove(more, 0) && more!.mean >= thresholds.errorsThatCount

/** Is `one` better than `other` for sure? */
export function isBetter(one: readonly TournamentRun[], other: readonly TournamentRun[]): boolean {
  if (hasMoreErrors(moreErrors(other, one))) return true
  if (hasMoreErrors(moreErrors(one, other))) return false
  if (surelyAbove(ratio('p99Ms', other, one), 1)) return true
  if (surelyAbove(ratio('p99Ms', one, other), 1)) return false
  return surelyAbove(ratio('meanMs', other, one), 1)
}

/** The index of the best: of those that the fewest beat, the one with the lowest p99. */
export function bestOf(all: readonly (readonly TournamentRun[])[], ranks: readonly number[]): number {
  const first = Math.min(...ranks)
  const p99 = (runs: readonly TournamentRun[]) => estimate(runs.map(run => run.p99Ms))?.mean ?? Number.POSITIVE_INFINITY
  const leading = ranks.flatMap((rank, index) => (rank === first ? [index] : []))
  return leading.reduce((best, index) => (p99(all[index]!) < p99(all[best]!) ? index : best))
}

/** 1 + those that are better for sure, for each; so ties share a rank. */
export function ranksOf(all: readonly (readonly TournamentRun[])[]): number[] {
  return all.map(runs => 1 + all.filter(other => other !== runs && isBetter(other, runs)).length)
}

function standingOf({ p99Ratio, meanRatio, moreErrors }: Cell['toBest']): Standing {
  if (surelyAbove(moreErrors, 0) && moreErrors!.mean >= thresholds.failsErrors) return 'fails'
  if (p99Ratio === null || meanRatio === null) return 'between'
  if (p99Ratio.mean >= thresholds.failsRatio && surelyAbove(p99Ratio, 1)) return 'fails'
  const isNear = Math.max(p99Ratio.mean, meanRatio.mean) <= thresholds.goodRatio
  return isNear && !hasMoreErrors(moreErrors) ? 'good' : 'between'
}

/** Judges the players of one situation, all by the same repeats. @returns the best one's index, and each in order. */
export function standings(all: readonly (readonly TournamentRun[])[]): { best: number; judged: Judged[] } {
  const ranks = ranksOf(all)
  const best = bestOf(all, ranks)
  const judged = all.map((runs, index) => {
    const toBest = {
      p99Ratio: ratio('p99Ms', runs, all[best]!),
      meanRatio: ratio('meanMs', runs, all[best]!),
      moreErrors: moreErrors(runs, all[best]!),
    }
    return { estimates: estimatesOf(runs), rank: ranks[index]!, toBest, standing: standingOf(toBest) }
  })
  return { best, judged }
}

function estimatesOf(runs: readonly TournamentRun[]): Cell['estimates'] {
  const most = (name: FigureName) => (name.endsWith('Share') ? 1 : Number.POSITIVE_INFINITY)
  const of = (name: FigureName) => {
    const values = runs.map(run => run[name])
    return [name, estimate(values, [0, most(name)])] as const
  }
  return Object.fromEntries(figureNames.map(of)) as Cell['estimates']
}
