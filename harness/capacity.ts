// The capacity of a target: after the phases two closed loops ask as much as they can get. This is the rig's side of the
// process that does so (capacity-process.ts).
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { InvalidRunError } from '../core/errors.ts'
import type { CapacityPlan } from '../core/scenario.ts'
import type { ClosedLoopOptions, ClosedLoopResult } from '../loadgen/closed-tally.ts'
import type { CapacityObservation } from './rig-protocol.ts'

export type CapacityOrder = ClosedLoopOptions
export type CapacityReply =
  | { readonly result: ClosedLoopResult; readonly flatOut: ClosedLoopResult; readonly timeOrigin: number }
  | { readonly failed: string }

const processModule = fileURLToPath(new URL('./capacity-process.ts', import.meta.url))

/** The process that runs the closed loops. It is started early and waited for, so as not to load its code beside a phase. */
export class CapacityProcess {
  private readonly child: ChildProcess
  private readonly plan: CapacityPlan
  private readonly ended: Promise<never>
  private readonly loaded: Promise<unknown>

  constructor(plan: CapacityPlan) {
    this.plan = plan
    this.child = fork(processModule, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    this.ended = new Promise((_, reject) => {
      const fail = (how: string) => reject(new InvalidRunError(`the closed loop failed: ${how}`))
      this.child.once('error', error => fail(error.message))
      this.child.once('exit', (status, signal) => fail(`it ended with ${signal ?? `status ${status}`}`))
    })
    this.ended.catch(() => {})
    this.loaded = once(this.child, 'message')
    this.loaded.catch(() => {})
  }

  /** Resolves when it has nothing to do until `run`. @throws InvalidRunError when the process fails. */
  async ready(): Promise<void> {
    await Promise.race([this.loaded, this.ended])
  }

  /**
   * Runs it against `host`:`port`; `originRequests` reads the origins' count of requests so far.
   * @throws InvalidRunError when the process fails.
   */
  async run(host: string, port: number, originRequests: () => number): Promise<CapacityObservation> {
    const before = originRequests()
    const reply = new Promise<CapacityReply>(resolve => {
      this.child.once('message', message => resolve(message as CapacityReply))
    })
    const order: CapacityOrder = { host, port, ...this.plan }
    this.child.send(order, () => {})
    const said = await Promise.race([reply, this.ended])
    if ('failed' in said) throw new InvalidRunError(said.failed)
    const shiftMs = said.timeOrigin - performance.timeOrigin
    const here = (result: ClosedLoopResult) => ({
      ...result,
      fromAt: result.fromAt + shiftMs,
      toAt: result.toAt + shiftMs,
    })
    const { connections } = this.plan
    return { ...here(said.result), flatOut: here(said.flatOut), connections, originRequests: originRequests() - before }
  }

  /** Ends the process and waits for its end. */
  async stop(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended.catch(() => {})
  }
}
