// What a bench run leaves: its schema, its table, and how it is compared with a stored one. Pure.
import Table from 'cli-table3'
import { z } from 'zod'
import { UsageError } from '../../core/errors.ts'
import { recordSchema } from '../../core/record.ts'

const ns = z.number().min(0)

export const benchSchema = z.object({
  schema: z.literal('windtunnel.bench/1'),
  startedAt: z.iso.datetime(),
  tookMs: z.number(),
  timeMs: z.number().describe('measured per task, over all rounds'),
  machine: recordSchema.shape.machine,
  results: z.array(
    z.object({
      group: z.string(),
      name: z.string(),
      ns: ns.describe('per operation: the median of the rounds, each the median of its samples'),
      lowestNs: ns.describe('of the rounds'),
      highestNs: ns.describe('of the rounds'),
      samples: z.int(),
      note: z.string().optional(),
      eventsPerSecond: z.number().optional().describe('of the simulator only, whose operation is an event'),
      residentBytes: z.int().optional().describe('the most, of a process that does nothing else'),
    }),
  ),
})

export type BenchRun = z.infer<typeof benchSchema>
export type BenchResult = BenchRun['results'][number]

/** A stored run. @throws UsageError when the text is none; `where` names the file. */
export function parseBenchRun(text: string, where: string): BenchRun {
  try {
    return benchSchema.parse(JSON.parse(text))
  } catch {
    throw new UsageError(`${where} is no bench run; allowed: the bench.json of an earlier run`)
  }
}

const plain = { head: [], border: [], compact: true }
/** Three significant digits, and no more than one behind the point. */
const inNs = (value: number) => (value >= 99.5 ? value.toFixed(0) : value.toFixed(1))
const spreadOf = ({ lowestNs, highestNs }: BenchResult) => `${inNs(lowestNs)} to ${inNs(highestNs)}`

/** One line per task; a table of its own for the simulator, where there is more to say. */
export function benchTable({ results }: Pick<BenchRun, 'results'>): string {
  const simulated = results.filter(({ eventsPerSecond }) => eventsPerSecond !== undefined)
  const others = results.filter(result => !simulated.includes(result))
  return [others.length > 0 ? operationTable(others) : [], simulated.length > 0 ? simulationTable(simulated) : []]
    .flat()
    .join('\n')
}

function operationTable(results: readonly BenchResult[]): string[] {
  const table = new Table({
    head: ['', 'operation', 'ns', 'rounds from … to', 'samples', ''],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left'],
    style: plain,
  })
  for (const result of results) {
    const { group, name, ns, samples, note = '' } = result
    table.push([group, name, inNs(ns), spreadOf(result), `${samples}`, looksAtAll(results, result) ? 'O(n)' : note])
  }
  const said = [`${table}`, 'ns per operation: median of the rounds, and the lowest and highest round.']
  if (results.some(result => looksAtAll(results, result)))
    said.push(
      `O(n): a hundred times as many upstreams cost more than ${linearFrom} times as much; it looks at all of them.`,
    )
  return said
}

function simulationTable(results: readonly BenchResult[]): string[] {
  const table = new Table({
    head: ['', 'model', 'M events/s', 'ns', 'rounds from … to', 'MB'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right'],
    style: plain,
  })
  for (const result of results) {
    const { group, name, ns, eventsPerSecond, residentBytes } = result
    const megabytes = residentBytes === undefined ? '' : (residentBytes / 1e6).toFixed(0)
    table.push([group, name, (eventsPerSecond! / 1e6).toFixed(2), inNs(ns), spreadOf(result), megabytes])
  }
  return [
    `${table}`,
    'Simulated events per second of CPU, and CPU ns per event with the set-up of the model: median, lowest and highest round.',
    'MB: the most that was resident in a process that does nothing else, Node itself included.',
  ]
}

/** `pick NAME, 100` against `pick NAME, 10000`: caches make the second dearer, by far less than looking at all does. */
const linearFrom = 15

function looksAtAll(results: readonly BenchResult[], { group, name }: BenchResult): boolean {
  const [balancer, size] = name.split(', ')
  if (group !== 'pick' || size === undefined) return false
  const at = (n: number) => results.find(other => other.group === group && other.name === `${balancer}, ${n}`)
  const [some, many] = [at(100), at(10_000)]
  return some !== undefined && many !== undefined && many.ns > linearFrom * some.ns
}

/** What became of one task since the stored run. `ratio`: now over then. */
export function changeOf(then: BenchResult, now: BenchResult): { ratio: number; statement: string } {
  const ratio = now.ns / then.ns
  const apart = now.lowestNs > then.highestNs || now.highestNs < then.lowestNs
  const word = ratio > 1 ? 'slower' : 'faster'
  return { ratio, statement: apart ? `${word}, beyond the spread of both` : 'within the spread' }
}

/** The two runs side by side; tasks that only one of them has are named below. */
export function benchComparison(then: BenchRun, now: BenchRun): string {
  const table = new Table({
    head: ['', 'operation', 'then ns', 'now ns', 'ratio', ''],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left'],
    style: plain,
  })
  const find = (run: BenchRun, { group, name }: BenchResult) =>
    run.results.find(other => other.group === group && other.name === name)
  for (const result of now.results) {
    const before = find(then, result)
    if (!before) continue
    const { ratio, statement } = changeOf(before, result)
    table.push([result.group, result.name, inNs(before.ns), inNs(result.ns), ratio.toFixed(2), statement])
  }
  const only = (run: BenchRun, other: BenchRun, word: string) =>
    run.results.filter(result => !find(other, result)).map(({ group, name }) => `Only ${word}: ${group} ${name}.`)
  return [`${table}`, ...cautions(then, now), ...only(now, then, 'now'), ...only(then, now, 'then')].join('\n')
}

/** What makes two runs hard to compare. */
function cautions(then: BenchRun, now: BenchRun): string[] {
  const said = [
    'The spread is that of rounds within a run; a machine that is slower today is not in it. Look at what did not change.',
  ]
  for (const key of ['cpu', 'cores', 'node'] as const) {
    if (then.machine[key] !== now.machine[key])
      said.push(
        `Another machine: ${key} was ${then.machine[key]}, is ${now.machine[key]}. Only ratios within a run count.`,
      )
  }
  return said
}
