// Some random looks, the least loaded wins. More than two looks bring less and less when what is seen is fresh, and harm when
// it is old. Whether the same upstream may be looked at twice matters when one is stuck: it then wins whenever all looks
// meet it.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { choice, count } from '../../core/parameters.ts'
import { WeightedDraw } from '../../core/weighted-draw.ts'

/** Weighted looks at different upstreams are drawn again this often before a look is given up, as in NGINX. */
const triesAtMost = 20

export default defineBalancer({
  about: 'Looks at a number of random upstreams and takes the one with the fewest requests in flight per weight.',
  source:
    'Mitzenmacher, "The power of two choices in randomized load balancing", TPDS 12(10), 2001; NGINX random two, Envoy LEAST_REQUEST, HAProxy random(n), Caddy random_choose',
  params: {
    choices: count({ default: 2, min: 1, max: 64, unit: 'looks', doc: 'for each request' }),
    replacement: choice({
      default: 'no',
      choices: ['no', 'yes'],
      doc: 'may looks meet the same upstream? NGINX: no; Envoy and HAProxy: yes.',
    }),
    draw: choice({
      default: 'uniform',
      choices: ['uniform', 'weighted'],
      doc: 'is every upstream equally likely to be looked at, or in proportion to its weight, as in NGINX and HAProxy?',
    }),
    asShipped: choice({
      default: 'no',
      choices: ['no', 'haproxy-unset', 'caddy-2.6'],
      doc: 'haproxy-unset: a single look, as HAProxy 3.x without a balance line; caddy-2.6: draws among all that were the least so far, as Caddy 2.6 random_choose.',
    }),
  },
  make({ choices, replacement, draw, asShipped }, { rng }): Balancer {
    const looks = asShipped === 'haproxy-unset' ? 1 : choices
    let all = new Pool([])
    const seen: Upstream[] = []

    /** Puts the upstreams to look at into `seen`. */
    function look(pool: Pool): void {
      seen.length = 0
      if (draw === 'uniform') {
        for (let i = 0; i < looks && (replacement === 'yes' || i < pool.size); i++) {
          seen.push(
            replacement === 'yes' ? pool.at(rng.integer(pool.size)) : pool.shuffled(i, rng.integer(pool.size - i)),
          )
        }
        return
      }
      for (let tries = 0; seen.length < looks && tries < looks + triesAtMost; tries++) {
        const upstream = pool.weighted.draw(rng)!
        if (replacement === 'yes' || !seen.includes(upstream)) seen.push(upstream)
      }
    }

    return {
      onEligible(upstreams) {
        all = new Pool(upstreams)
      },
      pick(_request, avoid) {
        const pool = avoid.length === 0 ? all : all.without(avoid)
        if (pool.size === 0) return null
        look(pool)
        return asShipped === 'caddy-2.6' ? leastSoFar(seen, rng.uniform()) : least(seen)
      },
    }
  },
})

class Pool {
  readonly size: number
  private readonly upstreams: readonly Upstream[]
  private readonly order: Uint32Array
  private draws: WeightedDraw | null = null

  constructor(upstreams: readonly Upstream[]) {
    this.size = upstreams.length
    this.upstreams = upstreams
    this.order = Uint32Array.from(upstreams, (_, i) => i)
  }

  get weighted(): WeightedDraw {
    return (this.draws ??= new WeightedDraw(this.upstreams))
  }

  at(position: number): Upstream {
    return this.upstreams[position]!
  }

  /** Step `i` of a Fisher–Yates shuffle: the one `ahead` places on. The order may be left as it is: any will do. */
  shuffled(i: number, ahead: number): Upstream {
    const { order } = this
    const taken = order[i + ahead]!
    order[i + ahead] = order[i]!
    order[i] = taken
    return this.upstreams[taken]!
  }

  without(avoid: readonly Upstream[]): Pool {
    return new Pool(this.upstreams.filter(upstream => !avoid.includes(upstream)))
  }
}

function least(seen: readonly Upstream[]): Upstream {
  let best = seen[0]!
  for (let i = 1; i < seen.length; i++) {
    const other = seen[i]!
    if (other.inFlight * best.weight < best.inFlight * other.weight) best = other
  }
  return best
}

/** An idle one at once; otherwise one of all that were no busier than everyone before them. `u` is in [0, 1). */
function leastSoFar(seen: readonly Upstream[], u: number): Upstream {
  const idle = seen.find(({ inFlight }) => inFlight === 0)
  if (idle) return idle
  let fewest = Number.POSITIVE_INFINITY
  const best = seen.filter(({ inFlight }) => {
    const kept = inFlight <= fewest
    if (kept) fewest = inFlight
    return kept
  })
  return best[Math.floor(u * best.length)]!
}
