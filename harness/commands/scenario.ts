// `npm run scenario`: lists scenarios, explains one, or runs one and leaves its record, page and summary in a folder.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { styleText } from 'node:util'
import Table from 'cli-table3'
import { unknownName } from '../../core/errors.ts'
import type { ScenarioRecord } from '../../core/record.ts'
import { load, namesOf } from '../../core/registry.ts'
import type { Scenario } from '../../core/scenario.ts'
import { Children } from '../children.ts'
import { statusOf } from '../claims.ts'
import { interruptible } from '../interruptible.ts'
import { loadInWords } from '../load-in-words.ts'
import { planOf, type RunPlan, scenarioKeys } from '../plan.ts'
import { refuseForeignFolder } from '../result-folder.ts'
import { runScenario } from '../run-scenario.ts'
import { terminalLook } from '../terminal-look.ts'

/** Columns of the list of scenarios, its borders included. */
const listWidth = 100

const print = (text: string) => process.stdout.write(`${text}\n`)

/** @returns the exit status. @throws UsageError. */
export async function scenario(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words
  if (name === undefined) return list()
  if (rest.includes('help')) return explain(name)
  const plan = await planOf(words, new Date())
  claimFolder(plan.out)
  return runInterruptibly(plan)
}

async function list(): Promise<number> {
  const names = namesOf('scenario')
  const nameWidth = Math.max(...names.map(name => name.length)) + 2
  const colWidths = [nameWidth, listWidth - nameWidth - 3]
  const table = new Table({ head: ['scenario', 'question'], style: plainHead(), colWidths, wordWrap: true })
  for (const name of names) table.push([name, (await load<Scenario>('scenario', name, 'scenario')).question])
  print(table.toString())
  print('\nRun one: npm run scenario NAME [key=value …]      Its variants and keys: npm run scenario NAME help')
  return 0
}

async function explain(name: string): Promise<number> {
  if (!namesOf('scenario').includes(name)) throw unknownName('scenario', name, namesOf('scenario'), 'scenario')
  const chosen = await load<Scenario>('scenario', name, 'scenario')
  const heading = (text: string) => print(`\n${styleText('bold', text)}`)
  print(`${styleText('bold', name)}: ${chosen.question}\n\n${chosen.explanation}\n\n${loadInWords(chosen)}`)
  heading('Variants')
  for (const { name: variant, target, about, settings } of chosen.variants) {
    print(`  ${variant} (target=${target})${about ? `: ${about}` : ''}`)
    print(
      `    ${styleText(
        'dim',
        Object.entries(settings)
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
      )}`,
    )
  }
  if (chosen.sweep) {
    heading('Sweep')
    const { unit, points } = chosen.sweep
    const all = points.map(({ at }) => at).join(', ')
    print(
      `  ${chosen.sweep.axis}: ${all}${unit === '' ? '' : ` ${unit}`}; every variant is run at each of these ${points.length} points`,
    )
  }
  heading('Phases, by effort')
  for (const [effort, { repeats, phases, capacity }] of Object.entries(chosen.effort)) {
    const all = capacity ? [...phases, { name: 'closed loop', durationMs: capacity.durationMs }] : phases
    const lengths = all.map(phase => `${phase.name} ${phase.durationMs / 1000} s`).join(', ')
    print(`  ${effort}: ${lengths}; ${repeats} ${repeats === 1 ? 'repeat' : 'repeats'}`)
  }
  heading('Keys')
  for (const [key, does] of Object.entries(scenarioKeys)) print(`  ${`${key}=`.padEnd(16)}${does}`)
  print('\nComma lists make variants, several lists their cross product; these replace the variants above.')
  return 0
}

/** cli-table3 colours heads red unless told otherwise. */
const plainHead = () => ({ head: process.stdout.isTTY ? ['bold'] : [], border: process.stdout.isTTY ? ['grey'] : [] })

/** Makes room for a result over an earlier one. @throws UsageError when the folder holds anything else. */
function claimFolder(out: string): void {
  refuseForeignFolder(out, 'record.json')
  for (const folder of ['targets', 'profiles']) rmSync(join(out, folder), { recursive: true, force: true })
}

/** Runs the plan; interrupted, it leaves neither processes nor half a result. */
async function runInterruptibly(plan: RunPlan): Promise<number> {
  const children = new Children()
  const folderWasThere = existsSync(plan.out)
  const discard = () => {
    rmSync(join(plan.out, 'targets'), { recursive: true, force: true })
    if (!folderWasThere) rmSync(plan.out, { recursive: true, force: true })
  }
  return interruptible(children, discard, async () => {
    const record = await runScenario(plan, children)
    await report(record, plan.out)
    return statusOf(record, plan.strict)
  })
}

async function report(record: ScenarioRecord, out: string): Promise<void> {
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'record.json'), `${JSON.stringify(record)}\n`)
  // Loaded when wanted: the charts' packages take a third of a second.
  const [{ renderTerminal }, { renderMarkdown }, { renderPage }] = await Promise.all([
    import('../../reports/terminal.ts'),
    import('../../reports/markdown.ts'),
    import('../../reports/page.ts'),
  ])
  writeFileSync(join(out, 'summary.md'), renderMarkdown(record))
  writeFileSync(join(out, 'report.html'), await renderPage(record))
  print(renderTerminal(record, terminalLook()))
  const shown = relative(process.cwd(), out) || '.'
  print(`\n${shown}/report.html  ${shown}/summary.md  ${shown}/record.json`)
  for (const reason of record.valid.reasons) process.stderr.write(`windtunnel: invalid run: ${reason}\n`)
}
