// From a strategy file to what the simulator takes: its defaults filled in, its parameters checked.
import type { Strategy } from '../core/contracts.ts'
import { decodeParameters, type ParameterTable, type Values } from '../core/parameters.ts'
import type { Make } from './model.ts'

/**
 * Makes policies of a strategy: `made(peakEwma, { decayMs: 500 })`.
 * @throws UsageError for a parameter that is unknown or out of range.
 */
export function made<P extends ParameterTable, T>(strategy: Strategy<P, T>, given: Partial<Values<P>> = {}): Make<T> {
  const params = decodeParameters(strategy.params, given, 'simulation')
  return context => strategy.make(params, context)
}
