// "Can you trust this run?", answered check by check in plain words. It speaks of the instrument, never of the variants:
// the generator's own lateness and CPU, who else wanted the cores, whether the accounts add up, whether all saw the same
// traffic. Shared by the terminal, the page and the Markdown file.
import type { Run, ScenarioRecord } from '../core/record.ts'
import { isSimulated, skippedVariants } from './timeline.ts'
import { describeFailure, formatMs, formatShare, formatValue, plural } from './units.ts'

export interface TrustCheck {
  readonly name: string
  /** `note` states a fact that is neither good nor bad. */
  readonly status: 'good' | 'bad' | 'note'
  /** One or two full sentences. */
  readonly sentence: string
}

/** Every check, the most important first; a record without runs has only what it can say. */
export function trustChecks(record: ScenarioRecord): TrustCheck[] {
  const checks = [accounting(record)]
  if (isSimulated(record)) return [...checks, sameTraffic(record), virtualClock(), ...notRun(record)]
  if (record.runs.length > 0) {
    checks.push(sameTraffic(record), undisturbed(record), punctuality(record), generatorCpu(record), runQueue(record))
  }
  return [...checks, ...notRun(record), direct(record)]
}

/** "variant, repeat 1": the name of a run; repeats are counted from one. */
export function runName(run: Run): string {
  return `${run.variant}, repeat ${run.repeat + 1}`
}

const mostRunsTold = 2
const mostHashesTold = 3

/** Why the timing of a run does not count, in one line; empty when it does. */
export function disturbanceOf(run: Run): string {
  if (run.trust.timing.ok) return ''
  return run.trust.timing.reasons.map(reason => reason.replace(/\.$/, '')).join('; ') || 'no reason given'
}

/** "timing disturbed" or "timing disturbed in 1 of 2 repeats" for the runs of a variant, empty when none was. */
export function disturbedRepeats(runs: readonly Run[]): string {
  const disturbed = runs.filter(run => !run.trust.timing.ok).length
  if (disturbed === 0) return ''
  return disturbed === runs.length ? 'timing disturbed' : `timing disturbed in ${disturbed} of ${runs.length} repeats`
}

function accounting(record: ScenarioRecord): TrustCheck {
  const name = 'Accounting'
  const broken = record.runs.filter(run => !run.trust.accounting.ok)
  const given = [...record.valid.reasons, ...broken.flatMap(run => run.trust.accounting.reasons)]
  const reasons = new Set(given.map(reason => reason.replace(/\.$/, '')))
  if (!record.valid.ok || broken.length > 0) {
    return { name, status: 'bad', sentence: `${[...reasons].join('; ') || 'They do not, and no reason was given'}.` }
  }
  const sum = (pick: (run: Run) => number) => record.runs.reduce((total, run) => total + pick(run), 0)
  const count = (value: number) => formatValue('count', value)
  const sentence =
    `${plural(record.runs.length, 'run')} scheduled ${count(sum(run => run.generator.scheduled))} requests, and each has ` +
    `exactly one fate: ${count(sum(run => run.generator.completed))} answered, ${count(sum(run => run.generator.failed))} failed${kinds(record)}.`
  return { name, status: 'good', sentence }
}

function kinds(record: ScenarioRecord): string {
  const totals = new Map<string, number>()
  for (const run of record.runs) {
    for (const phase of run.phases) {
      for (const [kind, count] of Object.entries(phase.errors)) totals.set(kind, (totals.get(kind) ?? 0) + count)
    }
  }
  const words = [...totals].map(([kind, count]) => `${describeFailure(kind)}: ${formatValue('count', count)}`)
  return words.length === 0 ? '' : ` (${words.join(', ')})`
}

function sameTraffic(record: ScenarioRecord): TrustCheck {
  const name = 'Traffic'
  const swept = record.runs.some(run => run.point !== undefined)
  // Points of a sweep differ in what is asked; only runs of one point are compared.
  const compared = [...Map.groupBy(record.runs, run => `${run.repeat}/${run.point?.at}`).values()]
  const hashesOf = (runs: readonly Run[]) => [...new Set(runs.map(run => run.generator.scheduleHash))]
  const differing = compared.filter(runs => hashesOf(runs).length > 1)
  if (differing.length > 0) {
    const repeats = new Set(differing.map(([run]) => run!.repeat + 1))
    const where = swept
      ? `${plural(new Set(differing.map(([run]) => run!.point?.at)).size, 'point')} of repeat`
      : 'repeat'
    const sentence = `Within ${where} ${[...repeats].join(', ')} the schedules differ, so variants do not compare.`
    return { name, status: 'bad', sentence }
  }
  const hashes = hashesOf(record.runs)
  const schedules = hashes.length > mostHashesTold ? `${hashes.length} schedules` : `schedule ${hashes.join(', ')}`
  const sentence = `${swept ? 'At each point the' : 'The'} same requests were due at the same instants for every ${swept ? 'series' : 'variant'} (seed ${record.seed}, ${schedules}).`
  return { name, status: 'good', sentence }
}

/** In place of what is said of the instrument, of which a simulation has none. */
function virtualClock(): TrustCheck {
  const sentence =
    'Every run is simulated: nothing is late, no core is too busy, and the same seed gives the same figures on any machine.'
  return { name: 'Virtual clock', status: 'note', sentence }
}

function undisturbed(record: ScenarioRecord): TrustCheck {
  const name = 'Disturbed runs'
  const disturbed = record.runs.filter(run => !run.trust.timing.ok)
  if (disturbed.length === 0) {
    return {
      name,
      status: 'good',
      sentence: 'There is none: the instrument got in the way of no run.',
    }
  }
  const told = disturbed.slice(0, mostRunsTold).map(run => `${runName(run)}: ${disturbanceOf(run)}`)
  const more = disturbed.length > told.length ? ` And ${disturbed.length - told.length} more.` : ''
  const sentence =
    `${disturbed.length} of ${plural(record.runs.length, 'run')} ${disturbed.length === 1 ? 'was' : 'were'} disturbed: ` +
    `counts stand, timing claims that rest on them are undecided. ${told.join('. ')}.${more}`
  return { name, status: 'bad', sentence }
}

function punctuality(record: ScenarioRecord): TrustCheck {
  const late = record.runs.map(run => run.generator.lagP99Ms).filter(value => value !== null)
  const most = record.runs.map(run => run.generator.lagMaxMs).filter(value => value !== null)
  const sentence =
    late.length === 0
      ? 'Too few requests were sent to say how late the generator was.'
      : `In the worst run 99 % of requests left within ${formatMs(Math.max(...late))} of the instant they were due` +
        `${most.length > 0 ? ` and the last one ${formatMs(Math.max(...most))} late` : ''}; latency counts from the due instant, so lateness is never hidden.`
  return { name: 'Generator lateness', status: 'note', sentence }
}

function generatorCpu(record: ScenarioRecord): TrustCheck {
  const busiest = Math.max(...record.runs.map(run => run.generator.cpuShare))
  const sentence =
    `Generator and origins used at most ${formatShare(busiest)} of a core. ` +
    'One that paces itself by spinning uses all of it on purpose; otherwise, near 100 % it is the bottleneck itself.'
  return { name: 'Generator CPU', status: 'note', sentence }
}

function runQueue(record: ScenarioRecord): TrustCheck {
  const generator = Math.max(...record.runs.map(run => run.generator.runQueueShare))
  const target = Math.max(...record.runs.map(run => run.cpu.runQueueMs / Math.max(1, run.phases.at(-1)?.toMs ?? 0)))
  const sentence =
    `Ready to run and not running: the generator at most ${formatShare(generator)} of a run, ` +
    `the target at most ${formatShare(target)} (all its processes together).`
  return { name: 'Waiting for a core', status: 'note', sentence }
}

/** What did not run, and why. */
function notRun(record: ScenarioRecord): TrustCheck[] {
  return skippedVariants(record).map(({ names, reason }) => ({
    name: `${names} did not run`,
    status: 'note',
    sentence: `${reason}.`,
  }))
}

function direct(record: ScenarioRecord): TrustCheck {
  const name = 'Latency without a proxy'
  if (record.variants.some(variant => variant.target === 'direct' && variant.skipped === null)) {
    return {
      name,
      status: 'note',
      sentence: 'A run without any proxy, paced in the same way, stands in the table as “direct”.',
    }
  }
  const sentence =
    'This record holds no run without a proxy. The latency a proxy adds is taken per request instead: answer minus send, ' +
    'less the time the origin took on the same clock.'
  return { name, status: 'note', sentence }
}
