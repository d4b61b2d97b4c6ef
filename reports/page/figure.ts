// What every figure of the page is made of: a caption on what to look for, a legend made of HTML (so that it wraps and is
// never cut off), the place of a chart, and its data as a table.
import { type Chart, colourOf, type DataTable, dashOf, shapeOf } from '../charts/chart.ts'
import { type Drawn, drawnInWords } from '../drawn.ts'
import { type Content, type Html, html } from './html.ts'

/** Puts a chart in the page. */
export type Place = (chart: Chart) => Html

export function figure(id: string, title: string, caption: Content, body: Content, table: DataTable): Html {
  return html`<section id="${id}"><h2>${title}</h2>
<figure><figcaption class="caption">${caption}</figcaption>
${body}
${dataTable(table)}
</figure></section>`
}

/** The data of a chart, folded away. */
export function dataTable({ head, rows }: DataTable): Html {
  return html`<details><summary>The data</summary><div class="scroll"><table class="numbers data"><thead><tr>${head.map(text => html`<th scope="col">${text}</th>`)}</tr></thead><tbody>${rows.map(cells => html`<tr>${cells.map(cell => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div></details>`
}

/** The lines of a chart by name, each with a note; `marks`: single points are drawn, too. */
export function legend({ names }: Drawn, note: (name: string) => string, marks = false): Html {
  const items = names.map((name, index) => html`<li>${swatch(index, marks)} ${name}<small>${note(name)}</small></li>`)
  return html`<ul class="legend">${items}</ul>`
}

/** Says which of many are not drawn. */
export function leftOut(drawn: Drawn): Html | null {
  const words = drawnInWords(drawn)
  return words === '' ? null : html`<p class="small">${words}</p>`
}

function swatch(index: number, mark: boolean): Html {
  const colour = colourOf(index)
  const shape = html`<path d="${shapeOf(index)}" transform="translate(15 6) scale(3.6)" fill="${colour}"/>`
  return html`<svg width="30" height="12" aria-hidden="true"><line x1="1" y1="6" x2="29" y2="6" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dashOf(index).join(' ') || 'none'}"/>${mark && shape}</svg>`
}
