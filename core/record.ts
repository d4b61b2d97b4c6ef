// The record: everything a scenario found out, as one JSON object. The schema here is the single source: the types, the
// validation of records that are read back, and the published reports/record.schema.json are all made from it.
// Stable within `windtunnel.record/1`: fields may be added, none may change its meaning.
import { z } from 'zod'

export const recordSchemaName = 'windtunnel.record/1'

const count = z.int().min(0)
const ms = z.number()

/** A latency distribution. A quantile is null when fewer than ten samples lie beyond it. */
export const latencySchema = z.object({
  count: count,
  meanMs: ms.nullable().optional().describe('null of no samples; absent in older records'),
  p50Ms: ms.nullable(),
  p90Ms: ms.nullable(),
  p99Ms: ms.nullable(),
  p999Ms: ms.nullable(),
  maxMs: ms.nullable(),
  histogram: z.string().describe('HDR histogram in microseconds, 3 digits, compressed V2 encoding in base64'),
})

const throughputSchema = z.object({
  offeredPerSecond: z.number().describe('requests due per second by the schedule'),
  completedPerSecond: z.number().describe('requests answered with the expected status per second'),
})

const errorsSchema = z
  .record(z.string(), count)
  .describe('failed requests by kind; a kind that did not occur is absent')

const phaseSchema = z.object({
  name: z.string(),
  fromMs: ms,
  toMs: ms,
  requests: count.describe('requests due in this phase'),
  latency: latencySchema.describe('from the intended instant to the last byte, successful requests'),
  service: latencySchema.describe('from the actual send to the last byte, successful requests'),
  added: latencySchema.describe('(answer - send) - (origin out - origin in): proxy, kernel and wake-ups'),
  lag: latencySchema.describe('actual send minus intended instant, caused by the generator itself'),
  firstByte: latencySchema
    .optional()
    .describe("from the actual send to the first byte of the answer's body; absent when no body came in pieces"),
  throughput: throughputSchema,
  errors: errorsSchema,
  cpuUsPerRequest: z
    .number()
    .nullable()
    .describe('CPU of the target per completed request in this phase, microseconds'),
})

const columnSchema = z.object({
  unit: z.string(),
  values: z.array(z.number().nullable()),
})

const seriesSchema = z.object({
  intervalMs: ms,
  atMs: z.array(ms).describe('start of each interval, from the start of the load'),
  columns: z.record(z.string(), columnSchema),
})

const trustSchema = z.object({
  ok: z.boolean(),
  reasons: z.array(z.string()),
})

export const runSchema = z.object({
  variant: z.string(),
  target: z.string(),
  engine: z.enum(['live', 'simulation']),
  repeat: count,
  seed: z.int(),
  point: z
    .object({ series: z.string(), at: z.number() })
    .optional()
    .describe('of a sweep: which of its series the variant belongs to, and where it stands on the axis'),
  settings: z.record(z.string(), z.union([z.string(), z.number()])).describe('the architecture asked of the target'),
  phases: z.array(phaseSchema),
  latency: latencySchema.describe('of all phases'),
  throughput: throughputSchema.describe('of all phases'),
  errors: errorsSchema.describe('of all phases'),
  cpu: z.object({
    usPerRequest: z.number().nullable().describe('in the measured phase'),
    totalMs: ms,
    runQueueMs: ms.describe('time the target was ready to run and had to wait for a core'),
  }),
  memory: z.object({
    rssBytes: count.describe('median resident set of the process tree in the first phase'),
    peakRssBytes: count,
    bytesPerHeldConnection: z.number().nullable().describe('slope of resident set over connections held'),
  }),
  counters: z.record(z.string(), z.number()),
  series: seriesSchema,
  generator: z.object({
    scheduleHash: z.string(),
    scheduled: count,
    completed: count,
    failed: count,
    cpuShare: z.number().describe('of one core, 0 to 1'),
    runQueueShare: z.number().describe('share of the run the generator was ready and had to wait for a core'),
    lagP99Ms: ms.nullable(),
    lagMaxMs: ms.nullable(),
  }),
  trust: z.object({
    accounting: trustSchema.describe('does every scheduled request have exactly one fate? If not, the run is invalid'),
    timing: trustSchema.describe('may timing claims be made from this run?'),
  }),
})

export const claimSchema = z.object({
  claim: z.string(),
  holds: z.union([z.boolean(), z.literal('undecided')]),
  evidence: z.string(),
})

const comparisonSchema = z.object({
  metric: z.string(),
  unit: z.string(),
  better: z.enum(['lower', 'higher']),
  baseline: z.string(),
  variant: z.string(),
  baselineValue: z.number(),
  variantValue: z.number(),
  ratio: z.number(),
  confidence: z
    .tuple([z.number(), z.number()])
    .nullable()
    .describe('95 % interval of the ratio; null with fewer than 3 pairs'),
  pairs: count,
})

export const recordSchema = z.object({
  schema: z.literal(recordSchemaName),
  scenario: z.string(),
  question: z.string(),
  explanation: z.string(),
  limits: z.array(z.string()),
  command: z.string().describe('repeats this record'),
  startedAt: z.iso.datetime(),
  tookMs: ms,
  effort: z.enum(['quick', 'normal', 'thorough']),
  seed: z.int(),
  machine: z.object({
    cpu: z.string(),
    cores: count,
    memoryBytes: count,
    kernel: z.string(),
    node: z.string(),
    pinned: z.string().describe('which core serves the target and which the generator, or why none is pinned'),
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
    versions: z.record(z.string(), z.string()).describe('of the targets, as they print it'),
  }),
  load: z.object({
    summary: z.string().describe('the load in one sentence'),
    hostile: z.array(z.object({ client: z.string(), phase: z.string() })),
    phases: z.array(z.object({ name: z.string(), durationMs: ms, hostile: z.boolean() })),
    faults: z
      .array(
        z.object({
          fault: z.string(),
          origin: count.describe('index of the origin, 0 and up'),
          fromMs: ms.describe('from the start of the load'),
          toMs: ms,
        }),
      )
      .optional()
      .describe('what is wrong with origins, and when; absent in older records'),
    measuredPhase: z.string(),
  }),
  sweep: z
    .object({ axis: z.string(), unit: z.string(), scale: z.enum(['linear', 'log']) })
    .optional()
    .describe('what is varied over all series; absent when nothing is'),
  variants: z.array(
    z.object({ name: z.string(), target: z.string(), about: z.string(), skipped: z.string().nullable() }),
  ),
  valid: z.object({ ok: z.boolean(), reasons: z.array(z.string()) }),
  claims: z.array(claimSchema),
  runs: z.array(runSchema),
  comparisons: z.array(comparisonSchema),
})

export type LatencySummary = z.infer<typeof latencySchema>
export type PhaseSummary = z.infer<typeof phaseSchema>
export type Series = z.infer<typeof seriesSchema>
export type Run = z.infer<typeof runSchema>
export type JudgedClaim = z.infer<typeof claimSchema>
export type Comparison = z.infer<typeof comparisonSchema>
export type ScenarioRecord = z.infer<typeof recordSchema>

/**
 * A claim as a scenario states it. `kind` says what it rests on: a `timing` claim becomes undecided when the instrument
 * was the bottleneck in a run it `uses`; a `count` claim (requests, errors, connections, CPU, memory) stands.
 */
export interface Claim {
  readonly claim: string
  readonly kind: 'count' | 'timing'
  readonly holds: boolean
  readonly evidence: string
  readonly uses: readonly Run[]
  /** Why it cannot be decided however quiet the runs were, as a clause; absent when it can. */
  readonly undecided?: string
}
