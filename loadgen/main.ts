// The load generator by itself, behind `npm run load`: one open-loop load against a server on this machine, and a table.
import { createLogUpdate } from 'log-update'
import { exitStatus, UsageError, unknownName } from '../core/errors.ts'
import { choice, count, decodeParameters, number, type Values } from '../core/parameters.ts'
import { RequestLog } from '../core/request-log.ts'
import type { LoadPlan } from '../core/scenario.ts'
import { OpenLoop } from './open.ts'
import { buildSchedule } from './schedule.ts'
import { type LoadOutcome, loadTable } from './summary-table.ts'

/** The keys of `npm run load` besides `url`. */
export const loadParameters = {
  rate: number({ default: 100, min: 0.01, max: 1_000_000, unit: '1/s', doc: 'requests per second' }),
  seconds: number({ default: 5, min: 0.1, max: 3600, unit: 's', doc: 'length of the load' }),
  connections: count({ default: 50, min: 1, max: 20_000, unit: 'connections', doc: 'kept alive' }),
  arrivals: choice({ default: 'poisson', choices: ['poisson', 'constant'], doc: 'arrival law' }),
  pacing: choice({ default: 'timer', choices: ['timer', 'spin'], doc: 'spin takes a core and is punctual' }),
  timeoutMs: count({ default: 5000, min: 1, max: 600_000, unit: 'ms', doc: 'from the instant a request is due' }),
  seed: count({ default: 1, min: 0, unit: 'seed', doc: 'of the arrivals' }),
}

const progressMs = 200

/**
 * Runs the load that `args` describe and prints what came of it.
 * @returns the exit status: 0 when every request was answered with 200, otherwise 1.
 * @throws UsageError for unknown keys, values out of range, and any address that is not on this machine.
 * @throws InvalidRunError when this machine ran out of ports or descriptors.
 */
export async function load(args: Readonly<Record<string, string>>): Promise<number> {
  const { url: given, ...rest } = args
  const allowed = ['url', ...Object.keys(loadParameters)]
  for (const key of Object.keys(rest)) if (!allowed.includes(key)) throw unknownName('key', key, allowed, 'load')
  const settings = decodeParameters(loadParameters, rest, 'load')
  const url = loopbackUrl(given)
  const outcome = await run(url, settings)
  process.stdout.write(loadTable(url.href, outcome))
  return outcome.failed === 0 ? exitStatus.holds : exitStatus.fails
}

/** @throws UsageError unless `text` is an http URL of this machine: the generator is for one's own servers. */
export function loopbackUrl(text: string | undefined): URL {
  const allowed = 'allowed: an http URL on this machine, such as url=http://127.0.0.1:8080/'
  if (text === undefined) throw new UsageError(`load: no url given; ${allowed}`)
  const url = URL.parse(text)
  const local = url !== null && /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname)
  if (!local || url.protocol !== 'http:') throw new UsageError(`load.url: "${text}" given; ${allowed}`)
  return url
}

async function run(url: URL, settings: Values<typeof loadParameters>): Promise<LoadOutcome> {
  const host = url.hostname === 'localhost' ? '127.0.0.1' : url.hostname.replace(/[[\]]/g, '')
  const plan: LoadPlan = {
    connections: { kind: 'keep-alive', count: settings.connections },
    profile: `${settings.arrivals}:ratePerSecond=${settings.rate}`,
    pacing: settings.pacing,
    timeoutMs: settings.timeoutMs,
    from: host === '::1' ? '::1' : '127.0.0.1',
    request: url.pathname + url.search,
  }
  const schedule = await buildSchedule(plan, settings.seconds * 1000, settings.seed)
  const log = new RequestLog(schedule.size)
  const port = Number(url.port || 80)
  const loop = new OpenLoop({ schedule, plan, log, host, port, expectedBytes: null })
  await loop.connect()
  const cpuBefore = process.cpuUsage()
  const startAt = performance.now()
  loop.start(startAt)
  const stopProgress = showProgress(loop, schedule.size)
  try {
    await loop.finished
  } finally {
    stopProgress()
  }
  const cpu = process.cpuUsage(cpuBefore)
  const cpuMs = (cpu.user + cpu.system) / 1000
  return { ...tally(log), log, lagMs: loop.lagMs, hash: schedule.hash, tookMs: performance.now() - startAt, cpuMs }
}

function tally(log: RequestLog): { byFate: Map<string, number>; failed: number } {
  const byFate = new Map<string, number>()
  for (let row = 0; row < log.size; row++) byFate.set(log.fateOf(row), (byFate.get(log.fateOf(row)) ?? 0) + 1)
  return { byFate, failed: log.size - (byFate.get('ok') ?? 0) }
}

function showProgress(loop: OpenLoop, size: number): () => void {
  if (!process.stderr.isTTY) return () => {}
  const update = createLogUpdate(process.stderr)
  const timer = setInterval(
    () => update(`${loop.ended} of ${size} requests, ${loop.openConnections} connections`),
    progressMs,
  )
  return () => {
    clearInterval(timer)
    update.clear()
    update.done()
  }
}
