// `npm run nightly`: every scenario, one after the other, at length; one table at the end and the worst exit status.
import Table from 'cli-table3'
import { exitStatus } from '../../core/errors.ts'
import { namesOf } from '../../core/registry.ts'
import { oneOf, parseWords } from '../words.ts'
import { scenario } from './scenario.ts'

/** From best to worst: what does not hold weighs more than what is not decided, an invalid run more than both. */
const severity = [
  exitStatus.holds,
  exitStatus.undecided,
  exitStatus.fails,
  exitStatus.usage,
  exitStatus.invalid,
] as const
const words: Record<number, string> = {
  [exitStatus.holds]: 'holds',
  [exitStatus.undecided]: 'undecided',
  [exitStatus.fails]: 'fails',
  [exitStatus.usage]: 'refused',
  [exitStatus.invalid]: 'invalid',
}

/** Runs every scenario with `effort=thorough` unless told otherwise. @returns the worst exit status. @throws UsageError. */
export async function nightly(given: readonly string[]): Promise<number> {
  const { values } = parseWords(given, ['effort', 'strict'], 'nightly')
  const effort = oneOf(values.effort ?? 'thorough', 'effort', ['quick', 'normal', 'thorough'])
  const strict = oneOf(values.strict ?? 'no', 'strict', ['yes', 'no'])
  const table = new Table({ head: ['scenario', 'verdict', 'took'], style: { head: [], border: [] } })
  let worst: number = exitStatus.holds
  for (const name of namesOf('scenario')) {
    process.stdout.write(`\n=== ${name} ===\n`)
    const startedAt = performance.now()
    const status = await scenario([name, `effort=${effort}`, `strict=${strict}`])
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    table.push([name, words[status] ?? `status ${status}`, `${seconds} s`])
    if (severity.indexOf(status as never) > severity.indexOf(worst as never)) worst = status
  }
  process.stdout.write(`\n${table.toString()}\n`)
  return worst
}
