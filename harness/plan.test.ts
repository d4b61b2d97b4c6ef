// What `npm run scenario` understands, and how it refuses.
import { describe, expect, test } from 'vitest'
import type { Scenario } from '../core/scenario.ts'
import steady from '../scenarios/steady.ts'
import { checkStrategies, loadScenario, planOf, variantsOf } from './plan.ts'

const plan = (...words: string[]) => planOf(words, new Date('2026-01-02T03:04:05Z'))

describe('planOf', () => {
  test('takes everything from the scenario when nothing else is given', async () => {
    const { scenario, ...rest } = await plan('slowloris')
    expect(rest).toMatchObject({
      name: 'slowloris',
      effort: 'normal',
      repeats: 2,
      seed: scenario.seed,
      strict: false,
      throttleMs: 0,
      command: `npm run scenario slowloris seed=${scenario.seed}`,
    })
    expect(rest.variants).toBe(scenario.variants)
    expect(rest.out).toMatch(/runs\/2026-01-02-030405-slowloris$/)
  })

  test('reads every key', async () => {
    const words = ['effort=quick', 'repeats=5', 'seed=9', 'strict=yes', 'throttle=20', 'engine=live', 'out=/x/y']
    expect(await plan('slowloris', ...words)).toMatchObject({
      effort: 'quick',
      repeats: 5,
      seed: 9,
      strict: true,
      throttleMs: 20,
      out: '/x/y',
      command: 'npm run scenario slowloris effort=quick repeats=5 strict=yes throttle=20 engine=live seed=9',
    })
  })

  test.each([
    [['slowlors'], /scenario: unknown scenario "slowlors"; allowed: .*slowloris, .*steady/],
    [['slowloris', 'steady'], 'allowed: one scenario name'],
    [['slowloris', 'colour=red'], 'scenario: unknown key "colour"; allowed:'],
    [['slowloris', 'engine=simulation'], 'slowloris cannot be simulated: its hostile clients'],
    [['slowloris', 'engine=steam'], 'engine=steam given; allowed: live'],
    [['slowloris', 'effort=huge'], 'effort=huge given; allowed: quick, normal, thorough'],
    [['slowloris', 'target=apache'], /scenario: unknown target "apache"; allowed: .*haproxy, .*nginx, windtunnel/],
    [['slowloris', 'balancer=fair'], 'scenario: unknown balancer "fair"; allowed:'],
    [
      ['slowloris', 'balancer=sticky'],
      'scenario: "sticky" ends with the combinator sticky; allowed: a balancer behind it',
    ],
    [
      ['slowloris', 'balancer=random,sticky+orca-weights'],
      'balancer: "sticky+orca-weights" needs load-reports, which only',
    ],
    [['slowloris', 'limiter=per-client-connections:most=2'], 'unknown parameter "most"; allowed: max'],
    [['slowloris', 'maxConnections=none'], 'maxConnections=none given; allowed: a whole number'],
    [['slowloris', 'target=nginx,nginx'], 'the variant "nginx" is given twice'],
    [['slowloris', 'out='], 'out= given; allowed: a folder'],
  ])('%j is refused', async (words, sentence) => {
    await expect(plan(...words)).rejects.toThrow(sentence)
    await expect(plan(...words)).rejects.toHaveProperty('name', 'UsageError')
  })
})

describe('variantsOf', () => {
  test('makes the cross product of all lists from the base', async () => {
    const scenario = await loadScenario('slowloris')
    const limiter = 'none,per-client-connections:max=9'
    const variants = await variantsOf(scenario, { target: 'windtunnel,nginx', limiter, requestHeadMs: '0' })
    expect(variants.map(({ name }) => name)).toEqual([
      'windtunnel limiter=none requestHeadMs=0',
      'windtunnel limiter=per-client-connections:max=9 requestHeadMs=0',
      'nginx limiter=none requestHeadMs=0',
      'nginx limiter=per-client-connections:max=9 requestHeadMs=0',
    ])
    expect(variants[3]).toMatchObject({
      target: 'nginx',
      settings: { ...scenario.base, limiter: 'per-client-connections:max=9', requestHeadMs: 0 },
    })
  })

  test('calls the strategies of one list by their names alone', async () => {
    const variants = await variantsOf(await loadScenario('slow-origin'), { balancer: 'random,power-of-d:choices=3' })
    expect(variants.map(({ name }) => name)).toEqual(['random', 'power-of-d:choices=3'])
  })

  test('takes the link to the origins as a part of the variant and not of the architecture', async () => {
    const scenario = await loadScenario('pooling')
    const [near, far] = await variantsOf(scenario, { linkMs: '0,25' })
    expect([near, far]).toMatchObject([
      { name: 'linkMs=0', linkMs: 0, settings: scenario.base },
      { name: 'linkMs=25', linkMs: 25, settings: scenario.base },
    ])
    await expect(variantsOf(scenario, { linkMs: 'far' })).rejects.toThrow('linkMs=far given; allowed: a whole number')
  })

  test('refuses more variants than anybody would wait for', async () => {
    const scenario = await loadScenario('slowloris')
    const maxConnections = Array.from({ length: 51 }, (_, index) => index + 1).join(',')
    await expect(variantsOf(scenario, { maxConnections })).rejects.toThrow('51 variants given; allowed: at most 50')
  })
})

test.each<[Partial<Scenario>, RegExp]>([
  [{ faults: [{ fault: 'status:cod=500', origin: 0, phase: 'calm' }] }, /faults status: unknown parameter "cod"/],
  [{ faults: [{ fault: 'kill', origin: 0, phase: 'clam' }] }, /faults: unknown phase "clam"; allowed: calm/],
  [{ hostile: [{ client: 'slowlors', phase: 'calm' }] }, /hostile: unknown hostile "slowlors"/],
  [{ load: { ...steady.load, profile: 'poisson:rate=4' } }, /load profile poisson: unknown parameter "rate"/],
  [{ origins: { ...steady.origins, each: { 0: { service: 'fixd' } } } }, /origin service time: unknown service "fixd"/],
])('a scenario that asks for %j is refused before anything starts', async (change, sentence) => {
  const asked = { ...steady, hostile: [], ...change }
  await expect(checkStrategies(asked, [{ name: 'calm', durationMs: 1000 }], 1)).rejects.toThrow(sentence)
  await expect(checkStrategies(steady, steady.effort.quick.phases, 1)).resolves.toBeUndefined()
})
