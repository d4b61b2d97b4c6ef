// The figures that lessons keep of live runs: taken from a record as they stand, and of the form of those in the folder.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Run, ScenarioRecord } from '../../core/record.ts'
import { planOf } from '../../harness/plan.ts'
import { slowlorisRecord, steadyRecord } from '../../reports/fixture.ts'
import { figuresOf } from './record.ts'

const committed = (name: string) =>
  JSON.parse(readFileSync(new URL(`../recorded/${name}.json`, import.meta.url), 'utf8'))
const keysOf = (figures: object) => Object.keys(figures).sort()

const ran = ({ variants }: ScenarioRecord) => variants.filter(one => one.skipped === null).map(one => one.name)

interface Figures {
  readonly command: string
  readonly variants: readonly Record<string, unknown>[]
}

test('of slowloris: the share that was served over time, who failed, what a held connection cost', () => {
  const record = slowlorisRecord()
  const figures = figuresOf(record) as Figures & { atMs: number[] }
  const first = record.runs[0]!
  expect(figures.command).toBe(record.command)
  expect(figures.variants.map(({ name }) => name)).toEqual(ran(record))
  const share = figures.variants[0]!.servedShare as number[]
  const at = (name: string, index: number) => first.series.columns[name]!.values[index]!
  const late = share.length - 1
  expect(share).toHaveLength(figures.atMs.length)
  expect(share[late]).toBeCloseTo(at('completed', late) / at('offered', late), 3)
  expect(figures.variants[0]!.requests).toBe(first.generator.scheduled)
  expect(keysOf(figures)).toEqual(keysOf(committed('slowloris')))
  expect(keysOf(figures.variants[0]!)).toEqual(keysOf(committed('slowloris').variants[0]))
})

/** The one figure that is kept of the steady run when it is told as a run of another scenario. */
function figureOf(scenario: string, change: Partial<Run>): Record<string, unknown> {
  const steady = steadyRecord()
  const run = { ...steady.runs[0]!, ...change }
  const [variant] = (figuresOf({ ...steady, scenario, runs: [run] }) as Figures).variants
  expect(keysOf(variant!)).toEqual(keysOf(committed(scenario).variants[0]))
  return variant!
}

const { settings, phases, generator } = steadyRecord().runs[0]!

test('of slow-origin: percentiles, and the share of the slow one among the requests of all origins', () => {
  const counters = { 'origin.o0.measuredRequests': 30, 'origin.o3.measuredRequests': 10, 'origin.o3.inFlightPeak': 9 }
  const figure = figureOf('slow-origin', { counters, settings: { ...settings, balancer: 'random' } })
  expect(figure).toMatchObject({ balancer: 'random', slowShare: 0.25 })
})

test('of pool-size: the limit, and the shares that waited and failed', () => {
  const counters = { 'target.upstreamWaits': 20, 'target.requests': 80 }
  const failing = { ...generator, scheduled: 100, failed: 5 }
  const pool = 'capped:max=12,maxWaiting=32'
  const figure = figureOf('pool-size', { counters, generator: failing, settings: { ...settings, pool } })
  expect(figure).toMatchObject({ max: 12, waitedShare: 0.25, failedShare: 0.05 })
})

test('of retry-storm: what the origins saw beyond the requests, by the requests of the measured phase', () => {
  const phase = { ...phases[0]!, requests: 100, errors: { 'bad-status': 25 } }
  const counters = { originRequests: 250, warmUpRequests: 10 }
  const figure = figureOf('retry-storm', { counters, phases: [phase], generator: { ...generator, scheduled: 200 } })
  expect(figure).toMatchObject({ attemptsPerRequest: 1.4, answeredShare: 0.75, requests: 100 })
})

test('only the first repeat is kept', () => {
  const record = slowlorisRecord()
  expect(new Set(record.runs.map(run => run.repeat)).size).toBeGreaterThan(1)
  expect((figuresOf(record) as Figures).variants).toHaveLength(ran(record).length)
})

test('of a scenario that no lesson uses there are none', () => {
  expect(() => figuresOf(steadyRecord())).toThrow('scenario steady given; allowed: slow-origin')
})

test.each(['slow-origin', 'slowloris', 'pool-size', 'retry-storm'])(
  'the command in %s.json is one that runs',
  async name => {
    const words = committed(name).command.split(' ')
    expect(words.slice(0, 3)).toEqual(['npm', 'run', 'scenario'])
    await expect(planOf(words.slice(3), new Date(0))).resolves.toMatchObject({ name })
  },
)
