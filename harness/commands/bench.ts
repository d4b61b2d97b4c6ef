// `npm run bench`: nanoseconds per operation of the proxy's hot path and per event of the simulator, as a table and as
// JSON, beside a stored run if asked.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitStatus, UsageError } from '../../core/errors.ts'
import packages from '../../package.json' with { type: 'json' }
import { bookkeepingTasks } from '../../tests/bench/bookkeeping.ts'
import { measure } from '../../tests/bench/measure.ts'
import { measureSimulations, simulationGroup } from '../../tests/bench/measure-simulations.ts'
import { messageTasks } from '../../tests/bench/messages.ts'
import { policyTasks } from '../../tests/bench/policies.ts'
import { type BenchRun, benchComparison, benchSchema, benchTable, parseBenchRun } from '../../tests/bench/results.ts'
import { simulationCases } from '../../tests/bench/simulations.ts'
import { describeMachine } from '../machine.ts'
import { parseWords, wholeNumber } from '../words.ts'

const standardTimeMs = 500
const fileName = 'bench.json'

/**
 * Measures, prints and stores. Differences to `compare=` are stated, not judged. @returns the exit status.
 * @throws UsageError
 */
export async function bench(words: readonly string[]): Promise<number> {
  const { names, values } = parseWords(words, ['time', 'compare', 'only', 'out'], 'bench')
  if (names.length > 0) throw new UsageError(`bench: "${names[0]}" given; allowed: time=, compare=, only=, out=`)
  const timeMs = values.time === undefined ? standardTimeMs : wholeNumber(values.time, 'time', 10, 60_000)
  const then = values.compare === undefined ? null : storedRun(values.compare)
  const startedAt = new Date()
  const now = await run(timeMs, values.only ?? '', startedAt)
  const stamp = startedAt.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '')
  const standard = fileURLToPath(new URL(`../../runs/${stamp}-bench`, import.meta.url))
  const out = values.out === undefined ? standard : resolve(values.out)
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, fileName), `${JSON.stringify(now, null, 2)}\n`)
  process.stdout.write(`${then === null ? benchTable(now) : benchComparison(then, now)}\n`)
  process.stdout.write(`\n${relative(process.cwd(), join(out, fileName))}\n`)
  return exitStatus.holds
}

/** The run in a file, or in the folder of one. @throws UsageError */
function storedRun(path: string): BenchRun {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, fileName) : path
  if (!existsSync(file))
    throw new UsageError(`compare=${path} given, which is not there; allowed: an earlier ${fileName}`)
  return parseBenchRun(readFileSync(file, 'utf8'), `compare=${path}`)
}

async function run(timeMs: number, only: string, startedAt: Date): Promise<BenchRun> {
  const all = [...messageTasks(), ...(await policyTasks()), ...bookkeepingTasks()]
  const isWanted = (group: string, name: string) => `${group} ${name}`.includes(only)
  const tasks = all.filter(({ group, name }) => isWanted(group, name))
  const simulated = simulationCases.map(({ name }) => name).filter(name => isWanted(simulationGroup, name))
  if (tasks.length === 0 && simulated.length === 0) {
    const groups = [...new Set(all.map(({ group }) => group)), simulationGroup].join(', ')
    throw new UsageError(`only=${only} given, which no operation contains; allowed: a part of a name, or ${groups}`)
  }
  const say = (what: string) => process.stderr.write(`  ${what} …\n`)
  const operations = await measure(tasks, timeMs, (round, of) => {
    if (tasks.length > 0) say(`${tasks.length} operations, ${round === 0 ? 'warming up' : `round ${round} of ${of}`}`)
  })
  const results = [...operations, ...measureSimulations(simulated, name => say(`${simulationGroup} ${name}`))]
  const machine = describeMachine('not pinned', { tinybench: packages.devDependencies.tinybench })
  return benchSchema.parse({
    schema: 'windtunnel.bench/1',
    startedAt: startedAt.toISOString(),
    tookMs: Date.now() - startedAt.getTime(),
    timeMs,
    machine,
    results,
  })
}
