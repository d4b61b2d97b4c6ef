// A breaker per upstream. Closed: requests pass and failures are counted. Open: none passes for a while. Half-open: one
// passes as a probe, and what becomes of it decides.
import { defineHealth, type HealthPolicy } from '../../core/contracts.ts'
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
    const stateOf = (index: number) => words[index]! & stateBits
    return {
      onMembers(upstreams) {
        const size = upstreams.reduce((most, { index }) => Math.max(most, index + 1), 0)
        words = new Int32Array(size)
        halfOpenAt = new Float64Array(size)
      },
      eligible: ({ index }) => stateOf(index) === CLOSED || stateOf(index) === HALF_OPEN,
      onSend({ index }) {
        if (stateOf(index) !== HALF_OPEN) return false
        words[index] = PROBING
        return true
      },
      onDone({ index }, outcome, now) {
        const word = words[index]!
        const before = word & stateBits
        if (outcome.kind === 'client-gone') {
          // A probe that was given up has told nothing: the next request probes again.
          if (before === PROBING) words[index] = HALF_OPEN
        } else if (outcome.kind === 'response' && outcome.status < 500) {
          if (word !== CLOSED) words[index] = before === OPEN ? OPEN : CLOSED
        } else if (before === PROBING || (before === CLOSED && (word >> stateShift) + 1 >= failures)) {
          words[index] = OPEN
          halfOpenAt[index] = now + openMs
        } else if (before === CLOSED) words[index] = word + (1 << stateShift)
        return (words[index]! & stateBits) !== before
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
          if (stateOf(index) === OPEN && halfOpenAt[index]! <= now) words[index] = HALF_OPEN
        }
      },
    }
  },
})
