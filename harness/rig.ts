// The rig: a child process with everything around the target, on one core and one clock: origins, open-loop generator,
// hostile clients, probes. Forked by rig-client.ts; rig-protocol.ts has the messages. It ends with its parent.
import { choose } from '../core/registry.ts'
import { RequestLog } from '../core/request-log.ts'
import { openLinks } from '../fault-injection/link.ts'
import { type Origins, startOrigins } from '../fault-injection/origin.ts'
import { placeFaults } from '../fault-injection/origin-plan.ts'
import { OpenLoop } from '../loadgen/open.ts'
import { buildSchedule, firstsOf } from '../loadgen/schedule.ts'
import { CapacityProcess } from './capacity.ts'
import { type ChosenHostile, HostileClients } from './hostile-clients.ts'
import { type CapacityObservation, type FromRig, packLog, type RigPlan, type ToRig } from './rig-protocol.ts'
import { Sampler } from './sampler.ts'
import { SettledRows } from './settled-rows.ts'

const progressEveryMs = 500
/** Between `go` and the first send: connections are opened and code is loaded in this time. */
const leadMs = 50

const say = (message: FromRig) => process.send?.(message)

function receive<T extends ToRig['type']>(type: T): Promise<Extract<ToRig, { type: T }>> {
  return new Promise(resolve => {
    const listen = (message: ToRig) => {
      if (message.type !== type) return
      process.off('message', listen)
      resolve(message as Extract<ToRig, { type: T }>)
    }
    process.on('message', listen)
  })
}

function phaseAt(plan: RigPlan, elapsedMs: number): string {
  if (elapsedMs < 0) return 'warm-up'
  let endsMs = 0
  return plan.phases.find(phase => elapsedMs < (endsMs += phase.durationMs))?.name ?? plan.phases.at(-1)!.name
}

/** Computes the schedule and starts the origins, then waits to be told where the target listens. */
async function prepare(plan: RigPlan) {
  const phasesMs = plan.phases.reduce((sum, phase) => sum + phase.durationMs, 0)
  const schedule = await buildSchedule(plan.load, plan.warmUpMs + phasesMs, plan.seed)
  const clients: ChosenHostile[] = []
  for (const { client } of plan.hostile) clients.push(await choose('hostile', client))
  const faults = await placeFaults(plan.faults, plan.phases, plan.origins.count, plan.seed)
  const log = new RequestLog(schedule.size)
  const origins = await startOrigins(plan.origins, plan.seed, log)
  const capacity = plan.capacity ? new CapacityProcess(plan.capacity) : null
  const { linkMs } = plan.origins
  const { ports } = linkMs === undefined ? origins : await openLinks(origins.ports, linkMs)
  const goes = receive('go')
  say({ type: 'origins', ports, scheduleHash: schedule.hash })
  return { phasesMs, schedule, clients, faults, log, origins, capacity, go: await goes }
}

/** Runs the closed loop and ends its process. */
async function measureCapacity(
  capacity: CapacityProcess,
  { host, port }: Extract<ToRig, { type: 'go' }>,
  origins: Origins,
  phasesMs: number,
): Promise<CapacityObservation> {
  const quiet = { elapsedMs: phasesMs, totalMs: phasesMs, okPerSecond: 0, failed: 0, attackersHeld: 0 }
  say({ type: 'progress', progress: { phase: 'capacity', ...quiet } })
  try {
    return await capacity.run(host, port, () => origins.ledger().requests)
  } finally {
    await capacity.stop()
  }
}

/** One run: warm-up and phases without a pause between them, a closed loop if one is asked for, then the one result. */
async function run(plan: RigPlan): Promise<void> {
  const { phasesMs, schedule, clients, faults, log, origins, capacity, go } = await prepare(plan)
  await capacity?.ready()
  const { host, port } = go
  const throttle = plan.throttleMs > 0 ? { throttleMs: plan.throttleMs } : {}
  const expectedBytes = plan.origins.responseBytes
  const loop = new OpenLoop({ schedule, plan: plan.load, log, host, port, expectedBytes, ...throttle })
  const hostile = new HostileClients()
  const sampler = new Sampler(go.rootPid, hostile, loop)
  sampler.start()
  await loop.connect()
  const startAt = performance.now() + leadMs
  const phasesAt = startAt + plan.warmUpMs
  hostile.schedule(plan, clients, { host, port }, phasesAt)
  origins.schedule(faults, phasesAt)
  loop.start(startAt)
  const settled = new SettledRows(log)
  const reporting = setInterval(() => {
    const now = performance.now()
    const elapsedMs = now - phasesAt
    const phase = phaseAt(plan, elapsedMs)
    const progress = { phase, elapsedMs, totalMs: phasesMs, ...settled.advance(now), attackersHeld: hostile.held() }
    say({ type: 'progress', progress })
  }, progressEveryMs)

  await loop.finished
  // The last request may end before the last phase does, and the hostile clients are stopped at its end.
  await new Promise(resolve => setTimeout(resolve, Math.max(0, phasesAt + phasesMs - performance.now()) + leadMs))
  clearInterval(reporting)
  // Before the closed loop, which is no part of the load that these describe.
  const counted = { ledger: origins.ledger(), origins: origins.perOrigin(), hostile: hostile.reports }
  const flatOut = capacity && (await measureCapacity(capacity, go, origins, phasesMs))
  const samples = sampler.stop()
  const found = flatOut ? { capacity: flatOut } : {}
  const measured = { log: packLog(log), lagMs: loop.lagMs, samples, ...counted, ...found }
  const { timeOrigin } = performance
  const { hash: scheduleHash, keys, posts } = schedule
  const asked = {
    scheduleHash,
    keys,
    posts,
    firsts: plan.load.connections.kind === 'sessions' ? firstsOf(schedule) : null,
  }
  say({ type: 'result', observations: { ...measured, ...asked, timeOrigin, phasesAt } })
}

// Ctrl-C reaches every process of a terminal; the parent decides when the rig ends.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
receive('plan')
  .then(({ plan }) => run(plan))
  .catch((error: Error) => say({ type: 'failed', message: error.message }))
