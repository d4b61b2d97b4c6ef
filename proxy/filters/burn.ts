// A handler that computes: a regular expression that backtracks, a large JSON document, a synchronous call of a crypto
// library. In every block of 1/share requests one burns, at a place that chance picks: the share is kept exactly, and runs of
// the same length burn equally often.
import { defineFilter, type Filter, type FilterEffect } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

const nothing: readonly FilterEffect[] = []

export default defineFilter({
  about: 'Lets a share of the requests compute for some milliseconds of CPU time before they are forwarded.',
  source: 'Node.js documentation, “Don’t Block the Event Loop (or the Worker Pool)”',
  params: {
    share: number({ default: 0.01, min: 0.0001, max: 1, unit: 'of all requests', doc: 'Which part of them computes.' }),
    ms: number({ default: 50, min: 0.1, max: 10_000, unit: 'ms', doc: 'CPU time that each of these takes.' }),
  },
  make({ share, ms }, { rng }): Filter {
    const burn: readonly FilterEffect[] = [{ kind: 'burn', ms }]
    let served = 0
    let burns = 0
    /** The request of the current block that burns, counted from the first of all; blocks need not be whole numbers long. */
    let next = Math.floor(rng.uniform() / share)
    return {
      onRequest() {
        if (served++ !== next) return nothing
        burns++
        next = Math.max(served, Math.floor((burns + rng.uniform()) / share))
        return burn
      },
    }
  },
})
