// An origin as one worker counts it. With many proxies there are millions of these and most of a request's time goes into
// fetching them, so they are small: the id, which is asked for when tables are built, is not kept but made.
import type { Upstream } from '../core/contracts.ts'
import { originOf } from './model.ts'
import type { World } from './world.ts'

class SimulatedUpstream implements Upstream {
  readonly index: number
  readonly weight: number
  inFlight = 0

  constructor(index: number, weight: number) {
    this.index = index
    this.weight = weight
  }

  get id(): string {
    return `o${this.index}`
  }
}

/** Makes upstreams of all origins, anew at each call; they have zones and priorities only where some origin has one. */
export function upstreamMaker({ model: { origins } }: World): () => Upstream[] {
  const traits = Array.from({ length: origins.count }, (_, index) => originOf(origins, index))
  const hasZones = traits.some(({ zone }) => zone !== '')
  const hasLevels = traits.some(({ priority }) => priority !== 0)
  return () =>
    traits.map(({ weight, zone, priority }, index) => {
      const upstream = new SimulatedUpstream(index, weight)
      if (!hasZones && !hasLevels) return upstream
      return Object.assign(upstream, { ...(hasZones && { zone }), ...(hasLevels && { priority }) })
    })
}
