// Clients that read slowly, and an origin with two slots: who waits for them, the origin or the proxy's memory? Bodies are
// large because the kernel of a machine that talks to itself takes about 4 MB of each connection before anybody waits.
import { plain } from '../core/architecture.ts'
import { kindWhen, median, perVariant, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type Variant } from '../core/scenario.ts'

const base: Architecture = { ...plain, maxConnections: 1000 }

const answerBytes = 16_000_000
const readers = 4
/** What a reader takes of an answer before it reads: its own kernel's part and the proxy's. The rest waits somewhere. */
const waitingBytesAtLeast = readers * 6_000_000
const heldTimesAtLeast = 3
const spoolMemoryAtMost = 16_000_000
/** Of the requests of others in the slow phase. */
const failedShareAllowed = 0.05
const failedShareNeeded = 0.25

const bufferingOf = (run: Run) => `${run.settings.buffering}`.split(':')[0]!
const passes = (run: Run) => ['streaming', 'one-buffer'].includes(bufferingOf(run))
const holds = (run: Run) => ['full-response', 'spool'].includes(bufferingOf(run))
const inMemory = (run: Run) => bufferingOf(run) === 'full-response' && run.target === 'windtunnel'
const inFile = (run: Run) => bufferingOf(run) === 'spool' && run.target === 'windtunnel'

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
/** How long an answer to a slow reader occupied the origin, on average; NaN when there was none. */
const heldMs = (run: Run) => (run.counters.originOthersHeldMs ?? 0) / (run.counters.originRequestsNotHonest ?? 0)
const heldPeak = (run: Run) => run.counters['target.heldPeakBytes'] ?? 0
const grownBytes = (run: Run) => run.memory.peakRssBytes - run.memory.rssBytes
const slowPhase = (run: Run) => run.phases.find(phase => phase.name === 'slow')!
const failedShare = (run: Run) => {
  const { errors, requests } = slowPhase(run)
  return sum(Object.values(errors)) / Math.max(1, requests)
}

function occupancy(passing: readonly Run[], holding: readonly Run[]): Claim {
  const least = Math.min(...passing.map(heldMs))
  const most = Math.max(...holding.map(heldMs))
  const uses = [...passing, ...holding]
  return {
    claim: `An answer that goes on as the client reads holds the origin at least ${heldTimesAtLeast} times as long as one that waits in the proxy.`,
    // A busy machine lengthens both, the short one most of all.
    kind: kindWhen(least >= heldTimesAtLeast * most),
    holds: least >= heldTimesAtLeast * most,
    evidence: perVariant(uses, some => `${median(some.map(heldMs)).toFixed(0)} ms with each slow reader`),
    uses,
  }
}

function others(passing: readonly Run[], holding: readonly Run[]): Claim {
  const uses = [...passing, ...holding]
  const holdsTrue =
    passing.every(run => failedShare(run) >= failedShareNeeded) &&
    holding.every(run => failedShare(run) <= failedShareAllowed)
  return {
    claim: `Where answers wait in the proxy, at most ${failedShareAllowed * 100} % of everybody else's requests fail; where they do not, others wait for the slow readers and ${failedShareNeeded * 100} % or more fail.`,
    // In the same conditions the others are served: it is not the machine that fails them.
    kind: kindWhen(holdsTrue),
    holds: holdsTrue,
    evidence: perVariant(uses, some => `${(Math.max(...some.map(failedShare)) * 100).toFixed(1)} % of others failed`),
    uses,
  }
}

function memory(passing: readonly Run[], memories: readonly Run[], files: readonly Run[]): Claim {
  const uses = [...passing, ...memories, ...files]
  const small = [...passing.filter(run => run.target === 'windtunnel'), ...files]
  const holdsTrue =
    memories.every(run => heldPeak(run) >= waitingBytesAtLeast) &&
    small.every(run => heldPeak(run) <= spoolMemoryAtMost)
  return {
    claim: `The price is memory: what waits in it is ${megabytes(waitingBytesAtLeast)} or more, and at most ${megabytes(spoolMemoryAtMost)} when it waits in files.`,
    kind: 'count',
    holds: holdsTrue,
    evidence: perVariant(
      uses,
      some =>
        `${megabytes(Math.max(...some.map(heldPeak)))} of bodies in memory, resident memory grew by ${megabytes(median(some.map(grownBytes)))}`,
    ),
    uses,
  }
}

function judge(runs: readonly Run[]): Claim[] {
  const passing = runs.filter(run => passes(run) && slowPhase(run))
  const holding = runs.filter(run => holds(run) && slowPhase(run))
  const memories = holding.filter(inMemory)
  const files = holding.filter(inFile)
  const both = passing.length > 0 && holding.length > 0
  return [
    ...(both ? [occupancy(passing, holding), others(passing, holding)] : []),
    ...(memories.length > 0 && files.length > 0 ? [memory(passing, memories, files)] : []),
  ]
}

const phases = (calm: number, slow: number) => [
  { name: 'calm', durationMs: calm },
  { name: 'slow', durationMs: slow },
]

const variant = (name: string, buffering: string, about: string, target = 'windtunnel'): Variant => ({
  name,
  target,
  about,
  settings: { ...base, buffering },
})

const spool = 'spool:bodies=responses,memoryBytes=262144,flushBytes=65536'

export default defineScenario({
  question: 'When clients read slowly, what waits for them: the origin, memory, or a file?',
  explanation:
    'Some clients sit behind slow lines, and an answer reaches them at the speed of the line. ' +
    'A proxy that passes bytes on as they are taken makes the origin wait as well: the thread, process or slot that gave the answer is occupied until the last byte has gone. ' +
    'A proxy that reads the whole answer at the speed of the origin frees it at once and pays with memory, or with a temporary file. ' +
    'Here four slow readers ask for 16 MB each from an origin with two slots, while everybody else asks for little. ' +
    'Look at how long an answer holds the origin, at what that does to the others, and then at the memory: the order is reversed.',
  seed: 31,
  origins: { count: 1, service: 'fixed:ms=2', slots: 2, responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 100 },
    profile: 'poisson:ratePerSecond=80',
    pacing: 'timer',
    timeoutMs: 1000,
    from: '127.0.0.2',
  },
  hostile: [
    {
      client: `slow-reader:connections=${readers},addresses=${readers},bytes=${answerBytes},bytesPerSecond=3000000,connectionsPerSecond=4`,
      phase: 'slow',
    },
  ],
  measuredPhase: 'slow',
  effort: {
    quick: { repeats: 1, phases: phases(600, 4000) },
    normal: { repeats: 3, phases: phases(1000, 5000) },
    thorough: { repeats: 8, phases: phases(2000, 12_000) },
  },
  base,
  variants: [
    variant('streaming', 'streaming', 'Bytes go on as they come; the origin waits while the client does not read.'),
    variant('one-buffer', 'one-buffer', 'The same with one buffer of 16 KB between them, as in HAProxy.'),
    variant(
      'full-response',
      'full-response:maxBytes=33554432,totalBytes=1073741824,flushBytes=65536',
      'Whole answers wait in memory.',
    ),
    variant('spool', spool, 'Answers wait in memory up to 256 KB, and beyond that in a file.'),
    variant('nginx spool', spool, 'NGINX with buffers and a temporary file of the same size.', 'nginx'),
  ],
  limits: [
    'Between processes of one machine the kernel takes about 4 MB of each connection before a writer has to wait, on both sides of the proxy; real slow lines have far smaller buffers, so that answers of a hundredth of this size would do the same.',
    'The slow readers keep one pace; real lines stall and recover.',
    'Temporary files are written to the disk of this machine, and mostly to its memory: a slower disk would hold the origin longer.',
    'The memory of bodies is our proxy’s own count; of NGINX only the resident memory is known.',
  ],
  judge,
})
