// The charts of the page: each in a figure with one sentence on what to look for, a legend made of HTML (so that it
// wraps and is never cut off), and its data as a table. The drawings themselves are made in the browser from `specs`.
import type { ScenarioRecord } from '../../core/record.ts'
import { answersOverTime, answersTable } from '../charts/answers-over-time.ts'
import { type Chart, colourOf, type DataTable, dashOf } from '../charts/chart.ts'
import { columnOverTime, columnTable } from '../charts/column-over-time.ts'
import { percentileCurve, percentileTable } from '../charts/percentile-curve.ts'
import { answeredShareOf } from '../metrics.ts'
import { faultsOf, hasColumn, phasesOf, variantsThatRan } from '../timeline.ts'
import { formatShare } from '../units.ts'
import { type Content, type Html, html } from './html.ts'

/** The sections with charts, and the Vega specification of each chart by the id of the element it belongs in. */
export interface Figures {
  readonly sections: Html
  readonly specs: Readonly<Record<string, object>>
}

/** All figures this record has data for. */
export function figures(record: ScenarioRecord): Figures {
  const specs: Record<string, object> = {}
  const place = (chart: Chart): Html => {
    const id = `chart-${Object.keys(specs).length + 1}`
    specs[id] = chart.spec
    return html`<div class="chart" id="${id}" role="img" aria-label="${chart.label}"></div>`
  }
  const sections = [answers(record, place), held(record, place), memory(record, place), percentiles(record, place)]
  return { sections: html`${sections}`, specs }
}

type Place = (chart: Chart) => Html

function figure(id: string, title: string, caption: Content, body: Content, table: DataTable): Html {
  return html`<section id="${id}"><h2>${title}</h2>
<figure><figcaption class="caption">${caption}</figcaption>
${body}
<details><summary>The data</summary><div class="scroll"><table class="numbers data"><thead><tr>${table.head.map(head => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${table.rows.map(cells => html`<tr>${cells.map(cell => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div></details>
</figure></section>`
}

function legend(record: ScenarioRecord, note: (variant: string) => string): Html {
  const names = variantsThatRan(record)
  const items = names.map((name, index) => html`<li>${swatch(index)} ${name}<small>${note(name)}</small></li>`)
  return html`<ul class="legend">${items}</ul>`
}

function swatch(index: number): Html {
  return html`<svg width="30" height="10" aria-hidden="true"><line x1="1" y1="5" x2="29" y2="5" stroke="${colourOf(index)}" stroke-width="2.5" stroke-dasharray="${dashOf(index).join(' ') || 'none'}"/></svg>`
}

function answers(record: ScenarioRecord, place: Place): Html {
  const hostile = phasesOf(record).find(phase => phase.hostile)
  const strips = answersOverTime(record).map(({ variant, latency, failures }) => {
    const share = answeredShareOf(record, variant, hostile?.name ?? record.load.measuredPhase)
    const word = share === null ? '' : `${formatShare(share)} answered${hostile ? ` in phase ${hostile.name}` : ''}`
    return html`<div class="strip"><h3>${variant}<small>${word}</small></h3><div>${latency && place(latency)}${place(failures)}</div></div>`
  })
  const shade = [
    ...(hostile ? [' The shaded span is when hostile clients are at work.'] : []),
    ...(faultsOf(record).length > 0 ? [' Where it is shaded with a fault above it, an origin is broken.'] : []),
  ].join('')
  const caption = `Look for red: it is the share of honest requests that failed. Above it, how long the answers took on a log scale: the line is the median, dots are the 99th percentile, the band spans the repeats.${shade}`
  return figure(
    'over-time',
    'What honest users got, moment by moment',
    caption,
    html`<div class="strips">${strips}</div>`,
    answersTable(record),
  )
}

function held(record: ScenarioRecord, place: Place): Html | null {
  if (record.load.hostile.length === 0 || !hasColumn(record, 'attackersHeld')) return null
  const chart = columnOverTime(record, 'attackersHeld', 'Hostile connections held')
  if (chart === null) return null
  const caption =
    'Look for where a line goes flat: either every place is taken, or the target closes silent connections as fast as new ones come.'
  const body = html`${legend(record, () => '')}${place(chart)}`
  return figure('held', 'How many hostile connections were held', caption, body, columnTable(record, 'attackersHeld'))
}

function memory(record: ScenarioRecord, place: Place): Html | null {
  const chart = columnOverTime(record, 'rssBytes', 'Resident memory')
  if (chart === null) return null
  const caption =
    'Look for the height of a line, which is what the architecture costs at rest, and its slope, which is what each connection adds.'
  const body = html`${legend(record, () => '')}${place(chart)}`
  return figure('memory', 'Memory over time', caption, body, columnTable(record, 'rssBytes'))
}

function percentiles(record: ScenarioRecord, place: Place): Html | null {
  const chart = percentileCurve(record)
  if (chart === null) return null
  const { measuredPhase } = record.load
  const answered = (variant: string) => {
    const share = answeredShareOf(record, variant, measuredPhase)
    return share === null ? '' : `${formatShare(share)} answered`
  }
  const caption = `Look at how far right a line stays low: each mark leaves out ten times fewer answers. Phase ${measuredPhase}, all repeats together, answered requests only; a line ends where fewer than ten answers lie beyond it.`
  const body = html`${legend(record, answered)}${place(chart)}`
  return figure('percentiles', 'How slow were the slowest answers?', caption, body, percentileTable(record))
}
