// Parameter tables: a strategy says once which parameters it takes, and the config decoder, the command line and the
// listing all read that table. Units are part of the name (`decayMs`), ranges part of the table.
import { UsageError, unknownName } from './errors.ts'

export interface NumberParameter {
  readonly kind: 'number'
  readonly default: number
  readonly min: number
  readonly max: number
  readonly integer: boolean
  readonly unit: string
  readonly doc: string
}

export interface ChoiceParameter<T extends string = string> {
  readonly kind: 'choice'
  readonly default: T
  readonly choices: readonly T[]
  readonly doc: string
}

export interface TextParameter {
  readonly kind: 'text'
  readonly default: string
  /** What a value must look like, whole. */
  readonly pattern: RegExp
  /** The same in words: "a path". */
  readonly allowed: string
  readonly doc: string
}

export type Parameter = NumberParameter | ChoiceParameter | TextParameter
export type ParameterTable = Readonly<Record<string, Parameter>>

/** The decoded values of a table: numbers for numbers, the literal union for choices. */
export type Values<T extends ParameterTable> = {
  readonly [K in keyof T]: T[K] extends ChoiceParameter<infer C> ? C : T[K] extends TextParameter ? string : number
}

type NumberOptions = { default: number; min?: number; max?: number; integer?: boolean; unit: string; doc: string }

/** A number; `min` and `max` are inclusive. `unit` is for the reader ('ms', 'connections', '1/s'). */
export function number(options: NumberOptions): NumberParameter {
  return { kind: 'number', min: -Infinity, max: Infinity, integer: false, ...options }
}

/** A whole number; `min` and `max` are inclusive. */
export function count(options: Omit<NumberOptions, 'integer'>): NumberParameter {
  return number({ ...options, integer: true })
}

/** A text; `pattern` must match all of it. */
export function text(options: Omit<TextParameter, 'kind'>): TextParameter {
  return { kind: 'text', ...options }
}

/** One of a few words. */
export function choice<const T extends string>(options: {
  default: T
  choices: readonly T[]
  doc: string
}): ChoiceParameter<T> {
  return { kind: 'choice', ...options }
}

/**
 * Fills in defaults and checks every given value; numbers may arrive as text (from the command line).
 * @throws UsageError naming `where`, what was given and what is allowed.
 */
export function decodeParameters<T extends ParameterTable>(
  table: T,
  given: Readonly<Record<string, unknown>>,
  where: string,
): Values<T> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name)) throw unknownName('parameter', name, [...Object.keys(table)], where)
  }
  const values: Record<string, string | number> = {}
  for (const [name, parameter] of Object.entries(table)) {
    const value = Object.hasOwn(given, name) ? given[name] : parameter.default
    values[name] = decode(parameter, value, `${where}.${name}`)
  }
  return values as Values<T>
}

function decode(parameter: Parameter, value: unknown, where: string): string | number {
  if (parameter.kind === 'number') return decodeNumber(parameter, value, where)
  if (parameter.kind === 'choice') return decodeChoice(parameter, value, where)
  if (typeof value === 'string' && parameter.pattern.test(value)) return value
  throw new UsageError(`${where}: ${JSON.stringify(value)} given; allowed: ${describe(parameter)}`)
}

function decodeNumber(parameter: NumberParameter, value: unknown, where: string): number {
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  const fits =
    typeof parsed === 'number' &&
    Number.isFinite(parsed) &&
    parsed >= parameter.min &&
    parsed <= parameter.max &&
    (!parameter.integer || Number.isInteger(parsed))
  if (!fits) throw new UsageError(`${where}: ${JSON.stringify(value)} given; allowed: ${describe(parameter)}`)
  return parsed
}

function decodeChoice(parameter: ChoiceParameter, value: unknown, where: string): string {
  if (typeof value === 'string' && parameter.choices.includes(value)) return value
  throw new UsageError(`${where}: ${JSON.stringify(value)} given; allowed: ${describe(parameter)}`)
}

/** What a parameter allows, in words: "a whole number from 1 to 65535 connections". */
export function describe(parameter: Parameter): string {
  if (parameter.kind === 'choice') return parameter.choices.join(', ')
  if (parameter.kind === 'text') return parameter.allowed
  const from = Number.isFinite(parameter.min) ? ` from ${parameter.min}` : ''
  const to = Number.isFinite(parameter.max) ? ` to ${parameter.max}` : from && ' up'
  return `a ${parameter.integer ? 'whole number' : 'number'}${from}${to} (${parameter.unit})`
}
