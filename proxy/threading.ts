// The seam of threading models: who runs the servers. It is the one strategy that does I/O, so it is apart from the pure
// ones in core/contracts.ts.
import type { Described } from '../core/contracts.ts'
import type { ParameterTable, Values } from '../core/parameters.ts'
import type { ProxyConfig } from './config.ts'
import type { Statistics } from './statistics.ts'

/** A proxy that serves. */
export interface RunningProxy {
  readonly port: number
  /** Counters and event-loop figures since the last call, summed over workers. */
  takeStatistics(): Statistics
  /** Stops accepting, lets requests in flight finish (bounded by `drainMs`), then resolves. */
  drain(): Promise<void>
  /** Rejects when the proxy can no longer serve, e.g. because a worker died. */
  readonly failed: Promise<never>
}

export interface ThreadingStrategy extends Described {
  readonly params: ParameterTable
  /**
   * Starts serving. `source` is where the configuration can be read again by a worker process.
   * @throws UsageError when the port is taken.
   */
  launch(params: Values<ParameterTable>, config: ProxyConfig, source: string): Promise<RunningProxy>
}

export function defineThreading<const P extends ParameterTable>(
  strategy: Described & {
    readonly params: P
    launch(params: Values<P>, config: ProxyConfig, source: string): Promise<RunningProxy>
  },
): ThreadingStrategy {
  return strategy as unknown as ThreadingStrategy
}

/** Starts the proxy as its configuration says. `source` is the file it came from. @throws UsageError when the port is taken. */
export function launch(config: ProxyConfig, source: string): Promise<RunningProxy> {
  const { strategy, params } = config.threading
  return (strategy as ThreadingStrategy).launch(params, config, source)
}
