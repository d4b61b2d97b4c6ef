// A chart in a lesson: compiled and drawn in the page by the same code that draws the reports, with one sentence on what to
// look for, a legend in HTML, and its data as a table.
import { loader, parse, View } from 'vega'
import { expressionInterpreter } from 'vega-interpreter'
import { colourOf, compileChart, type DataTable, dashOf, type Layer } from '../../reports/charts/chart.ts'
import { element } from './controls.ts'

export interface ChartOptions {
  /** Unique in the lesson; keeps the table open or shut when the chart is drawn anew. */
  readonly id: string
  /** What to look for, in a sentence or two. */
  readonly caption: string
  /** What a screen reader says. */
  readonly label: string
  readonly layers: readonly Layer[]
  /** px */
  readonly height: number
  /** Names of the series, in the order of their colours. */
  readonly legend?: readonly string[]
  readonly table: DataTable
}

/** The colours and dashes of the series of a chart, those of `ChartOptions.legend` in the same order. `field` names the series. */
export function colours(field: string, names: readonly string[]) {
  const scaled = (range: readonly unknown[]) => ({
    field,
    type: 'nominal',
    scale: { domain: names, range },
    legend: null,
  })
  const each = names.map((_, index) => index)
  return { color: scaled(each.map(colourOf)), strokeDash: scaled(each.map(dashOf)) }
}

const noLoading = Object.assign(loader(), { load: () => Promise.reject(new Error('this page loads nothing')) })
const open = new Set<string>()

/** The chart as a figure. It is drawn when it has a width, that is when the reader can see it. */
export function chart(options: ChartOptions): HTMLElement {
  const { id, caption, label, legend = [] } = options
  const place = element('div', 'chart')
  place.setAttribute('role', 'img')
  place.setAttribute('aria-label', label)
  place.style.minHeight = `${options.height + 34}px`
  drawWhenSeen(place, compileChart(options.layers, options.height))
  const names = legend.map((name, index) => element('li', '', swatch(index), ` ${name}`))
  const parts = [element('figcaption', 'caption', caption)]
  if (names.length > 0) parts.push(element('ul', 'legend', ...names))
  const figure = element('figure', '', ...parts, place, dataTable(id, options.table))
  figure.id = `figure-${id}`
  return figure
}

function drawWhenSeen(place: HTMLElement, spec: object): void {
  let view: View | null = null
  const observer = new ResizeObserver(() => {
    const width = place.clientWidth
    if (!place.isConnected) {
      observer.disconnect()
      view?.finalize()
    } else if (width > 0 && view === null) {
      view = new View(parse(spec as never, undefined, { ast: true }), {
        expr: expressionInterpreter,
        renderer: 'svg',
        container: place,
        loader: noLoading,
        tooltip: showTip,
      })
      view.run()
      place.dataset.drawn = 'yes'
    } else if (width > 0) view!.signal('width', width).run()
  })
  observer.observe(place)
}

function showTip(_handler: unknown, event: MouseEvent, _item: unknown, value: Record<string, unknown> | null): void {
  const tip = document.getElementById('tip')!
  tip.hidden = !value
  if (!value) return
  tip.replaceChildren(
    ...Object.entries(value).map(([title, text]) => element('div', '', element('span', '', title), ` ${text}`)),
  )
  const { clientX, clientY } = event
  tip.style.left = `${Math.max(8, Math.min(clientX + 12, window.innerWidth - tip.offsetWidth - 8))}px`
  tip.style.top = `${Math.max(8, clientY - tip.offsetHeight - 12)}px`
}

function swatch(index: number): Element {
  const holder = document.createElement('span')
  const dashes = dashOf(index).join(' ') || 'none'
  holder.innerHTML = `<svg width="30" height="10" aria-hidden="true"><line x1="1" y1="5" x2="29" y2="5" stroke="${colourOf(index)}" stroke-width="2.5" stroke-dasharray="${dashes}"/></svg>`
  return holder.firstElementChild!
}

function dataTable(id: string, { head, rows }: DataTable): HTMLElement {
  const cells = (tag: string, texts: readonly string[]) =>
    element('tr', '', ...texts.map(text => element(tag, '', text)))
  const table = element(
    'table',
    'numbers data',
    element('thead', '', cells('th', head)),
    element('tbody', '', ...rows.map(row => cells('td', row))),
  )
  const scroll = element('div', 'scroll', table)
  // A box that scrolls must be reachable by keyboard.
  scroll.tabIndex = 0
  const details = element('details', '', element('summary', '', 'The data'), scroll) as HTMLDetailsElement
  details.open = open.has(id)
  details.addEventListener('toggle', () => (details.open ? open.add(id) : open.delete(id)))
  return details
}
