// Instead of asking who is least busy, remember who said it was idle: an upstream that has nothing left to do joins a queue,
// and a request goes to the head of the queue. A pick costs next to nothing, and it needs no fresh counts. When the queue is
// empty, a request goes anywhere.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { WeightedDraw } from '../../core/weighted-draw.ts'

export default defineBalancer({
  about: 'Takes the upstream that has been idle longest, and draws one by weight when none is known to be idle.',
  source:
    'Lu et al., "Join-Idle-Queue", Performance Evaluation 68(11), 2011; here an idle upstream joins the proxy it has just answered, not one drawn; it is idle when it reports so or, without reports, when this proxy has nothing in flight to it',
  params: {},
  make(_params, { rng, place = { index: 0, count: 1 } }): Balancer {
    let everybody = new WeightedDraw([])
    /** The eligible upstream of each index. */
    let byIndex: (Upstream | undefined)[] = []
    /** Indexes in the order in which they became idle: a ring with a place for each. */
    let ring = new Uint32Array(1)
    let head = 0
    let length = 0
    let queued = new Uint8Array(0)

    function join(index: number): void {
      if (queued[index] === 1 || byIndex[index] === undefined) return
      queued[index] = 1
      ring[(head + length++) % ring.length] = index
    }

    function leave(): number {
      const index = ring[head]!
      head = (head + 1) % ring.length
      length--
      queued[index] = 0
      return index
    }

    return {
      onEligible(upstreams) {
        const waiting = Array.from({ length }, (_, i) => ring[(head + i) % ring.length]!)
        const before = byIndex
        everybody = new WeightedDraw(upstreams)
        byIndex = []
        for (const upstream of upstreams) byIndex[upstream.index] = upstream
        ring = new Uint32Array(Math.max(1, upstreams.length))
        queued = new Uint8Array(byIndex.length)
        head = length = 0
        for (const index of waiting) join(index)
        // Of many proxies each begins with a part: an upstream that is idle waits in one queue only.
        for (const { index, inFlight } of upstreams) {
          const isOurs = index % place.count === place.index
          if (before[index] === undefined && inFlight === 0 && isOurs) join(index)
        }
      },
      pick(_request, avoid) {
        for (let left = length; left > 0; left--) {
          const index = leave()
          const upstream = byIndex[index]!
          // One that has since been drawn is not idle any more.
          if (upstream.inFlight > 0) continue
          if (avoid.length === 0 || !avoid.includes(upstream)) return upstream
          join(index)
        }
        return avoid.length === 0 ? everybody.draw(rng) : everybody.drawExcept(avoid, rng)
      },
      onDone({ index, inFlight }, { report }) {
        if ((report?.inFlight ?? inFlight) === 0) join(index)
      },
    }
  },
})
