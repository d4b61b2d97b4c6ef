// What a thread costs in memory, measured: address space that is reserved for it and memory that is resident.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { InvalidRunError } from '../core/errors.ts'
import type { Children } from './children.ts'

/** `bare`: a thread of the operating system with nothing but its stack; `loop`: a JavaScript engine and an event loop in it. */
export type ThreadKind = 'bare' | 'loop'

/** Of one thread, the mean over all that were started. */
export interface ThreadPrice {
  readonly threads: number
  readonly reservedBytes: number
  readonly residentBytes: number
}

const module = fileURLToPath(new URL('./thread-price-process.ts', import.meta.url))

/**
 * Starts `count` threads in a process that is ended afterwards. `stackMb`: the stack that a `loop` may use; a bare thread has
 * the stack of the system's limit (ulimit -s).
 * @throws InvalidRunError when they could not be started.
 */
export async function priceOfThreads(
  kind: ThreadKind,
  count: number,
  stackMb: number,
  children: Children,
): Promise<ThreadPrice> {
  const env = { ...process.env, UV_THREADPOOL_SIZE: `${kind === 'bare' ? count : 1}` }
  const child = children.fork(module, [kind, `${count}`, `${stackMb}`], [], { env })
  try {
    const answer = once(child.process, 'message').then(([price]) => price as ThreadPrice)
    const failure = child.exited.then(how => {
      throw new InvalidRunError(`${count} threads could not be started: ${how}`)
    })
    return await Promise.race([answer, failure])
  } finally {
    await child.stop()
  }
}
