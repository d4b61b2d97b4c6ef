// An origin that tells its events as they happen, and a proxy that collects before it forwards: when does the first event
// arrive? The price of what `slow-clients` praises.
import { plain } from '../core/architecture.ts'
import { kindWhen, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type Variant } from '../core/scenario.ts'

const base: Architecture = { ...plain, maxConnections: 1000 }

const events = 10
const everyMs = 60
const streamBytes = 1000
/** From the first event to the last, as the origin tells them. */
const streamMs = (events - 1) * everyMs
/** A median above this share of the stream has waited for its end; one below the other share has not waited. */
const heldBackShare = 0.9
const passedShare = 0.25

const bufferingOf = (run: Run) => `${run.settings.buffering}`
const asksUnbuffered = (run: Run) => `${run.settings.request ?? ''}`.includes('unbuffered')
const flushesSmall = (run: Run) => /flushBytes=\d{1,2}\b/.test(bufferingOf(run))
/** NGINX hands on each chunk that an origin sends; only what ends with the connection waits for a full buffer. */
const readsChunks = (run: Run) => run.target === 'nginx' && !`${run.settings.request ?? ''}`.includes('close')
const collects = (run: Run) => /^(full-response|spool)/.test(bufferingOf(run)) && !readsChunks(run)

/** The median delay of the first event, from the send; NaN, of which nothing is true, when there is none. */
const firstEventMs = (run: Run) =>
  run.phases.find(phase => phase.name === 'events')?.firstByte?.p50Ms ?? lastEventMs(run)
/** Where no stream came in pieces, its first byte came with its last. */
const lastEventMs = (run: Run) => run.phases.find(phase => phase.name === 'events')?.service.p50Ms ?? Number.NaN

const say = (some: readonly Run[]) => {
  const ms = (values: readonly number[]) => `${Math.max(...values).toFixed(0)} ms`
  return `first event after ${ms(some.map(firstEventMs))}, all after ${ms(some.map(lastEventMs))}`
}

function heldBack(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  return [
    {
      claim: 'Who collects an answer before it goes on holds the first event back until the last has happened.',
      // Nothing but the proxy can hold back half of all streams to their end; a busy machine cannot make them earlier.
      kind: 'count',
      holds: runs.every(run => firstEventMs(run) >= heldBackShare * streamMs),
      evidence: perVariant(runs, say),
      uses: runs,
    },
  ]
}

function passedOn(claim: string, runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const holds = runs.every(run => firstEventMs(run) <= passedShare * streamMs)
  return [{ claim, kind: kindWhen(holds), holds, evidence: perVariant(runs, say), uses: runs }]
}

function complete(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const failed = (run: Run) => run.generator.failed
  const holds = runs.every(run => failed(run) === 0)
  return [
    {
      claim: 'Every stream arrives whole.',
      kind: kindWhen(holds),
      holds,
      evidence: perVariant(runs, some => `${Math.max(...some.map(failed))} failed`),
      uses: runs,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const measured = runs.filter(run => run.phases.some(phase => phase.name === 'events'))
  const plainly = measured.filter(run => !asksUnbuffered(run) && !flushesSmall(run))
  return [
    ...passedOn(
      'Who passes bytes on as they come delivers the first event at once.',
      plainly.filter(run => !collects(run) && !readsChunks(run)),
    ),
    ...heldBack(plainly.filter(collects)),
    ...passedOn(
      'With X-Accel-Buffering: no from the origin, who collects otherwise delivers the first event at once.',
      measured.filter(run => collects(run) && asksUnbuffered(run)),
    ),
    ...passedOn(
      'So does who sends on whatever is larger than a few bytes.',
      measured.filter(run => collects(run) && flushesSmall(run)),
    ),
    ...passedOn('NGINX with buffers passes chunks on as they come.', plainly.filter(readsChunks)),
    ...complete(measured),
  ]
}

const request = `/?events=${events}&every=${everyMs}&chunked=1`
const untilClose = `/?events=${events}&every=${everyMs}&close=1`

const variant = (name: string, buffering: string, about: string, more: Partial<Variant> = {}): Variant => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...base, buffering },
  ...more,
})

export default defineScenario({
  question: 'How long does an event of a live stream wait in the proxy?',
  explanation:
    'A chat, a ticker, an answer that a model writes word by word: the origin begins an answer and adds to it whenever something happens. ' +
    'A proxy that frees its origins by collecting answers does not know that somebody waits for each piece, and holds it until a buffer is full or the answer complete. ' +
    'That is why such proxies have ways out: the origin says X-Accel-Buffering: no with an answer that must not wait, or the proxy sends on whatever is there. ' +
    `Here an answer of ${streamBytes} bytes is told in ${events} events, one every ${everyMs} ms. ` +
    'Look at when the first event arrives, and compare it with when the last one does.',
  seed: 33,
  origins: { count: 2, service: 'fixed', responseBytes: streamBytes },
  load: {
    connections: { kind: 'keep-alive', count: 200 },
    profile: 'poisson:ratePerSecond=40',
    pacing: 'timer',
    timeoutMs: 5000,
    from: '127.0.0.2',
    request,
  },
  hostile: [],
  measuredPhase: 'events',
  effort: {
    quick: { repeats: 1, phases: [{ name: 'events', durationMs: 2500 }], warmUpMs: 600 },
    normal: { repeats: 3, phases: [{ name: 'events', durationMs: 4000 }] },
    thorough: { repeats: 8, phases: [{ name: 'events', durationMs: 10_000 }] },
  },
  base,
  variants: [
    variant('streaming', 'streaming', 'Bytes go on as they come.'),
    variant('full-response', 'full-response', 'Answers go on in units of 8 KB, and what is left at their end.'),
    variant('full-response, X-Accel-Buffering: no', 'full-response', 'The same; the origin asks not to wait.', {
      request: `${request}&unbuffered=1`,
    }),
    variant('full-response, flushed', 'full-response:flushBytes=16', 'The same in units of 16 bytes.'),
    variant(
      'nginx full-response, chunks',
      'full-response',
      'NGINX with buffers of the same size, chunks from the origin.',
      {
        target: 'nginx',
      },
    ),
    variant('nginx full-response, until close', 'full-response', 'The same; the answer ends with its connection.', {
      target: 'nginx',
      request: untilClose,
    }),
  ],
  limits: [
    'The first byte of an answer is taken for its first event; later events are not timed one by one.',
    'The answers are small and short. A stream that fills a buffer of 8 KB sooner gets through sooner.',
    'A head is sent on as soon as it comes by our proxy, while NGINX keeps it together with the first bytes of the body: neither is an event.',
  ],
  judge,
})
