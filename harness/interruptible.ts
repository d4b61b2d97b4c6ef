// Work that Ctrl-C, SIGTERM and defects may end at any moment, leaving neither processes nor half a result.
import type { Children } from './children.ts'

/**
 * Runs `work`. When a signal ends it first, every child is stopped, `discard` removes what is unfinished, and this process
 * exits with 130 or 143; when `work` throws, the same is done and the error passed on.
 */
export async function interruptible<T>(children: Children, discard: () => void, work: () => Promise<T>): Promise<T> {
  const cleanUp = async () => {
    await children.stopAll()
    discard()
  }
  let interrupted = false
  const interrupt = async (signal: NodeJS.Signals) => {
    if (interrupted) return
    interrupted = true
    process.stderr.write(`\nwindtunnel: stopping (${signal}) …\n`)
    await cleanUp()
    process.stderr.write('windtunnel: every process has ended and the unfinished result is removed\n')
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  const lastResort = () => children.killAll()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('exit', lastResort)
  try {
    const result = await work()
    // A child that died of the same signal may have ended the work first: then `interrupt` has the last word.
    return interrupted ? await new Promise<never>(() => {}) : result
  } catch (error) {
    if (interrupted) return await new Promise<never>(() => {})
    await cleanUp()
    throw error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt).off('exit', lastResort)
  }
}
