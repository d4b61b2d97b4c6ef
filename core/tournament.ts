// The result of a tournament: every balancer in every situation of the simulator. As with the record, the schema is the single
// source of types and validation, and within `windtunnel.tournament/1` fields may be added and none may change its meaning.
import { z } from 'zod'

export const tournamentSchemaName = 'windtunnel.tournament/1'

const count = z.int().min(0)
const ms = z.number()

/** What is asked of every run, in the order in which reports show it. */
const figureSchemas = {
  meanMs: ms.nullable().describe('latency from due to answered, of the answered requests of the measured phase'),
  p50Ms: ms.nullable().describe('a quantile is null when fewer than ten samples lie beyond it'),
  p99Ms: ms.nullable(),
  p999Ms: ms.nullable(),
  imbalance: z.number().describe('requests at the origin that got most of them, over the mean of all; 1 is even'),
  errorShare: z.number().min(0).max(1).describe('of the requests due in the measured phase that were not answered'),
  coldShare: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe(
      'of the measured requests, those whose origin had not seen their key before, which a cache there would miss; null where the situation has no keys of its own',
    ),
}

export const tournamentRunSchema = z.object({
  seed: z.int(),
  requests: count.describe('due in the measured phase'),
  ...figureSchemas,
})

const intervalSchema = z.tuple([z.number(), z.number()]).describe('95 %, by Student')

/** Over the repeats; null when a repeat has no value, and no interval with fewer than three repeats. */
const estimateSchema = z.object({ mean: z.number(), interval: intervalSchema.nullable() }).nullable()

const cellSchema = z.object({
  situation: z.string(),
  player: z.string(),
  command: z.string().describe('repeats the runs of this cell to the last bit'),
  runs: z.array(tournamentRunSchema),
  estimates: z.object({
    meanMs: estimateSchema,
    p50Ms: estimateSchema,
    p99Ms: estimateSchema,
    p999Ms: estimateSchema,
    imbalance: estimateSchema,
    errorShare: estimateSchema,
    coldShare: estimateSchema,
  }),
  rank: z.int().min(1).describe('1 + the players that are better for sure in this situation'),
  toBest: z.object({
    p99Ratio: estimateSchema.describe('its p99 over that of the best, paired by repeat'),
    meanRatio: estimateSchema.describe('the same of the means'),
    moreErrors: estimateSchema.describe('its share of errors less that of the best, paired by repeat'),
  }),
  standing: z.enum(['good', 'between', 'fails']),
})

const situationSchema = z.object({
  name: z.string().describe('of the scenario'),
  when: z.string().describe('a clause: "one origin is slow"'),
  question: z.string(),
  point: z.string().nullable().describe('of a sweep: which point of it was played'),
  phases: z.array(z.object({ name: z.string(), durationMs: ms })),
  warmUpMs: ms,
  measuredPhase: z.string(),
  repeats: count,
  best: z.string().describe('of the players that nobody beats for sure, the one with the lowest p99'),
})

export const tournamentSchema = z.object({
  schema: z.literal(tournamentSchemaName),
  command: z.string().describe('repeats this result'),
  startedAt: z.iso.datetime(),
  tookMs: ms,
  effort: z.enum(['quick', 'normal', 'thorough']),
  seed: z.int(),
  machine: z.object({
    cpu: z.string(),
    cores: count,
    kernel: z.string(),
    node: z.string(),
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
  }),
  thresholds: z.object({
    errorsThatCount: z.number().describe('a smaller difference in the share of errors is not looked at'),
    goodRatio: z
      .number()
      .describe('good: p99 and mean may be this many times those of the best, with no more errors for sure'),
    failsRatio: z.number().describe('fails: p99 is at least this many times the best, for sure above it'),
    failsErrors: z.number().describe('fails: at least this much more of the requests fail, for sure'),
  }),
  situations: z.array(situationSchema),
  players: z.array(z.object({ name: z.string(), about: z.string() })),
  cells: z.array(cellSchema).describe('by situation, then by player'),
  limits: z.array(z.string()),
})

export type TournamentRun = z.infer<typeof tournamentRunSchema>
export type FigureName = keyof typeof figureSchemas
export type Estimate = z.infer<typeof estimateSchema>
export type Cell = z.infer<typeof cellSchema>
export type Standing = Cell['standing']
export type PlayedSituation = z.infer<typeof situationSchema>
export type Tournament = z.infer<typeof tournamentSchema>

/** The figures of a run by name, in the order in which reports show them. */
export const figureNames = Object.keys(figureSchemas) as FigureName[]
