// A small tournament from the words of the command to its result, and what is refused.
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { namesOf } from '../../core/registry.ts'
import type { Tournament } from '../../core/tournament.ts'
import { situationScenarios, tournamentPlanOf } from './plan.ts'
import { playersOf } from './players.ts'
import { runTournament } from './run-tournament.ts'

const silent = new PassThrough() as unknown as NodeJS.WriteStream
const planOf = (...words: string[]) => tournamentPlanOf(words, new Date(0))

async function played(...words: string[]): Promise<Tournament> {
  return runTournament(await planOf('effort=quick', ...words), silent)
}

/** What depends on the seed and on nothing else. */
const figures = ({ situations, players, cells }: Tournament) => JSON.stringify({ situations, players, cells })

const three = 'balancer=random,power-of-two,failure-penalty+least-request'

describe('two situations, three players', async () => {
  const one = await played('slow-origin', 'black-hole', three, 'threads=1')
  const cell = (situation: string, player: string) =>
    one.cells.find(found => found.situation === situation && found.player === player)!

  test('gives the same on one thread and on two, and another seed other figures', async () => {
    expect(figures(await played('slow-origin', 'black-hole', three, 'threads=2'))).toBe(figures(one))
    expect(figures(await played('slow-origin', 'black-hole', three, 'seed=2'))).not.toBe(figures(one))
  })

  test('has every cell once, with independent repeats that are the same for all players', () => {
    expect(one.cells.map(({ situation, player }) => `${situation} ${player}`)).toHaveLength(6)
    const seeds = one.cells
      .filter(({ situation }) => situation === 'slow-origin')
      .map(({ runs }) => runs.map(run => run.seed))
    expect(new Set(seeds[0]).size).toBe(one.situations[0]!.repeats)
    expect(seeds).toEqual([seeds[0], seeds[0], seeds[0]])
    const requests = one.cells.slice(0, 3).map(({ runs }) => runs.map(run => run.requests))
    expect(requests).toEqual([requests[0], requests[0], requests[0]])
  })

  test('finds what is known: a draw keeps feeding the slow origin, and a look is drawn to the broken one', () => {
    expect(one.situations.map(({ best }) => best)[1]).toBe('failure-penalty+least-request')
    expect(cell('slow-origin', 'random').standing).toBe('fails')
    expect(cell('slow-origin', 'random').rank).toBe(3)
    const loss = (player: string) => cell('black-hole', player).estimates.errorShare!.mean
    expect(loss('random')).toBeCloseTo(0.25, 1)
    expect(loss('power-of-two')).toBeGreaterThan(loss('random'))
    expect(loss('failure-penalty+least-request')).toBeLessThan(0.03)
  })

  test('the command of a cell repeats it to the last bit', async () => {
    const { command, runs } = cell('slow-origin', 'power-of-two')
    const words = command.replace('npm run tournament ', '').split(' ')
    const { cells } = await runTournament(await planOf(...words), silent)
    expect(cells.map(found => found.runs)).toEqual([runs])
  })
})

test('without words everybody plays everywhere, and what is where an origin has no fault is long enough for a p99.9', async () => {
  const { situations, players, effort } = await planOf()
  expect(effort).toBe('normal')
  expect(situations.map(({ name }) => name)).toEqual([...(await situationScenarios()).keys()])
  for (const name of namesOf('balancer')) expect(players.map(player => player.name)).toContain(name)
  const ladder = situations.find(({ name }) => name === 'utilisation-ladder')!
  expect(ladder.point).toBe('load 90 %')
  expect(ladder.phases[0]!.durationMs * 0.9).toBeGreaterThan(10_000)
  const blackHole = situations.find(({ name }) => name === 'black-hole')!
  expect(blackHole.phases).toEqual(blackHole.scenario.effort.thorough.phases)
})

test('every combination is one of ours', async () => {
  const combined = (await playersOf(undefined)).filter(({ name }) => name.includes('+'))
  expect(combined.length).toBeGreaterThan(5)
  for (const { about } of combined) expect(about).toMatch(/^[A-Z].*\.$/)
})

test('every scenario that is a situation can be simulated', async () => {
  const simulated = [...(await situationScenarios()).keys()]
  expect(simulated).toEqual(expect.arrayContaining(['black-hole', 'hot-key', 'slow-origin', 'uneven-origins']))
})

test('what is not known is refused, with what is allowed', async () => {
  await expect(planOf('slow-orign')).rejects.toThrow(/unknown situation "slow-orign"; allowed: .*slow-origin/)
  await expect(planOf('slowloris')).rejects.toThrow(/unknown situation "slowloris"/)
  await expect(planOf('slow-origin', 'slow-origin')).rejects.toThrow('situation slow-origin given twice; allowed: once')
  await expect(planOf('balancer=randm')).rejects.toThrow(/unknown balancer "randm"; allowed: .*random/)
  await expect(planOf('balancer=random,random')).rejects.toThrow('balancer random given twice; allowed: once')
  await expect(planOf('balancer=power-of-d:d=0')).rejects.toThrow(/power-of-d/)
  await expect(planOf('effort=long')).rejects.toThrow('effort=long given; allowed: quick, normal, thorough')
  await expect(planOf('pool=keep-alive')).rejects.toThrow(/unknown key "pool"; allowed: balancer/)
  await expect(planOf('threads=0')).rejects.toThrow('threads=0 given; allowed: a whole number from 1 to 64')
})
