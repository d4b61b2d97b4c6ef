// The claims of `stale-keep-alive` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { inputOf, type Row, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './stale-keep-alive.ts'

/** How many requests of each kind end how; the rest of 300 is answered. A third are first ones, half are POSTs. */
interface Story {
  staleFirsts?: number
  staleGets?: number
  stalePosts?: number
  /** Executed, and the answer lost. */
  lostPosts?: number
  twiceGets?: number
  twicePosts?: number
}

const { phases } = scenario.effort.quick
const stale = { fate: 'bad-status', executions: 0 } as const
const lost = { fate: 'bad-status', executions: 1 } as const
const twice = { executions: 2 } as const

function runOf(name: string, story: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const rows: Row[] = []
  const marks: { post: boolean; first: boolean }[] = []
  const add = (count: number, how: Omit<Row, 'dueMs'>, post: boolean, first = false) => {
    for (let k = 0; k < count; k++) {
      rows.push({ dueMs: rows.length * 10, ...how })
      marks.push({ post, first })
    }
  }
  add(story.staleFirsts ?? 0, stale, false, true)
  add(100, {}, false, true)
  add(story.staleGets ?? 0, stale, false)
  add(story.stalePosts ?? 0, stale, true)
  add(story.lostPosts ?? 0, lost, true)
  add(story.twiceGets ?? 0, twice, false)
  add(story.twicePosts ?? 0, twice, true)
  add(100, {}, true)
  const posts = Uint8Array.from(marks, ({ post }) => Number(post))
  const firsts = Uint8Array.from(marks, ({ first }) => Number(first))
  const { load, measuredPhase } = scenario
  return summarise(
    inputOf(rows, { posts, firsts, samples: samplesUntil(4000) }, { variant, load, phases, measuredPhase }),
  )
}

const lossy: Story = { staleFirsts: 4, staleGets: 5, stalePosts: 5, lostPosts: 2 }
const usual: Record<string, Story> = {
  longer: lossy,
  equal: lossy,
  shorter: { lostPosts: 2 },
  'reuse=safe': { ...lossy, staleFirsts: 0 },
  'careful retries': { stalePosts: 5, lostPosts: 2, twiceGets: 2 },
  'careless retries': { twiceGets: 2, twicePosts: 3 },
  'haproxy safe': { ...lossy, staleFirsts: 0 },
}
const holdsWith = (turned: Record<string, Story> = {}) =>
  scenario
    .judge(Object.entries({ ...usual, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(Object.keys(usual)).toEqual(scenario.variants.map(variant => variant.name))
  expect(holdsWith()).toEqual(Array(7).fill(true))
})

test.each<[string, number, Record<string, Story>]>([
  ['a pool that loses nothing although it keeps longer', 0, { longer: { lostPosts: 3 } }],
  ['equal times that lose nothing', 1, { equal: { lostPosts: 3 } }],
  ['a stale connection although the pool gave up first', 2, { shorter: { staleGets: 1 } }],
  ['a first request on a stale connection', 3, { 'reuse=safe': lossy }],
  ['the same at the peer', 3, { 'haproxy safe': lossy }],
  [
    'a GET that fails although it may be repeated',
    4,
    { 'careful retries': { ...usual['careful retries'], staleGets: 1 } },
  ],
  [
    'a POST executed twice by a careful proxy',
    4,
    { 'careful retries': { ...usual['careful retries'], twicePosts: 1 } },
  ],
  ['a careful proxy that fails no POST', 4, { 'careful retries': { twiceGets: 2 } }],
  ['a careless proxy that fails somebody', 5, { 'careless retries': { ...usual['careless retries'], stalePosts: 1 } }],
  ['a careless proxy that does no harm', 5, { 'careless retries': { twiceGets: 5 } }],
  ['something done twice without a retry', 6, { longer: { ...lossy, twiceGets: 1 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2, 3, 4, 5, 6].map(claim => claim !== index))
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
