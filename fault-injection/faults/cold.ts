// An origin that has just been started: nothing is cached, nothing compiled, no connection open. It is slow at first and
// warms up by itself, whatever it is sent.
import { defineFault } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineFault({
  about: 'The origin takes a multiple of its service time at first, and ever less of it as it warms up.',
  source: 'Envoy slow start, on origins with a warm-up; HAProxy slowstart; a JVM or a cache after a restart',
  simulated: true,
  params: {
    factor: number({ default: 10, min: 1, max: 1000, unit: 'times', doc: 'multiplies the service time to begin with' }),
    warmMs: number({
      default: 10_000,
      min: 1,
      max: 600_000,
      unit: 'ms',
      doc: 'until the factor has fallen to 1, in a straight line',
    }),
  },
  make({ factor, warmMs }) {
    return {
      effectAt(sinceMs) {
        const left = Math.max(0, 1 - sinceMs / warmMs)
        return left === 0 ? null : { kind: 'service', factor: 1 + (factor - 1) * left, addMs: 0 }
      },
    }
  },
})
