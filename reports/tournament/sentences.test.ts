// What is said of a made-up tournament, word by word: every sentence must follow from the cells.
import { expect, test } from 'vitest'
import { tournamentFixture } from './fixture.ts'
import { renderMarkdown } from './markdown.ts'
import { summaries, verdictOf, whenToUse } from './sentences.ts'
import { renderTerminal } from './terminal.ts'

const plainly = { colour: false, width: 100, unicode: true }

test('the verdict names who fails least often, and where that one stands', () => {
  expect(verdictOf(tournamentFixture())).toBe(
    'quick comes nearest to the best everywhere: it is among the best in 2 of 3 situations, and it fails in none.',
  )
  const changed = tournamentFixture()
  changed.cells.find(cell => cell.situation === 'broken' && cell.player === 'quick')!.standing = 'fails'
  changed.cells.find(cell => cell.situation === 'slow' && cell.player === 'blind')!.standing = 'between'
  expect(verdictOf(changed)).toContain('blind comes nearest')
})

test('players are sorted by failures, then by how often they are good', () => {
  expect(summaries(tournamentFixture()).map(({ name }) => name)).toEqual(['quick', 'blind', 'failing'])
})

test('each situation says who is best, who is near, and how bad the worst is', () => {
  const tournament = tournamentFixture()
  expect(tournament.situations.map(situation => whenToUse(tournament, situation))).toEqual([
    'quick (p99 20 ms). Behind it, but within 1.25 times: failing. Worst: blind (p99 4.2 times the best).',
    'blind (p99 50 ms). Worst: failing (71 % of the requests fail).',
    'By latency any of them: all 3 are within 1.25 times of the best (p99 2 ms), and none loses more requests.',
  ])
})

test('who did the very same is said to, and a tie is said to be one', () => {
  const tournament = tournamentFixture()
  const [quick, blind, failing] = tournament.cells.filter(cell => cell.situation === 'calm')
  failing!.standing = 'fails'
  expect(whenToUse(tournament, tournament.situations[2]!)).toContain('To the last bit the same: blind.')
  blind!.runs[0]!.meanMs = 6
  expect(quick!.rank).toBe(blind!.rank)
  expect(whenToUse(tournament, tournament.situations[2]!)).toContain('No worse for sure: blind.')
})

test('with keys it is said who keeps them together', () => {
  const tournament = tournamentFixture()
  const calm = tournament.cells.filter(cell => cell.situation === 'calm')
  const shares = [0.1, 0.02, 0.05]
  for (const [at, cell] of calm.entries()) cell.estimates.coldShare = { mean: shares[at]!, interval: null }
  expect(whenToUse(tournament, tournament.situations[2]!)).toContain(
    'least often with blind (2 %), most often with quick (10 %).',
  )
})

test('the terminal shows first and last of each situation, the ranks, and the verdict at the end', () => {
  const text = renderTerminal(tournamentFixture(), plainly)
  expect(text).toMatch(/1\. When one origin is slow \(slow, 3 repeats\)\n +1 {2}quick +✔ p99 20 ms\n +2 {2}failing/)
  expect(text).toMatch(/failing +✘ no p99, 71 % of the requests fail/)
  expect(text).toMatch(/\nfailing +2✔ +3✘ +1✔\n/)
  expect(text.trim()).toMatch(/it fails\s+in none\.$/)
  expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(100)
})

test('situations that do not fit beside each other come below', () => {
  const text = renderTerminal(tournamentFixture(), { ...plainly, width: 18 })
  expect(text).toMatch(/\n {8}1\. {2}2\.\nquick/)
  expect(text).toMatch(/\n {8}3\.\nquick/)
})

test('without Unicode nothing but ASCII is printed', () => {
  expect(renderTerminal(tournamentFixture(), { ...plainly, unicode: false })).toMatch(/^[\n -~]*$/)
})

test('Markdown has a row for each player, and a name cannot break it', () => {
  const tournament = tournamentFixture()
  tournament.situations[0]!.when = 'a|b <i>c</i>'
  const text = renderMarkdown(tournament)
  expect(text).toContain('| failing | ✔ 1.1 | ✘ –, 71 % fail | ✔ 1.0 |')
  expect(text).toContain('a\\|b &lt;i&gt;c&lt;/i&gt;')
})
