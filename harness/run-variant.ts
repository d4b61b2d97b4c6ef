// One run: a fresh rig, a fresh target, the load, the summary. Whatever happens, both are stopped before it returns.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidRunError } from '../core/errors.ts'
import type { Run } from '../core/record.ts'
import { load } from '../core/registry.ts'
import type { CapacityPlan, LoadPlan, Variant } from '../core/scenario.ts'
import { weightsOf } from '../fault-injection/origin-plan.ts'
import type { Children } from './children.ts'
import type { Pinning } from './pinning.ts'
import type { RunPlan } from './plan.ts'
import { type Rig, startRig } from './rig-client.ts'
import type { Progress, RigPlan } from './rig-protocol.ts'
import { summarise } from './summary.ts'
import type { RunningTarget, Target } from './target.ts'

/**
 * How long the load runs before the first phase, so that a proxy in JavaScript is compiled where it matters: three seconds
 * where microseconds per request are compared, one where milliseconds are.
 */
export const warmUpOf = (plan: LoadPlan): number => (plan.pacing === 'spin' ? 3000 : 1000)

const capacityWarmUpMs = 200

/** Only what is compiled while it runs has the whole warm-up. */
function capacityFor(target: Target, capacity: CapacityPlan): CapacityPlan {
  return target.compiledWhileRunning ? capacity : { ...capacity, warmUpMs: capacityWarmUpMs }
}

export interface RunContext {
  readonly plan: RunPlan
  readonly pinning: Pinning
  readonly children: Children
  /** Stands in for the variant's own target: the same proxy, started under an instrument. */
  readonly target?: Target
}

/**
 * Runs one variant once.
 * @throws InvalidRunError when the target does not start or dies, or the rig fails.
 */
export async function runVariant(
  { plan, pinning, children, target: standIn }: RunContext,
  variant: Variant,
  repeat: number,
  onProgress: (progress: Progress) => void,
): Promise<Run> {
  const { scenario, phases, seed, throttleMs } = plan
  const { hostile, faults = [], measuredPhase } = scenario
  const honest = variant.request === undefined ? scenario.load : { ...scenario.load, request: variant.request }
  const linkMs = variant.linkMs ?? scenario.origins.linkMs
  const link = linkMs === undefined ? {} : { linkMs }
  const origins = { ...scenario.origins, ...link }
  const target = standIn ?? (await load<Target>('target', variant.target, `variant ${variant.name}`))
  const dir = join(plan.out, 'targets', `${variant.name.replace(/[^\w.-]+/g, '_')}-${repeat + 1}`)
  mkdirSync(dir, { recursive: true })
  const warmUpMs = plan.warmUpMs ?? warmUpOf(honest)
  const capacity = plan.capacity ? { capacity: capacityFor(target, plan.capacity) } : {}
  const rigPlan: RigPlan = { load: honest, origins, hostile, faults, phases, warmUpMs, ...capacity, seed, throttleMs }
  let rig: Rig | null = null
  let running: RunningTarget | null = null
  try {
    rig = await startRig(rigPlan, children, pinning.generator)
    const { settings: architecture } = variant
    const around = { originPorts: rig.ports, originWeights: weightsOf(origins), dir, pin: pinning.target }
    running = await target.start({ architecture, ...around, seed, children })
    let phase = 'warm-up'
    const observing = rig.go(running.port, running.pid, progress => {
      phase = progress.phase
      onProgress(progress)
    })
    const died = running.exited.then(how => {
      throw new InvalidRunError(`${variant.target} (variant ${variant.name}) died in phase ${phase}: ${how}`)
    })
    died.catch(() => {})
    const observations = await Promise.race([observing, died])
    const { stats } = running
    return summarise({
      variant: { ...variant, ...link },
      repeat,
      seed,
      load: honest,
      phases,
      measuredPhase,
      faults,
      observations,
      stats,
    })
  } finally {
    await Promise.all([rig?.stop(), running?.stop()])
  }
}
