// `npm run tournament`: every balancer in every situation of the simulator, on one page.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { exitStatus } from '../../core/errors.ts'
import type { Tournament } from '../../core/tournament.ts'
import { Children } from '../children.ts'
import { interruptible } from '../interruptible.ts'
import { refuseForeignFolder } from '../result-folder.ts'
import { terminalLook } from '../terminal-look.ts'
import { situationScenarios, tournamentKeys, tournamentPlanOf } from '../tournament/plan.ts'
import { runTournament } from '../tournament/run-tournament.ts'

const print = (text: string) => process.stdout.write(`${text}\n`)

/** @returns the exit status. @throws UsageError, and InvalidRunError when the accounts of a run do not add up. */
export async function tournament(words: readonly string[]): Promise<number> {
  if (words.includes('help')) return explain()
  const plan = await tournamentPlanOf(words, new Date())
  refuseForeignFolder(plan.out, 'tournament.json')
  const folderWasThere = existsSync(plan.out)
  const discard = () => {
    if (!folderWasThere) rmSync(plan.out, { recursive: true, force: true })
  }
  return interruptible(new Children(), discard, async () => {
    await report(await runTournament(plan, process.stderr), plan.out)
    return exitStatus.holds
  })
}

async function explain(): Promise<number> {
  print('npm run tournament [SITUATION …] [key=value …]\n\nSituations')
  for (const [name, { situation }] of await situationScenarios()) print(`  ${name.padEnd(24)}when ${situation}`)
  print('\nKeys')
  for (const [key, does] of Object.entries(tournamentKeys)) print(`  ${`${key}=`.padEnd(24)}${does}`)
  return exitStatus.holds
}

async function report(result: Tournament, out: string): Promise<void> {
  const [{ renderTerminal }, { renderMarkdown }, { renderPage }] = await Promise.all([
    import('../../reports/tournament/terminal.ts'),
    import('../../reports/tournament/markdown.ts'),
    import('../../reports/tournament/page.ts'),
  ])
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'tournament.json'), `${JSON.stringify(result)}\n`)
  writeFileSync(join(out, 'summary.md'), renderMarkdown(result))
  writeFileSync(join(out, 'tournament.html'), renderPage(result))
  print(renderTerminal(result, terminalLook()))
  const shown = relative(process.cwd(), out) || '.'
  print(`${shown}/tournament.html  ${shown}/summary.md  ${shown}/tournament.json`)
}
