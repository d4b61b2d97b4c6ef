// The closed loop of a run in a process of its own: autocannon wants most of a core, and the origins in the rig are to
// answer it. Forked by capacity.ts, which says what to load; ends with the rig.
import { runClosedLoop } from '../loadgen/closed.ts'
import type { CapacityOrder, CapacityReply } from './capacity.ts'

const say = (message: 'ready' | CapacityReply) => process.send?.(message)

process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
process.once('message', async (order: CapacityOrder) => {
  try {
    say({ result: await runClosedLoop(order), timeOrigin: performance.timeOrigin })
  } catch (error) {
    say({ failed: (error as Error).message })
  }
})
say('ready')
