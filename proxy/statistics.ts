// What the proxy counts about itself: plain numbers that cost an increment each, and the event loop's own delay and GC.
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'

/** Names of the counters; all only grow, except the five gauges at the end. */
export const counterNames = [
  'connectionsAccepted',
  'connectionsOpenPeak',
  'connectionsRefused',
  'requests',
  'responses2xx',
  'responses4xx',
  'responses5xx',
  'requestHeadTimeouts',
  'rejectedHeads',
  'upstreamDials',
  'upstreamSpareDials',
  'upstreamDialFailures',
  'upstreamReuses',
  'upstreamWaits',
  'upstreamWaitTimeouts',
  'clientAborts',
  'requestsLimited',
  'requestsDelayed',
  'retries',
  'hedges',
  'hedgesWon',
  'filterBurns',
  'spooledBytes',
  'heldPeakBytes',
  'heldBytes',
  'spoolFilesOpen',
  'connectionsOpen',
  'connectionsWaiting',
  'upstreamConnectionsOpen',
] as const

export type Counters = Record<(typeof counterNames)[number], number>

export interface Statistics {
  /** The counters of all workers together; several workers add their own, `worker0.requests` and so on. */
  counters: Counters & Record<string, number>
  /** The longest the event loop was late in the interval. */
  loopDelayMaxMs: number
  /** Time spent collecting garbage in the interval. */
  gcMs: number
}

export function newCounters(): Counters {
  return Object.fromEntries(counterNames.map(name => [name, 0])) as Counters
}

/** Adds up what several workers report: counters and GC are summed, the loop delay is the worst. */
export function sumStatistics(parts: readonly Statistics[]): Statistics {
  const counters = newCounters()
  for (const part of parts) for (const name of counterNames) counters[name] += part.counters[name]
  return {
    counters,
    loopDelayMaxMs: Math.max(0, ...parts.map(part => part.loopDelayMaxMs)),
    gcMs: parts.reduce((sum, part) => sum + part.gcMs, 0),
  }
}

/** Watches this process's event loop and garbage collector; `take` returns and resets the figures of one interval. */
export class LoopMonitor {
  private gcMs = 0
  private readonly delay = monitorEventLoopDelay({ resolution: 10 })
  private readonly collections = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) this.gcMs += entry.duration
  })

  start(): void {
    this.delay.enable()
    this.collections.observe({ entryTypes: ['gc'] })
  }

  /** The histogram's values include the 10 ms sampling interval, which is taken off. */
  take(): { loopDelayMaxMs: number; gcMs: number } {
    const figures = {
      loopDelayMaxMs: this.delay.count > 0 ? Math.max(0, this.delay.max / 1e6 - 10) : 0,
      gcMs: this.gcMs,
    }
    this.delay.reset()
    this.gcMs = 0
    return figures
  }

  stop(): void {
    this.delay.disable()
    this.collections.disconnect()
  }
}
