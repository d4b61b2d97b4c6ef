// Uploads at one byte at a time, and an origin that takes a slot with the head of a request: who keeps the slots free?
// Two kinds of slow client: one that begins slowly, and one that sends a first lump and is slow from then on.
import { plain } from '../core/architecture.ts'
import { kindWhen, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type Variant } from '../core/scenario.ts'

const base: Architecture = { ...plain, maxConnections: 1000 }

const lumpBytes = 100_000
const failedShareAllowed = 0.02
const failedShareNeeded = 0.5
/** What the bodies of the attackers may take of our memory, all together. */
const uploads = 40
const heldAtMost = uploads * (lumpBytes + 65_536)

const bufferingOf = (run: Run) => `${run.settings.buffering}`
const isStreaming = (run: Run) => bufferingOf(run).startsWith('streaming')
const isOneBuffer = (run: Run) => bufferingOf(run).startsWith('one-buffer')
const isWhole = (run: Run) => /^(full-request|spool)/.test(bufferingOf(run))

/** The share of honest requests due in a phase that failed; NaN, of which nothing is true, without the phase. */
function failedShare(run: Run, name: string): number {
  const phase = run.phases.find(one => one.name === name)
  if (!phase || phase.requests === 0) return Number.NaN
  return Object.values(phase.errors).reduce((sum, count) => sum + count, 0) / phase.requests
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const inBoth = (some: readonly Run[]) => {
  const worst = (name: string) => percent(Math.max(...some.map(run => failedShare(run, name))))
  return `${worst('drip')} of others failed beside a drip, ${worst('lump')} beside a lump and a drip`
}
const loses = (run: Run, phase: string) => failedShare(run, phase) >= failedShareNeeded
const keeps = (run: Run, phase: string) => failedShare(run, phase) <= failedShareAllowed

function claimOf(claim: string, runs: readonly Run[], holds: boolean): Claim[] {
  if (runs.length === 0) return []
  return [{ claim, kind: kindWhen(holds), holds, evidence: perVariant(runs, inBoth), uses: runs }]
}

function reached(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const count = (run: Run) => run.counters.originRequestsNotHonest ?? 0
  return [
    {
      claim: 'Of an upload that is collected and never ends no origin hears.',
      kind: 'count',
      holds: runs.every(run => count(run) === 0),
      evidence: perVariant(runs, some => `${Math.max(...some.map(count))} slow uploads reached an origin`),
      uses: runs,
    },
  ]
}

function memory(runs: readonly Run[]): Claim[] {
  const ours = runs.filter(run => run.target === 'windtunnel')
  if (ours.length === 0) return []
  const peak = (run: Run) => run.counters['target.heldPeakBytes'] ?? 0
  return [
    {
      claim: `All that is held of ${uploads} uploads at a time stays below ${(heldAtMost / 1e6).toFixed(1)} MB.`,
      kind: 'count',
      holds: ours.every(run => peak(run) <= heldAtMost),
      evidence: perVariant(ours, some => `${(Math.max(...some.map(peak)) / 1e6).toFixed(2)} MB`),
      uses: ours,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const streaming = runs.filter(isStreaming)
  const oneBuffer = runs.filter(isOneBuffer)
  const whole = runs.filter(isWhole)
  return [
    ...claimOf(
      `Passed on as they come, slow uploads take the origin's slots, and at least ${failedShareNeeded * 100} % of others fail.`,
      streaming,
      streaming.every(run => loses(run, 'drip') && loses(run, 'lump')),
    ),
    ...claimOf(
      'One buffer keeps the slots free from uploads that fit into it, and not from those that fill it.',
      oneBuffer,
      oneBuffer.every(run => keeps(run, 'drip') && loses(run, 'lump')),
    ),
    ...claimOf(
      `Collected whole, slow uploads take no slot: at most ${failedShareAllowed * 100} % of others fail.`,
      whole,
      whole.every(run => keeps(run, 'drip') && keeps(run, 'lump')),
    ),
    ...reached(whole),
    ...memory(runs),
  ]
}

const phases = (calm: number, slow: number) => [
  { name: 'calm', durationMs: calm },
  { name: 'drip', durationMs: slow },
  { name: 'lump', durationMs: slow },
]

const variant = (name: string, buffering: string, about: string, target = 'windtunnel'): Variant => ({
  name,
  target,
  about,
  settings: { ...base, buffering },
})

const slow = `slow-upload:connections=${uploads},bytes=900000,connectionsPerSecond=200`

export default defineScenario({
  question: 'What does an upload at one byte at a time cost the origin?',
  explanation:
    'Many origins give a request a thread or a process as soon as its head has come, and keep it until the body has. ' +
    'A client that sends its body one byte at a time, out of malice or over a bad line, then occupies that place and does nothing with it; as many such clients as there are places, and nobody else is served. ' +
    'A proxy that collects the body first keeps it in memory or on disk, where a slow client costs a few kilobytes, and bothers the origin with requests that are complete. ' +
    'One buffer of fixed size is a middle way: it waits until the body is there or the buffer is full, which a client that knows its size gets around by sending that much at once. ' +
    'Look at the share of honest requests that fail in either phase of slow uploads.',
  seed: 32,
  origins: { count: 1, service: 'fixed:ms=2', slots: 8, slotFrom: 'head', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 100 },
    profile: 'poisson:ratePerSecond=100',
    pacing: 'timer',
    timeoutMs: 500,
    from: '127.0.0.2',
  },
  hostile: [
    { client: slow, phase: 'drip' },
    { client: `${slow},firstBytes=${lumpBytes}`, phase: 'lump' },
  ],
  measuredPhase: 'lump',
  effort: {
    quick: { repeats: 1, phases: phases(400, 2000) },
    normal: { repeats: 3, phases: phases(1000, 3000) },
    thorough: { repeats: 8, phases: phases(2000, 8000) },
  },
  base,
  variants: [
    variant('streaming', 'streaming', 'An origin is chosen at the head and gets the body as it comes.'),
    variant('one-buffer', 'one-buffer:waitFor=body', 'An origin is chosen when the body, or 16 KB of it, is here.'),
    variant('full-request', 'full-request', 'An origin is chosen when the whole body is here, in memory.'),
    variant('spool', 'spool:bodies=requests', 'The same, with more than 64 KB of a body in a file.'),
    variant('nginx full-request', 'full-request', 'NGINX, which does this by itself.', 'nginx'),
  ],
  limits: [
    'The slots of the origin are modelled: a request occupies one from its head on, as with a thread per request; an origin with an event loop would lose less.',
    'No upload of a slow client ever ends here, and no time limit of the proxy passes while it lasts: bodyIdleMs counts from byte to byte.',
    'Uploads of honest users, which wait until they are complete, become slower by the time that they could have spent on their way to the origin; that is not measured.',
  ],
  judge,
})
