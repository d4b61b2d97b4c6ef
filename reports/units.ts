// Numbers for people: milliseconds become µs, ms or s; bytes become KB or MB (1 KB is 1,024 bytes); a share never
// rounds to "0 %" or "100 %" unless it is exactly that. One place, so that all reports write a number the same way.

/** Units a metric or a series column may have; any other unit is printed behind the number as it is. */
export type Unit = 'ms' | 'us' | 'bytes' | 'share' | '1/s' | 'count'

/** What stands where there is no number. */
export const missing = '–'

/** A value of the given unit (ms, µs, bytes, share 0 to 1, per second, count); null gives a dash. */
export function formatValue(unit: string, value: number | null): string {
  if (value === null || !Number.isFinite(value)) return missing
  if (unit === 'ms') return formatMs(value)
  if (unit === 'us') return formatMs(value / 1000)
  if (unit === 'bytes') return formatBytes(value)
  if (unit === 'share') return formatShare(value)
  if (unit === '1/s') return `${grouped(value)}/s`
  return unit === 'count' || unit === '' ? grouped(value) : `${grouped(value)} ${unit}`
}

/** A duration in milliseconds, with three significant digits and a fitting unit. */
export function formatMs(ms: number): string {
  const size = Math.abs(ms)
  if (size === 0) return '0 ms'
  if (size < 0.9995) return `${significant(ms * 1000)} µs`
  return size < 999.5 ? `${significant(ms)} ms` : `${significant(ms / 1000)} s`
}

/** A number of bytes in B, KB, MB or GB of 1,024. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  let value = bytes
  let step = 0
  while (Math.abs(value) >= 1023.5 && step < units.length - 1) {
    value /= 1024
    step++
  }
  return `${significant(value)} ${units[step]}`
}

/** A share from 0 to 1 in per cent. */
export function formatShare(share: number): string {
  if (share > 0.999 && share < 1) return '>99.9 %'
  if (share > 0 && share < 0.001) return '<0.1 %'
  const percent = share * 100
  const digits = percent > 99 || percent < 10 ? 1 : 0
  return `${percent.toFixed(digits).replace(/\.0$/, '')} %`
}

function significant(value: number): string {
  const size = Math.abs(value)
  return size >= 99.95 ? grouped(value) : value.toFixed(size >= 9.995 ? 1 : 2).replace(/\.?0+$/, '')
}

function grouped(value: number): string {
  const size = Math.abs(value)
  if (size > 0 && size < 0.1) return value.toLocaleString('en-US', { maximumSignificantDigits: 2 })
  return value.toLocaleString('en-US', { maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : 2 })
}

/** "1 repeat", "2 repeats". */
export function plural(amount: number, noun: string): string {
  return `${grouped(amount)} ${noun}${amount === 1 ? '' : 's'}`
}

/** How a failed request ended, in words; an unknown kind is printed as it is. */
export function describeFailure(kind: string): string {
  return failureWords[kind] ?? kind
}

const failureWords: Readonly<Record<string, string>> = {
  'bad-status': 'answered with an error status',
  'bad-response': 'answered with something malformed',
  refused: 'connection refused',
  reset: 'connection reset',
  closed: 'closed without an answer',
  timeout: 'no answer in time',
  unsent: 'never sent',
}
