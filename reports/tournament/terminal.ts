// A tournament for the terminal: for each situation the first three and the last, then who stands where, and the verdict last,
// because that is where the eye is.
import { styleText } from 'node:util'
import type { Cell, PlayedSituation, Tournament } from '../../core/tournament.ts'
import { toAscii } from '../ascii.ts'
import type { Pen, TerminalOptions } from '../pen.ts'
import { formatShare, plural } from '../units.ts'
import { clean, wrap } from '../wrap.ts'
import {
  didTheSame,
  isAlike,
  lossInWords,
  p99InWords,
  ranking,
  summaries,
  times,
  verdictOf,
  whenToUse,
} from './sentences.ts'

type Paint = Pen['paint']

const podiumSize = 3
const indent = '   '
const signs = { good: '✔', between: ' ', fails: '✘' } as const
const styles = { good: 'green', between: 'reset', fails: 'red' } as const

export function renderTerminal(tournament: Tournament, { colour, width, unicode }: TerminalOptions): string {
  const paint: Paint = (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text)
  const facts = `${plural(tournament.players.length, 'player')}, ${plural(tournament.situations.length, 'situation')}, effort ${tournament.effort}, seed ${tournament.seed}.`
  const text = [
    paint('dim', facts),
    ...tournament.situations.map((situation, at) => podium(tournament, situation, at, paint, width)),
    ranks(tournament, paint, width),
    wrap(verdictOf(tournament), width)
      .map(line => paint('bold', line))
      .join('\n'),
  ].join('\n\n')
  return `${unicode ? text : toAscii(text)}\n`
}

function podium(
  tournament: Tournament,
  { name, when, point, repeats }: PlayedSituation,
  at: number,
  paint: Paint,
  width: number,
): string {
  const cells = ranking(tournament, name)
  const title = `${at + 1}. When ${when} (${[name, point, plural(repeats, 'repeat')].filter(part => part !== null).join(', ')})`
  const lines = isAlike(cells)
    ? wrap(whenToUse(tournament, tournament.situations[at]!), width - indent.length).map(text => `${indent}${text}`)
    : placesOf(cells).map(({ cell, place }) => line(tournament, cell, place, paint))
  return [...wrap(title, width).map(part => paint('bold', part)), ...lines].join('\n')
}

/** The first three that differ, and the last. */
function placesOf(cells: readonly Cell[]): { cell: Cell; place: string }[] {
  const different = cells.filter((cell, at) => !cells.slice(0, at).some(earlier => didTheSame(earlier, cell)))
  const first = different.slice(0, podiumSize).map(cell => ({ cell, place: `${cell.rank}` }))
  const last = different.slice(podiumSize).at(-1)
  return last === undefined ? first : [...first, { cell: last, place: 'last' }]
}

function line(tournament: Tournament, cell: Cell, place: string, paint: Paint): string {
  const nameWidth = Math.max(...tournament.players.map(player => player.name.length))
  const ratio = cell.toBest.p99Ratio?.mean ?? null
  const far = ratio === null || ratio < 1.05 ? '' : `, ${times(ratio)} times the best`
  const figures = `${p99InWords(cell)}${far}${lossInWords(tournament, cell)}`
  const sign = paint(styles[cell.standing], signs[cell.standing])
  return `${indent}${place.padStart(4)}  ${clean(cell.player).padEnd(nameWidth)}  ${sign} ${figures}`
}

/** Ranks by player and situation: as many situations as fit beside each other, the rest below. */
function ranks(tournament: Tournament, paint: Paint, width: number): string {
  const cellWidth = `${tournament.players.length}`.length + 3
  const nameWidth = Math.max(...tournament.players.map(player => player.name.length))
  const fitting = Math.max(1, Math.floor((width - nameWidth) / cellWidth))
  const players = summaries(tournament)
  const blocks: string[] = []
  for (let from = 0; from < tournament.situations.length; from += fitting) {
    const shown = tournament.situations.slice(from, from + fitting)
    const head = `${' '.repeat(nameWidth)}${shown.map((_, at) => `${from + at + 1}. `.padStart(cellWidth)).join('')}`
    const rows = players.map(({ name, cells }) => {
      const row = cells.slice(from, from + fitting).map(({ rank, standing }) => {
        return paint(styles[standing], `${rank}${signs[standing]}`.padStart(cellWidth))
      })
      return `${clean(name).padEnd(nameWidth)}${row.join('')}`.trimEnd()
    })
    blocks.push([paint('dim', head.trimEnd()), ...rows].join('\n'))
  }
  const { goodRatio, failsRatio, failsErrors } = tournament.thresholds
  const legend = `Ranks: 1 + the players that are better for sure; a shared rank is a tie. ✔ p99 and mean within ${goodRatio} times of the best and no more errors; ✘ p99 from ${failsRatio} times on, or at least ${formatShare(failsErrors)} more of the requests fail.`
  const words = wrap(legend, width).map(text => paint('dim', text))
  return [...blocks, words.join('\n')].join('\n\n')
}
