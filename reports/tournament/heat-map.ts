// Everybody in every situation: the p99 over that of the best, as a number, a sign and a colour, with the errors that count.
import type { Cell, Tournament } from '../../core/tournament.ts'
import { type Html, html } from '../page/html.ts'
import { formatShare, missing } from '../units.ts'
import { summaries, times } from './sentences.ts'
import { anchorOf } from './situation-tables.ts'

const signs = { good: '✔', between: '', fails: '✘' } as const
const tones = { good: 'good', between: 'doubt', fails: 'bad' } as const
/** From here on a cell has the full depth of its colour. */
const deepestRatio = 100

export function heatMap(tournament: Tournament): Html {
  const { situations, thresholds } = tournament
  const heads = situations.map(({ name }) => html`<th scope="col"><a href="#${anchorOf(name)}">${name}</a></th>`)
  const rows = summaries(tournament).map(
    ({ name, cells }) =>
      html`<tr><th scope="row">${name}</th>${cells.map(cell => heatCell(cell, thresholds.errorsThatCount))}</tr>`,
  )
  return html`<section id="map"><h2>Everybody, everywhere</h2>
<p class="caption">p99 over that of the best of the situation: 1.0 is the best, 4.1 takes that many times as long. ✔ is among the best, ✘ fails. Below it, where it counts, the share of requests that failed; the p99 is of those that were answered. Those first that fail least often.</p>
<div class="scroll" tabindex="0" role="region" aria-label="p99 over that of the best, by player and situation"><table class="numbers heat"><thead><tr><td></td>${heads}</tr></thead><tbody>${rows}</tbody></table></div>
</section>`
}

function heatCell({ standing, toBest, estimates }: Cell, errorsThatCount: number): Html {
  const ratio = toBest.p99Ratio?.mean ?? null
  const errors = estimates.errorShare?.mean ?? 0
  const lost = errors < errorsThatCount ? null : html`<small>${formatShare(errors)} fail</small>`
  const style = `background:color-mix(in srgb, var(--${tones[standing]}) ${depthOf(ratio, errors)}%, transparent)`
  const number = ratio === null ? missing : times(ratio)
  return html`<td style="${style}"><span class="sign ${standing === 'good' ? 'good' : 'bad'}" aria-hidden="true">${signs[standing]}</span> ${number}${lost}</td>`
}

/** Percent of the colour: by the power of the ratio or by the errors, whichever is more. */
function depthOf(ratio: number | null, errors: number): number {
  const slow = Math.log(Math.max(1, ratio ?? 1)) / Math.log(deepestRatio)
  return Math.round(10 + 38 * Math.min(1, Math.max(slow, errors)))
}
