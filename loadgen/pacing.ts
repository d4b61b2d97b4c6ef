// How the generator waits for the next instant. Spinning is punctual to microseconds and takes a whole core; timers take
// little and are late by about a millisecond. Neither counts on being woken in time: every turn looks at the clock.
import { writeFileSync } from 'node:fs'
import type { LoadPlan } from '../core/scenario.ts'

/** Calls `turn` again and again until it returns false. Blocking in `turn` blocks the sockets of this process too. */
export function pace(pacing: LoadPlan['pacing'], turn: () => boolean): void {
  const again = () => {
    if (!turn()) return
    if (pacing === 'spin') setImmediate(again)
    else setTimeout(again, 1)
  }
  again()
}

/**
 * Asks Linux to wake this process's timers within a microsecond of their time instead of the usual fifty.
 * @returns false where the system has no such setting or does not allow it.
 */
export function sharpenTimers(): boolean {
  try {
    writeFileSync('/proc/self/timerslack_ns', '1')
    return true
  } catch {
    return false
  }
}
