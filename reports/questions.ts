// Question cards: what an interviewer, or a colleague, may ask, the answer that tempts, the answer that stands, and the
// experiment that settles it. One Markdown file each in notebooks/questions/, its name the card's name; shown in lessons, in
// the report of the experiment, and by `npm run quiz`.
import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { UsageError } from '../core/errors.ts'
import { hashText } from '../core/random.ts'
import type { JudgedClaim } from '../core/record.ts'

const folder = new URL('../notebooks/questions/', import.meta.url)

const sentence = z.string().min(1)

/** A list; one of a single entry may stand in the line of its key. */
const sentences = z.union([sentence.transform(text => [text]), z.array(sentence).min(1)])

const cardSchema = z.strictObject({
  question: sentence,
  /** The answer that tempts, and is wrong. */
  trap: sentence,
  /** The answer that the experiment bears out, in a sentence. */
  answer: sentence,
  /** Further wrong answers to choose from. */
  also: sentences.default([]),
  /** The lesson it belongs to; absent: none. */
  lesson: sentence.optional(),
  /** A command, `npm run scenario NAME [key=value …]`. */
  experiment: z
    .string()
    .regex(/^npm run scenario [a-z0-9-]+( [a-zA-Z]+=\S+)*$/, 'must be "npm run scenario NAME key=value …"'),
  /** How the claims of that scenario begin which prove the answer. */
  proof: sentences,
  followUps: sentences,
  /** Paragraphs: the answer as one would give it aloud. */
  strong: sentences,
})

export interface Card extends z.infer<typeof cardSchema> {
  readonly name: string
  /** The words after `npm run scenario`: a name, then key=value. */
  readonly words: readonly string[]
}

/** A card from the text of its file. @throws UsageError naming the card and what is wrong. */
export function parseCard(name: string, text: string): Card {
  const [, front, body] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? []
  if (front === undefined || body === undefined) {
    throw new UsageError(`question ${name}: no front matter; allowed: a block between two lines "---", then the answer`)
  }
  const strong = body
    .trim()
    .split(/\n{2,}/)
    .map(paragraph => paragraph.replaceAll('\n', ' '))
  const result = cardSchema.safeParse({ ...frontMatter(name, front), strong })
  if (!result.success) {
    const { path, message } = result.error.issues[0]!
    throw new UsageError(`question ${name}: ${path.join('.') || 'front matter'}: ${message}`)
  }
  return { ...result.data, name, words: result.data.experiment.split(' ').slice(3) }
}

/** `key: text` lines, and `key:` followed by `- text` lines. */
function frontMatter(name: string, front: string): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {}
  let list: string[] | null = null
  for (const line of front.split('\n')) {
    const [, item] = /^- (.+)$/.exec(line) ?? []
    const [, key, value] = /^([a-zA-Z]+):\s*(.*)$/.exec(line) ?? []
    if (item !== undefined && list !== null) list.push(item)
    else if (key !== undefined && !Object.hasOwn(fields, key)) fields[key] = value === '' ? (list = []) : value!
    else
      throw new UsageError(
        `question ${name}: "${line}" given; allowed: "key: text", each once, or "- text" below a key`,
      )
  }
  return fields
}

/** Every card, sorted by name. @throws UsageError for a card that is not well-formed. */
export function readCards(): Card[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.md'))
    .sort()
    .map(file => parseCard(file.slice(0, -'.md'.length), readFileSync(new URL(file, folder), 'utf8')))
}

export interface Option {
  /** a, b, c … */
  readonly letter: string
  readonly text: string
  readonly kind: 'answer' | 'trap' | 'other'
}

/** What a reader may choose from, in an order that is fixed for each card and betrays nothing. */
export function optionsOf(card: Card): Option[] {
  const options: Omit<Option, 'letter'>[] = [
    { text: card.answer, kind: 'answer' },
    { text: card.trap, kind: 'trap' },
    ...card.also.map(text => ({ text, kind: 'other' as const })),
  ]
  const order = (text: string) => hashText(`${card.name}/${text}`)
  return options
    .sort((a, b) => order(a.text) - order(b.text))
    .map((option, at) => ({ letter: 'abcdefgh'[at]!, ...option }))
}

export interface Proof {
  readonly status: 'proved' | 'refuted' | 'undecided' | 'absent'
  /** The claims the card rests on, as the run judged them. */
  readonly claims: readonly JudgedClaim[]
}

/** What the claims of a run say of a card: `absent` when the run made none of those it rests on, or not all. */
export function proofOf(card: Card, claims: readonly JudgedClaim[]): Proof {
  const found = card.proof.flatMap(start => claims.filter(({ claim }) => claim.startsWith(start)))
  const missing = card.proof.some(start => !found.some(({ claim }) => claim.startsWith(start)))
  const status = found.some(({ holds }) => holds === false)
    ? 'refuted'
    : missing
      ? 'absent'
      : found.some(({ holds }) => holds === 'undecided')
        ? 'undecided'
        : 'proved'
  return { status, claims: found }
}
