// Which core serves the target and which the generator. Two cores and taskset are needed; otherwise nothing is pinned and
// the record says why.
import { readFileSync } from 'node:fs'
import { findProgram } from './children.ts'

export interface Pinning {
  /** Words to put in front of a command line; empty when nothing is pinned. */
  readonly target: readonly string[]
  readonly generator: readonly string[]
  /** For the record. */
  readonly sentence: string
}

/** Expands a kernel CPU list, `0-2,5` to 0, 1, 2, 5. */
export function expandCpuList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .flatMap(part => {
      const [from = 0, to = from] = part.split('-').map(Number)
      return Array.from({ length: to - from + 1 }, (_, index) => from + index)
    })
}

/** The cores this process may use, or null where the kernel does not say. */
function allowedCores(): number[] | null {
  try {
    const line = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    return line ? expandCpuList(line[1]!) : null
  } catch {
    return null
  }
}

/** Decides the pinning of this machine. */
export function choosePinning(cores = allowedCores(), taskset = findProgram('taskset')): Pinning {
  const none = (reason: string): Pinning => ({ target: [], generator: [], sentence: `not pinned: ${reason}` })
  if (cores === null) return none('this system has no /proc')
  if (cores.length < 2) return none('only one core is available')
  if (taskset === null) return none('taskset is not installed')
  const [first, second] = cores
  return {
    target: [taskset, '-c', String(first)],
    generator: [taskset, '-c', String(second)],
    sentence: `target on core ${first}, generator and origins on core ${second}`,
  }
}
