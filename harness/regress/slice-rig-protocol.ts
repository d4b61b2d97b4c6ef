// What the gate and the slice rig (the child process that holds generator, origins and probes of a restart) say to each
// other: plan → origins → go → result.
import type { PerArm, Slice, SliceFigures } from './slices.ts'

export type ToSliceRig =
  | { readonly type: 'plan'; readonly slices: readonly Slice[]; readonly seed: number }
  | { readonly type: 'go'; readonly proxies: PerArm<{ readonly port: number; readonly pid: number }> }

export type FromSliceRig =
  | { readonly type: 'origins'; readonly ports: PerArm<readonly number[]> }
  | { readonly type: 'result'; readonly result: SliceResult }
  | { readonly type: 'failed'; readonly message: string }

/** One arm over a whole restart, warm-up included unless said otherwise. */
export interface ArmResult {
  readonly scheduled: number
  readonly answered: number
  /** Failed requests by kind. */
  readonly errors: Readonly<Record<string, number>>
  /** Why the accounts do not add up; empty when they do. */
  readonly broken: readonly string[]
  /** Upstream connections opened, and requests that reached an origin, after the warm-up. */
  readonly connectionsOpened: number
  readonly originRequests: number
  /** At the end; null where the system keeps no accounts. */
  readonly rssBytes: number | null
}

export interface SliceResult {
  readonly arms: PerArm<ArmResult>
  /** In the order of the slices. */
  readonly slices: readonly SliceFigures[]
}
