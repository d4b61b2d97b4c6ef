// A tournament as Markdown, fit for a comment or a wiki: the verdict, when to use which, and who stands where.
import type { Tournament } from '../../core/tournament.ts'
import { escaped } from '../markdown.ts'
import { formatShare } from '../units.ts'
import { summaries, times, verdictOf, whenToUse } from './sentences.ts'

const signs = { good: '✔', between: '', fails: '✘' } as const

export function renderMarkdown(tournament: Tournament): string {
  const { situations, machine, thresholds } = tournament
  const when = situations.map(
    situation => `- **When ${escaped(situation.when)}**: ${escaped(whenToUse(tournament, situation))}`,
  )
  const head = row(['player', ...situations.map(({ name }) => name)])
  const rows = summaries(tournament).map(({ name, cells }) =>
    row([
      name,
      ...cells.map(cell => {
        const errors = cell.estimates.errorShare?.mean ?? 0
        const lost = errors < thresholds.errorsThatCount ? '' : `, ${formatShare(errors)} fail`
        return `${signs[cell.standing]} ${times(cell.toBest.p99Ratio?.mean ?? null)}${lost}`.trim()
      }),
    ]),
  )
  const facts = `Effort ${tournament.effort}, seed ${tournament.seed}, Node ${machine.node}, commit ${machine.commit ?? 'unknown'}${machine.dirty ? ' with changes' : ''}.`
  return `${[
    '## Tournament of balancers',
    `**${escaped(verdictOf(tournament))}**`,
    '### When to use which',
    when.join('\n'),
    '### p99 over that of the best',
    [head, `|:--|${'--:|'.repeat(situations.length)}`, ...rows].join('\n'),
    `✔ p99 and mean within ${thresholds.goodRatio} times and no more errors for sure; ✘ from ${thresholds.failsRatio} times on, or at least ${formatShare(thresholds.failsErrors)} more of the requests fail.`,
    tournament.limits.map(limit => `- Limit: ${escaped(limit)}`).join('\n'),
    '### Repeat it',
    `\`\`\`sh\n${tournament.command.replace(/[\s`]+/g, ' ')}\n\`\`\``,
    escaped(facts),
  ].join('\n\n')}\n`
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(escaped).join(' | ')} |`
}
