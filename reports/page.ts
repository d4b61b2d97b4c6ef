// A record as one self-contained HTML page: nothing is loaded, nothing is evaluated, everything from the record is
// escaped. The charts are compiled here and drawn in the browser by the Vega runtime that the page carries.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ScenarioRecord } from '../core/record.ts'
import { type ProfileLink, provenance, trust } from './page/closing.ts'
import { figures } from './page/figures.ts'
import { type Html, html, jsonForScript, source } from './page/html.ts'
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
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${symbol} ${record.scenario}: ${word} · Windtunnel</title>
<link rel="icon" href="data:,">
<style>${source(styles.map(ownFile).join('\n'))}</style>
</head>
<body>
${navigation(shown, swept)}
<main>
${verdictBand(record)}
${scenarioCard(record)}
${shown && [atAGlance(record), claimList(record), swept && sections, numbers(record)]}
${trust(record)}
${!swept && sections}
${shown && questions(record)}
${provenance(record, profiles)}
</main>
<div id="tip" hidden></div>
<script type="application/json" id="specs">${jsonForScript(specs)}</script>
${shown && html`<script>${source(vegaRuntime())}</script>`}
<script type="module">${source(`${shown ? interpreter() : ''}\n${ownFile('view.js')}`)}</script>
</body>
</html>
`
  return page.text
}

function navigation(shown: boolean, swept: boolean): Html {
  const charts = swept ? 'over-axis' : 'over-time'
  const order = swept ? ['claims', charts, 'numbers', 'trust'] : ['claims', 'numbers', 'trust', charts]
  const names: Readonly<Record<string, string>> = {
    claims: 'Claims',
    numbers: 'Numbers',
    trust: 'Trust',
    [charts]: 'Charts',
  }
  const links = shown ? [...order.map(id => [id, names[id]!] as const), ['provenance', 'Origin'] as const] : []
  return html`<nav aria-label="Sections">${links.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}<button type="button" id="scheme" aria-label="Switch between light and dark"><span aria-hidden="true">◐</span></button></nav>`
}

function ownFile(name: string): string {
  return readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8')
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
