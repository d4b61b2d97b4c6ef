// The words of a command line: names and `key=value` pairs, checked, with the nearest allowed name suggested.
import { UsageError, unknownName } from '../core/errors.ts'

export interface Words {
  /** Words without `=`, in order. */
  readonly names: readonly string[]
  readonly values: Readonly<Record<string, string>>
}

/** Splits words. @throws UsageError when a key comes twice or is not among `allowed` (null allows any). */
export function parseWords(words: readonly string[], allowed: readonly string[] | null, where: string): Words {
  const names: string[] = []
  const values: Record<string, string> = {}
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 0) {
      names.push(word)
      continue
    }
    const key = word.slice(0, at)
    if (allowed && !allowed.includes(key)) throw unknownName('key', key, allowed, where)
    if (Object.hasOwn(values, key)) throw new UsageError(`${where}: ${key}= given twice; allowed: once`)
    values[key] = word.slice(at + 1)
  }
  return { names, values }
}

/**
 * Splits a comma list of strategies. A parameter list contains commas too (`a:x=1,y=2,b`), so a comma begins a new
 * strategy only where no `=` follows, or a `:` comes before it.
 */
export function splitStrategies(text: string): string[] {
  const strategies: string[] = []
  for (const part of text.split(',')) {
    const equals = part.indexOf('=')
    const colon = part.indexOf(':')
    const isParameter = equals >= 0 && (colon < 0 || colon > equals)
    if (isParameter && strategies.length > 0) strategies.push(`${strategies.pop()},${part}`)
    else strategies.push(part)
  }
  return strategies
}

/** A whole number. @throws UsageError naming the key and what is allowed. */
export function wholeNumber(text: string, key: string, min: number, max: number): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new UsageError(`${key}=${text} given; allowed: a whole number from ${min} to ${max}`)
}

/** One of a few words. @throws UsageError naming them. */
export function oneOf<const T extends string>(text: string, key: string, allowed: readonly T[]): T {
  if ((allowed as readonly string[]).includes(text)) return text as T
  throw new UsageError(`${key}=${text} given; allowed: ${allowed.join(', ')}`)
}

/** Adds "did you mean" to the message of an unknown name, when one of the allowed names is near. */
export function withSuggestion(message: string): string {
  const [, given, list] = /unknown .*"([^"]*)"; allowed: (.*)$/.exec(message) ?? []
  const near = given && list && nearest(given, list.split(', '))
  return near ? `${message}; did you mean "${near}"?` : message
}

/** The allowed name with the fewest changed letters, or null when all differ in more than a third of theirs. */
export function nearest(given: string, allowed: readonly string[]): string | null {
  let best: string | null = null
  let fewest = Number.POSITIVE_INFINITY
  for (const name of allowed) {
    const changed = editDistance(given, name)
    if (changed < fewest) [best, fewest] = [name, changed]
  }
  return best !== null && fewest <= Math.max(1, Math.ceil(best.length / 3)) ? best : null
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
