// What all charts share: colours as CSS variables (so that one drawing follows light and dark), a dash for each variant
// (never colour alone), the shaded spans of time, axes with human units, and the step from Vega-Lite to Vega.
import type { LoggerInterface } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { ScenarioRecord } from '../../core/record.ts'
import { durationOf, faultsOf, labelledFaults, phasesOf } from '../timeline.ts'
import { formatValue } from '../units.ts'

/** A table of the data of a chart, already formatted. */
export interface DataTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A chart ready for the page: `spec` is Vega, compiled; `label` is what a screen reader says. */
export interface Chart {
  readonly spec: object
  readonly label: string
}

/** One mark definition of Vega-Lite: plain data, checked when it is compiled. */
export type Layer = Readonly<Record<string, unknown>>

const dashes = [[], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [1, 3]]
/** As SVG paths from -1 to 1, so that the legend of the page draws the same ones. */
const shapes = [
  'M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z',
  'M-0.9,-0.9H0.9V0.9H-0.9Z',
  'M-1.1,0.9L0,-1.1L1.1,0.9Z',
  'M0,-1.25L1.25,0L0,1.25L-1.25,0Z',
  'M-0.4,-1.1H0.4V-0.4H1.1V0.4H0.4V1.1H-0.4V0.4H-1.1V-0.4H-0.4Z',
  'M-1.1,-0.9L0,1.1L1.1,-0.9Z',
  'M-0.9,-1.1L1.1,0L-0.9,1.1Z',
  'M0.9,-1.1L-1.1,0L0.9,1.1Z',
]

export const seriesColours = 6

/** The colour of the n-th variant, as a CSS variable of the page. */
export function colourOf(index: number): string {
  return `var(--series-${(index % seriesColours) + 1})`
}

/** The dash of the n-th variant; shifts against the colours so that the seventh variant repeats no pair. */
export function dashOf(index: number): readonly number[] {
  return dashes[(index + Math.floor(index / seriesColours)) % dashes.length]!
}

/** The mark of the n-th variant, where single points are drawn. */
export function shapeOf(index: number): string {
  return shapes[index % shapes.length]!
}

/** Colour and dash by variant; the legend is drawn by the page. */
export function byVariant(names: readonly string[]): Layer {
  const field = { field: 'variant', type: 'nominal', legend: null }
  return {
    color: { ...field, scale: { domain: names, range: names.map((_, index) => colourOf(index)) } },
    strokeDash: { ...field, scale: { domain: names, range: names.map((_, index) => dashOf(index)) } },
  }
}

/**
 * Shades the phases with hostile clients, and the spans in which origins are broken; with `labels`, names every phase above
 * the plot, and above that what is wrong with origins.
 */
export function phaseLayers(record: ScenarioRecord, labels: boolean): Layer[] {
  const phases = phasesOf(record)
  const faults = faultsOf(record)
  const hostile = phases.filter(phase => phase.hostile)
  const shades = [shade(hostile, 'var(--hostile)'), ...(faults.length > 0 ? [shade(faults, 'var(--fault)')] : [])]
  if (!labels) return shades
  const durationMs = durationOf(record)
  const names = phases.map(({ name, ...span }) => ({ ...span, label: name }))
  const above = [labelling(names, -8, 'var(--quiet)', durationMs)]
  if (faults.length > 0) above.push(labelling(labelledFaults(record), -22, 'var(--fault-ink)', durationMs))
  return [...shades, ...above]
}

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

const inSeconds = ({ fromMs, toMs }: Span) => ({ from: fromMs / 1000, to: toMs / 1000 })
const spanX = { field: 'from', type: 'quantitative' }

function shade(spans: readonly Span[], color: string): Layer {
  return {
    data: { values: spans.map(inSeconds) },
    mark: { type: 'rect', color, tooltip: null },
    encoding: { x: spanX, x2: { field: 'to' } },
  }
}

/** Less than this, px, is not enough for three letters. */
const leastRoom = 26

/** Words above the plot, each cut where the next begins; `y` in px, negative upwards. */
function labelling(spans: readonly (Span & { label: string })[], y: number, color: string, durationMs: number): Layer {
  const values = spans.map(({ fromMs, label }, index) => {
    const next = spans[index + 1]?.fromMs ?? durationMs
    return { from: fromMs / 1000, share: (next - fromMs) / durationMs, label }
  })
  return {
    data: { values },
    // A limit of 0 would be none.
    mark: {
      type: 'text',
      align: 'left',
      dx: 2,
      fontSize: 11,
      color,
      tooltip: null,
      limit: { expr: 'max(1, datum.share * width - 4)' },
      opacity: { expr: `datum.share * width < ${leastRoom} ? 0 : 1` },
    },
    encoding: { x: spanX, y: { value: y }, text: { field: 'label' } },
  }
}

/** The time axis of every chart over time, in seconds from the start of the load. */
export function timeAxis(durationMs: number, labels: boolean): Layer {
  const end = durationMs / 1000
  return {
    field: 'at',
    type: 'quantitative',
    scale: { domain: [0, end], nice: false, padding: 0 },
    axis: labels
      ? { title: 'seconds', grid: false, tickCount: 8 }
      : { title: null, labels: false, grid: false, ticks: false },
  }
}

/** An axis with the given ticks, each labelled in human units; log scale when asked. */
export function valueAxis(field: string, domain: readonly [number, number], log: boolean, unit: string): Layer {
  const [low, high] = domain
  const step = unit === 'bytes' ? 1024 ** Math.floor(Math.log(log ? low : high) / Math.log(1024)) : 1
  const ticks = (log && high / low > 5 ? logTicks : linearTicks)([low / step, high / step])
  const values = unit === 'share' && low === 0 && high === 1 ? [0, 1] : ticks.map(tick => tick * step)
  const words = Object.fromEntries(values.map(value => [String(value), formatTick(unit, value)]))
  return {
    field,
    type: 'quantitative',
    scale: { type: log ? 'log' : 'linear', domain, nice: false, ...(!log && { zero: false }), clamp: true },
    axis: {
      title: null,
      values,
      labelExpr: `${JSON.stringify(words)}[datum.value]`,
      minExtent: axisWidth,
      maxExtent: axisWidth,
    },
  }
}

/** A tick says its unit only where the unit changes with the size: "connections" belongs in the title of the figure. */
function formatTick(unit: string, value: number): string {
  if (unit === 'share') return `${Number((value * 100).toPrecision(4))} %`
  if (unit === 'ms' || unit === 'bytes') return formatValue(unit, value)
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 })
}

/** Room for the labels left of every plot, px: equal, so that plots below each other line up. */
const axisWidth = 56

/** Decades, with 2 and 5 between them when there are few. */
function logTicks([low, high]: readonly [number, number]): number[] {
  const decades = Math.log10(high / low)
  const steps = decades > 2.5 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 5]
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    ticks.push(...steps.map(step => Number((step * 10 ** power).toPrecision(2))))
  }
  return ticks.filter(tick => tick >= low && tick <= high)
}

/** Three to five round steps. */
function linearTicks([low, high]: readonly [number, number]): number[] {
  const raw = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * power).find(candidate => candidate >= raw)!
  const ticks: number[] = []
  for (let tick = Math.ceil(low / step) * step; tick <= high * 1.0001; tick += step)
    ticks.push(Number(tick.toPrecision(6)))
  return ticks
}

/** A domain around the values, with air; null when there are none above zero (which a log scale needs). */
export function logDomain(values: readonly (number | null)[]): [number, number] | null {
  const positive = values.filter((value): value is number => value !== null && value > 0)
  return positive.length === 0 ? null : [Math.min(...positive) * 0.8, Math.max(...positive) * 1.25]
}

/** Four significant digits: nobody sees more and the page stays small. */
export function brief(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4))
}

const config = {
  aria: false,
  background: 'transparent',
  font: 'inherit',
  view: { stroke: null },
  axis: {
    labelColor: 'var(--quiet)',
    titleColor: 'var(--quiet)',
    titleFontWeight: 'normal',
    labelFontSize: 11,
    titleFontSize: 11,
    gridColor: 'var(--rule)',
    domainColor: 'var(--rule)',
    tickColor: 'var(--rule)',
  },
  line: { strokeWidth: 2, strokeJoin: 'round' },
}

/** A warning of the compiler is a mistake in a chart of ours: it stops the report instead of drawing something else. */
const strictLogger: LoggerInterface = {
  level: () => strictLogger,
  error: (...words) => refuse(words),
  warn: (...words) => refuse(words),
  info: () => strictLogger,
  debug: () => strictLogger,
}

function refuse(words: readonly unknown[]): never {
  throw new Error(`a chart is wrong: ${words.join(' ')}`)
}

/** Compiles any Vega-Lite specification to Vega in the looks of the house. @throws on every warning. */
export function compileSpec(spec: Layer): object {
  return compile({ config, ...spec } as unknown as TopLevelSpec, { logger: strictLogger }).spec
}

/** Compiles layers over each other to a chart as wide as the element it stands in; `height` in px. */
export function compileChart(layers: readonly Layer[], height: number): object {
  return compileSpec({
    width: 'container',
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    padding: { left: 0, right: 10, top: 2, bottom: 2 },
    layer: layers,
  })
}
