// What lessons show of live runs, taken out of a record: few figures, rounded, and the command that made them. So
// notebooks/recorded/<scenario>.json is always this file's work:
//   node notebooks/build/record.ts runs/<the run>/record.json
//   node notebooks/build/record.ts threads          measures what `npm run threads` measures
import { writeFileSync } from 'node:fs'
import { UsageError } from '../../core/errors.ts'
import type { Run, ScenarioRecord } from '../../core/record.ts'
import { Children } from '../../harness/children.ts'
import { priceOfThreads, type ThreadKind } from '../../harness/thread-price.ts'
import { readRecord } from '../../reports/read-record.ts'

const folder = new URL('../recorded/', import.meta.url)

/** What a lesson keeps of a record of each scenario, besides the command. */
const kept: Readonly<Record<string, (record: ScenarioRecord, firsts: readonly Run[]) => object>> = {
  'slow-origin': (record, firsts) => ({ variants: firsts.map(run => slowOrigin(record, run)) }),
  'pool-size': (record, firsts) => ({
    variants: firsts.filter(({ settings }) => /max=\d/.test(`${settings.pool}`)).map(run => poolSize(record, run)),
  }),
  'retry-storm': (record, firsts) => ({ variants: firsts.map(run => retryStorm(record, run)) }),
  slowloris: ({ load }, firsts) => ({
    phases: load.phases,
    atMs: firsts[0]!.series.atMs.map(rounded(0)),
    variants: firsts.map(slowloris),
  }),
}

const rounded = (digits: number) => (value: number) => Number(value.toFixed(digits))
const ms = (value: number | null) => (value === null ? null : rounded(1)(value))

function measured({ load }: ScenarioRecord, run: Run) {
  return run.phases.find(phase => phase.name === load.measuredPhase)!
}

function slowOrigin(record: ScenarioRecord, run: Run) {
  const { latency, requests } = measured(record, run)
  const origins = Object.entries(run.counters).filter(([name]) => /^origin\.o\d+\.measuredRequests$/.test(name))
  const all = origins.reduce((sum, [, count]) => sum + count, 0)
  return {
    balancer: run.settings.balancer,
    p50Ms: ms(latency.p50Ms),
    p99Ms: ms(latency.p99Ms),
    slowShare: rounded(3)((run.counters['origin.o3.measuredRequests'] ?? 0) / all),
    requests,
  }
}

function poolSize(record: ScenarioRecord, run: Run) {
  const { latency, requests } = measured(record, run)
  const { scheduled, failed } = run.generator
  return {
    max: Number(/max=(\d+)/.exec(`${run.settings.pool}`)?.[1]),
    p50Ms: ms(latency.p50Ms),
    waitedShare: rounded(3)((run.counters['target.upstreamWaits'] ?? 0) / (run.counters['target.requests'] ?? 0)),
    failedShare: rounded(3)(failed / scheduled),
    requests,
  }
}

/** Outside of the measured phase nothing fails, so what the origins saw beyond the requests were its retries. */
function retryStorm(record: ScenarioRecord, run: Run) {
  const { requests, errors } = measured(record, run)
  const asked = run.generator.scheduled + (run.counters.warmUpRequests ?? 0)
  return {
    name: run.variant,
    attemptsPerRequest: rounded(2)(1 + ((run.counters.originRequests ?? 0) - asked) / requests),
    answeredShare: rounded(3)(1 - failuresOf(errors) / requests),
    requests,
  }
}

function failuresOf(errors: Run['errors']): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0)
}

/** `servedShare`: of the honest requests that were due in each interval; null when none were. */
function slowloris({ variant, errors, counters, memory, series, generator }: Run) {
  const { offered, completed } = series.columns
  return {
    name: variant,
    requests: generator.scheduled,
    failed: failuresOf(errors),
    heldPeak: counters.attackersHeldPeak ?? 0,
    bytesPerHeld: memory.bytesPerHeldConnection === null ? null : Math.round(memory.bytesPerHeldConnection),
    servedShare: series.atMs.map((_, at) => {
      const due = offered?.values[at] ?? 0
      return due === 0 ? null : rounded(3)((completed?.values[at] ?? 0) / due)
    }),
  }
}

/** The figures of the first repeat of every variant. @throws UsageError when no lesson uses the scenario. */
export function figuresOf(record: ScenarioRecord): object {
  const keep = kept[record.scenario]
  if (keep === undefined) {
    throw new UsageError(`record: scenario ${record.scenario} given; allowed: ${Object.keys(kept).join(', ')}`)
  }
  const firsts = record.runs.filter(run => run.repeat === record.runs[0]!.repeat)
  return { command: record.command, ...keep(record, firsts) }
}

/** What one thread costs, measured on this machine. */
async function threadFigures(): Promise<object> {
  const children = new Children()
  const price = async (kind: ThreadKind) => {
    const { threads, reservedBytes, residentBytes } = await priceOfThreads(kind, 200, 1, children)
    return { threads, reservedBytes: Math.round(reservedBytes), residentBytes: Math.round(residentBytes) }
  }
  return { command: 'npm run threads', bare: await price('bare'), loop: await price('loop') }
}

if (import.meta.main) {
  const [from] = process.argv.slice(2)
  try {
    if (!from) throw new UsageError('record: one word is needed: RECORD.json, or threads')
    const record = from === 'threads' ? null : readRecord(from)
    const figures = record === null ? await threadFigures() : figuresOf(record)
    const name = record === null ? 'threads' : record.scenario
    writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(figures, null, 2)}\n`)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  }
}
