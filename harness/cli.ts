// The entry behind every npm script: finds the command, and turns what a user or the instrument did wrong into one
// sentence and an exit status. Anything else that is thrown is a defect and shows its stack.
import { resolve } from 'node:path'
import { exitStatus, InvalidRunError, UsageError, unknownName } from '../core/errors.ts'
import { parseWords, withSuggestion } from './words.ts'

type Command = (words: readonly string[]) => Promise<number>

/** Each is loaded when it is asked for: help should not wait for the charts. */
const commands: Record<string, () => Promise<Command>> = {
  scenario: async () => (await import('./commands/scenario.ts')).scenario,
  list: async () => (await import('./commands/list.ts')).list,
  bench: async () => (await import('./commands/bench.ts')).bench,
  compare: async () => (await import('./commands/compare.ts')).compare,
  nightly: async () => (await import('./commands/nightly.ts')).nightly,
  notebooks: async () => (await import('./commands/notebooks.ts')).notebooks,
  profile: async () => (await import('./commands/profile.ts')).profile,
  quiz: async () => (await import('./commands/quiz.ts')).quiz,
  regress: async () => (await import('./commands/regress.ts')).regress,
  tournament: async () => (await import('./commands/tournament.ts')).tournament,
  threads: async () => (await import('./commands/threads.ts')).threads,
  help: async () => (await import('./commands/help.ts')).help,
  proxy: async () => {
    const { proxy } = await import('../proxy/main.ts')
    return words => proxy(valuesOf(words, 'proxy'))
  },
  load: async () => {
    const { load } = await import('../loadgen/main.ts')
    return words => load(valuesOf(words, 'load'))
  },
}

function valuesOf(words: readonly string[], command: string): Record<string, string> {
  const { names, values } = parseWords(words, null, command)
  if (names.length > 0) throw new UsageError(`${command}: "${names[0]}" given; allowed: key=value words`)
  return { ...values }
}

/**
 * Takes `extra=DIR` out of the words of whichever command: a folder with strategies of the user's own. It goes into the
 * environment, because the processes that a command starts must find them as well.
 */
function withoutExtra(words: readonly string[]): readonly string[] {
  const given = words.filter(word => word.startsWith('extra='))
  if (given.length > 1) throw new UsageError('extra= given twice; allowed: once')
  const folder = given[0]?.slice('extra='.length)
  if (folder === '') throw new UsageError('extra= given; allowed: a folder')
  if (folder !== undefined) process.env.WINDTUNNEL_EXTRA = resolve(folder)
  return words.filter(word => !word.startsWith('extra='))
}

async function run([command = 'help', ...words]: readonly string[]): Promise<number> {
  const find = Object.hasOwn(commands, command) ? commands[command] : undefined
  if (!find) throw unknownName('command', command, Object.keys(commands), 'windtunnel')
  return (await find())(withoutExtra(words))
}

/** The exit status of a failure, which it reports on stderr. */
function reportFailure(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`windtunnel: ${withSuggestion(error.message)}\n`)
    return exitStatus.usage
  }
  const words = error instanceof InvalidRunError ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`windtunnel: ${words}\n`)
  return exitStatus.invalid
}

// A reader that has seen enough (`| head`) is no failure.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

process.exitCode = await run(process.argv.slice(2)).catch(reportFailure)
