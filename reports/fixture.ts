// Records for the tests of reports/: a whole slowloris comparison, the same with an undecided claim, a small steady run
// of one variant, and one whose accounts do not add up. For tests only; nothing in them was measured.
import { type Comparison, type JudgedClaim, recordSchemaName, type ScenarioRecord } from '../core/record.ts'
import { fixtureModels, fixturePhases, playRun } from './fixture-runs.ts'

const claims: readonly JudgedClaim[] = [
  {
    claim: 'A process per connection starves honest users once its slots are held',
    holds: true,
    evidence: 'prefork answered 18 % of honest requests during the attack (at most 50 % was claimed)',
  },
  {
    claim: 'A connection cap without a head timeout starves them too, later',
    holds: true,
    evidence: 'loop-no-timeout answered everything for 2 s, then 1 %',
  },
  {
    claim: 'With its defences the event loop serves honest users without error',
    holds: true,
    evidence: 'loop-defended answered 3,200 of 3,200 in each repeat',
  },
  {
    claim: 'Every slow connection is gone within the head timeout plus a second',
    holds: true,
    evidence: 'longest held: 1.18 s (at most 2 s was claimed)',
  },
]

const comparisons: readonly Comparison[] = fixtureModels.slice(1).map(model => ({
  metric: 'CPU per request',
  unit: 'us',
  better: 'lower',
  baseline: 'prefork',
  variant: model.name,
  baselineValue: 410,
  variantValue: model.cpuUs,
  ratio: model.cpuUs / 410,
  confidence: model.name === 'haproxy' ? null : [model.cpuUs / 430, model.cpuUs / 390],
  pairs: 3,
}))

const machine: ScenarioRecord['machine'] = {
  cpu: 'Example CPU at 2.9 GHz',
  cores: 2,
  memoryBytes: 8_250_000_000,
  kernel: 'Linux 6.1.0',
  node: 'v26.10.0',
  pinned: 'target on core 0, generator and origins on core 1',
  commit: '3f2a91c04b7de8810c5a',
  dirty: true,
  versions: { windtunnel: '0.1.0', nginx: 'nginx/1.22.1', haproxy: '2.6.12' },
}

/** Five variants, two repeats, a calm, an attack and a recovery; every claim holds. */
export function slowlorisRecord(): ScenarioRecord {
  return {
    schema: recordSchemaName,
    scenario: 'slowloris',
    question: 'Which architectures keep serving when hundreds of clients hold a connection and never finish asking?',
    explanation:
      'A proxy that gives every connection a worker of its own has as many connections as workers. A slow client ' +
      'takes one and sends a few bytes of a request head now and then, so the worker waits. When all are taken, honest ' +
      'users wait as well. An event loop can hold thousands of silent connections, but any cap on connections can be ' +
      'filled in the same way, unless a timeout takes them back. Watch who still gets answers in the shaded phase, and ' +
      'what each held connection costs in memory.',
    limits: ['All traffic stays on the loopback interface: no loss and no distance.', 'One core serves the target.'],
    command: 'npm run scenario slowloris seed=7',
    startedAt: '2026-03-02T10:04:05.000Z',
    tookMs: 101_400,
    effort: 'normal',
    seed: 7,
    machine,
    load: {
      summary: 'Honest users ask 400 times per second in sessions of three; attackers open 300 connections per second.',
      hostile: [{ client: 'slowloris:ratePerSecond=300', phase: 'attack' }],
      phases: fixturePhases.map(phase => ({ ...phase })),
      measuredPhase: 'attack',
    },
    variants: [
      ...fixtureModels.map(({ name, target, about }) => ({ name, target, about, skipped: null })),
      { name: 'caddy', target: 'caddy', about: 'Caddy with its defaults.', skipped: 'caddy is not installed' },
    ],
    valid: { ok: true, reasons: [] },
    claims: claims.map(claim => ({ ...claim })),
    runs: [0, 1].flatMap(repeat => fixtureModels.map(model => playRun(model, repeat, null))),
    comparisons: comparisons.map(comparison => ({ ...comparison })),
  }
}

/** The same with one disturbed run and a timing claim that is undecided because of it. */
export function undecidedRecord(): ScenarioRecord {
  const record = slowlorisRecord()
  const disturbed = 'the generator was late: p99 19.2 ms, at most 2 ms is allowed'
  record.runs[2] = playRun(fixtureModels[2]!, 0, disturbed)
  record.claims.push({
    claim: 'Recovery takes less than a second',
    holds: 'undecided',
    evidence: `recovered after 0.6 s; undecided because ${disturbed}`,
  })
  return record
}

/** One claim turned false. */
export function failingRecord(): ScenarioRecord {
  const record = slowlorisRecord()
  record.claims[3] = { ...record.claims[3]!, holds: false, evidence: 'longest held: 3.4 s (at most 2 s was claimed)' }
  return record
}

/** One variant, one repeat, one phase, no hostile clients, hardly any samples. */
export function steadyRecord(): ScenarioRecord {
  const record = slowlorisRecord()
  const run = playRun(fixtureModels[2]!, 0, null)
  const [calm] = run.phases
  const columns = Object.entries(run.series.columns).filter(([name]) => name !== 'attackersHeld')
  const cut = columns.map(([name, { unit, values }]) => [name, { unit, values: values.slice(0, 20) }])
  run.phases = [{ ...calm!, name: 'steady' }]
  run.series = { ...run.series, atMs: run.series.atMs.slice(0, 20), columns: Object.fromEntries(cut) }
  run.counters = { originConnections: 50 }
  run.memory.bytesPerHeldConnection = null
  return {
    ...record,
    scenario: 'steady',
    question: 'What does one request cost?',
    command: 'npm run scenario steady target=windtunnel',
    load: {
      summary: '400 requests per second over 50 keep-alive connections.',
      hostile: [],
      phases: [{ name: 'steady', durationMs: 4000, hostile: false }],
      measuredPhase: 'steady',
    },
    variants: record.variants.filter(variant => variant.name === run.variant),
    claims: [{ claim: 'Every request is answered', holds: true, evidence: '1,600 of 1,600' }],
    runs: [run],
    comparisons: [],
  }
}

/** The same load, but what strikes in the middle is a broken origin instead of hostile clients. */
export function faultRecord(): ScenarioRecord {
  const record = slowlorisRecord()
  const faults = ['kill', 'stop'].map((fault, index) => ({ fault, origin: index, fromMs: 4000, toMs: 12_000 }))
  const phases = record.load.phases.map(phase => ({ ...phase, hostile: false }))
  return { ...record, scenario: 'dead-origin', load: { ...record.load, hostile: [], phases, faults } }
}

/** A record whose accounts do not add up: none of its numbers may be shown. */
export function invalidRecord(): ScenarioRecord {
  const record = slowlorisRecord()
  const reason = 'haproxy (repeat 2): 3 of 6,400 requests have no fate'
  record.runs[4]!.trust.accounting = { ok: false, reasons: [reason] }
  return { ...record, valid: { ok: false, reasons: [reason] } }
}
