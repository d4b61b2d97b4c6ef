// Crossing zones costs time and money, so a proxy prefers upstreams in its own zone, as long as those bear it: when the zone
// has a smaller share of the upstreams than of the proxies, the rest of its requests goes to zones that have room.
import { passedOn } from '../../core/combination.ts'
import { type Balancer, defineCombinator, type Upstream } from '../../core/contracts.ts'
import { count, number, text } from '../../core/parameters.ts'

interface Zone {
  readonly name: string
  readonly balancer: Balancer
  eligible: Upstream[]
  /** The part of this proxy's requests that goes there. */
  share: number
}

export default defineCombinator({
  about:
    'Keeps requests in the zone of the proxy as far as its upstreams can bear it; without a known zone it does nothing.',
  source: 'Envoy zone aware routing (load_balancer_impl.cc); the proxies of other zones are taken to be spread evenly',
  params: {
    zone: text({
      default: '',
      pattern: /^[\w.-]*$/,
      allowed: 'a name',
      doc: 'of this proxy; empty: as the engine says.',
    }),
    zoneShare: number({
      default: 0,
      min: 0,
      max: 1,
      unit: 'share',
      doc: 'of all proxies that are in this zone; 0: as the engine says, or an even part',
    }),
    min: count({ default: 6, min: 1, max: 100_000, unit: 'upstreams', doc: 'with fewer in all, zones are ignored' }),
  },
  make({ zone, zoneShare, min }, newInner, { rng, place }): Balancer {
    const own = zone || place?.zone || null
    const anywhere = newInner()
    const zones: Zone[] = []
    let apart = false

    const zoneOf = (name: string): Zone => {
      const known = zones.find(one => one.name === name)
      if (known) return known
      const added = { name, balancer: newInner(), eligible: [], share: 0 }
      zones.push(added)
      return added
    }
    // So that what the balancer within can do is known from the beginning.
    if (own !== null) zoneOf(own)

    /** What this proxy sends where: all it may to its own zone, the rest in proportion to the room of the others. */
    function spread(total: number): void {
      const populated = zones.filter(({ eligible }) => eligible.length > 0)
      const originShare = zoneShare || place?.zoneShare || 1 / Math.max(1, populated.length)
      const elsewhere = populated.length < 2 ? 0 : (1 - originShare) / (populated.length - 1)
      const room = ({ name, eligible }: Zone) => (name === own ? 0 : Math.max(0, eligible.length / total - elsewhere))
      const allRoom = populated.reduce((sum, one) => sum + room(one), 0)
      const home = populated.find(({ name }) => name === own)
      const kept = home === undefined ? 0 : Math.min(1, home.eligible.length / total / originShare)
      for (const one of zones) one.share = 0
      for (const one of populated) {
        if (one === home) one.share = kept
        else if (allRoom > 0) one.share = ((1 - kept) * room(one)) / allRoom
        else one.share = ((1 - kept) * one.eligible.length) / (total - (home?.eligible.length ?? 0))
      }
    }

    const tell = (all: readonly Upstream[], to: (balancer: Balancer, part: readonly Upstream[]) => void) => {
      to(anywhere, all)
      if (own === null) return
      for (const upstream of all) zoneOf(upstream.zone ?? '')
      for (const { name, balancer } of zones)
        to(
          balancer,
          all.filter(upstream => (upstream.zone ?? '') === name),
        )
    }

    return {
      ...passedOn(
        () => (apart ? zones.map(({ balancer }) => balancer) : [anywhere]),
        upstream => (apart ? zoneOf(upstream.zone ?? '').balancer : anywhere),
      ),
      // Whoever does not choose now may have to choose next, and must know what is under way.
      onSend(upstream, now) {
        anywhere.onSend?.(upstream, now)
        if (own !== null) zoneOf(upstream.zone ?? '').balancer.onSend?.(upstream, now)
      },
      onDone(upstream, outcome, now) {
        anywhere.onDone?.(upstream, outcome, now)
        if (own !== null) zoneOf(upstream.zone ?? '').balancer.onDone?.(upstream, outcome, now)
      },
      onMembers: (all, now) => tell(all, (balancer, part) => balancer.onMembers?.(part, now)),
      onEligible(eligible, version, now) {
        tell(eligible, (balancer, part) => balancer.onEligible(part, version, now))
        for (const one of zones) one.eligible = eligible.filter(upstream => (upstream.zone ?? '') === one.name)
        apart = own !== null && eligible.length >= min && zoneOf(own).eligible.length > 0
        if (apart) spread(eligible.length)
      },
      pick(request, avoid, now) {
        if (!apart) return anywhere.pick(request, avoid, now)
        let at = 0
        let point = rng.uniform()
        while (at < zones.length - 1 && (point -= zones[at]!.share) >= 0) at++
        return zones[at]!.balancer.pick(request, avoid, now) ?? anywhere.pick(request, avoid, now)
      },
    }
  },
})
