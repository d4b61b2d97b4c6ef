// Consistent hashing by one look into a table. Each upstream has its own order of preference over the places, and they take
// places in turn until all are taken: shares are exact to one place, and when one leaves, little more than its own keys
// move. Quicker to ask and to build than a ring, at the price of moving some keys that need not have moved.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { maglevTable } from '../../core/maglev-table.ts'
import { choice } from '../../core/parameters.ts'
import { hashText, scrambled } from '../../core/random.ts'
import { keyOf, keyParameter } from '../../core/request-key.ts'

/** How often a key whose upstream is to be avoided is hashed again. */
const triesAtMost = 20

export default defineBalancer({
  about: 'Hashes a key of the request into a table that the upstreams fill by turns: exact shares, few keys move.',
  source:
    'Eisenbud et al., "Maglev: a fast and reliable software network load balancer", NSDI 2016; weights as in Envoy maglev_lb.cc',
  params: {
    key: keyParameter,
    places: choice({
      default: '65537',
      choices: ['251', '2039', '65537', '655373'],
      doc: 'in the table, a prime: a hundred times the number of upstreams keeps shares within 1 %.',
    }),
  },
  make({ key, places }): Balancer {
    const size = Number(places)
    let eligible: readonly Upstream[] = []
    let owners = new Uint16Array(0)
    return {
      onEligible(upstreams) {
        eligible = upstreams
        owners = maglevTable(upstreams, size)
      },
      pick(request, avoid) {
        if (eligible.length === 0) return null
        let hash = hashText(keyOf(request, key))
        for (let tries = 0; tries <= triesAtMost; tries++) {
          const upstream = eligible[owners[hash % size]!]!
          if (avoid.length === 0 || !avoid.includes(upstream)) return upstream
          hash = scrambled(hash + tries)
        }
        return eligible.find(upstream => !avoid.includes(upstream)) ?? null
      },
    }
  },
})
