// The charts of the page: over time, or, when the record is of a sweep, over its axis. The drawings themselves are made in
// the browser from `specs`.
import type { ScenarioRecord } from '../../core/record.ts'
import { answersOverTime, answersTable } from '../charts/answers-over-time.ts'
import type { Chart } from '../charts/chart.ts'
import { columnOverTime, columnTable } from '../charts/column-over-time.ts'
import { percentileCurve, percentileTable } from '../charts/percentile-curve.ts'
import { drawnVariants } from '../drawn.ts'
import { answeredShareOf } from '../metrics.ts'
import { atPoint, hardestPoint, pointInWords, type SweepView, sweepOf } from '../sweep.ts'
import { faultsOf, hasColumn, phasesOf } from '../timeline.ts'
import { formatShare } from '../units.ts'
import { axisFigures } from './axis-figures.ts'
import { figure, leftOut, legend, type Place } from './figure.ts'
import { type Html, html } from './html.ts'

/** The sections with charts, and the Vega specification of each chart by the id of the element it belongs in. */
export interface Figures {
  readonly sections: Html
  readonly specs: Readonly<Record<string, object>>
}

/** All figures this record has data for. */
export function figures(record: ScenarioRecord): Figures {
  const specs: Record<string, object> = {}
  const place: Place = (chart: Chart) => {
    const id = `chart-${Object.keys(specs).length + 1}`
    specs[id] = chart.spec
    return html`<div class="chart" id="${id}" role="img" aria-label="${chart.label}"></div>`
  }
  const sweep = sweepOf(record)
  const sections = sweep
    ? [...axisFigures(record, sweep, place), moments(record, sweep, place)]
    : [answers(record, place), held(record, place), memory(record, place), percentiles(record, place)]
  return { sections: html`${sections}`, specs }
}

/** A sweep over time: of a load that changes meanwhile, and at one point, because all would be a thicket. */
function moments(record: ScenarioRecord, view: SweepView, place: Place): Html | null {
  if (record.load.phases.length < 2) return null
  const at = hardestPoint(record, view)
  return answers(
    atPoint(record, at),
    place,
    `At ${pointInWords(view, at)}: where most requests failed, or else the end of the axis. `,
  )
}

function answers(record: ScenarioRecord, place: Place, where = ''): Html {
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
  const caption = `${where}Look for red: it is the share of honest requests that failed. Above it, how long the answers took on a log scale: the line is the median, dots are the 99th percentile, the band spans the repeats.${shade}`
  return figure(
    'over-time',
    'What honest users got, moment by moment',
    caption,
    html`${leftOut(drawnVariants(record))}<div class="strips">${strips}</div>`,
    answersTable(record),
  )
}

function held(record: ScenarioRecord, place: Place): Html | null {
  if (record.load.hostile.length === 0 || !hasColumn(record, 'attackersHeld')) return null
  const chart = columnOverTime(record, 'attackersHeld', 'Hostile connections held')
  if (chart === null) return null
  const caption =
    'Look for where a line goes flat: either every place is taken, or the target closes silent connections as fast as new ones come.'
  const body = html`${leftOut(drawnVariants(record))}${legend(drawnVariants(record), () => '')}${place(chart)}`
  return figure('held', 'How many hostile connections were held', caption, body, columnTable(record, 'attackersHeld'))
}

function memory(record: ScenarioRecord, place: Place): Html | null {
  const chart = columnOverTime(record, 'rssBytes', 'Resident memory')
  if (chart === null) return null
  const caption =
    'Look for the height of a line, which is what the architecture costs at rest, and its slope, which is what each connection adds.'
  const body = html`${leftOut(drawnVariants(record))}${legend(drawnVariants(record), () => '')}${place(chart)}`
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
  const body = html`${leftOut(drawnVariants(record))}${legend(drawnVariants(record), answered)}${place(chart)}`
  return figure('percentiles', 'How slow were the slowest answers?', caption, body, percentileTable(record))
}
