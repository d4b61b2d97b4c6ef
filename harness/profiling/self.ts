// Sums a V8 profile by function: the time spent in a function itself (not in what it calls), or the bytes it allocated.
// Source: the Chrome DevTools protocol, domains Profiler and HeapProfiler.
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** Counted from 0, as is the column. */
  readonly lineNumber: number
  readonly columnNumber: number
}

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: CallFrame
    readonly children?: readonly number[]
  }[]
  /** The node that was on top of the stack at each sample. */
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

export interface AllocationNode {
  readonly callFrame: CallFrame
  readonly selfSize: number
  readonly children: readonly AllocationNode[]
}

/** One function and what is its own. */
export interface Share {
  readonly name: string
  /** `proxy/http1/head.ts:12` for our code; a module's name for others'; empty for what V8 itself does. */
  readonly place: string
  /** Milliseconds of self time, or bytes. */
  readonly amount: number
}

export interface SelfTime {
  readonly idleMs: number
  readonly busyMs: number
  /** By time, the longest first. */
  readonly functions: readonly Share[]
}

/** Where a function is: our files from the root of the repository, packages from node_modules. */
export function placeOf({ url, lineNumber }: CallFrame): string {
  if (url === '') return ''
  const path = url.startsWith('file:') ? fileURLToPath(url) : url
  const short = path.startsWith(root) ? path.slice(root.length) : path
  return `${short}:${lineNumber + 1}`
}

/** The time each function had the CPU itself; a sample lasts until the next one. */
export function selfTimeOf({ nodes, samples, timeDeltas }: CpuProfile): SelfTime {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const sums = new Sums()
  let idleMs = 0
  for (const [index, id] of samples.entries()) {
    const lastedMs = (timeDeltas[index + 1] ?? 0) / 1000
    const frame = frames.get(id)
    if (frame?.functionName === '(idle)') idleMs += lastedMs
    else if (frame) sums.add(frame, lastedMs)
  }
  return { idleMs, busyMs: sums.total, functions: sums.sorted() }
}

/** The bytes each function allocated itself, estimated from a sample. */
export function allocationOf({ head }: { readonly head: AllocationNode }): readonly Share[] {
  const sums = new Sums()
  const visit = ({ callFrame, selfSize, children }: AllocationNode) => {
    if (selfSize > 0) sums.add(callFrame, selfSize)
    children.forEach(visit)
  }
  visit(head)
  return sums.sorted()
}

class Sums {
  total = 0
  private readonly shares = new Map<string, { name: string; place: string; amount: number }>()

  add(frame: CallFrame, amount: number): void {
    const name = frame.functionName || '(anonymous)'
    const place = placeOf(frame)
    const key = `${name} ${place}:${frame.columnNumber}`
    const share = this.shares.get(key)
    this.total += amount
    if (share) share.amount += amount
    else this.shares.set(key, { name, place, amount })
  }

  sorted(): Share[] {
    return [...this.shares.values()].sort((a, b) => b.amount - a.amount)
  }
}
