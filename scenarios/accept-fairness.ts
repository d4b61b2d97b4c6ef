// Two hundred connections that stay among many that do not, four worker processes: who gets them? The kernel decides by a hash,
// which is even only when there are many; a process that accepts for all can count.
import { independentRequests, plain } from '../core/architecture.ts'
import { perVariant, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const workers = 4
const connections = 200

const base: Architecture = { ...plain, threading: `processes:workers=${workers}` }
const accepting = (accept: string): Architecture => ({
  ...base,
  threading: `processes:workers=${workers},accept=${accept}`,
})

/** So many connections does a worker serve beside those that stay: each of the short ones lasts some milliseconds. */
const passingAllowed = 4
/** In turn shares are equal, but what a worker last told of itself is some tenths of a second old. */
const turnsAllowed = 1.05
/** Of a thousand connections the hash gives no worker more than so many times its share. */
const sharesAllowed = 1.25

const perWorker = (run: Run, counter: string) =>
  Array.from({ length: workers }, (_, worker) => run.counters[`target.worker${worker}.${counter}`] ?? 0)
/** Connections that each worker has taken, nearly all of them short. */
const taken = (run: Run) => perWorker(run, 'connectionsAccepted')
/** The most that each had open at once, nearly all of which stay. */
const kept = (run: Run) => perWorker(run, 'connectionsOpenPeak')

const difference = (values: readonly number[]) => Math.max(...values) - Math.min(...values)
const largestShare = (values: readonly number[]) => Math.max(...values) / (sum(values) / workers)
const byKernel = (run: Run) => !`${run.settings.threading}`.includes('accept=')
const counts = (run: Run) => /accept=(least-connections|two-index)/.test(`${run.settings.threading}`)
const inTurn = (run: Run) => `${run.settings.threading}`.includes('accept=round-robin')
const say = (of: (run: Run) => number[]) => (some: readonly Run[]) => some.map(run => of(run).join(' + ')).join(' and ')

function claim(sentence: string, uses: readonly Run[], holds: boolean, of: (run: Run) => number[]): Claim[] {
  if (uses.length === 0) return []
  return [{ claim: sentence, kind: 'count', holds, evidence: perVariant(uses, say(of)), uses }]
}

function answered(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const failed = sum(runs.map(run => run.generator.failed))
  const late = sum(runs.map(run => run.errors.timeout ?? 0))
  return [
    {
      claim: 'Every request is answered, whoever took its connection.',
      kind: failed > 0 && failed === late ? 'timing' : 'count',
      holds: failed === 0 && runs.every(run => run.generator.completed > 0),
      evidence: perVariant(runs, some => `${sum(some.map(run => run.generator.failed))} failed`),
      uses: runs,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const ours = runs.filter(run => /^(processes|threads):/.test(`${run.settings.threading}`))
  const kernel = ours.filter(byKernel)
  const counting = ours.filter(counts)
  const turns = ours.filter(inTurn)
  return [
    ...claim(
      `The kernel’s hash leaves some worker with over ${passingAllowed} more of the ${connections} connections that stay than another.`,
      kernel,
      kernel.some(run => difference(kept(run)) > passingAllowed),
      kept,
    ),
    ...claim(
      `Whoever hands a connection to a worker that has few leaves none with more than ${passingAllowed} more than another.`,
      counting,
      counting.every(run => difference(kept(run)) <= passingAllowed),
      kept,
    ),
    ...claim(
      `In turn, no worker takes more than ${turnsAllowed} times its share of all connections.`,
      turns,
      turns.every(run => largestShare(taken(run)) <= turnsAllowed),
      taken,
    ),
    ...claim(
      `Connections of both kinds together even out by the hash: no worker takes more than ${sharesAllowed} times its share.`,
      kernel,
      kernel.every(run => largestShare(taken(run)) <= sharesAllowed),
      taken,
    ),
    ...answered(ours),
  ]
}

const phases = (durationMs: number) => [{ name: 'steady', durationMs }]

export default defineScenario({
  question: 'Who gets the connections that stay, when many others come and go?',
  explanation:
    `${connections} clients connect, ask once and keep their connection, as browsers, databases and other proxies do. Among them come many more that ask once and leave. ${workers} processes serve them all. ` +
    'When every process listens for itself the kernel spreads connections by a hash of addresses and ports. Over a thousand connections that is nearly even; over two hundred it is not, and a worker that has drawn many of those that stay keeps them. ' +
    'One process that accepts for all can hand them out in turn, which is even too, but says nothing of who stays; or to the worker that has the fewest now. It pays for that with a handover between processes for every connection. ' +
    'Look at the most connections that each worker had open at once: nearly all of these are the ones that stay.',
  seed: 1,
  origins: { count: 2, service: 'fixed:ms=2', responseBytes: 512 },
  load: independentRequests(300, 2000),
  hostile: [{ client: `idle:connections=${connections},connectionsPerSecond=150`, phase: 'steady' }],
  measuredPhase: 'steady',
  effort: {
    quick: { repeats: 1, phases: phases(2500) },
    normal: { repeats: 3, phases: phases(3000) },
    thorough: { repeats: 6, phases: phases(8000) },
  },
  base,
  variants: [
    { name: 'kernel', target: 'windtunnel', about: 'Every worker listens; the kernel hashes.', settings: base },
    {
      name: 'round-robin',
      target: 'windtunnel',
      about: 'One process accepts and hands over in turn.',
      settings: accepting('round-robin'),
    },
    {
      name: 'least-connections',
      target: 'windtunnel',
      about: 'One process accepts and hands over to the worker with the fewest.',
      settings: accepting('least-connections'),
    },
    {
      name: 'two-index',
      target: 'windtunnel',
      about: 'HAProxy’s rule: two wandering indexes, the better one takes it.',
      settings: accepting('two-index'),
    },
    {
      name: 'threads',
      target: 'windtunnel',
      about: 'The same rule, with threads of one process in place of processes.',
      settings: { ...base, threading: `threads:workers=${workers},accept=two-index` },
    },
  ],
  limits: [
    'All workers share one core here, so that an uneven spread costs nothing: what it would cost with a core for each is not shown, nor how throughput grows with cores.',
    'In turn, those that stay fall as chance has it among those that do not; how uneven that is differs from run to run, and is shown but not judged.',
    'Whoever goes by the fewest open connections finds most workers equal, and a rule for ties then gives one of them many of the short ones: the connections that a worker has taken are uneven although those it has are not.',
    'A connection that is just passing may be among those that were open at the peak.',
    'The price of a handover, a message with a descriptor between two processes or threads for each connection, is not judged.',
  ],
  judge,
})
