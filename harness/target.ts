// What can be put into the tunnel: one file per kind in harness/targets, each started fresh for every run, listening on
// one loopback port and forwarding to the scripted origins.

import { parseSpec } from '../core/registry.ts'
import type { Architecture, StrategySpec } from '../core/scenario.ts'
import type { Children } from './children.ts'

/** Where a target was found, or one sentence saying what is missing and how to get it. */
export type Found = { readonly path: string; readonly version: string } | { readonly missing: string }

/** What our own proxy says of itself every 200 ms; peers say nothing. */
export interface TargetStats {
  /** Milliseconds since the Unix epoch, fractions allowed, when the message arrived. */
  readonly at: number
  /** The longest event-loop delay since the previous message, ms. */
  readonly loopDelayMaxMs: number
  /** Time spent in garbage collection since the previous message, ms. */
  readonly gcMs: number
  /** Running totals and levels by name. */
  readonly counters: Readonly<Record<string, number>>
}

export interface StartOptions {
  readonly architecture: Architecture
  readonly originPorts: readonly number[]
  /** Shares of the origins, whole numbers from 1 to 256, in the order of the ports; absent: all alike. */
  readonly originWeights?: readonly number[]
  /** An existing folder for the generated configuration; it is kept with the result. */
  readonly dir: string
  /** Prepended to the command line so that the target runs on its own core; empty when nothing is pinned. */
  readonly pin: readonly string[]
  readonly seed: number
  readonly children: Children
}

export interface RunningTarget {
  readonly port: number
  /** The root of the process tree whose CPU and memory are counted. */
  readonly pid: number
  /** All messages so far, oldest first; empty for a peer. */
  readonly stats: readonly TargetStats[]
  /** Resolves with how it ended, in words ("signal SIGKILL", "status 1: …"), whoever ended it. */
  readonly exited: Promise<string>
  /** Ends it and waits for its end; temporary files are removed, configuration and error log stay. */
  stop(): Promise<void>
}

export interface Target {
  readonly about: string
  readonly source: string
  /** Compiled while it runs: it must be asked tens of thousands of times before its speed is its own. Absent: no. */
  readonly compiledWhileRunning?: true
  find(): Found
  /** Why this target cannot be built as asked, or null when it can. Strategy names and parameters are valid by then. */
  refuses(architecture: Architecture): string | null
  /** @throws InvalidRunError in one sentence when it does not come up. */
  start(options: StartOptions): Promise<RunningTarget>
}

/**
 * The first parameter of `spec` that a target has no equivalent of, as "seam=spec, which sets name"; null when there is
 * none. `understood`: the parameters it has, each with the values it takes (absent: any).
 */
export function parameterWithoutEquivalent(
  seam: string,
  spec: StrategySpec,
  understood: Readonly<Record<string, RegExp | null>>,
): string | null {
  for (const [name, value] of Object.entries(parseSpec(spec, seam).given)) {
    if (!(name in understood)) return `${seam}=${spec}, which sets ${name}`
    if (understood[name] && !understood[name].test(value)) return `${seam}=${spec}, with that ${name}`
  }
  return null
}

export function defineTarget(target: Target): Target {
  return target
}
