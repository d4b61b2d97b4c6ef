// The top of the page: the verdict before anything else, then what was asked and how, then who got answers when.
import type { ScenarioRecord } from '../../core/record.ts'
import { answeredShareOf } from '../metrics.ts'
import { axisTitle, type SweepView, seriesRuns, sweepOf } from '../sweep.ts'
import { durationOf, phasesOf, skippedVariants, variantsThatRan } from '../timeline.ts'
import { formatMs, formatShare, formatValue, plural } from '../units.ts'
import { claimStatus, statusSigns, verdictOf } from '../verdict.ts'
import { type Html, html, sentence } from './html.ts'

/** The band with the verdict: colour, sign, word and the sentence to quote. */
export function verdictBand(record: ScenarioRecord): Html {
  const verdict = verdictOf(record)
  const { symbol, word } = statusSigns[verdict.status]
  const repeats = new Set(record.runs.map(run => run.repeat)).size
  const sweep = sweepOf(record)
  const facts = [
    sweep
      ? `${sweep.series.length} series at ${plural(sweep.points.length, 'point')}`
      : plural(variantsThatRan(record).length, 'variant'),
    plural(repeats, 'repeat'),
    `effort ${record.effort}`,
    `${record.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
  ]
  return html`<header class="verdict ${verdict.status}">
<p class="kicker">Windtunnel<span aria-hidden="true"> · </span>${record.scenario}</p>
<h1><span class="sign" aria-hidden="true">${symbol}</span> ${word}</h1>
<p class="sentence">${sentence(verdict.sentence.replaceAll(' %', '\u00a0%'))}</p>
<p class="facts">${facts.join(' · ')}</p>
</header>`
}

/** Question, explanation, load, timeline, and the command that repeats it all. */
export function scenarioCard(record: ScenarioRecord): Html {
  const hostile = record.load.hostile.map(
    ({ client, phase }) => html`<li><code>${client}</code> in phase ${phase}</li>`,
  )
  return html`<section id="scenario">
<h2>${sentence(record.question)}</h2>
<p class="prose">${sentence(record.explanation)}</p>
<h3>The load</h3>
<p class="prose">${sentence(record.load.summary)}</p>
${timelinePicture(record)}
${hostile.length > 0 && html`<p class="small">Hostile clients:</p><ul class="small">${hostile}</ul>`}
<h3>Repeat it</h3>
<p class="command"><code id="command">${record.command}</code><button type="button" data-copy="command">Copy</button></p>
</section>`
}

function timelinePicture(record: ScenarioRecord): Html {
  const phases = phasesOf(record)
  const measured = record.load.measuredPhase
  const spoken = phases.map(phase => `${phase.name} ${formatMs(phase.toMs - phase.fromMs)}`).join(', ')
  const segments = phases.map(({ name, fromMs, toMs, hostile, faults }) => {
    const notes = [hostile && 'hostile clients', ...faults, name === measured && 'measured'].filter(Boolean).join(', ')
    return html`<li class="${classOf(hostile, faults)}" style="flex-grow:${Math.max(1, toMs - fromMs)}"><b>${name}</b> <span>${formatMs(toMs - fromMs)}${notes && ` · ${notes}`}</span></li>`
  })
  return html`<ol class="timeline" aria-label="Phases of the load: ${spoken}; ${formatMs(durationOf(record))} in all">${segments}</ol>`
}

/** How a phase is drawn: hostile clients before broken origins, where there are both. */
function classOf(hostile: boolean, faults: readonly string[]): string {
  return hostile ? 'hostile' : faults.length > 0 ? 'broken' : 'calm'
}

/** Which variant answered how much of each phase: the whole story in one small table. */
export function atAGlance(record: ScenarioRecord): Html {
  const phases = phasesOf(record)
  const sweep = sweepOf(record)
  const rows = (sweep ? seriesAnswered(record, sweep) : variantsAnswered(record)).map(
    ({ name, about, shares }) =>
      html`<tr><th scope="row">${name}<small>${sentence(about)}</small></th>${shares.map(shareCell)}</tr>`,
  )
  const caption = sweep
    ? `Share of requests that got the expected answer in time, at the point of the axis (${axisTitle(sweep)}) where it was lowest, all repeats together.`
    : 'Share of honest requests that got the expected answer in time, all repeats together. Look for the row that stays at 100 % all the way.'
  return html`<section id="glance">
<h2>Who kept answering?</h2>
<p class="caption">${caption}</p>
<div class="scroll"><table class="glance"><thead><tr><td></td>${phases.map(phase => html`<th scope="col" class="${classOf(phase.hostile, phase.faults)}">${phase.name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>
${skippedVariants(record).map(({ names, reason }) => html`<p class="small"><b>${names}</b> did not run: ${reason}.</p>`)}
</section>`
}

/** A row of the table: the share answered in each phase, null when nothing was due. */
interface Answered {
  readonly name: string
  readonly about: string
  readonly shares: readonly (number | null)[]
}

const aboutOf = (record: ScenarioRecord, variant: string) =>
  record.variants.find(({ name }) => name === variant)?.about ?? ''

function variantsAnswered(record: ScenarioRecord): Answered[] {
  return variantsThatRan(record).map(name => ({
    name,
    about: aboutOf(record, name),
    shares: record.load.phases.map(phase => answeredShareOf(record, name, phase.name)),
  }))
}

function seriesAnswered(record: ScenarioRecord, { series }: SweepView): Answered[] {
  return series.map(name => {
    const variants = [...new Set(seriesRuns(record, name).map(run => run.variant))]
    const lowest = (phase: string) => {
      const shares = variants.map(variant => answeredShareOf(record, variant, phase)).filter(share => share !== null)
      return shares.length === 0 ? null : Math.min(...shares)
    }
    return {
      name,
      about: aboutOf(record, variants[0]!),
      shares: record.load.phases.map(phase => lowest(phase.name)),
    }
  })
}

function shareCell(share: number | null): Html {
  if (share === null) return html`<td class="none">${formatValue('share', null)}</td>`
  const depth = share >= 0.9995 ? 0 : Math.round(12 + 48 * (1 - share))
  const style = `background:color-mix(in srgb, var(--${depth === 0 ? 'good' : 'bad'}) ${depth === 0 ? 12 : depth}%, transparent)`
  return html`<td style="${style}">${formatShare(share)}</td>`
}

/** Every claim with its sign, word and evidence. */
export function claimList(record: ScenarioRecord): Html {
  const words = { holds: 'holds', fails: 'does not hold', undecided: 'undecided' }
  const items = record.claims.map(claim => {
    const status = claimStatus(claim)
    return html`<li class="${status}"><span class="sign" aria-hidden="true">${statusSigns[status].symbol}</span><div><p>${sentence(claim.claim)} <span class="word">${words[status]}</span></p><p class="evidence">${sentence(claim.evidence)}</p></div></li>`
  })
  return html`<section id="claims"><h2>Claims</h2>
${items.length > 0 ? html`<ul class="claims">${items}</ul>` : html`<p>None of the scenario’s claims had a run to rest on.</p>`}
</section>`
}
