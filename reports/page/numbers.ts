// The numbers: one column for each variant, metrics in groups, median over the repeats with the lowest and the
// highest; of a sweep a block for each metric with the points as columns; of many variants a row for each. Below it
// the ratios to the first variant with their uncertainty, and what every word means.
import type { Comparison, ScenarioRecord } from '../../core/record.ts'
import { type Standing, standings } from '../extremes.ts'
import { type Metric, metricsOf } from '../metrics.ts'
import { type Spread, spreadOf } from '../spread.ts'
import { axisTitle, type SweepView, spreadAt, sweepMetrics, sweepOf, tickOf, titleOf } from '../sweep.ts'
import { runsOf, variantsThatRan } from '../timeline.ts'
import { disturbedRepeats } from '../trust.ts'
import { formatValue } from '../units.ts'
import { type Html, html } from './html.ts'

/** With more variants than this the metrics are the columns: a table of twenty columns cannot be read. */
const mostColumns = 8

/** The summary table with its explanations. */
export function numbers(record: ScenarioRecord): Html {
  const sweep = sweepOf(record)
  const metrics = sweep ? sweepMetrics(record) : metricsOf(record)
  const isLong = sweep !== null || variantsThatRan(record).length > mostColumns
  const table = sweep ? overAxis(record, sweep, metrics) : isLong ? byRow(record, metrics) : byColumn(record, metrics)
  const repeats = new Set(record.runs.map(run => run.repeat)).size
  const spread =
    repeats > 1
      ? 'Median over the repeats, the lowest and the highest below it in grey. '
      : 'One repeat: no spread is known. '
  const marked = isLong ? ' The best of its kind is bold and green, the worst slanted and red.' : ''
  return html`<section id="numbers">
<h2>Numbers</h2>
<p class="caption">Phase ${record.load.measuredPhase}. ${spread}A dash means that fewer than ten samples lie beyond a quantile. Latency counts answered requests only: who answers few may look fast here.${marked}</p>
<div class="scroll">${table}</div>
${comparisons(record)}
<details><summary>What do these words mean?</summary><dl class="words">${metrics.map(({ label, doc }) => html`<dt>${label}</dt><dd>${doc}</dd>`)}</dl></details>
${counters(record)}
</section>`
}

/** A column for each variant. */
function byColumn(record: ScenarioRecord, metrics: readonly Metric[]): Html {
  const variants = variantsThatRan(record)
  const groups = [...new Set(metrics.map(metric => metric.group))]
  const bodies = groups.map(group => {
    const rows = metrics
      .filter(metric => metric.group === group)
      .map(
        metric =>
          html`<tr><th scope="row" title="${metric.doc}">${metric.label}</th>${variants.map(name => cell(metric, spreadOf(record, name, metric)))}</tr>`,
      )
    return html`<tbody>${groupRow(group, variants.length)}${rows}</tbody>`
  })
  return html`<table class="numbers"><thead><tr><td></td>${variants.map(name => html`<th scope="col">${name}${disturbance(record, name)}</th>`)}</tr></thead>${bodies}</table>`
}

/** A row for each of many variants. */
function byRow(record: ScenarioRecord, metrics: readonly Metric[]): Html {
  const variants = variantsThatRan(record)
  const columns = metrics.map(metric =>
    markedCells(
      metric,
      variants.map(name => spreadOf(record, name, metric)),
    ),
  )
  const rows = variants.map(
    (name, row) =>
      html`<tr><th scope="row">${name}${disturbance(record, name)}</th>${columns.map(cells => cells[row]!)}</tr>`,
  )
  return html`<table class="numbers"><thead><tr><td></td>${metrics.map(({ label, doc }) => html`<th scope="col" title="${doc}">${label}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`
}

/** A block for each metric, in it a row for each series and a column for each point. */
function overAxis(record: ScenarioRecord, view: SweepView, metrics: readonly Metric[]): Html {
  const bodies = metrics.map(metric => {
    const columns = view.points.map(at =>
      markedCells(
        metric,
        view.series.map(series => spreadAt(record, series, at, metric)),
      ),
    )
    const rows = view.series.map(
      (series, row) => html`<tr><th scope="row">${series}</th>${columns.map(cells => cells[row]!)}</tr>`,
    )
    return html`<tbody>${groupRow(titleOf(metric), view.points.length)}${rows}</tbody>`
  })
  return html`<table class="numbers"><thead><tr><th scope="col">${axisTitle(view)}</th>${view.points.map(at => html`<th scope="col">${tickOf(view, at)}</th>`)}</tr></thead>${bodies}</table>`
}

function groupRow(title: string, columns: number): Html {
  return html`<tr class="group"><th scope="rowgroup" colspan="${columns + 1}"><span>${title}</span></th></tr>`
}

function cell({ unit }: Metric, spread: Spread | null, standing: Standing = null): Html {
  if (spread === null) return html`<td class="none">${formatValue(unit, null)}</td>`
  const [middle, low, high] = [spread.median, spread.min, spread.max].map(value => formatValue(unit, value))
  return html`<td class="${standing}">${middle!}${low !== high && html`<small>${low!} – ${high!}</small>`}</td>`
}

function markedCells(metric: Metric, spreads: readonly (Spread | null)[]): Html[] {
  const standing = standings(
    metric,
    spreads.map(spread => spread?.median ?? null),
  )
  return spreads.map((spread, at) => cell(metric, spread, standing[at]))
}

function disturbance(record: ScenarioRecord, variant: string): Html | null {
  const words = disturbedRepeats(runsOf(record, variant))
  return words === '' ? null : html`<small class="undecided doubt">${words}</small>`
}

function comparisons(record: ScenarioRecord): Html | null {
  if (record.comparisons.length === 0) return null
  const rows = record.comparisons.map(comparison => {
    const { metric, unit, variant, baselineValue, variantValue, ratio, confidence } = comparison
    const interval = confidence === null ? 'too few pairs' : `${times(confidence[0])} to ${times(confidence[1])}`
    return html`<tr><th scope="row">${metric}</th><td>${variant}</td><td>${formatValue(unit, variantValue)}</td><td>${formatValue(unit, baselineValue)}</td><td>× ${times(ratio)}</td><td class="${confidence === null && 'none'}">${interval}</td><td>${judge(comparison)}</td></tr>`
  })
  const baseline = sweepOf(record)?.series[0] ?? [...new Set(record.comparisons.map(one => one.baseline))].join(', ')
  return html`<details><summary>How sure are the differences to ${baseline}?</summary>
<div class="scroll"><table class="numbers"><thead><tr><td></td>${['variant', 'its value', baseline, 'ratio', '95 % interval', 'so it is'].map(head => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></details>`
}

function times(ratio: number): string {
  return ratio.toPrecision(3)
}

/** The word for a ratio: only an interval that leaves out 1 says anything. */
function judge({ confidence, better }: Comparison): string {
  if (confidence === null || (confidence[0] <= 1 && confidence[1] >= 1)) return 'not decided'
  return confidence[1] < 1 === (better === 'lower') ? 'better' : 'worse'
}

/** What single origins and workers counted. */
const ofOne = /^(origin\.o\d+|target\.worker\d+)\./

function counters(record: ScenarioRecord): Html | null {
  const variants = variantsThatRan(record)
  const all = [...new Set(record.runs.flatMap(run => Object.keys(run.counters)))].sort()
  const names = variants.length > mostColumns ? all.filter(name => !ofOne.test(name)) : all
  if (names.length === 0) return null
  const rows = names.map(name => {
    const metric: Metric = {
      group: 'cost',
      label: name,
      short: name,
      unit: 'count',
      doc: '',
      of: run => run.counters[name] ?? null,
    }
    return html`<tr><th scope="row">${name}</th>${variants.map(variant => cell(metric, spreadOf(record, variant, metric)))}</tr>`
  })
  const rest =
    names.length < all.length && html`<p class="small">Those of single origins and workers are in record.json.</p>`
  return html`<details><summary>All counters</summary>${rest}<div class="scroll"><table class="numbers"><thead><tr><td></td>${variants.map(name => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></details>`
}
