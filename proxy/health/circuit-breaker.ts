// A breaker per upstream. Closed: requests pass and failures are counted. Open: none passes for a while. Half-open: one
// passes as a probe, and what becomes of it decides.
import { defineHealth, type HealthPolicy, type Outcome } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

const CLOSED = 0
const OPEN = 1
const HALF_OPEN = 2
/** Half-open, with the probe on its way. */
const PROBING = 3
const stateShift = 2
const stateBits = 3

export default defineHealth({
  about: 'Opens after failures in a row, lets one probe through after a while, and closes when the probe succeeds.',
  source:
    'Nygard, "Release It!", chapter on circuit breakers; resilience4j CircuitBreaker with one permitted call in half-open state',
  params: {
    failures: count({
      default: 5,
      min: 1,
      max: 10_000,
      unit: 'failures',
      doc: 'Failed attempts in a row until the breaker opens.',
    }),
    openMs: number({
      default: 5_000,
      min: 1,
      max: 3_600_000,
      unit: 'ms',
      doc: 'How long it stays open before a probe.',
    }),
  },
  make({ failures, openMs }): HealthPolicy {
    // By upstream index, in typed arrays: a simulated fleet of proxies has a million breakers. The failures in a row stand
    // above the two bits of the state, so that an attempt touches one word.
    let words = new Int32Array(0)
    let halfOpenAt = new Float64Array(0)
    /** Words that are not 0. While there are none a success changes nothing, and the words need not be looked at. */
    let marked = 0
    const stateOf = (index: number) => words[index]! & stateBits

    function write(index: number, word: number): void {
      marked += Number(word !== 0) - Number(words[index] !== 0)
      words[index] = word
    }

    /** What the word becomes when an attempt has ended. */
    function after(word: number, { kind, status }: Outcome): number {
      const state = word & stateBits
      // A probe that was given up has told nothing: the next request probes again.
      if (kind === 'client-gone') return state === PROBING ? HALF_OPEN : word
      if (kind === 'response' && status < 500) return state === OPEN ? OPEN : CLOSED
      if (state === PROBING || (state === CLOSED && (word >> stateShift) + 1 >= failures)) return OPEN
      return state === CLOSED ? word + (1 << stateShift) : word
    }

    return {
      onMembers(upstreams) {
        const size = upstreams.reduce((most, { index }) => Math.max(most, index + 1), 0)
        words = new Int32Array(size)
        halfOpenAt = new Float64Array(size)
        marked = 0
      },
      eligible: ({ index }) => stateOf(index) === CLOSED || stateOf(index) === HALF_OPEN,
      onSend({ index }) {
        if (marked === 0 || stateOf(index) !== HALF_OPEN) return false
        write(index, PROBING)
        return true
      },
      onDone({ index }, outcome, now) {
        if (marked === 0 && outcome.kind === 'response' && outcome.status < 500) return false
        const word = words[index]!
        const next = after(word, outcome)
        if (next === OPEN && word !== OPEN) halfOpenAt[index] = now + openMs
        write(index, next)
        return ((next ^ word) & stateBits) !== 0
      },
      nextChangeAt() {
        let earliest = Number.POSITIVE_INFINITY
        for (let index = 0; index < words.length; index++) {
          if (stateOf(index) === OPEN && halfOpenAt[index]! < earliest) earliest = halfOpenAt[index]!
        }
        return earliest
      },
      onChangeDue(now) {
        for (let index = 0; index < words.length; index++) {
          if (stateOf(index) === OPEN && halfOpenAt[index]! <= now) write(index, HALF_OPEN)
        }
      },
    }
  },
})
