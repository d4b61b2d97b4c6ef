// What the gate found, as one JSON object. The schema here is the single source of the type and of the check before it is
// written. Stable within `windtunnel.gate/1`: fields may be added, none may change its meaning.
import { z } from 'zod'
import { recordSchema } from '../../core/record.ts'

export const gateSchemaName = 'windtunnel.gate/1'

const count = z.int().min(0)

const changeSchema = z.object({
  estimate: z.number().describe('0.05 is 5 % more than the base; Hodges–Lehmann over restarts'),
  low: z.number(),
  high: z.number(),
  confidence: z.number().describe('that the interval really has, 0 to 1'),
})

const rowSchema = z.object({
  metric: z.string(),
  unit: z.string(),
  gated: z.boolean().describe('does the verdict rest on it?'),
  base: z.number(),
  head: z.number(),
  change: changeSchema.describe('head against base'),
  control: changeSchema.describe('the base against itself'),
  deviation: z.number().describe('standard deviation of the log ratios of restarts'),
})

const armSchema = z.object({
  requests: count,
  errors: z.record(z.string(), count),
  upstreamConnectionsPer1000: z.number().describe('opened after the warm-up, per 1,000 requests'),
  rssBytes: z.number().nullable().describe('median over restarts, at their end'),
})

const restartSchema = z.object({
  batch: z.enum(['first look', 'second look', 'confirmation']),
  triples: count,
  kept: count,
  cpuUsPerRequest: z.object({ base: z.number(), head: z.number(), headLog: z.number(), controlLog: z.number() }),
  addedP50Ms: z.object({ base: z.number(), head: z.number(), headLog: z.number(), controlLog: z.number() }),
})

const treeSchema = z.object({
  given: z.string(),
  commit: z.string().nullable(),
  dirty: z.boolean().nullable().describe('changes beyond the commit; null where git does not say'),
})

export const verdicts = ['ok', 'better', 'slower-but-within-tolerance', 'undecided', 'regression', 'invalid'] as const
export type Verdict = (typeof verdicts)[number]

export const gateSchema = z.object({
  schema: z.literal(gateSchemaName),
  verdict: z.enum(verdicts),
  command: z.string(),
  startedAt: z.iso.datetime(),
  tookMs: z.number(),
  effort: z.enum(['quick', 'normal', 'thorough']),
  seed: z.int(),
  tolerance: z.number(),
  base: treeSchema,
  head: treeSchema,
  machine: recordSchema.shape.machine,
  p: z.number().nullable().describe('of a change within the tolerance, at the last look'),
  confirmationP: z.number().nullable().describe('of the same in the independent second batch; null: none was needed'),
  smallestDetectable: z.number().nullable().describe('change that this rule finds four times in five'),
  rows: z.array(rowSchema),
  arms: z.object({ base: armSchema, head: armSchema, control: armSchema }),
  restarts: z.array(restartSchema),
  guards: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  reasons: z.array(z.string()).describe('why the run is invalid; empty when it is not'),
})

export type GateRecord = z.infer<typeof gateSchema>
export type GateRow = z.infer<typeof rowSchema>
export type GateArm = z.infer<typeof armSchema>
export type GateTree = z.infer<typeof treeSchema>
