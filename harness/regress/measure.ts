// Measures the batches that the rule asks for. A restart that neighbours spoilt (too few slices count, or both copies of
// the base fail their requests) is measured again while spares last; one proxy alone that fails, or accounts that do not
// add up, end the gate, for then there is nothing to compare.
import { InvalidRunError } from '../../core/errors.ts'
import { describeFailure } from '../../reports/units.ts'
import type { Pinning } from '../pinning.ts'
import type { Batch, Design } from './design.ts'
import { estimate, type Metric, type MetricEstimate } from './estimates.ts'
import { type RestartPlan, restartMs } from './restart.ts'
import type { SliceResult } from './slice-rig-protocol.ts'
import { type Arm, arms } from './slices.ts'

/** Share of requests that may fail in an arm before its cost cannot be compared any more. */
export const failedShareLimit = 0.01
/** Half a batch may be measured again. */
const sparesPerRestart = 0.5

export interface MeasuredRestart {
  readonly batch: Batch['name']
  readonly triples: number
  readonly kept: number
  readonly lagP99Ms: number
  readonly estimates: Readonly<Record<Metric, MetricEstimate>>
  readonly result: SliceResult
}

/** Told before each restart, for the display. */
export type OnRestart = (batch: Batch, number: number, leftMs: number) => void

export interface MeasureOptions {
  readonly trees: { readonly base: string; readonly head: string }
  readonly design: Design
  readonly seed: number
  readonly pinning: Pinning
  /** Measures one restart. */
  readonly run: (plan: RestartPlan) => Promise<SliceResult>
  readonly onRestart: OnRestart
}

/** The measurements of one gate, in order; they are kept here when a batch fails half-way. */
export class Measurements {
  readonly restarts: MeasuredRestart[] = []
  /** Restarts that told nothing and were measured again. */
  spoilt = 0
  private started = 0
  private readonly options: MeasureOptions

  constructor(options: MeasureOptions) {
    this.options = options
  }

  /** The log ratios of CPU per request, head to base, of a batch. @throws InvalidRunError in one sentence. */
  async take(batch: Batch): Promise<number[]> {
    const { design, onRestart } = this.options
    const from = this.restarts.length
    let spares = Math.ceil(batch.restarts * sparesPerRestart)
    while (this.restarts.length - from < batch.restarts) {
      const number = this.restarts.length - from + 1
      onRestart(batch, number, (batch.restarts - number + 1) * restartMs(design.triples))
      if (await this.one(batch)) continue
      this.spoilt++
      if (spares-- === 0)
        throw new InvalidRunError(
          'too few undisturbed slices are left: the proxies waited for a core, or the generator was late',
        )
    }
    return this.restarts.slice(from).map(restart => restart.estimates.cpuUsPerRequest.headLog)
  }

  /** False when the restart told nothing. */
  private async one(batch: Batch): Promise<boolean> {
    const { trees, design, seed, pinning, run } = this.options
    const plan = { trees, triples: design.triples, seed, restart: this.started++, pinning }
    const result = await run(plan)
    refuseBroken(result)
    const [base, head, control] = arms.map(arm => failureOf(result, arm))
    if (base !== null && control !== null) return false
    const reason = base ?? head ?? control
    if (reason) throw new InvalidRunError(reason)
    const { triples, kept, lagP99Ms, estimates } = estimate(result)
    if (estimates === null) return false
    this.restarts.push({ batch: batch.name, triples, kept, lagP99Ms, estimates, result })
    return true
  }
}

/** @throws InvalidRunError when accounts do not add up, or the system keeps none. */
function refuseBroken({ arms: results }: SliceResult): void {
  for (const arm of arms) {
    const { broken, rssBytes } = results[arm]
    if (broken.length > 0) throw new InvalidRunError(`the accounts of ${arm} do not add up: ${broken.join('; ')}`)
    if (rssBytes === null)
      throw new InvalidRunError('this system keeps no account of CPU time per process (Linux does)')
  }
}

/** Why an arm's cost cannot be compared, or null when it answered. */
export function failureOf({ arms: results }: Pick<SliceResult, 'arms'>, arm: Arm): string | null {
  const { scheduled, answered, errors } = results[arm]
  if (answered >= (1 - failedShareLimit) * scheduled) return null
  const kinds = Object.entries(errors).map(([kind, times]) => `${times} ${describeFailure(kind)}`)
  return `the ${arm} proxy failed ${scheduled - answered} of ${scheduled} requests: ${kinds.join(', ')}`
}
