// Every question card is well-formed, and its experiment is a command that runs and makes the claims the card rests on.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { JudgedClaim } from '../core/record.ts'
import { planOf } from '../harness/plan.ts'
import { slowlorisRecord, steadyRecord } from './fixture.ts'
import { renderPage } from './page.ts'
import { optionsOf, parseCard, proofOf, readCards } from './questions.ts'

const cards = readCards()

test('there are enough of them', () => {
  expect(cards.length).toBeGreaterThanOrEqual(24)
})

describe.each(cards.map(card => [card.name, card] as const))('%s', (_, card) => {
  test('names a scenario that exists, with keys that it takes', async () => {
    await expect(planOf([...card.words, 'effort=quick'], new Date(0))).resolves.toMatchObject({ name: card.words[0] })
  })

  test('rests on claims of that scenario', () => {
    const source = readFileSync(new URL(`../scenarios/${card.words[0]}.ts`, import.meta.url), 'utf8')
    expect(card.proof.filter(start => !source.includes(start))).toEqual([])
  })

  test('says nothing in figures, which a change of the scenario would make wrong', () => {
    const prose = [card.question, card.trap, card.answer, ...card.also, ...card.strong, ...card.followUps].join(' ')
    expect(prose.match(/\d+/g)).toBeNull()
  })

  test('has one answer, one trap, and letters for all', () => {
    const options = optionsOf(card)
    expect(options.map(option => option.letter).join('')).toBe('abcd'.slice(0, options.length))
    expect(options.filter(option => option.kind === 'answer')).toHaveLength(1)
    expect(new Set(options.map(option => option.text)).size).toBe(options.length)
  })
})

test('the place of the answer gives nothing away', () => {
  const firsts = cards.filter(card => optionsOf(card)[0]!.kind === 'answer').length
  expect(firsts).toBeGreaterThan(cards.length / 5)
  expect(firsts).toBeLessThan((cards.length * 4) / 5)
})

const text = `---
question: Is it?
trap: No.
answer: Yes.
experiment: npm run scenario steady repeats=2
proof: One
followUps:
- Why?
---

Because
of this.

And that.
`

describe('a card', () => {
  test('is its front matter and the paragraphs below it', () => {
    expect(parseCard('one', text)).toEqual({
      name: 'one',
      question: 'Is it?',
      trap: 'No.',
      answer: 'Yes.',
      also: [],
      experiment: 'npm run scenario steady repeats=2',
      words: ['steady', 'repeats=2'],
      proof: ['One'],
      followUps: ['Why?'],
      strong: ['Because of this.', 'And that.'],
    })
  })

  test.each([
    ['without front matter', 'Yes.', 'question one: no front matter'],
    ['without a trap', text.replace('trap: No.\n', ''), 'question one: trap: '],
    ['with a key nobody knows', text.replace('trap:', 'tarp:'), 'question one: '],
    ['with a key twice', text.replace('answer: Yes.', 'trap: Yes.'), '"trap: Yes." given'],
    ['with another command', text.replace('npm run scenario', 'rm -rf'), 'question one: experiment: '],
    ['with a list below nothing', text.replace('followUps:\n', ''), '"- Why?" given'],
  ])('%s is refused', (_, wrong, message) => {
    expect(() => parseCard('one', wrong)).toThrow(message)
  })
})

describe('what a run says of a card', () => {
  const card = parseCard('one', text.replace('proof: One', 'proof:\n- One\n- Two'))
  const claim = (start: string, holds: JudgedClaim['holds']) => ({ claim: `${start} is so.`, holds, evidence: 'Seen.' })

  test.each([
    ['proved', [claim('One', true), claim('Two', true), claim('Three', false)]],
    ['refuted', [claim('One', false), claim('Two', true)]],
    ['refuted', [claim('One', false)]],
    ['undecided', [claim('One', 'undecided'), claim('Two', true)]],
    ['absent', [claim('One', true)]],
    ['absent', []],
  ])('is "%s"', (status, claims) => {
    expect(proofOf(card, claims).status).toBe(status)
  })
})

describe('a report', () => {
  test('shows the questions its scenario answers, with what the run says of them', async () => {
    const page = await renderPage(slowlorisRecord())
    const own = cards.filter(one => one.words[0] === 'slowloris')
    expect(own.length).toBeGreaterThan(2)
    expect(page.match(/<details class="card">/g)).toHaveLength(own.length)
    expect(page).toContain('This run')
  })

  test('shows no section where there is no card', async () => {
    expect(await renderPage({ ...steadyRecord(), scenario: 'unheard-of' })).not.toContain('id="questions"')
  })
})
