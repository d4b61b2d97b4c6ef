// The twenty functions with the most self time or allocation, as a table of plain text.
import { formatBytes, formatMs, formatShare } from '../../reports/units.ts'
import type { SelfTime, Share } from './self.ts'

const shown = 20

/** How busy the proxy was, and who had the CPU. */
export function selfTimeTable({ idleMs, busyMs, functions }: SelfTime): string {
  const whole = idleMs + busyMs
  const busy = `Busy ${formatMs(busyMs)} of ${formatMs(whole)} (${formatShare(whole === 0 ? 0 : busyMs / whole)}).`
  const head = `Self time by function, as a share of the busy time; the kernel's work is inside the native calls (no place), as in write….`
  return [busy, head, '', ...rows(functions, busyMs, formatMs)].join('\n')
}

/** Who allocated, garbage included. */
export function allocationTable(functions: readonly Share[]): string {
  const total = functions.reduce((sum, { amount }) => sum + amount, 0)
  const head = `Allocated ${formatBytes(total)} on V8's heap, garbage included, estimated from a sample; by function:`
  return [head, '', ...rows(functions, total, formatBytes)].join('\n')
}

function rows(functions: readonly Share[], total: number, format: (amount: number) => string): string[] {
  const top = functions.slice(0, shown)
  const width = Math.max(0, ...top.map(({ name }) => name.length))
  const lines = top.map(({ name, place, amount }) => {
    const share = formatShare(total === 0 ? 0 : amount / total)
    return `${format(amount).padStart(9)} ${share.padStart(7)}  ${name.padEnd(width)}  ${place}`.trimEnd()
  })
  const rest = functions.length - top.length
  return rest > 0 ? [...lines, `and ${rest} more`] : lines
}
