// The tools as a user calls them: each ends well and leaves what it promises. What they measure is theirs to judge.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { namesOf } from '../../core/registry.ts'
import { tournamentSchema } from '../../core/tournament.ts'
import { type Checks, run } from './checks.ts'

/** What `effort=quick` promises on two quiet cores. */
const promisedSeconds = 120

export async function tools(checks: Checks): Promise<void> {
  await benchmarks(checks)
  await tournament(checks)
  await gate(checks)
}

async function benchmarks(checks: Checks): Promise<void> {
  const folder = join(checks.scratch, 'bench')
  const status = await run('bench', 'time=50', `out=${folder}`)
  checks.that(
    status === 0 && existsSync(join(folder, 'bench.json')),
    `bench ends with status ${status}, and leaves JSON`,
  )
  const beside = await run('bench', 'time=50', 'only=pick', `compare=${folder}`, `out=${folder}-again`)
  checks.that(beside === 0, `beside a stored run it ends with status ${beside}`)
}

async function tournament(checks: Checks): Promise<void> {
  const folder = join(checks.scratch, 'tournament')
  const status = await run('tournament', 'effort=quick', `out=${folder}`)
  checks.that(status === 0, `tournament ends with status ${status}`)
  if (status !== 0) return
  const { cells, situations, players, tookMs } = tournamentSchema.parse(
    JSON.parse(readFileSync(join(folder, 'tournament.json'), 'utf8')),
  )
  const played = players.map(({ name }) => name)
  const missing = namesOf('balancer').filter(name => !played.includes(name))
  checks.that(missing.length === 0, `every balancer plays ${missing.join(', ')}`)
  checks.that(
    cells.length === situations.length * players.length,
    `${players.length} players meet each of ${situations.length} situations`,
  )
  process.stdout.write(
    `the tournament took ${Math.round(tookMs / 1000)} s; ${promisedSeconds} s are promised on two quiet cores\n`,
  )
}

/** A tree beside itself: no slow-down that a second batch would confirm. */
async function gate(checks: Checks): Promise<void> {
  const status = await run('regress', 'base=HEAD', 'effort=quick', `out=${join(checks.scratch, 'regress')}`)
  checks.that(status === 0, `regress base=HEAD ends with status ${status}`)
}
