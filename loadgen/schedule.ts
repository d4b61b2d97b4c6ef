// The schedule: every request's intended instant, computed before the load starts, so that a slow proxy or a late
// generator cannot change what was asked, and every variant of a scenario is asked the same.
import { createHash } from 'node:crypto'
import type { AnyStrategy, LoadProfile, Ms } from '../core/contracts.ts'
import { UsageError } from '../core/errors.ts'
import { randomStream } from '../core/random.ts'
import { choose, make } from '../core/registry.ts'
import type { LoadPlan } from '../core/scenario.ts'
import { drawKeys, drawPosts } from './keys.ts'

/** More rows than this would not fit in memory beside the request log. */
const maxRows = 20_000_000

/** The requests of a load in the order in which they are due. */
export interface Schedule {
  readonly size: number
  /** Offset of each request from the start of the load, in ms, never decreasing. */
  readonly dueMs: Float64Array
  /** The session each request belongs to, 0 and up in order of arrival; -1 where the plan has no sessions. */
  readonly session: Int32Array
  /** The key each request asks for; null where the plan has no keys. */
  readonly keys: Int32Array | null
  /** 1 for each request that is a POST, 0 for a GET; null where all are GETs. */
  readonly posts: Uint8Array | null
  /** Twelve hex digits over all offsets, sessions, keys and methods: equal when, and practically only when, the schedules are equal. */
  readonly hash: string
}

/**
 * Computes all requests due in [0, `durationMs`). Arrivals are drawn from the stream `arrivals` of `seed`. A session that
 * begins near the end is cut short: its requests due later are not part of the load.
 * @throws UsageError when the arrival law or its parameters are unknown, or the load has over 20 million requests.
 */
export async function buildSchedule(plan: LoadPlan, durationMs: Ms, seed: number): Promise<Schedule> {
  const chosen = await choose<AnyStrategy<LoadProfile>>('profile', plan.profile, 'load profile')
  const arrivals = arrivalsOf(make(chosen, seed, 'profile'), durationMs, seed)
  const { dueMs, session } =
    plan.connections.kind === 'sessions'
      ? sessionRequests(arrivals, plan.connections.requests, plan.connections.gapMs, durationMs)
      : { dueMs: Float64Array.from(arrivals), session: new Int32Array(arrivals.length).fill(-1) }
  const keys = plan.keys ? drawKeys(plan.keys, dueMs.length, seed) : null
  const posts = plan.postShare === undefined ? null : drawPosts(plan.postShare, dueMs.length, seed)
  const hash = createHash('sha256').update(dueMs).update(session)
  if (keys) hash.update(keys)
  if (posts) hash.update(posts)
  return { size: dueMs.length, dueMs, session, keys, posts, hash: hash.digest('hex').slice(0, 12) }
}

/** 1 for each request that is the first of its session, else 0. */
export function firstsOf({ session }: Pick<Schedule, 'session'>): Uint8Array {
  const seen = new Set<number>()
  return Uint8Array.from(session, one => (seen.has(one) ? 0 : seen.add(one) && 1))
}

function arrivalsOf(profile: LoadProfile, durationMs: Ms, seed: number): number[] {
  const rng = randomStream(seed, 'arrivals')
  const arrivals: number[] = []
  let previous = 0
  for (;;) {
    const next = profile.next(previous, rng)
    if (!(next >= previous)) throw new Error(`an arrival law went from ${previous} ms to ${next} ms`)
    if (next >= durationMs) return arrivals
    if (arrivals.length === maxRows) throw new UsageError(`load: more than ${maxRows} requests in ${durationMs} ms`)
    arrivals.push(next)
    previous = next
  }
}

function sessionRequests(starts: readonly number[], requests: number, gapMs: Ms, durationMs: Ms) {
  if (starts.length * requests > maxRows) throw new UsageError(`load: more than ${maxRows} requests in its sessions`)
  const rows: { dueMs: number; session: number }[] = []
  starts.forEach((start, session) => {
    for (let k = 0; k < requests && start + k * gapMs < durationMs; k++)
      rows.push({ dueMs: start + k * gapMs, session })
  })
  rows.sort((a, b) => a.dueMs - b.dueMs || a.session - b.session)
  return {
    dueMs: Float64Array.from(rows, row => row.dueMs),
    session: Int32Array.from(rows, row => row.session),
  }
}
