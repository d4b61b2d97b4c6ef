// The slice rig: a child process with three generators, their origins and the probes, on one core and one clock. Forked
// by restart.ts for every restart; slice-rig-protocol.ts has the messages. It ends with its parent.

import { RequestLog } from '../../core/request-log.ts'
import type { LoadPlan } from '../../core/scenario.ts'
import { type Origins, startOrigins } from '../../fault-injection/origin.ts'
import { OpenLoop } from '../../loadgen/open.ts'
import { ProcessTree } from '../probes/process-tree.ts'
import { judgeAccounting } from '../trust.ts'
import type { ArmResult, FromSliceRig, SliceResult, ToSliceRig } from './slice-rig-protocol.ts'
import {
  arms,
  errorsOf,
  figuresOf,
  type PerArm,
  perArm,
  type Reading,
  type Slice,
  scheduleOf,
  timing,
} from './slices.ts'

const responseBytes = 512
const originPlan = { count: 4, service: 'fixed:ms=0', responseBytes }
const load: LoadPlan = {
  connections: { kind: 'keep-alive', count: 16 },
  profile: `constant:ratePerSecond=${timing.ratePerSecond}`,
  // A spinning generator would have no core left for the origins of two other proxies.
  pacing: 'timer',
  // Long, so that a core taken away for seconds spoils a slice and does not look like a proxy that fails.
  timeoutMs: 10_000,
  from: '127.0.0.2',
}
/** Between `go` and the first send: code is loaded in this time. */
const leadMs = 50

/** One proxy and everything around it. */
interface Lane {
  readonly log: RequestLog
  readonly loop: OpenLoop
  readonly tree: ProcessTree
  readonly origins: Origins
}

type Plan = Extract<ToSliceRig, { type: 'plan' }>

const say = (message: FromSliceRig) => process.send?.(message)
const until = (at: number) => new Promise(resolve => setTimeout(resolve, Math.max(0, at - performance.now())))

function receive<T extends ToSliceRig['type']>(type: T): Promise<Extract<ToSliceRig, { type: T }>> {
  return new Promise(resolve => {
    const listen = (message: ToSliceRig) => {
      if (message.type !== type) return
      process.off('message', listen)
      resolve(message as Extract<ToSliceRig, { type: T }>)
    }
    process.on('message', listen)
  })
}

/** Starts the origins of each arm, waits for the proxies in front of them, and connects to these. */
async function prepare({ slices, seed }: Plan): Promise<PerArm<Lane>> {
  const schedules = perArm(arm => scheduleOf(arm, slices))
  const logs = perArm(arm => new RequestLog(schedules[arm].size))
  const started: Partial<Record<(typeof arms)[number], Origins>> = {}
  for (const arm of arms) started[arm] = await startOrigins(originPlan, seed, logs[arm])
  const origins = started as PerArm<Origins>
  const goes = receive('go')
  say({ type: 'origins', ports: perArm(arm => origins[arm].ports) })
  const { proxies } = await goes
  const lanes = perArm(arm => {
    const { port, pid } = proxies[arm]
    const log = logs[arm]
    const schedule = schedules[arm]
    const loop = new OpenLoop({ schedule, plan: load, log, host: '127.0.0.1', port, expectedBytes: responseBytes })
    return { log, loop, tree: new ProcessTree(pid), origins: origins[arm] }
  })
  await Promise.all(arms.map(arm => lanes[arm].loop.connect()))
  return lanes
}

function read(tree: ProcessTree): Reading {
  const sample = tree.sample()
  return { at: performance.now(), cpuNs: sample?.cpuNs ?? 0, runQueueNs: sample?.runQueueNs ?? 0 }
}

/** The whole load: warm-up, then turn after turn with a reading before and after each. */
async function run(plan: Plan): Promise<SliceResult> {
  const { slices } = plan
  const lanes = await prepare(plan)
  const startAt = performance.now() + leadMs
  for (const arm of arms) lanes[arm].loop.start(startAt)
  await until(startAt + timing.warmUpMs + timing.settleMs / 2)
  const warm = perArm(arm => lanes[arm].origins.ledger())
  const readings: [Reading, Reading][] = []
  for (const { arm, fromMs, toMs } of slices) {
    await until(startAt + fromMs)
    const before = read(lanes[arm].tree)
    await until(startAt + toMs)
    readings.push([before, read(lanes[arm].tree)])
  }
  await Promise.all(arms.map(arm => lanes[arm].loop.finished))
  const figure = (slice: Slice, index: number) => {
    const { log, loop } = lanes[slice.arm]
    return figuresOf(slice, readings[index]!, log, loop.lagMs, startAt)
  }
  return { arms: perArm(arm => armResult(lanes[arm], warm[arm])), slices: slices.map(figure) }
}

function armResult({ log, tree, origins }: Lane, warm: ReturnType<Origins['ledger']>): ArmResult {
  const errors = errorsOf(log)
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0)
  const ledger = origins.ledger()
  const rssBytes = tree.sample()?.rssBytes ?? null
  tree.close()
  return {
    scheduled: log.size,
    answered: log.size - failed,
    errors,
    broken: judgeAccounting(log).reasons,
    connectionsOpened: ledger.connectionsOpened - warm.connectionsOpened,
    originRequests: ledger.requests - warm.requests,
    rssBytes,
  }
}

// Ctrl-C reaches every process of a terminal; the parent decides when the rig ends.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
receive('plan')
  .then(run)
  .then(result => say({ type: 'result', result }))
  .catch((error: Error) => say({ type: 'failed', message: error.message }))
