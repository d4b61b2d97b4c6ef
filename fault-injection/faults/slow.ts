// An origin that has grown slow: a cold cache, a neighbour that takes the core, a disk that fails. It still answers rightly.
import { defineFault } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineFault({
  about: 'The origin takes a multiple of its service time, or a fixed time more, or both.',
  source: 'Gunawi et al., "Fail-Slow at Scale", FAST 2018; Envoy fault filter, delay with fixed_delay',
  simulated: true,
  params: {
    factor: number({ default: 10, min: 0, max: 1000, unit: 'times', doc: 'multiplies the service time' }),
    addMs: number({ default: 0, min: 0, max: 600_000, unit: 'ms', doc: 'is added to it' }),
    growsMs: number({
      default: 0,
      min: 0,
      max: 600_000,
      unit: 'ms',
      doc: 'time until it is as slow as that; 0: at once',
    }),
  },
  make({ factor, addMs, growsMs }) {
    return {
      effectAt(sinceMs) {
        const grown = growsMs === 0 ? 1 : Math.min(1, sinceMs / growsMs)
        return { kind: 'service', factor: 1 + (factor - 1) * grown, addMs: addMs * grown }
      },
    }
  },
})
