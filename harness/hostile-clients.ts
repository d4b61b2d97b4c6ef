// The hostile clients of a run: each is started when its phase begins and stopped when it ends.
import type { Hostile, HostileContext, HostileReport, HostileStrategy } from '../core/contracts.ts'
import type { ParameterTable } from '../core/parameters.ts'
import { randomStream } from '../core/random.ts'
import type { Chosen } from '../core/registry.ts'
import type { RigPlan } from './rig-protocol.ts'

export type ChosenHostile = Chosen<HostileStrategy<ParameterTable>>
type Address = Pick<HostileContext, 'host' | 'port'>

/** `clients` belong to `plan.hostile`, one each, in its order. */
export class HostileClients {
  /** The last report of each that has been stopped. */
  readonly reports: HostileReport[] = []
  private readonly working = new Set<Hostile>()

  /** `phasesAt`: the performance.now() instant at which the first phase begins. */
  schedule(plan: RigPlan, clients: readonly ChosenHostile[], address: Address, phasesAt: number): void {
    clients.forEach((chosen, index) => {
      const { fromMs, toMs } = spanOf(plan, plan.hostile[index]!.phase)
      const rng = randomStream(plan.seed, `hostile/${index}`)
      const begin = () => {
        const client = chosen.strategy.start(chosen.params, { ...address, rng })
        this.working.add(client)
        this.at(phasesAt + toMs, () => this.end(client, index))
      }
      this.at(phasesAt + fromMs, begin)
    })
  }

  /** Connections they hold now. */
  held(): number {
    let held = 0
    for (const client of this.working) held += client.report().held
    return held
  }

  private at(instant: number, act: () => void): void {
    setTimeout(act, Math.max(0, instant - performance.now()))
  }

  private end(client: Hostile, index: number): void {
    client.stop()
    this.reports[index] = { ...client.report() }
    this.working.delete(client)
  }
}

function spanOf(plan: RigPlan, name: string): { fromMs: number; toMs: number } {
  let fromMs = 0
  for (const phase of plan.phases) {
    if (phase.name === name) return { fromMs, toMs: fromMs + phase.durationMs }
    fromMs += phase.durationMs
  }
  throw new Error(`a hostile client is planned for phase "${name}", which this scenario does not have`)
}
