// What is done for every request beside the request: noting its latency, moving its deadline.
import { LatencyHistogram } from '../../core/histogram.ts'
import { randomStream } from '../../core/random.ts'
import { DeadlineWheel, Timed } from '../../proxy/deadlines.ts'
import { type BenchTask, sink } from './task.ts'

const values = 4096
const entries = 10_000
const timeoutMs = 30_000

class Entry extends Timed {
  onDue(): void {
    sink.value++
  }
}

function recording(): BenchTask {
  const histogram = new LatencyHistogram()
  const rng = randomStream(1, 'bench')
  const latenciesMs = Array.from({ length: values }, () => -5 * Math.log(1 - rng.uniform()))
  return {
    group: 'note',
    name: 'histogram record',
    run(times) {
      for (let i = 0; i < times; i++) histogram.record(latenciesMs[i % values]!)
    },
  }
}

/** `anew`: the entry is taken off the wheel first, as when a connection closes; else its deadline moves later. */
function arming(anew: boolean): BenchTask {
  const wheel = new DeadlineWheel(50, 0)
  const all = Array.from({ length: entries }, () => new Entry())
  let now = 0
  for (const entry of all) wheel.arm(entry, timeoutMs)
  return {
    group: 'note',
    name: anew ? 'deadline disarm and arm' : 'deadline moved later',
    run(times) {
      for (let i = 0; i < times; i++) {
        const entry = all[i % entries]!
        now += 0.01
        if (anew) wheel.disarm(entry)
        wheel.arm(entry, now + timeoutMs)
      }
    },
  }
}

/** Every task about bookkeeping. */
export function bookkeepingTasks(): BenchTask[] {
  return [recording(), arming(false), arming(true)]
}
