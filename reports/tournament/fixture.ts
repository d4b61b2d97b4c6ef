// A made-up tournament for tests: three players, three situations, with a clear winner, a loser of requests, and equals.
import type { Cell, Standing, Tournament, TournamentRun } from '../../core/tournament.ts'
import { tournamentSchema, tournamentSchemaName } from '../../core/tournament.ts'

interface Told {
  readonly p99Ms: number | null
  readonly best: number
  readonly errors?: number
  readonly rank: number
  readonly standing: Standing
}

const exactly = (mean: number | null) => (mean === null ? null : { mean, interval: [mean, mean] as [number, number] })

function cell(situation: string, player: string, { p99Ms, best, errors = 0, rank, standing }: Told): Cell {
  const of = (seed: number): TournamentRun => ({
    seed,
    requests: 10_000,
    meanMs: 5,
    p50Ms: 4,
    p99Ms,
    p999Ms: null,
    imbalance: 1.5,
    errorShare: errors,
    coldShare: null,
  })
  return {
    situation,
    player,
    command: `npm run tournament ${situation} balancer=${player} effort=quick seed=1`,
    runs: [of(1), of(2), of(3)],
    estimates: {
      meanMs: exactly(5),
      p50Ms: exactly(4),
      p99Ms: p99Ms === null ? null : { mean: p99Ms, interval: [p99Ms - 1, p99Ms + 1] },
      p999Ms: null,
      imbalance: exactly(1.5),
      errorShare: exactly(errors),
      coldShare: null,
    },
    rank,
    toBest: {
      p99Ratio: exactly(p99Ms === null ? null : p99Ms / best),
      meanRatio: exactly(1),
      moreErrors: exactly(errors),
    },
    standing,
  }
}

const situation = (name: string, when: string, best: string, point: string | null = null) => ({
  name,
  when,
  question: `What happens when ${when}?`,
  point,
  phases: [{ name: 'load', durationMs: 20_000 }],
  warmUpMs: 1000,
  measuredPhase: 'load',
  repeats: 3,
  best,
})

/** Each call gives a new one, to be changed by a test. It holds to the schema. */
export function tournamentFixture(): Tournament {
  return tournamentSchema.parse({
    schema: tournamentSchemaName,
    command: 'npm run tournament effort=quick seed=1',
    startedAt: '2030-01-02T03:04:05.000Z',
    tookMs: 12_000,
    effort: 'quick',
    seed: 1,
    machine: { cpu: 'a processor', cores: 2, kernel: 'Linux 6', node: 'v26.0.0', commit: null, dirty: null },
    thresholds: { errorsThatCount: 0.001, goodRatio: 1.25, failsRatio: 3, failsErrors: 0.01 },
    situations: [
      situation('slow', 'one origin is slow', 'quick'),
      situation('broken', 'one origin is broken', 'blind', 'load 90 %'),
      situation('calm', 'all is well', 'quick'),
    ],
    players: ['quick', 'blind', 'failing'].map(name => ({ name, about: `Is ${name}.` })),
    cells: [
      cell('slow', 'quick', { p99Ms: 20, best: 20, rank: 1, standing: 'good' }),
      cell('slow', 'blind', { p99Ms: 84, best: 20, rank: 3, standing: 'fails' }),
      cell('slow', 'failing', { p99Ms: 22, best: 20, rank: 2, standing: 'good' }),
      cell('broken', 'quick', { p99Ms: 75, best: 50, rank: 2, standing: 'between' }),
      cell('broken', 'blind', { p99Ms: 50, best: 50, rank: 1, standing: 'good' }),
      cell('broken', 'failing', { p99Ms: null, best: 50, errors: 0.71, rank: 3, standing: 'fails' }),
      cell('calm', 'quick', { p99Ms: 2, best: 2, rank: 1, standing: 'good' }),
      cell('calm', 'blind', { p99Ms: 2, best: 2, rank: 1, standing: 'good' }),
      cell('calm', 'failing', { p99Ms: 2, best: 2, rank: 1, standing: 'good' }),
    ],
    limits: ['Nothing is real.'],
  })
}
