// The figures of a sweep: one small chart for each metric over the axis, all with the same legend.
import type { ScenarioRecord } from '../../core/record.ts'
import { axisTable, overAxis } from '../charts/over-axis.ts'
import { drawnOf } from '../drawn.ts'
import { axisTitle, type SweepView, seriesRuns, sweepMetrics, titleOf } from '../sweep.ts'
import { dataTable, leftOut, legend, type Place } from './figure.ts'
import { type Html, html } from './html.ts'

/** One section with every chart over the axis; empty when there are too few points to draw. */
export function axisFigures(record: ScenarioRecord, view: SweepView, place: Place): Html[] {
  const drawn = drawnOf(record, view.series, series => seriesRuns(record, series))
  const panels = sweepMetrics(record).flatMap(metric => {
    const chart = overAxis(record, view, metric, drawn.names)
    if (chart === null) return []
    return html`<figure class="panel"><h3>${titleOf(metric)}</h3><figcaption>${metric.doc}</figcaption>${place(chart)}${dataTable(axisTable(record, view, metric))}</figure>`
  })
  if (panels.length === 0) return []
  const phases = record.load.phases.length > 1 ? ` Phase ${record.load.measuredPhase}, unless said otherwise.` : ''
  return [
    html`<section id="over-axis"><h2>Along the axis: ${axisTitle(view)}</h2>
<p class="caption">Look for where lines part, bend or cross. Medians over the repeats, a band from the lowest to the highest; the scale is logarithmic where values span more than ten times.${phases}</p>
${leftOut(drawn)}
<div class="axis-legend">${legend(drawn, () => '', true)}</div>
<div class="panels">${panels}</div></section>`,
  ]
}
