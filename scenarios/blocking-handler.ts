// One request in a hundred makes the proxy compute for 50 ms. In one event loop everybody waits for it; with several loops
// only those do who share the loop.
import { plain } from '../core/architecture.ts'
import { median, perVariant, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type Variant } from '../core/scenario.ts'

const burnMs = 50
const workers = 4
const burning: Architecture = { ...plain, filter: `burn:share=0.01,ms=${burnMs}` }

/** With one loop that computes for a fifth of the time, at least a tenth of all users meet it at work. */
const blockedMs = 15
const timesBetter = 2

const modelOf = (run: Run) => `${run.settings.threading}`.split(':')[0]!
const isBurning = (run: Run) => `${run.settings.filter}` !== 'none'
const isOneLoop = (run: Run) => ['single', 'prefork'].includes(modelOf(run))

const p90Of = (run: Run) => run.phases.find(phase => phase.name === 'load')?.latency.p90Ms ?? null
const p90 = (runs: readonly Run[]) => median(runs.flatMap(run => p90Of(run) ?? []))

const tails = (runs: readonly Run[]) =>
  perVariant(runs, some => {
    const burns = sum(some.map(run => run.counters['target.filterBurns'] ?? 0))
    return `one in ten waited ${p90(some).toFixed(1)} ms or more, ${burns} requests computed`
  })

const known = (runs: readonly Run[]) => runs.filter(run => p90Of(run) !== null)

/** The largest of the middle values of the variants among `runs`. */
const worst = (runs: readonly Run[]) =>
  Math.max(...[...new Set(runs.map(run => run.variant))].map(name => p90(runs.filter(run => run.variant === name))))

// Neighbours make waits longer, never shorter: where a comparison holds although the side that is to be quick was disturbed,
// it holds all the more. So only the slow side must have been undisturbed. Several loops on one core disturb each other anyway.

function blocked(one: readonly Run[], idle: readonly Run[]): Claim[] {
  if (one.length === 0 || idle.length === 0) return []
  const holds = p90(one) >= worst(idle) + blockedMs
  return [
    {
      claim: `With one loop a hundredth of the requests makes a tenth of the users wait ${blockedMs} ms longer.`,
      kind: 'timing',
      holds,
      evidence: tails([...idle, ...one]),
      uses: holds ? one : [...idle, ...one],
    },
  ]
}

function isolated(one: readonly Run[], several: readonly Run[]): Claim[] {
  if (one.length === 0 || several.length === 0) return []
  const holds = worst(several) * timesBetter <= p90(one)
  return [
    {
      claim: `With ${workers} loops, in processes or in threads, that wait is at most half as long.`,
      kind: 'timing',
      holds,
      evidence: tails([...one, ...several]),
      uses: holds ? one : [...one, ...several],
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const ours = runs.filter(run => run.target === 'windtunnel')
  if (ours.length === 0) return []
  const one = known(ours.filter(run => isBurning(run) && isOneLoop(run)))
  const several = known(ours.filter(run => isBurning(run) && !isOneLoop(run)))
  const idle = known(ours.filter(run => !isBurning(run)))
  const failed = sum(ours.map(run => run.generator.failed))
  const late = sum(ours.map(run => run.errors.timeout ?? 0))
  return [
    ...blocked(one, idle),
    ...isolated(one, several),
    {
      claim: 'Everybody is answered all the same.',
      kind: failed > 0 && failed === late ? 'timing' : 'count',
      holds: failed === 0,
      evidence: perVariant(ours, some => `${sum(some.map(run => run.generator.failed))} failed`),
      uses: ours,
    },
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

const variant = (name: string, threading: string, about: string): Variant => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...burning, threading },
})

export default defineScenario({
  question: 'One request in a hundred computes for 50 ms: who waits for it?',
  explanation:
    'An event loop serves thousands of connections because none of them holds it for long. ' +
    `Here one request in a hundred does: a filter computes for ${burnMs} ms, as a bad regular expression or a large JSON document would. ` +
    'With one loop everybody who comes meanwhile waits, although the handler of their own request is quick. ' +
    `With ${workers} loops only those wait whose connection is served by the loop that computes; whether a loop lives in a process or in a thread makes no difference to that. ` +
    'Look at the 90th percentile: the requests that compute are only one in a hundred, so it shows the others.',
  seed: 17,
  origins: { count: 2, service: 'fixed:ms=1', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 200 },
    profile: 'poisson:ratePerSecond=400',
    pacing: 'timer',
    timeoutMs: 4000,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, phases: phases(4000) },
    normal: { repeats: 3, phases: phases(6000) },
    thorough: { repeats: 8, phases: phases(10_000) },
  },
  base: burning,
  variants: [
    { name: 'nobody computes', target: 'windtunnel', about: 'One loop, nothing to wait for.', settings: plain },
    variant('one loop', 'single', 'One process with one event loop.'),
    variant('processes', `processes:workers=${workers},accept=round-robin`, 'Four processes, dealt out in turn.'),
    variant('threads', `threads:workers=${workers}`, 'Four threads, dealt out by the kernel’s hash.'),
  ],
  limits: [
    'All loops share one core here. While one computes, another is let in between as soon as it has something to do; with a core for each it would not have to ask.',
    'Several loops on one core wait for each other, which counts as disturbed: a comparison that holds in spite of it stands.',
    '`prefork` is not among the variants: its slots are modelled in one loop and would all wait, where the processes it stands for would not.',
    'How throughput grows with the number of cores cannot be shown on two cores that the load generator shares.',
    'The filter computes with the core’s full attention: it neither reads memory nor allocates, as a real handler would.',
  ],
  judge,
})
