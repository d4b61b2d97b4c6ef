// What a plan says about each single origin: its own traits before the common ones, its weight, and the faults it will have.
import type { AnyStrategy, Effect, Fault, Ms, OriginEffect } from '../core/contracts.ts'
import { UsageError } from '../core/errors.ts'
import { faultSpan } from '../core/fault-time.ts'
import { uniformAt } from '../core/random.ts'
import { choose, make } from '../core/registry.ts'
import type { FaultPlan, OriginPlan, OriginTraits, Phase } from '../core/scenario.ts'

/** The traits of origin `index`, with what the plan says of all filled in. */
export function traitsOf(plan: OriginPlan, index: number): OriginTraits & { readonly service: string } {
  const { count: _, responseBytes: __, each, ...common } = plan
  return { ...common, ...each?.[index] }
}

/** @throws UsageError for traits of an origin that does not exist, and for slots, idle times and weights out of range. */
export function checkOrigins(plan: OriginPlan): void {
  for (const index of Object.keys(plan.each ?? {})) {
    if (Number(index) >= plan.count) throw noSuchOrigin(`each.${index}`, index, plan.count)
  }
  for (let index = 0; index < plan.count; index++) {
    const { slots = 1, idleMs = 1, weight = 1 } = traitsOf(plan, index)
    checkWhole(slots, `origins.${index}.slots`, 1_000_000)
    checkWhole(idleMs, `origins.${index}.idleMs`, 3_600_000)
    checkWhole(weight, `origins.${index}.weight`, 256)
  }
}

/** What the target is told of the origins' shares, in their order. */
export function weightsOf(plan: OriginPlan): number[] {
  return Array.from({ length: plan.count }, (_, index) => traitsOf(plan, index).weight ?? 1)
}

/** A fault with its time, from the start of the first phase. */
export interface FaultWindow {
  readonly origin: number
  readonly fault: Fault
  readonly fromMs: Ms
  readonly untilMs: Ms
}

/**
 * Places the faults in time.
 * @throws UsageError when a fault, its parameters, its origin or its phase is unknown, or when two faults of one time each
 * want to decide whether an origin lives.
 */
export async function placeFaults(
  faults: readonly FaultPlan[],
  phases: readonly Phase[],
  origins: number,
  seed: number,
): Promise<FaultWindow[]> {
  const windows: FaultWindow[] = []
  for (const plan of faults) {
    const { fault, origin, phase } = plan
    if (!(origin >= 0 && origin < origins)) throw noSuchOrigin('faults', `${origin}`, origins)
    const { fromMs, untilMs } = faultSpan(plan, phases)
    const chosen = await choose<AnyStrategy<Fault>>('fault', fault, 'faults')
    const made = make(chosen, seed, `fault/o${origin}`)
    const isAtOnce = (other: FaultWindow) =>
      other.origin === origin && other.fault.origin && other.fromMs < untilMs && fromMs < other.untilMs
    if (made.origin && windows.some(isAtOnce)) {
      throw new UsageError(`faults: two of o${origin} in phase "${phase}" strike the whole origin; allowed: one`)
    }
    windows.push({ origin, fault: made, fromMs, untilMs })
  }
  return windows
}

/** The effects on request number `request` that comes `atMs` after the start of the first phase, in the plan's order. */
export function effectsAt(windows: readonly FaultWindow[], atMs: Ms, seed: number, request: number): Effect[] {
  return windows.flatMap(({ origin, fault, fromMs, untilMs }, index) => {
    if (atMs < fromMs || atMs >= untilMs) return []
    return fault.effectAt?.(atMs - fromMs, uniformAt(seed, `fault/o${origin}/${index}`, request)) ?? []
  })
}

/** What the faults of one origin make of it as a whole `atMs` after the start of the first phase; null: nothing. */
export function originEffectAt(windows: readonly FaultWindow[], atMs: Ms): OriginEffect | null {
  return (
    windows.find(({ fault, fromMs, untilMs }) => fault.origin && atMs >= fromMs && atMs < untilMs)?.fault.origin ?? null
  )
}

function checkWhole(value: number, where: string, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new UsageError(`${where}: ${value} given; allowed: a whole number from 1 to ${max}`)
}

function noSuchOrigin(where: string, given: string, origins: number): UsageError {
  return new UsageError(`${where}: origin ${given} given; allowed: 0 to ${origins - 1}`)
}
