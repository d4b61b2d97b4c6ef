// `npm run regress base=REF`: is the proxy of the working tree slower than that of a git ref? Decodes the words, keeps
// Ctrl-C clean, leaves gate.json and gate.md in a folder, and tells GitHub Actions where it runs there.
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import Table from 'cli-table3'
import { exitStatus, UsageError } from '../../core/errors.ts'
import type { Effort } from '../../core/scenario.ts'
import { Children } from '../children.ts'
import { type GatePlan, runGate } from '../regress/gate.ts'
import { GateProgress } from '../regress/gate-progress.ts'
import type { GateRecord } from '../regress/gate-record.ts'
import { gateAnnotations, gateMarkdown, gateNotes, gateTable } from '../regress/gate-reports.ts'
import { sentenceOf, treeInWords, verdictSigns } from '../regress/gate-words.ts'
import { Trees, workingTree } from '../regress/trees.ts'
import { oneOf, parseWords, wholeNumber } from '../words.ts'

const keys = ['base', 'head', 'tolerance', 'effort', 'seed', 'out', 'strict'] as const
const efforts = ['quick', 'normal', 'thorough'] as const satisfies readonly Effort[]

export interface RegressPlan extends GatePlan {
  /** A git ref or a folder. */
  readonly base: string
  /** A git ref or a folder; null is the working tree. */
  readonly head: string | null
  /** Absolute path of the folder for the result. */
  readonly out: string
  readonly strict: boolean
}

/** Decodes the words of `npm run regress`. @throws UsageError in one sentence. */
export function regressPlanOf(words: readonly string[], startedAt: Date): RegressPlan {
  const { names, values } = parseWords(words, keys, 'regress')
  if (names.length > 0) throw new UsageError(`regress: "${names[0]}" given; allowed: key=value words`)
  const { base, head = null, tolerance = '0.05', effort = 'normal', seed = '1', strict = 'no' } = values
  if (!base) throw new UsageError('regress: base= is missing; allowed: a git ref, such as base=main')
  const stamp = startedAt.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '')
  if (values.out === '') throw new UsageError('out= given; allowed: a folder')
  const standard = fileURLToPath(new URL(`../../runs/${stamp}-regress`, import.meta.url))
  return {
    base,
    head,
    tolerance: toleranceOf(tolerance),
    effort: oneOf(effort, 'effort', efforts),
    seed: wholeNumber(seed, 'seed', -2147483648, 2147483647),
    strict: oneOf(strict, 'strict', ['yes', 'no']) === 'yes',
    out: values.out === undefined ? standard : resolve(values.out),
    command: `npm run regress ${[...words.filter(word => !/^(seed|out)=/.test(word)), `seed=${seed}`].join(' ')}`,
  }
}

function toleranceOf(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 1) return value
  throw new UsageError(`tolerance=${text} given; allowed: a share from 0 to 1, such as 0.05`)
}

/** The exit status of a verdict. */
export function statusOfVerdict(verdict: GateRecord['verdict'], strict: boolean): number {
  if (verdict === 'regression') return exitStatus.fails
  if (verdict === 'invalid') return exitStatus.invalid
  return verdict === 'undecided' && strict ? exitStatus.undecided : exitStatus.holds
}

/** @returns the exit status. @throws UsageError. */
export async function regress(words: readonly string[]): Promise<number> {
  const plan = regressPlanOf(words, new Date())
  if (existsSync(plan.out)) {
    const files = readdirSync(plan.out)
    if (files.length > 0 && !files.includes('gate.json')) {
      throw new UsageError(`out=${plan.out} given, which holds other files; allowed: a new or empty folder`)
    }
  }
  const record = await measureInterruptibly(plan)
  leave(record, plan.out)
  print(record, plan.out)
  return statusOfVerdict(record.verdict, plan.strict)
}

/** Ctrl-C, SIGTERM and defects leave neither processes nor worktrees. */
async function measureInterruptibly(plan: RegressPlan): Promise<GateRecord> {
  const children = new Children()
  const progress = new GateProgress(process.stderr)
  const trees = new Trees(children, line => progress.say(`windtunnel: ${line}`))
  let interrupted = false
  const interrupt = async (signal: NodeJS.Signals) => {
    if (interrupted) return
    interrupted = true
    progress.close()
    process.stderr.write(`\nwindtunnel: stopping (${signal}) …\n`)
    await children.stopAll()
    trees.remove()
    process.stderr.write('windtunnel: every process has ended and the worktrees are removed\n')
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  const lastResort = () => {
    children.killAll()
    trees.remove()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('exit', lastResort)
  try {
    const base = await trees.open(plan.base, 'base')
    const head = plan.head === null ? workingTree() : await trees.open(plan.head, 'head')
    progress.say(`${treeInWords(head)} against ${treeInWords(base)}`)
    return await runGate(plan, { base, head }, children, (...at) => progress.show(...at))
  } catch (error) {
    // A child that died of the same signal ends the measurement first: then `interrupt` has the last word.
    if (!interrupted) throw error
  } finally {
    if (!interrupted) {
      progress.close()
      await children.stopAll()
      trees.remove()
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt).off('exit', lastResort)
    }
  }
  return new Promise<never>(() => {})
}

function leave(record: GateRecord, out: string): void {
  mkdirSync(out, { recursive: true })
  const markdown = gateMarkdown(record)
  writeFileSync(join(out, 'gate.json'), `${JSON.stringify(record, null, 2)}\n`)
  writeFileSync(join(out, 'gate.md'), markdown)
  const summary = process.env.GITHUB_STEP_SUMMARY
  if (summary) appendFileSync(summary, markdown)
}

function print(record: GateRecord, out: string): void {
  const say = (line: string) => process.stdout.write(`${line}\n`)
  const { symbol, word } = verdictSigns[record.verdict]
  say(`\n${styleText('bold', `${symbol} ${word}`)}: ${sentenceOf(record)}\n`)
  const { head, rows } = gateTable(record)
  const style = { head: process.stdout.isTTY ? ['bold'] : [], border: process.stdout.isTTY ? ['grey'] : [] }
  const table = new Table({ head, style })
  table.push(...rows)
  if (rows.length > 0) say(table.toString())
  for (const note of gateNotes(record)) say(note)
  const shown = relative(process.cwd(), out) || '.'
  say(`\n${shown}/gate.md  ${shown}/gate.json`)
  for (const reason of record.reasons) process.stderr.write(`windtunnel: invalid run: ${reason}\n`)
  if (process.env.GITHUB_ACTIONS) gateAnnotations(record).forEach(say)
}
