// `node reports/picture.ts RECORD.json OUT.svg`: the headline of a record as one static SVG for a README, drawn
// without a browser: the share of honest requests answered over time, one strip for each variant, attacks and faults
// shaded; of a sweep its most telling metric over the axis. The colours follow light and dark by a style inside the
// file, which works within an <img> as well.
import { writeFileSync } from 'node:fs'
import { parse, View } from 'vega'
import { UsageError } from '../core/errors.ts'
import type { ScenarioRecord } from '../core/record.ts'
import { brief, compileSpec, type Layer, phaseLayers, timeAxis, valueAxis } from './charts/chart.ts'
import { axisLayers } from './charts/over-axis.ts'
import { drawnOf, drawnVariants } from './drawn.ts'
import { answeredShareOf } from './metrics.ts'
import { readRecord } from './read-record.ts'
import { axisTitle, type SweepView, seriesRuns, sweepMetrics, sweepOf, titleOf } from './sweep.ts'
import { answeredShare, durationOf, faultsOf, phasesOf, runsOf, overTime as trackOf } from './timeline.ts'
import { formatShare } from './units.ts'

const plotWidth = 720
const mostPoints = 150

const style = `<style>
:root{--ink:#1d2229;--quiet:#5a6472;--rule:#d5d2cc;--page:#ffffff;--good:#2b7fb8;--hostile:rgb(196 128 48/16%);--fault:rgb(84 96 150/17%);--fault-ink:#434e7d;--bad:#c2372c;--series-1:#195182;--series-2:#b9570c;--series-3:#0aa17c;--series-4:#783ec2;--series-5:#74819b;--series-6:#74183e}
text{font-family:-apple-system,"Segoe UI",Roboto,Inter,"Liberation Sans",Arial,sans-serif}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ee;--quiet:#9aa5b4;--rule:#38404b;--page:#14171c;--good:#5fb2f2;--hostile:rgb(232 184 124/14%);--fault:rgb(150 166 224/20%);--fault-ink:#b7c2ee;--bad:#ff7d70;--series-1:#8bc5ee;--series-2:#f1a85f;--series-3:#26e4a7;--series-4:#ae78ef;--series-5:#d6dbe2;--series-6:#eb549e}}
</style>`

/** The picture. @throws UsageError for a record that is invalid or has no run: there is nothing to draw. */
export async function renderPicture(record: ScenarioRecord): Promise<string> {
  if (!record.valid.ok || record.runs.length === 0) {
    throw new UsageError(`${record.scenario}: an invalid or empty record given; allowed: one with valid runs`)
  }
  const sweep = sweepOf(record)
  const [subtitle, body] = sweep ? overAxis(record, sweep) : [key(record), overTime(record)]
  const spec = compileSpec({
    title: {
      text: lines(record.question),
      subtitle,
      anchor: 'start',
      fontSize: 17,
      color: 'var(--ink)',
      subtitleColor: 'var(--quiet)',
      subtitlePadding: 6,
      offset: 16,
    },
    padding: 14,
    ...body,
  })
  const view = new View(parse(spec as never), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  const [opening = ''] = svg.match(/<svg[^>]*>/) ?? []
  return svg.replace(opening, () => `${opening}${style}<rect width="100%" height="100%" rx="8" fill="var(--page)"/>`)
}

function overTime(record: ScenarioRecord): Layer {
  const { names } = drawnVariants(record)
  const strips = names.map((name, index) => strip(record, name, index === 0, index === names.length - 1))
  return { spacing: 10, vconcat: strips }
}

/** What is drawn, and the drawing. @throws UsageError when there is but one point. */
function overAxis(record: ScenarioRecord, view: SweepView): [string, Layer] {
  const { names } = drawnOf(record, view.series, series => seriesRuns(record, series))
  const legend = {
    orient: 'bottom',
    title: null,
    columns: 3,
    labelColor: 'var(--ink)',
    labelFontSize: 13,
    labelLimit: 0,
    symbolStrokeWidth: 0,
    symbolSize: 110,
  }
  for (const metric of sweepMetrics(record)) {
    const layer = axisLayers(record, view, metric, names, legend)
    if (layer)
      return [`${titleOf(metric)}; along the axis: ${axisTitle(view)}`, { width: plotWidth, height: 300, layer }]
  }
  throw new UsageError(`${record.scenario}: a sweep of one point given; allowed: two or more`)
}

function strip(record: ScenarioRecord, variant: string, first: boolean, last: boolean): Layer {
  const values = trackOf(runsOf(record, variant), answeredShare, mostPoints).map(({ atMs, value }) => ({
    at: atMs / 1000,
    answered: brief(value),
    whole: 1,
  }))
  const hostile = phasesOf(record).find(phase => phase.hostile)
  const share = answeredShareOf(record, variant, hostile?.name ?? record.load.measuredPhase)
  const said = share === null ? '' : `: ${formatShare(share)} answered${hostile ? ` in phase ${hostile.name}` : ''}`
  const x = timeAxis(durationOf(record), last)
  const y = valueAxis('answered', [0, 1], false, 'share')
  const layer: Layer[] = [
    ...phaseLayers(record, first),
    {
      mark: { type: 'area', color: 'var(--bad)', interpolate: 'step' },
      encoding: { x, y, y2: { field: 'whole' } },
    },
    { mark: { type: 'line', color: 'var(--good)', interpolate: 'step', strokeWidth: 2.5 }, encoding: { x, y } },
  ]
  return {
    width: plotWidth,
    height: 40,
    title: {
      text: oneLine(variant) + said,
      anchor: 'start',
      fontSize: 13,
      offset: 5,
      color: 'var(--ink)',
    },
    data: { values },
    layer,
  }
}

/** What line, red and shade mean. */
function key(record: ScenarioRecord): string {
  const shaded = [
    ...(record.load.phases.some(phase => phase.hostile) ? ['hostile clients'] : []),
    ...(faultsOf(record).length > 0 ? ['broken origins'] : []),
  ]
  return `line: share answered; red: failed${shaded.length > 0 ? `; shaded: ${shaded.join(', ')}` : ''}`
}

/** The text in lines: without a browser widths are estimated, generously, so that longer ones would widen the picture. */
function lines(text: string): string[] {
  return (
    oneLine(text)
      .match(/.{1,54}(?= |$)/g)
      ?.map(line => line.trim()) ?? [oneLine(text)]
  )
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}

if (import.meta.main) {
  const [from, to] = process.argv.slice(2)
  try {
    if (!from || !to) throw new UsageError('picture: two paths are needed: RECORD.json OUT.svg')
    writeFileSync(to, await renderPicture(readRecord(from)))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  }
}
