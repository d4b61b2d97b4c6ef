// The claims of `retry-storm` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './retry-storm.ts'

interface Story {
  /** Attempts per request of the brown-out. */
  attempts: number
  /** Share of its requests that is answered. */
  answered: number
}

function runOf(name: string, { attempts, answered }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const { phases } = scenario.effort.normal
  const { load, measuredPhase } = scenario
  const run = summarise(inputOf(every10Ms(800, 0), {}, { variant, repeat: 0, load, phases, measuredPhase }))
  const brownOut = run.phases.find(phase => phase.name === 'brown-out')!
  const asked = run.generator.scheduled + run.counters.warmUpRequests!
  return {
    ...run,
    counters: { ...run.counters, originRequests: asked + (attempts - 1) * brownOut.requests },
    phases: run.phases.map(phase =>
      phase === brownOut ? { ...phase, errors: { 'bad-status': (1 - answered) * phase.requests } } : phase,
    ),
  }
}

const asSaid: Record<string, Story> = {
  'no-retries': { attempts: 1, answered: 0.5 },
  unlimited: { attempts: 1.75, answered: 0.87 },
  budgeted: { attempts: 1.22, answered: 0.62 },
}
const holdsOf = (turned: Record<string, Story> = {}) =>
  scenario
    .judge(Object.entries({ ...asSaid, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf()).toEqual([true, true, true, true])
})

test.each<[string, number, Record<string, Story>]>([
  ['a second attempt without retries', 0, { 'no-retries': { attempts: 1.01, answered: 0.5 } }],
  ['retries that do not multiply', 1, { unlimited: { attempts: 1.4, answered: 0.8 } }],
  ['a budget that is overspent', 2, { budgeted: { attempts: 1.4, answered: 0.7 } }],
  ['a budget that helps nobody', 3, { budgeted: { attempts: 1.2, answered: 0.5 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsOf(turned)).toEqual([0, 1, 2, 3].map(claim => claim !== index))
})
