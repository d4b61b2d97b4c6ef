// Memoryless service: most requests are quick, a few take several times the mean. F⁻¹(u) = −m·ln(1 − u).
import { defineServiceTime } from '../../core/contracts.ts'
import { ln } from '../../core/logarithm.ts'
import { number } from '../../core/parameters.ts'

export default defineServiceTime({
  about: 'Exponentially distributed service: most requests are quick, a few take several times the mean.',
  source: 'M in Kendall notation; inversion as in Devroye 1986, "Non-Uniform Random Variate Generation", II.2',
  params: { meanMs: number({ default: 5, min: 0.001, max: 600_000, unit: 'ms', doc: 'mean service time' }) },
  make: ({ meanMs }) => ({ meanMs, quantile: u => -ln(1 - u) * meanMs }),
})
