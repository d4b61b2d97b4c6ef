// A client stays where it first went: sessions and warm caches live there. A client whose upstream is gone, or is to be
// avoided, is sent wherever the balancer within likes and stays there. Memory is bounded: those unseen longest are forgotten.
import { type Balancer, defineCombinator, type Upstream } from '../../core/contracts.ts'
import { choice, count, number } from '../../core/parameters.ts'

export default defineCombinator({
  about: 'Sends a client where it went before; the balancer within decides for those it does not remember.',
  source: 'HAProxy stick-table (size, expire) with stick on src; NGINX sticky learn',
  params: {
    by: choice({
      default: 'client',
      choices: ['client', 'header'],
      doc: 'who a client is: its address, or the header x-session (its address where that is absent).',
    }),
    max: count({ default: 100_000, min: 2, max: 10_000_000, unit: 'clients', doc: 'remembered at most' }),
    idleMs: number({
      default: 600_000,
      min: 1,
      max: 86_400_000,
      unit: 'ms',
      doc: 'without a request after which a client is forgotten, at the latest',
    }),
  },
  make({ by, max, idleMs }, newInner): Balancer {
    const inner = newInner()
    let eligible: (Upstream | undefined)[] = []
    /** The upstream index of each client: those seen in this generation, and those seen in the one before. */
    let recent = new Map<string, number>()
    let older = new Map<string, number>()
    let generationEndsAt = Number.NEGATIVE_INFINITY

    /** Two generations, each at most half of all clients and half of the idle time: no list to keep in order. */
    function turnOver(now: number): void {
      if (recent.size < max / 2 && now < generationEndsAt) return
      // After a long silence even what was recent is too old.
      older = now >= generationEndsAt + idleMs / 2 ? new Map() : recent
      recent = new Map()
      generationEndsAt = now + idleMs / 2
    }

    return {
      ...inner,
      onEligible(upstreams, version, now) {
        eligible = []
        for (const upstream of upstreams) eligible[upstream.index] = upstream
        inner.onEligible(upstreams, version, now)
      },
      pick(request, avoid, now) {
        turnOver(now)
        const client = (by === 'header' ? request.header('x-session') : undefined) ?? request.client
        const remembered = recent.get(client)
        const home = eligible[remembered ?? older.get(client) ?? -1]
        if (home !== undefined && (avoid.length === 0 || !avoid.includes(home))) {
          if (remembered === undefined) recent.set(client, home.index)
          return home
        }
        const picked = inner.pick(request, avoid, now)
        if (picked !== null) recent.set(client, picked.index)
        return picked
      },
    }
  },
})
