// What a tournament says in words, computed from its cells and from nothing else: who is good when, where who fails, and who
// comes nearest to the best everywhere. Terminal, page and Markdown share it.
import type { Cell, PlayedSituation, Tournament } from '../../core/tournament.ts'
import { formatMs, formatShare, missing, plural } from '../units.ts'

/** One player over all situations. */
export interface PlayerSummary {
  readonly name: string
  readonly about: string
  /** In the order of the situations. */
  readonly cells: readonly Cell[]
  readonly good: readonly Cell[]
  readonly fails: readonly Cell[]
  /** The highest p99 over that of the best; null when some situation has none. */
  readonly worstRatio: number | null
  /** The player listed before it that did the very same in every situation; null when there is none. */
  readonly sameAs: string | null
}

/** All players, those first that fail least often; then those that are good most often; then by the worst ratio. */
export function summaries(tournament: Tournament): PlayerSummary[] {
  const plain = tournament.players.map(player => {
    const cells = tournament.cells.filter(cell => cell.player === player.name)
    const ratios = cells.map(cell => cell.toBest.p99Ratio?.mean ?? null)
    return {
      ...player,
      cells,
      good: cells.filter(cell => cell.standing === 'good'),
      fails: cells.filter(cell => cell.standing === 'fails'),
      worstRatio: ratios.reduce((most, ratio) => (most === null || ratio === null ? null : Math.max(most, ratio)), 0),
      did: JSON.stringify(cells.map(cell => cell.runs)),
    }
  })
  const far = (ratio: number | null) => ratio ?? Number.MAX_VALUE
  return plain
    .map(({ did, ...player }, at) => ({
      ...player,
      sameAs: plain.slice(0, at).find(other => other.did === did)?.name ?? null,
    }))
    .sort(
      (a, b) =>
        a.fails.length - b.fails.length || b.good.length - a.good.length || far(a.worstRatio) - far(b.worstRatio),
    )
}

/** The cells of a situation, the best first: by rank, then by p99. */
export function ranking(tournament: Tournament, situation: string): Cell[] {
  const p99 = (cell: Cell) => cell.estimates.p99Ms?.mean ?? Number.MAX_VALUE
  const isBest = (cell: Cell) =>
    tournament.situations.some(one => one.name === situation && one.best === cell.player) ? 0 : 1
  return tournament.cells
    .filter(cell => cell.situation === situation)
    .sort((a, b) => a.rank - b.rank || isBest(a) - isBest(b) || p99(a) - p99(b))
}

/** The one sentence to quote: who comes nearest to the best everywhere, and where even that one does not do. */
export function verdictOf(tournament: Tournament): string {
  const [first] = summaries(tournament)
  const all = tournament.situations.length
  if (first === undefined || all === 0) return 'Nobody played.'
  const where =
    first.good.length === all
      ? `in all of ${plural(all, 'situation')}`
      : `in ${first.good.length} of ${plural(all, 'situation')}`
  const fails = first.fails.map(cell => `${whenOf(tournament, cell)} (${failureOf(tournament, cell)})`)
  const rest = fails.length === 0 ? 'it fails in none' : `it fails ${fails.join('; ')}`
  return `${first.name} comes nearest to the best everywhere: it is among the best ${where}, and ${rest}.`
}

/** Who to take in one situation, who does as well, and what the choice is worth. */
export function whenToUse(tournament: Tournament, situation: PlayedSituation): string {
  const cells = ranking(tournament, situation.name)
  const best = cells.find(cell => cell.player === situation.best)!
  const others = cells.filter(cell => cell !== best && cell.standing === 'good')
  const within = `within ${tournament.thresholds.goodRatio} times`
  const p99 = p99InWords(best)
  if (isAlike(cells)) {
    const all = `By latency any of them: all ${cells.length} are ${within} of the best (${p99}), and none loses more requests.`
    return `${all}${keysInWords(cells)}`
  }
  const twins = others.filter(cell => didTheSame(cell, best))
  const ties = others.filter(cell => !twins.includes(cell) && cell.rank === best.rank)
  const near = others.filter(cell => cell.rank !== best.rank)
  const naming = (words: string, some: readonly Cell[]) =>
    some.length === 0 ? '' : ` ${words}: ${listed(some.map(cell => cell.player))}.`
  return [
    `${best.player} (${p99}${lossInWords(tournament, best)}).`,
    naming('To the last bit the same', twins),
    naming('No worse for sure', ties),
    naming(`Behind it, but ${within}`, near),
    cells.length > 1 ? ` Worst: ${worstInWords(tournament, cells)}.` : '',
    keysInWords(cells),
  ].join('')
}

/** Who keeps keys together, which is what counts with caches; nothing where keys are not the point. */
function keysInWords(cells: readonly Cell[]): string {
  const keyed = cells
    .flatMap(({ player, estimates }) =>
      estimates.coldShare === null ? [] : { player, share: estimates.coldShare.mean },
    )
    .sort((a, b) => a.share - b.share)
  const [least, most] = [keyed[0], keyed.at(-1)]
  if (least === undefined || most === undefined || least === most) return ''
  const inWords = ({ player, share }: typeof least) => `${player} (${formatShare(share)})`
  return ` An origin meets a key for the first time least often with ${inWords(least)}, most often with ${inWords(most)}.`
}

/** Are there several, and all of them among the best? Then the choice does not matter here. */
export function isAlike(cells: readonly Cell[]): boolean {
  return cells.length > 1 && cells.every(cell => cell.standing === 'good')
}

/** Did both decide alike all the time? So does a combinator that has nothing to do. */
export function didTheSame(one: Cell, other: Cell): boolean {
  return JSON.stringify(one.runs) === JSON.stringify(other.runs)
}

function worstInWords(tournament: Tournament, cells: readonly Cell[]): string {
  const worst = cells.at(-1)!
  return `${worst.player} (${failureOf(tournament, worst)})`
}

/** "when one origin is slow", with the point of a sweep. */
export function whenOf(tournament: Tournament, cell: Cell): string {
  const { when, point } = tournament.situations.find(({ name }) => name === cell.situation)!
  return `when ${when}${point === null ? '' : ` (${point})`}`
}

/** What is so bad about a cell: how long it takes, the requests that it loses, or both. */
export function failureOf({ thresholds }: Tournament, { estimates, toBest }: Cell): string {
  const loses = (toBest.moreErrors?.mean ?? 0) >= thresholds.failsErrors
  const ratio = toBest.p99Ratio?.mean ?? null
  const isSlow = ratio !== null && ratio >= thresholds.failsRatio
  return [
    ...(isSlow || !loses ? [timesTheBest(ratio)] : []),
    ...(loses ? [`${formatShare(estimates.errorShare?.mean ?? 0)} of the requests fail`] : []),
  ].join(', ')
}

function timesTheBest(ratio: number | null): string {
  return ratio === null ? 'too few answers for a p99' : `p99 ${times(ratio)} times the best`
}

/** The share of requests that fail, as an addition; nothing where it does not count. */
export function lossInWords({ thresholds }: Tournament, cell: Cell): string {
  const share = cell.estimates.errorShare?.mean ?? 0
  return share < thresholds.errorsThatCount ? '' : `, ${formatShare(share)} of the requests fail`
}

export function p99InWords({ estimates }: Cell): string {
  return estimates.p99Ms === null ? 'no p99' : `p99 ${formatMs(estimates.p99Ms.mean)}`
}

/** A ratio for a narrow place: "1.2", "4.1", "217", or a dash. */
export function times(ratio: number | null): string {
  if (ratio === null) return missing
  return ratio < 9.95 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString('en-US')
}

/** "a", "a and b", "a, b and c". */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
