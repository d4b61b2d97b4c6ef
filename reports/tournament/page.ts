// A tournament as one self-contained page: the verdict, when to use which, everybody in every situation at a glance, then a
// table for each situation with all figures and their intervals. Nothing is loaded and everything is escaped.
import type { Tournament } from '../../core/tournament.ts'
import { documentOf } from '../page/document.ts'
import { type Content, type Html, html } from '../page/html.ts'
import { formatMs, formatShare, plural } from '../units.ts'
import { heatMap } from './heat-map.ts'
import { failureOf, summaries, verdictOf, whenOf, whenToUse } from './sentences.ts'
import { anchorOf, situationSections } from './situation-tables.ts'

const links = [
  ['when', 'When'],
  ['map', 'Map'],
  ['players', 'Players'],
  ['situations', 'Situations'],
  ['trust', 'Trust'],
] as const

export function renderPage(tournament: Tournament): string {
  return documentOf({
    title: 'Tournament of balancers',
    styles: ['type.css', 'opening.css', 'tables.css', 'tournament.css'],
    links,
    main: [
      verdict(tournament),
      whenToUseWhich(tournament),
      heatMap(tournament),
      playerByPlayer(tournament),
      situationSections(tournament),
      trust(tournament),
      provenance(tournament),
    ],
    ending: null,
  })
}

function verdict(tournament: Tournament): Html {
  const { players, situations, effort, startedAt } = tournament
  const facts = [
    plural(players.length, 'player'),
    plural(situations.length, 'situation'),
    `effort ${effort}`,
    `${startedAt.slice(0, 16).replace('T', ' ')} UTC`,
  ]
  const [first] = summaries(tournament)
  return html`<header class="verdict">
<p class="kicker">Windtunnel<span aria-hidden="true"> · </span>tournament of balancers</p>
<h1>${first?.name ?? 'Nobody played'}</h1>
<p class="sentence">${verdictOf(tournament).replaceAll(' %', '\u00a0%')}</p>
<p class="facts">${facts.join(' · ')}</p>
</header>`
}

function whenToUseWhich(tournament: Tournament): Html {
  const bySituation = tournament.situations.map(
    situation =>
      html`<dt>When ${situation.when}</dt><dd>${whenToUse(tournament, situation)} <a href="#${anchorOf(situation.name)}">All figures</a></dd>`,
  )
  return html`<section id="when"><h2>When to use which</h2>
<p class="caption">Computed from the runs below. “For sure” means that a 95 % interval over the repeats, in which all players meet the same requests, leaves out equality. Errors count first, then the p99, then the mean.</p>
<dl class="when">${bySituation}</dl>
</section>`
}

function playerByPlayer(tournament: Tournament): Html {
  return html`<section id="players"><h2>Player by player</h2>
<p class="caption">Those first that fail least often, then those that are among the best most often.</p>
<dl class="when">${summaries(tournament).map(player => playerEntry(tournament, player))}</dl>
</section>`
}

function playerEntry(tournament: Tournament, player: ReturnType<typeof summaries>[number]): Html {
  const { cells, good, fails, sameAs, name, about } = player
  const all = cells.length
  const short = [
    `Among the best in ${good.length} of ${all}`,
    fails.length === 0 ? 'fails in none.' : `fails in ${fails.length}.`,
  ].join(', ')
  const where = (tone: string, sign: string, heading: string, lines: readonly string[]) =>
    lines.length > 0 &&
    html`<p class="${tone}"><span class="sign" aria-hidden="true">${sign}</span> ${heading}</p><ul>${lines.map(line => html`<li>${line}</li>`)}</ul>`
  const lines = [
    where(
      'good',
      '✔',
      'Among the best',
      good.map(cell => whenOf(tournament, cell)),
    ),
    where(
      'bad',
      '✘',
      'Fails',
      fails.map(cell => `${whenOf(tournament, cell)}: ${failureOf(tournament, cell)}`),
    ),
  ]
  const same = sameAs !== null && html`<p class="note">Did exactly what ${sameAs} did in all of these situations.</p>`
  const body =
    good.length + fails.length === 0
      ? html`<p>${short}</p>`
      : html`<details><summary>${short}</summary>${lines}</details>`
  return html`<dt>${name}<small>${about}</small></dt><dd>${body}${same}</dd>`
}

function trust({ limits, thresholds, situations }: Tournament): Html {
  const repeats = situations.map(one => one.repeats)
  const most = Math.max(0, ...repeats)
  const fewest = Math.min(most, ...repeats)
  return html`<section id="trust"><h2>Can you trust this?</h2>
<ul class="prose">
<li>Each cell was played ${fewest === most ? plural(most, 'time') : `${fewest} to ${most} times`}, each time with other chance; in each of them all players met the same requests.</li>
<li><b>Among the best</b>: p99 and mean at most ${thresholds.goodRatio} times those of the best, and not for sure more errors.</li>
<li><b>Fails</b>: p99 at least ${thresholds.failsRatio} times that of the best, or at least ${formatShare(thresholds.failsErrors)} more of the requests fail; both only when it is sure.</li>
<li><b>Rank</b>: one more than the number of players that are better for sure. A shared rank is a tie.</li>
</ul>
<h3>What it does not show</h3>
<ul class="prose">${limits.map(limit => html`<li>${limit}</li>`)}</ul>
</section>`
}

function provenance({ machine, command, startedAt, tookMs, seed }: Tournament): Html {
  const commit = `${machine.commit?.slice(0, 12) ?? 'unknown'}${machine.dirty ? ', with uncommitted changes' : ''}`
  const facts: [string, Content][] = [
    ['Machine', `${machine.cpu}, ${plural(machine.cores, 'core')}, ${machine.kernel}; the figures do not depend on it`],
    ['Node', machine.node],
    ['Commit', commit],
    ['Started', `${startedAt}, took ${formatMs(tookMs)}`],
    ['Seed', `${seed}`],
    ['Files', html`<a href="tournament.json">tournament.json</a>, <a href="summary.md">summary.md</a>`],
  ]
  return html`<section id="provenance"><h2>Where it comes from</h2>
<p class="command"><code id="command">${command}</code><button type="button" data-copy="command">Copy</button></p>
<dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>`
}
