// The table of Maglev hashing: each upstream visits the places in an order of its own (from an offset, by a skip that a prime
// number of places makes visit them all), and in turns takes the next one that is free.
// Source: Eisenbud et al., NSDI 2016, listing 1; weights as in Envoy maglev_lb.cc.
import type { Upstream } from './contracts.ts'
import { hashText, scrambled } from './random.ts'

interface Filler {
  readonly owner: number
  readonly weight: number
  readonly skip: number
  /** The next place it would like. */
  at: number
  /** In which round it is due again, times its weight. */
  due: number
}

/**
 * The position in `upstreams` of the owner of each of `size` places, a prime of at most 2^32. Each upstream owns its share
 * by weight, rounded up or down. The table hangs on ids and weights, not on the order given. All 0 when there is nobody.
 */
export function maglevTable(upstreams: readonly Upstream[], size: number): Uint16Array<ArrayBuffer> {
  const owners = new Uint16Array(size)
  if (upstreams.length === 0) return owners
  const fillers = upstreams
    .map(({ id, weight }, owner): Filler & { id: string } => {
      const hash = hashText(id)
      return { id, owner, weight, at: hash % size, skip: (scrambled(hash ^ 0x5bd1e995) % (size - 1)) + 1, due: 0 }
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const heaviest = Math.max(...upstreams.map(({ weight }) => weight))
  const taken = new Uint8Array(size)
  let left = size
  for (let round = 1; left > 0; round++) {
    for (let i = 0; i < fillers.length && left > 0; i++) {
      const filler = fillers[i]!
      // The heaviest takes a place in every round, one with a third of its weight in every third.
      if (round * filler.weight < filler.due) continue
      filler.due += heaviest
      while (taken[filler.at] === 1) filler.at = (filler.at + filler.skip) % size
      taken[filler.at] = 1
      owners[filler.at] = filler.owner
      left--
    }
  }
  return owners
}
