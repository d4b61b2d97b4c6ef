// With many proxies and many origins, everybody connected to everybody is too many connections. Each proxy keeps to a few
// upstreams of its own. Drawn at random some upstreams belong to many proxies and some to none; dealt out in rounds, each
// belongs to nearly the same number. One that is not eligible is replaced by the next in the proxy's own order.
import { type Balancer, defineCombinator, type Upstream } from '../../core/contracts.ts'
import { choice, count } from '../../core/parameters.ts'
import { hashText, type Rng, randomStream } from '../../core/random.ts'

export default defineCombinator({
  about: 'Shows the balancer within only a few of the upstreams, other ones in each of many proxies.',
  source:
    'Beyer et al., "Site Reliability Engineering", 2016, chapter 20: random subsetting and deterministic subsetting',
  params: {
    size: count({ default: 20, min: 1, max: 100_000, unit: 'upstreams', doc: 'that a proxy keeps to' }),
    kind: choice({
      default: 'deterministic',
      choices: ['deterministic', 'random'],
      doc: 'dealt out in rounds among the proxies, or drawn by each for itself.',
    }),
    peer: count({ default: 0, min: 0, max: 99_999, unit: 'index', doc: 'of this proxy among `peers`' }),
    peers: count({ default: 0, min: 0, max: 100_000, unit: 'proxies', doc: 'there are; 0: as the engine says' }),
  },
  make({ size, kind, peer, peers }, newInner, { rng, place }): Balancer {
    const inner = newInner()
    const proxy = peers > 0 ? peer : (place?.index ?? 0)
    const own = Math.floor(rng.uniform() * 0x1_0000_0000)
    let members: readonly Upstream[] = []
    let told = false
    /** The members in the order in which this proxy prefers them. */
    let preferred: readonly Upstream[] = []
    let others: readonly Upstream[] = []

    function prefer(upstreams: readonly Upstream[]): void {
      members = upstreams
      preferred = kind === 'random' ? byHash(upstreams, `${own}`) : dealt(upstreams, size, proxy)
    }

    return {
      ...inner,
      onMembers(all, now) {
        told = true
        prefer(all)
        inner.onMembers?.(all, now)
      },
      onEligible(eligible, version, now) {
        // Who is not told of members takes everybody it has met for one.
        if (!told) {
          const known = new Set(members)
          const strangers = eligible.filter(upstream => !known.has(upstream))
          if (strangers.length > 0) prefer([...members, ...strangers])
        }
        const is = new Set(eligible)
        const inOrder = preferred.filter(upstream => is.has(upstream))
        const chosen = new Set(inOrder.slice(0, size))
        others = inOrder.slice(size)
        inner.onEligible(
          eligible.filter(upstream => chosen.has(upstream)),
          version,
          now,
        )
      },
      pick(request, avoid, now) {
        const picked = inner.pick(request, avoid, now)
        if (picked !== null || avoid.length === 0) return picked
        // A retry may leave the subset.
        return others.find(upstream => !avoid.includes(upstream)) ?? null
      },
    }
  },
})

/** An order that hangs on the ids and `salt`, so that one more or less leaves the others in theirs. */
function byHash(upstreams: readonly Upstream[], salt: string): Upstream[] {
  return upstreams
    .map(upstream => ({ upstream, hash: hashText(`${salt}/${upstream.id}`) }))
    .sort((a, b) => a.hash - b.hash || a.upstream.index - b.upstream.index)
    .map(({ upstream }) => upstream)
}

/**
 * Proxies come in rounds of as many as there are whole subsets. In one round all use the same shuffled order and each
 * begins with its own piece of it, so that a round gives every upstream to at most one proxy.
 */
function dealt(upstreams: readonly Upstream[], size: number, proxy: number): Upstream[] {
  const subsets = Math.max(1, Math.floor(upstreams.length / size))
  const shuffled = shuffle(byHash(upstreams, ''), randomStream(Math.floor(proxy / subsets), 'subset round'))
  const from = (proxy % subsets) * size
  return [...shuffled.slice(from), ...shuffled.slice(0, from)]
}

function shuffle(upstreams: Upstream[], rng: Rng): Upstream[] {
  for (let last = upstreams.length - 1; last > 0; last--) {
    const at = rng.integer(last + 1)
    const moved = upstreams[last]!
    upstreams[last] = upstreams[at]!
    upstreams[at] = moved
  }
  return upstreams
}
