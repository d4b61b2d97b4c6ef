// An origin stops for a tenth of the run while a tester with few connections goes on by the clock. The same requests, timed
// from the send and from the instant they were due: two stories, of which only one is what users lived through.
// Source: Gil Tene, "How NOT to Measure Latency", 2013, who named it.
import { plain } from '../core/architecture.ts'
import { median, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario } from '../core/scenario.ts'

const connections = 4
const serviceMs = 5
const ratePerSecond = 200
const stopped = [0.5, 0.6] as const
/** The stall as a share of itself: from the send hardly any of it may show, from the due instant most of it must. */
const hidden = 0.1
const seen = 0.5

const loadOf = (run: Run) => run.phases.find(phase => phase.name === 'load')!
const stallMs = (run: Run) => (stopped[1] - stopped[0]) * (loadOf(run).toMs - loadOf(run).fromMs)
const known = (runs: readonly Run[]) =>
  runs.length > 0 && runs.every(run => loadOf(run).latency.p99Ms !== null && loadOf(run).service.p99Ms !== null)
const ms = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ms`

/** What one of the two clocks says, as a part of a sentence for each variant. */
function evidence(runs: readonly Run[], clock: 'latency' | 'service'): string {
  const p99 = (run: Run) => loadOf(run)[clock].p99Ms ?? 0
  return perVariant(
    runs,
    some =>
      `p99 ${ms(median(some.map(p99)))}, with a stop of ${ms(median(some.map(stallMs)))} in a run ten times as long`,
  )
}

function judge(runs: readonly Run[]): Claim[] {
  if (!known(runs)) return []
  const answered = runs.every(run => run.generator.failed === 0)
  return [
    {
      claim: 'Timed from the send, the p99 shows next to nothing of the stop.',
      kind: 'timing',
      holds: runs.every(run => loadOf(run).service.p99Ms! <= hidden * stallMs(run)),
      evidence: evidence(runs, 'service'),
      uses: runs,
    },
    {
      claim: 'Timed from the instant at which requests were due, the p99 is at least half of the stop.',
      kind: 'timing',
      holds: runs.every(run => loadOf(run).latency.p99Ms! >= seen * stallMs(run)),
      evidence: evidence(runs, 'latency'),
      uses: runs,
    },
    {
      claim: 'No request fails: nothing but the two clocks tells of the stop.',
      kind: answered ? 'count' : 'timing',
      holds: answered,
      evidence: perVariant(runs, some => `${some.reduce((sum, run) => sum + run.generator.failed, 0)} failed`),
      uses: runs,
    },
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'An origin stops for a moment. What does a tester see who times each request from its send?',
  explanation:
    `A tester has ${connections} connections and a timetable of ${ratePerSecond} requests per second. For a tenth of the run the origin does nothing. ` +
    'Each connection then has one request under way, and the others that become due cannot be sent. ' +
    'When the origin goes on, they are sent one after the other and answered as quickly as ever. ' +
    'Timed from the send, only one request for each connection was slow. Timed from the instant at which it was due, a tenth of all were. ' +
    'This is coordinated omission: the tester leaves out just the requests that would have had a bad time. Look at the p99 on both clocks.',
  seed: 3,
  origins: { count: 1, service: `fixed:ms=${serviceMs}`, responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: connections },
    profile: `constant:ratePerSecond=${ratePerSecond}`,
    pacing: 'timer',
    timeoutMs: 10_000,
    from: '127.0.0.2',
  },
  hostile: [],
  faults: [{ fault: 'stop', origin: 0, phase: 'load', during: stopped }],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, phases: phases(8000) },
    normal: { repeats: 3, phases: phases(10_000) },
    thorough: { repeats: 5, phases: phases(20_000) },
  },
  base: plain,
  variants: [
    { name: 'proxy', target: 'windtunnel', about: 'The plainest proxy there is.', settings: plain },
    { name: 'direct', target: 'direct', about: 'No proxy: it is the tester who errs, not the proxy.', settings: plain },
  ],
  limits: [
    'Every figure that Windtunnel shows elsewhere is timed from the due instant; only here is the other clock the subject.',
    'A tester without a timetable, who sends when the answer before has come, leaves those requests out altogether and sees as little.',
  ],
  judge,
})
