// The bottom of the page: whether to believe it, and where it comes from.
import type { Run, ScenarioRecord } from '../../core/record.ts'
import { seriesRuns, sweepOf } from '../sweep.ts'
import { isSimulated, runsOf, variantsThatRan } from '../timeline.ts'
import { disturbanceOf, runName, trustChecks } from '../trust.ts'
import { formatBytes, formatMs, formatShare, formatValue, plural } from '../units.ts'
import { type Content, type Html, html, sentence } from './html.ts'

const signs = { good: '✔', bad: '✘', note: '·' }

/** The checks of the instrument in plain words, and what the scenario does not cover. */
export function trust(record: ScenarioRecord): Html {
  const checks = trustChecks(record).map(
    ({ name, status, sentence: text }) =>
      html`<li class="${status}"><span class="sign" aria-hidden="true">${signs[status]}</span><div><p><b>${name}.</b> ${sentence(text)}</p></div></li>`,
  )
  const limits = record.limits.map(limit => html`<li>${sentence(limit)}</li>`)
  return html`<section id="trust"><h2>Can you trust this run?</h2>
<ul class="claims">${checks}</ul>
${limits.length > 0 && html`<h3>What it does not show</h3><ul class="prose">${limits}</ul>`}
${runTable(record)}
</section>`
}

function runTable(record: ScenarioRecord): Html | null {
  if (record.runs.length === 0 || isSimulated(record)) return null
  const heads = ['scheduled', 'late, 99 %', 'latest', 'generator CPU', 'generator waited', 'target waited', 'timing']
  const rows = record.runs.map(run => {
    const { scheduled, lagP99Ms, lagMaxMs, cpuShare, runQueueShare } = run.generator
    const values = [
      formatValue('count', scheduled),
      formatValue('ms', lagP99Ms),
      formatValue('ms', lagMaxMs),
      formatShare(cpuShare),
      formatShare(runQueueShare),
      formatMs(run.cpu.runQueueMs),
    ]
    const timing = run.trust.timing.ok ? 'counts' : html`disturbed<small class="reason">${disturbanceOf(run)}</small>`
    return html`<tr><th scope="row">${runName(run)}</th>${values.map(value => html`<td>${value}</td>`)}<td>${timing}</td></tr>`
  })
  return html`<details><summary>The instrument, run by run</summary><div class="scroll"><table class="numbers"><thead><tr><td></td>${heads.map(head => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></details>`
}

/** A profile that lies beside the page. */
export interface ProfileLink {
  readonly tool: string
  /** What it shows, as a clause. */
  readonly about: string
  /** From the folder of the page. */
  readonly href: string
}

/** Machine, versions, commit, settings that differ, and the files beside the page. */
export function provenance(record: ScenarioRecord, profiles: readonly ProfileLink[]): Html {
  const { machine } = record
  const commit =
    machine.commit === null
      ? 'unknown'
      : `${machine.commit.slice(0, 12)}${machine.dirty ? ', with uncommitted changes' : ''}`
  const engines = [...new Set(record.runs.map(run => run.engine))].join(', ')
  const facts: [string, Content][] = [
    [
      'Machine',
      `${machine.cpu}, ${plural(machine.cores, 'core')}, ${formatBytes(machine.memoryBytes)}, ${machine.kernel}`,
    ],
    ['Cores', machine.pinned],
    ['Node', machine.node],
    [
      'Versions',
      Object.entries(machine.versions).map(([name, version]) => html`<span class="version">${name}: ${version}</span>`),
    ],
    ['Commit', commit],
    ['Started', `${record.startedAt}, took ${formatMs(record.tookMs)}`],
    ['Seed', String(record.seed)],
    ['Engine', engines || 'none'],
    ['Command', html`<code>${record.command}</code>`],
    ['Files', html`<a href="record.json">record.json</a>, <a href="summary.md">summary.md</a>`],
  ]
  if (profiles.length > 0) facts.push(['Profiles', profileLinks(profiles)])
  return html`<section id="provenance"><h2>Where it comes from</h2>
<dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${differences(record)}
</section>`
}

/** Profiles are of runs of their own, because a profiled proxy is slower. */
function profileLinks(profiles: readonly ProfileLink[]): Content {
  const links = profiles.map(
    ({ tool, about, href }) => html`<span class="version"><a href="${href}">${tool}</a>: ${about}</span>`,
  )
  return html`${links}<span class="version">Each of a run of its own, whose figures are no measurement.</span>`
}

function differences(record: ScenarioRecord): Html | null {
  const sweep = sweepOf(record)
  const rows = sweep
    ? sweep.series.map(name => ({ name, runs: seriesRuns(record, name) }))
    : variantsThatRan(record).map(name => ({ name, runs: runsOf(record, name) }))
  const keys = [...new Set(record.runs.flatMap(run => Object.keys(run.settings)))]
  const settingOf = (runs: readonly Run[], key: string) =>
    [...new Set(runs.map(({ settings }) => String(settings[key] ?? formatValue('count', null))))].join(', ')
  const differing = keys.filter(key => new Set(record.runs.map(run => settingOf([run], key))).size > 1)
  if (differing.length === 0) return null
  const body = rows.map(
    ({ name, runs }) =>
      html`<tr><th scope="row">${name}</th>${differing.map(key => html`<td>${settingOf(runs, key)}</td>`)}</tr>`,
  )
  return html`<h3>Settings that differ</h3><div class="scroll"><table class="numbers"><thead><tr><td></td>${differing.map(key => html`<th scope="col">${key}</th>`)}</tr></thead><tbody>${body}</tbody></table></div>`
}
