// A record as one self-contained HTML page: nothing is loaded, nothing is evaluated, everything from the record is
// escaped. The charts are compiled here and drawn in the browser by the Vega runtime that the page carries.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ScenarioRecord } from '../core/record.ts'
import { type ProfileLink, provenance, trust } from './page/closing.ts'
import { documentOf, pageFile } from './page/document.ts'
import { figures } from './page/figures.ts'
import { html, jsonForScript, source } from './page/html.ts'
import { numbers } from './page/numbers.ts'
import { atAGlance, claimList, scenarioCard, verdictBand } from './page/opening.ts'
import { questions } from './page/questions.ts'
import { sweepOf } from './sweep.ts'
import { statusSigns, verdictOf } from './verdict.ts'

/** Later files refine earlier ones. */
const styles = ['type.css', 'opening.css', 'tables.css', 'charts.css', 'questions.css']

/**
 * The text of report.html. It links to `record.json` and `summary.md` beside it, and to `profiles` made of the same scenario.
 * An invalid record shows no number.
 */
export async function renderPage(record: ScenarioRecord, profiles: readonly ProfileLink[] = []): Promise<string> {
  const { status } = verdictOf(record)
  const shown = status !== 'invalid' && record.runs.length > 0
  const { sections, specs } = shown ? figures(record) : { sections: html``, specs: {} }
  // The figures of a sweep are its answer; those over time are for looking into one.
  const swept = sweepOf(record) !== null
  const { symbol, word } = statusSigns[status]
  return documentOf({
    title: `${symbol} ${record.scenario}: ${word}`,
    styles,
    links: shown ? linksOf(swept) : [],
    main: html`${verdictBand(record)}
${scenarioCard(record)}
${shown && [atAGlance(record), claimList(record), swept && sections, numbers(record)]}
${trust(record)}
${!swept && sections}
${shown && questions(record)}
${provenance(record, profiles)}`,
    ending: html`<div id="tip" hidden></div>
<script type="application/json" id="specs">${jsonForScript(specs)}</script>
${shown && html`<script>${source(vegaRuntime())}</script>`}
<script type="module">${source(`${shown ? interpreter() : ''}\n${pageFile('view.js')}`)}</script>`,
  })
}

/** The sections in the order of the page: of a sweep the charts come before the numbers. */
function linksOf(swept: boolean): [id: string, name: string][] {
  const charts: [string, string] = [swept ? 'over-axis' : 'over-time', 'Charts']
  return [
    ['claims', 'Claims'],
    ...(swept ? [charts] : []),
    ['numbers', 'Numbers'],
    ['trust', 'Trust'],
    ...(swept ? [] : [charts]),
    ['provenance', 'Origin'],
  ]
}

const resolve = createRequire(import.meta.url).resolve

/** The Vega runtime as a classic script; it defines the global `vega`. */
function vegaRuntime(): string {
  const entry = resolve('vega')
  return withoutMap(readFileSync(entry.replace(/vega\.module\.js$/, 'vega.min.js'), 'utf8'))
}

/** The expression interpreter, its one import turned to the global `vega` and its one export to a constant. */
function interpreter(): string {
  const text = withoutMap(readFileSync(resolve('vega-interpreter'), 'utf8'))
  const inlined = text
    .replace(/^import (\{[^}]*\}) from 'vega-util';/m, 'const $1 = vega;')
    .replace(/^export \{ (\w+) as expressionInterpreter \};/m, 'const expressionInterpreter = $1;')
  if (/^(import|export) /m.test(inlined)) throw new Error('vega-interpreter has another shape than expected')
  return inlined
}

function withoutMap(script: string): string {
  return script.replace(/^\/\/# sourceMappingURL=.*$/m, '')
}
