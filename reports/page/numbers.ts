// The numbers: one column for each variant, metrics in groups, median over the repeats with the lowest and the highest.
// Below it the ratios to the first variant with their uncertainty, and what every word means.
import type { Comparison, ScenarioRecord } from '../../core/record.ts'
import { type Metric, metricsOf, spreadOf } from '../metrics.ts'
import { runsOf, variantsThatRan } from '../timeline.ts'
import { disturbedRepeats } from '../trust.ts'
import { formatValue } from '../units.ts'
import { type Html, html } from './html.ts'

/** The summary table with its explanations. */
export function numbers(record: ScenarioRecord): Html {
  const variants = variantsThatRan(record)
  const metrics = metricsOf(record)
  const groups = [...new Set(metrics.map(metric => metric.group))]
  const bodies = groups.map(group => {
    const rows = metrics
      .filter(metric => metric.group === group)
      .map(metric => html`<tr><th scope="row" title="${metric.doc}">${metric.label}</th>${cells(record, metric)}</tr>`)
    return html`<tbody><tr class="group"><th scope="rowgroup">${group}</th><td colspan="${variants.length}"></td></tr>${rows}</tbody>`
  })
  const repeats = new Set(record.runs.map(run => run.repeat)).size
  const spread =
    repeats > 1
      ? 'Median over the repeats, the lowest and the highest below it in grey. '
      : 'One repeat: no spread is known. '
  return html`<section id="numbers">
<h2>Numbers</h2>
<p class="caption">Phase ${record.load.measuredPhase}. ${spread}A dash means that fewer than ten samples lie beyond a quantile. Latency counts answered requests only: who answers few may look fast here.</p>
<div class="scroll"><table class="numbers"><thead><tr><td></td>${variants.map(name => html`<th scope="col">${name}${disturbance(record, name)}</th>`)}</tr></thead>${bodies}</table></div>
${comparisons(record)}
<details><summary>What do these words mean?</summary><dl class="words">${metrics.map(({ label, doc }) => html`<dt>${label}</dt><dd>${doc}</dd>`)}</dl></details>
${counters(record, variants)}
</section>`
}

function disturbance(record: ScenarioRecord, variant: string): Html | null {
  const words = disturbedRepeats(runsOf(record, variant))
  return words === '' ? null : html`<small class="undecided doubt">${words}</small>`
}

function cells(record: ScenarioRecord, metric: Metric): Html[] {
  return variantsThatRan(record).map(variant => {
    const spread = spreadOf(record, variant, metric)
    if (spread === null) return html`<td class="none">${formatValue(metric.unit, null)}</td>`
    const [middle, low, high] = [spread.median, spread.min, spread.max].map(value => formatValue(metric.unit, value))
    return html`<td>${middle!}${low !== high && html`<small>${low!} – ${high!}</small>`}</td>`
  })
}

function comparisons(record: ScenarioRecord): Html | null {
  if (record.comparisons.length === 0) return null
  const rows = record.comparisons.map(comparison => {
    const { metric, unit, variant, baselineValue, variantValue, ratio, confidence } = comparison
    const interval = confidence === null ? 'too few pairs' : `${times(confidence[0])} to ${times(confidence[1])}`
    return html`<tr><th scope="row">${metric}</th><td>${variant}</td><td>${formatValue(unit, variantValue)}</td><td>${formatValue(unit, baselineValue)}</td><td>× ${times(ratio)}</td><td class="${confidence === null && 'none'}">${interval}</td><td>${judge(comparison)}</td></tr>`
  })
  const baseline = [...new Set(record.comparisons.map(comparison => comparison.baseline))].join(', ')
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

function counters(record: ScenarioRecord, variants: readonly string[]): Html | null {
  const names = [...new Set(record.runs.flatMap(run => Object.keys(run.counters)))].sort()
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
    return html`<tr><th scope="row">${name}</th>${cells(record, metric)}</tr>`
  })
  return html`<details><summary>All counters</summary><div class="scroll"><table class="numbers"><thead><tr><td></td>${variants.map(name => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></details>`
}
