// The quiz without a terminal, up to where the experiment would begin, and what it concludes from a run.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { optionsOf, type Proof, readCards } from '../../reports/questions.ts'
import { conclusion } from './quiz.ts'

const cli = fileURLToPath(new URL('../cli.ts', import.meta.url))
const card = readCards().find(one => one.name === 'how-large-a-pool')!
const options = optionsOf(card)
const letterOf = (kind: string) => options.find(option => option.kind === kind)!

function run(...words: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [cli, 'quiz', ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  return new Promise(resolve => child.once('close', status => resolve({ status, output })))
}

describe('without a terminal', () => {
  test.each([
    ['no question', [], 'no question given'],
    ['an unknown question', ['how-larg-a-pool'], 'did you mean "how-large-a-pool"'],
    ['no answer', [card.name], 'no terminal to ask at; allowed: answer= with one of a, b, c, d'],
    ['an answer that is none of the letters', [card.name, 'answer=e'], 'answer=e given; allowed: a, b, c, d'],
    ['an unknown effort', [card.name, 'answer=a', 'effort=none'], 'effort=none given'],
  ])('%s is a usage error that says what is allowed', async (_, words, message) => {
    const { status, output } = await run(...words)
    expect(output).toContain(message)
    expect(status).toBe(2)
  })

  test('list names every question', async () => {
    const { status, output } = await run('list')
    expect(status).toBe(0)
    for (const { question } of readCards()) expect(output).toContain(question)
  })
})

describe('the conclusion', () => {
  const claims = [{ claim: 'It is so.', holds: true as const, evidence: 'Seen.' }]
  const say = (kind: string, status: Proof['status']) => conclusion(card, options, letterOf(kind), { status, claims })

  test('who chose the answer is right when the run bears it out', () => {
    expect(say('answer', 'proved')).toContain('You were right.')
    expect(say('answer', 'proved')).toContain('It is so. Seen.')
  })

  test.each(['trap', 'other'])('who chose the %s is told what the run says', kind => {
    expect(say(kind, 'proved')).toContain(
      `You said ${letterOf(kind).letter}; the run says ${letterOf('answer').letter}.`,
    )
  })

  test.each(['refuted', 'undecided', 'absent'] as const)('nobody is right when it is %s', status => {
    expect(say('answer', status)).not.toContain('You were right.')
    expect(say('answer', status)).not.toContain('the run says')
  })
})
