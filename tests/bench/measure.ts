// Measures tasks with tinybench, in rounds over all of them, so that a machine that is disturbed for a second disturbs one
// round of each and not all of one. The spread between rounds is what two stored runs are compared against.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Bench } from 'tinybench'
import type { BenchResult } from './results.ts'
import type { BenchTask } from './task.ts'

/** How often each task is measured; the spread between them is what is shown. */
export const rounds = 5
/** A call should last this long: far above what reading the clock costs. */
const callMs = 0.1
const mostTimes = 1 << 20

/**
 * Measures every task for about `timeMs` milliseconds. A first round, which is not counted, compiles all of them: after it
 * each call site has met every strategy, whatever the order. `onRound` is told the round that begins, 0 and up, of `of`.
 */
export async function measure(
  tasks: readonly BenchTask[],
  timeMs: number,
  onRound: (round: number, of: number) => void,
): Promise<BenchResult[]> {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const medians: number[][] = tasks.map(() => [])
  const samples = tasks.map(() => 0)
  for (let round = 0; round <= rounds; round++) {
    onRound(round, rounds)
    for (const [index, task] of tasks.entries()) {
      const times = timesPerCall(task)
      collectGarbage()
      const result = measured(task.name, () => task.run(times), timeMs / rounds)
      const besides = task.besides && measured(task.name, () => task.besides!(times), timeMs / rounds)
      // Let signals and the progress line have their turn.
      await new Promise(resolve => setImmediate(resolve))
      if (round === 0) continue
      medians[index]!.push(((result.latency.p50 - (besides?.latency.p50 ?? 0)) * 1e6) / times)
      samples[index]! += result.latency.samplesCount
    }
  }
  return tasks.map((task, index) => resultOf(task, medians[index]!, samples[index]!))
}

function measured(name: string, call: () => void, timeMs: number) {
  const bench = new Bench({ time: timeMs, iterations: 5, warmup: false })
  bench.add(name, call)
  const [task] = bench.runSync()
  const { result } = task!
  if (result.state !== 'completed') throw new Error(`${name} did not complete: ${result.state}`)
  return result
}

/** How often the operation is done in one call: doubled until the call is long enough, even undisturbed. */
function timesPerCall(task: BenchTask): number {
  const callOf = (times: number) => {
    const from = performance.now()
    task.run(times)
    return performance.now() - from
  }
  for (let times = 1; times < mostTimes; times *= 2) {
    if (Math.min(callOf(times), callOf(times), callOf(times)) >= callMs) return times
  }
  return mostTimes
}

function resultOf({ group, name, note }: BenchTask, medians: readonly number[], samples: number): BenchResult {
  const sorted = medians.toSorted((a, b) => a - b)
  return {
    group,
    name,
    ns: sorted[Math.floor(sorted.length / 2)]!,
    lowestNs: sorted[0]!,
    highestNs: sorted.at(-1)!,
    samples,
    ...(note !== undefined && { note }),
  }
}
