// The plain way to hash: a table with as many places as the weights amount to, and the hash modulo its length. Exact in
// its shares and quick, but when the length changes nearly every key moves.
// Source: HAProxy lb_map.c (hash-type map-based); NGINX ngx_http_upstream_hash_module.c without "consistent".
import type { Upstream } from './contracts.ts'
import { scrambled } from './random.ts'

/** Weights that are not whole, or amount to more than this, are scaled to it. */
const placesAtMost = 65_536
/** How often a hash that leads to one to be avoided is hashed again, as in NGINX. */
const triesAtMost = 20

/** An upstream for each place. Built on change. */
export class ModuloTable {
  private readonly upstreams: readonly Upstream[]
  private readonly places: Uint32Array

  constructor(upstreams: readonly Upstream[]) {
    this.upstreams = upstreams
    const total = upstreams.reduce((sum, { weight }) => sum + weight, 0)
    const exact = total <= placesAtMost && upstreams.every(({ weight }) => Number.isInteger(weight))
    const perWeight = exact ? 1 : placesAtMost / total
    const sizes = upstreams.map(({ weight }) => Math.max(1, Math.round(weight * perWeight)))
    this.places = new Uint32Array(sizes.reduce((sum, size) => sum + size, 0))
    let from = 0
    sizes.forEach((size, i) => {
      this.places.fill(i, from, (from += size))
    })
  }

  /** The upstream of this hash (0 and up), or another one when that is to be avoided; null when none is left. */
  at(hash: number, avoid: readonly Upstream[]): Upstream | null {
    const { upstreams, places } = this
    if (places.length === 0) return null
    let again = hash
    for (let tries = 0; tries <= triesAtMost; tries++) {
      const upstream = upstreams[places[again % places.length]!]!
      if (avoid.length === 0 || !avoid.includes(upstream)) return upstream
      again = scrambled(again + tries)
    }
    return upstreams.find(upstream => !avoid.includes(upstream)) ?? null
  }
}
