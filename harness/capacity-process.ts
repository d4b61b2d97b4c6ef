// The closed loops of a run in a process of its own: autocannon wants most of a core, and the origins in the rig are to
// answer it; then the lean loop, which lets no proxy rest. Forked by capacity.ts, which says what to load; ends with the rig.
import { runClosedLoop } from '../loadgen/closed.ts'
import { runFlatOut } from '../loadgen/flat-out.ts'
import type { CapacityOrder, CapacityReply } from './capacity.ts'

/** The lean loop's connections are opened in this time. */
const settleMs = 100

const say = (message: 'ready' | CapacityReply) => process.send?.(message)

process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
process.once('message', async (order: CapacityOrder) => {
  try {
    const result = await runClosedLoop(order)
    const flatOut = await runFlatOut({ ...order, warmUpMs: settleMs })
    say({ result, flatOut, timeOrigin: performance.timeOrigin })
  } catch (error) {
    say({ failed: (error as Error).message })
  }
})
say('ready')
