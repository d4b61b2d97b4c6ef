// `npm run quiz`: a question card asks for a prediction, its experiment is run, and the run says who was right: whoever chose
// the card's answer when the claims it rests on hold, nobody when the run speaks against it.
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { exitStatus, UsageError, unknownName } from '../../core/errors.ts'
import { type Card, type Option, optionsOf, type Proof, proofOf, readCards } from '../../reports/questions.ts'
import { readRecord } from '../../reports/read-record.ts'
import { oneOf, parseWords } from '../words.ts'
import { scenario } from './scenario.ts'

const print = (text: string) => process.stdout.write(`${text}\n`)
const bold = (text: string) => styleText('bold', text)
/** The status of a program that Ctrl-C has ended. */
const interrupted = 130

/** @returns the exit status: that of the experiment. @throws UsageError, also for a missing answer without a terminal. */
export async function quiz(words: readonly string[]): Promise<number> {
  const { names, values } = parseWords(words, ['answer', 'effort', 'seed'], 'quiz')
  const cards = readCards()
  if (names.length > 1) throw new UsageError(`quiz: "${names[1]}" given; allowed: one question and answer=LETTER`)
  if (names[0] === 'list') return list(cards)
  const card = chooseCard(cards, names[0])
  const options = optionsOf(card)
  const letters = options.map(option => option.letter)
  const effort = oneOf(values.effort ?? 'quick', 'effort', ['quick', 'normal', 'thorough'])
  if (values.answer !== undefined) oneOf(values.answer, 'answer', letters)
  print(`\n${bold(card.question)}\n`)
  for (const { letter, text } of options) print(`  ${letter}) ${text}`)
  const letter = values.answer ?? (await ask(letters))
  if (letter === null) return interrupted
  const guess = options.find(option => option.letter === letter)!
  print(`\nYou predict ${guess.letter}. Now the experiment: ${card.experiment} effort=${effort}\n`)
  const seed = values.seed === undefined ? [] : [`seed=${values.seed}`]
  const { status, proof } = await experiment(card, [`effort=${effort}`, ...seed])
  if (proof !== null) print(conclusion(card, options, guess, proof))
  return status
}

function list(cards: readonly Card[]): number {
  for (const { name, question } of cards) print(`${bold(name)}\n  ${question}`)
  print('\nTake one: npm run quiz NAME      Without a name one is drawn.')
  return exitStatus.holds
}

function chooseCard(cards: readonly Card[], name: string | undefined): Card {
  if (name === undefined) {
    if (!process.stdin.isTTY)
      throw new UsageError('quiz: no question given and no terminal to ask at; allowed: list, or NAME answer=LETTER')
    return cards[Math.floor(Math.random() * cards.length)]!
  }
  const card = cards.find(one => one.name === name)
  if (!card) throw unknownName('question', name, ['list', ...cards.map(one => one.name)], 'quiz')
  return card
}

/** Asks until one of the letters is given; null when the reader has had enough (Ctrl-C, or the end of the input). */
async function ask(letters: readonly string[]): Promise<string | null> {
  if (!process.stdin.isTTY)
    throw new UsageError(`quiz: no terminal to ask at; allowed: answer= with one of ${letters.join(', ')}`)
  const reader = createInterface({ input: process.stdin, output: process.stdout })
  const left = new Promise<null>(resolve => reader.once('close', () => resolve(null)))
  reader.on('SIGINT', () => reader.close())
  try {
    for (;;) {
      const given = await Promise.race([reader.question(`\nYour prediction (${letters.join(', ')}): `), left])
      if (given === null) {
        print('')
        return null
      }
      const letter = given.trim().toLowerCase().replace(/\)$/, '')
      if (letters.includes(letter)) return letter
      print(`"${given}" given; allowed: ${letters.join(', ')}`)
    }
  } finally {
    reader.close()
  }
}

/**
 * Runs the card's command as a user would, report included; interrupted, that leaves nothing. `proof` is null when the run
 * left no valid record.
 */
async function experiment(card: Card, more: readonly string[]): Promise<{ status: number; proof: Proof | null }> {
  const stamp = new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '')
  const out = fileURLToPath(new URL(`../../runs/${stamp}-quiz-${card.name}`, import.meta.url))
  const status = await scenario([...card.words, ...more, `out=${out}`])
  const record = readRecord(join(out, 'record.json'))
  return { status, proof: record.valid.ok ? proofOf(card, record.claims) : null }
}

/** Who was right, and why. */
export function conclusion(card: Card, options: readonly Option[], guess: Option, { status, claims }: Proof): string {
  const answer = options.find(option => option.kind === 'answer')!
  const trap = options.find(option => option.kind === 'trap')!
  const outcome = {
    proved: guess === answer ? 'You were right.' : `You said ${guess.letter}; the run says ${answer.letter}.`,
    refuted: `Nobody can claim this one: this run speaks against ${answer.letter}, which is what the card says.`,
    undecided: `Undecided: the machine was too busy for this run to settle it. The card says ${answer.letter}.`,
    absent: `This run did not put it to the test. The card says ${answer.letter}.`,
  }[status]
  return [
    `\n${bold(outcome)}\n`,
    ...claims.map(({ claim, evidence }) => `  ${claim} ${evidence}`),
    `\n${bold('A strong answer.')} ${card.answer}`,
    ...card.strong,
    `\n${bold(`The trap (${trap.letter}).`)} ${card.trap}`,
    `\n${bold('What may be asked next')}`,
    ...card.followUps.map(text => `  - ${text}`),
  ].join('\n')
}
