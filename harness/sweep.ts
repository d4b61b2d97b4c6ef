// A sweep: every variant at every point of an axis. What a point changes of the architecture goes into the variant's
// settings here; what it changes of origins, load and situation is read by the simulator from the variant's point.
import { UsageError } from '../core/errors.ts'
import type { Scenario, Sweep, Variant } from '../core/scenario.ts'
import type { VirtualPlan } from '../core/virtual.ts'

/** The variants of a scenario as they are run. @throws UsageError for what a scenario that also runs live cannot have. */
export function sweptVariants({ sweep, virtual }: Scenario, variants: readonly Variant[]): readonly Variant[] {
  const own = variants.find(variant => variant.virtual !== undefined)
  if (virtual === undefined && own !== undefined) {
    throw new UsageError(`variant ${own.name}: virtual given; allowed: in simulated scenarios only`)
  }
  if (sweep === undefined) return variants
  if (virtual === undefined) throw new UsageError('sweep: given without virtual; allowed: in simulated scenarios only')
  return variants.flatMap(variant =>
    sweep.points.map(point => ({
      ...variant,
      name: `${variant.name}, ${pointName(sweep, point.at)}`,
      settings: { ...variant.settings, ...point.settings },
      point: { ...point, series: variant.name },
    })),
  )
}

/** A point in words: "proxies 10", "load 90 %". */
export function pointName({ axis, unit }: Pick<Sweep, 'axis' | 'unit'>, at: number): string {
  return `${axis} ${at}${unit === '' ? '' : ` ${unit}`}`
}

/** The plan of a scenario with what a point has in its place. */
export function mergedPlan(plan: VirtualPlan, point: VirtualPlan): VirtualPlan {
  return {
    ...plan,
    ...point,
    proxies: { ...plan.proxies, ...point.proxies },
    network: { ...plan.network, ...point.network },
  }
}
