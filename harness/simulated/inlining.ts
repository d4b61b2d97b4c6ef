// The simulator is many small functions, and V8 stops putting functions into their callers after 920 bytes of bytecode. With
// more room M/M/1 goes from 8.4 to 9.7 million events a second and power-of-two over 10,000 origins from 3.3 to 3.7; with
// much more the optimised code is thrown away too often.
import { setFlagsFromString } from 'node:v8'

/** For the whole process, and best called before the simulator has run. Only speed depends on it. */
export function inlineMore(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2500')
}
