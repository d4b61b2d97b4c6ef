// A table for each situation: every player with all its figures, their intervals, and the command that repeats them.
import type { Cell, Estimate, FigureName, PlayedSituation, Tournament } from '../../core/tournament.ts'
import { figureNames } from '../../core/tournament.ts'
import { type Html, html, sentence } from '../page/html.ts'
import { formatMs, formatShare, formatValue, missing, plural } from '../units.ts'
import { ranking, times, whenToUse } from './sentences.ts'

const heads: Readonly<Record<FigureName, { readonly label: string; readonly unit: string }>> = {
  meanMs: { label: 'mean', unit: 'ms' },
  p50Ms: { label: 'p50', unit: 'ms' },
  p99Ms: { label: 'p99', unit: 'ms' },
  p999Ms: { label: 'p99.9', unit: 'ms' },
  imbalance: { label: 'imbalance', unit: 'count' },
  errorShare: { label: 'errors', unit: 'share' },
  coldShare: { label: 'new keys', unit: 'share' },
}

const words = { good: '✔ good', between: 'between', fails: '✘ fails' } as const

export function situationSections(tournament: Tournament): Html {
  return html`<section id="situations"><h2>Situation by situation</h2>
<p class="caption">Mean over the repeats, its 95 % interval below it. Latency counts answered requests only. Imbalance is what the fullest origin got, over the mean of all; 1 is even. New keys, where keys are the point: requests for a key that their origin had not seen before, which a cache there would miss. A dash means that fewer than ten samples lie beyond a quantile. The command repeats a row to the last bit.</p>
${tournament.situations.map(situation => section(tournament, situation))}
</section>`
}

function section(tournament: Tournament, situation: PlayedSituation): Html {
  const { name, when, question, point, phases, measuredPhase, repeats } = situation
  const lengths = phases.map(phase => `${phase.name} ${formatMs(phase.durationMs)}`).join(', ')
  const facts = [point, `${lengths} (measured: ${measuredPhase})`, plural(repeats, 'repeat')].filter(
    part => part !== null,
  )
  const cells = ranking(tournament, name)
  return html`<section id="${anchorOf(name)}" class="situation"><h3>When ${when}</h3>
<p class="prose">${whenToUse(tournament, situation)}</p>
<p class="caption">${sentence(question)} <span class="facts">${facts.join(' · ')}.</span> A whole report of one player: <code>npm run scenario ${name} engine=simulation balancer=NAME</code></p>
<details><summary>${plural(cells.length, 'player')}, all figures</summary>${table(name, cells)}</details>
</section>`
}

function table(situation: string, cells: readonly Cell[]): Html {
  const known = figureNames.filter(name => cells.some(cell => cell.estimates[name] !== null))
  const columns = ['rank', 'so it is', 'p99 to best', ...known.map(name => heads[name].label), 'command']
  const rows = cells.map(
    cell =>
      html`<tr><th scope="row">${cell.player}</th><td>${cell.rank}</td><td>${words[cell.standing]}</td>${ratioCell(cell.toBest.p99Ratio)}${known.map(name => figureCell(cell.estimates[name], heads[name].unit))}<td><code>${cell.command}</code></td></tr>`,
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Figures of ${situation}"><table class="numbers"><thead><tr><td></td>${columns.map(column => html`<th scope="col">${column}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`
}

function figureCell(estimate: Estimate, unit: string): Html {
  if (estimate === null) return html`<td class="none">${missing}</td>`
  const format = (value: number) => (unit === 'share' ? formatShare(value) : formatValue(unit, value))
  return valueCell(format(estimate.mean), estimate.interval?.map(format) ?? null)
}

function ratioCell(estimate: Estimate): Html {
  if (estimate === null) return html`<td class="none">${missing}</td>`
  return valueCell(`× ${times(estimate.mean)}`, estimate.interval?.map(ratio => ratio.toPrecision(3)) ?? null)
}

function valueCell(value: string, interval: readonly string[] | null): Html {
  const small = interval !== null && interval[0] !== interval[1] && html`<small>${interval.join(' – ')}</small>`
  return html`<td>${value}${small}</td>`
}

/** The id of the section of a situation. */
export function anchorOf(situation: string): string {
  return `situation-${situation}`
}
