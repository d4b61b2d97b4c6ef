// Every upstream bids for every key, the highest bid wins. Nothing to build and nothing to agree on; when one leaves exactly
// its own keys move, and they are spread over all the others. The price is a look at every upstream for every request.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { hashText, scrambled } from '../../core/random.ts'
import { keyOf, keyParameter } from '../../core/request-key.ts'

export default defineBalancer({
  about: 'Hashes a key of the request with each upstream and takes the highest: only the keys of one that leaves move.',
  source:
    'Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN 6(1), 1998; weights as w / -ln(u) as in Traefik hrw',
  params: { key: keyParameter },
  make({ key }): Balancer {
    let eligible: readonly Upstream[] = []
    let even = true
    let hashes = new Uint32Array(0)

    function highest(keyHash: number, avoid: readonly Upstream[]): Upstream | null {
      let best: Upstream | null = null
      let highestBid = -1
      for (let i = 0; i < hashes.length; i++) {
        const upstream = eligible[i]!
        if (avoid.length > 0 && avoid.includes(upstream)) continue
        const hash = scrambled(hashes[i]! ^ keyHash)
        // For u in (0, 1): w / -ln(u) is highest with chance w / sum of weights.
        const bid = even ? hash : upstream.weight / -Math.log((hash + 0.5) / 0x1_0000_0000)
        if (bid > highestBid) {
          best = upstream
          highestBid = bid
        }
      }
      return best
    }

    return {
      onEligible(upstreams) {
        eligible = upstreams
        even = upstreams.every(({ weight }) => weight === upstreams[0]!.weight)
        hashes = Uint32Array.from(upstreams, ({ id }) => hashText(id))
      },
      pick: (request, avoid) => highest(hashText(keyOf(request, key)), avoid),
    }
  },
})
