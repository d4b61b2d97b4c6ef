// Many proxies need not all know all upstreams: each keeps to a slice of a ring, and the slices together cover the ring
// evenly, so that few connections are kept and no upstream is left out. Within its slice a proxy takes the less loaded of two.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { count } from '../../core/parameters.ts'
import { hashText } from '../../core/random.ts'

export default defineBalancer({
  about: 'Keeps each of many proxies to its slice of the upstreams, and takes the less loaded of two drawn from it.',
  source: 'Twitter Finagle aperture/DeterministicAperture.scala; "Deterministic Aperture", Twitter engineering, 2019',
  params: {
    min: count({ default: 12, min: 1, max: 10_000, unit: 'upstreams', doc: 'in a slice at least' }),
    peer: count({ default: 0, min: 0, max: 99_999, unit: 'index', doc: 'of this proxy among `peers`' }),
    peers: count({
      default: 0,
      min: 0,
      max: 100_000,
      unit: 'proxies',
      doc: 'that share the work; 0: as the engine says',
    }),
  },
  make({ min, peer, peers }, { rng, place }): Balancer {
    const proxies = peers > 0 ? peers : (place?.count ?? 1)
    const offset = (peers > 0 ? peer % peers : (place?.index ?? 0)) / proxies
    let ring: readonly Upstream[] = []
    let width = 1

    /** The position of the upstream in which a random point of the slice lies. */
    const drawn = () => Math.floor(((offset + rng.uniform() * width) % 1) * ring.length) % ring.length

    /** The part of this upstream that the slice covers, 0 to 1. */
    function cover(position: number): number {
      const n = ring.length
      const from = offset * n
      const to = from + width * n
      const lap = (start: number) => Math.max(0, Math.min(start + 1, to) - Math.max(start, from))
      // A slice that runs over the end of the ring covers the beginning as well.
      return Math.min(1, lap(position) + lap(position + n))
    }

    const load = (position: number) => ring[position]!.inFlight / (ring[position]!.weight * cover(position))

    function twoOfSlice(): Upstream {
      const a = drawn()
      let b = drawn()
      // The same one again is drawn again; a slice of one upstream has no other.
      for (let tries = 0; b === a && tries < 8; tries++) b = drawn()
      return ring[a !== b && load(b) < load(a) ? b : a]!
    }

    return {
      onEligible(upstreams) {
        // An order that all proxies share, whatever order they were told.
        ring = upstreams
          .map(upstream => ({ upstream, hash: hashText(upstream.id) }))
          .sort((a, b) => a.hash - b.hash || a.upstream.index - b.upstream.index)
          .map(({ upstream }) => upstream)
        // Whole multiples of a proxy's own arc, so that the slices of all proxies lie evenly over the ring.
        const arcs = Math.ceil((Math.min(min, ring.length) / ring.length) * proxies - 1e-9)
        width = Math.min(1, Math.max(1, arcs) / proxies)
      },
      pick(_request, avoid) {
        if (ring.length === 0) return null
        if (avoid.length === 0) return twoOfSlice()
        for (let tries = 0; tries < 8; tries++) {
          const upstream = twoOfSlice()
          if (!avoid.includes(upstream)) return upstream
        }
        // A retry may leave the slice.
        return ring.find(upstream => !avoid.includes(upstream)) ?? null
      },
    }
  },
})
