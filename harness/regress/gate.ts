// The gate from start to end: drives the rule with measurements, checks what must be so for the numbers to mean
// anything, and makes the record.

import { InvalidRunError } from '../../core/errors.ts'
import type { Effort } from '../../core/scenario.ts'
import type { Children } from '../children.ts'
import { describeMachine } from '../machine.ts'
import { choosePinning } from '../pinning.ts'
import { changeOf, designs, type Judgement, judge } from './design.ts'
import { smallestDetectable } from './detectable.ts'
import { keptShareLimit, type Metric } from './estimates.ts'
import {
  type GateArm,
  type GateRecord,
  type GateRow,
  type GateTree,
  gateSchema,
  gateSchemaName,
} from './gate-record.ts'
import { type MeasuredRestart, Measurements, type OnRestart } from './measure.ts'
import { type RestartPlan, runRestart } from './restart.ts'
import { type Arm, perArm } from './slices.ts'
import { median, signedRankP, standardDeviation } from './statistics.ts'
import type { Tree } from './trees.ts'

/** The base against itself must not be significant at this level … */
const controlAlpha = 0.01
/** … with a difference of more than this share of the tolerance; less than that cannot turn the verdict. */
const controlShareOfTolerance = 0.25

export interface GatePlan {
  readonly effort: Effort
  readonly seed: number
  readonly tolerance: number
  /** Repeats this gate. */
  readonly command: string
}

/** Measures and judges. Never throws for an invalid run: the record says so. */
export async function runGate(
  plan: GatePlan,
  trees: { readonly base: Tree; readonly head: Tree },
  children: Children,
  onRestart: OnRestart,
): Promise<GateRecord> {
  const startedAt = new Date()
  const pinning = choosePinning()
  const design = designs[plan.effort]
  const paths = { base: trees.base.path, head: trees.head.path }
  const run = (restart: RestartPlan) => runRestart(restart, children)
  const measurements = new Measurements({ trees: paths, design, seed: plan.seed, pinning, run, onRestart })
  const reasons: string[] = []
  let judgement: Judgement | null = null
  try {
    judgement = await follow(judge(design, plan.tolerance), measurements)
  } catch (error) {
    if (!(error instanceof InvalidRunError)) throw error
    reasons.push(error.message)
  }
  const machine = describeMachine(pinning.sentence, {})
  const when = { startedAt: startedAt.toISOString(), tookMs: Date.now() - startedAt.getTime() }
  return gateRecord({ ...plan, ...when, ...trees, machine, judgement, reasons }, measurements)
}

/** Plays the rule to its end with measured batches. */
async function follow(rule: ReturnType<typeof judge>, measurements: Measurements): Promise<Judgement> {
  let step = rule.next()
  while (!step.done) step = rule.next(await measurements.take(step.value))
  return step.value
}

/** Everything a record is made from besides the measurements; `judgement` is null when the gate broke off. */
export interface GateFacts extends GatePlan, Pick<GateRecord, 'startedAt' | 'tookMs' | 'machine'> {
  readonly base: GateTree
  readonly head: GateTree
  readonly judgement: Judgement | null
  readonly reasons: readonly string[]
}

export function gateRecord(
  facts: GateFacts,
  { restarts, spoilt }: Pick<Measurements, 'restarts' | 'spoilt'>,
): GateRecord {
  const { judgement, reasons: broken, base, head, ...plan } = facts
  const { effort, tolerance } = plan
  const looked = restarts.filter(restart => restart.batch !== 'confirmation')
  const rows = looked.length > 0 ? [rowOf(looked, 'cpuUsPerRequest'), rowOf(looked, 'addedP50Ms')] : []
  const control = looked.map(restart => restart.estimates.cpuUsPerRequest.controlLog)
  const guards = judgement ? [slicesGuard(restarts, spoilt), controlGuard(control, tolerance)] : []
  const reasons = [...broken, ...guards.filter(guard => !guard.ok).map(guard => `${guard.name}: ${guard.detail}`)]
  const tree = ({ given, commit, dirty }: GateTree) => ({ given, commit, dirty })
  return gateSchema.parse({
    schema: gateSchemaName,
    verdict: reasons.length > 0 || judgement === null ? 'invalid' : judgement.finding,
    ...plan,
    base: tree(base),
    head: tree(head),
    p: judgement?.p ?? null,
    confirmationP: judgement?.confirmationP ?? null,
    smallestDetectable: rows[0] ? smallestDetectable(designs[effort], rows[0].deviation, tolerance) : null,
    rows,
    arms: perArm(arm => armOf(restarts, arm)),
    restarts: restarts.map(({ batch, triples, kept, estimates }) => ({ batch, triples, kept, ...estimates })),
    guards,
    reasons,
  } satisfies GateRecord)
}

function rowOf(restarts: readonly MeasuredRestart[], metric: Metric): GateRow {
  const of = restarts.map(restart => restart.estimates[metric])
  const heads = of.map(value => value.headLog)
  const change = (logs: readonly number[]) => {
    const { estimate, interval } = changeOf(logs)
    return { estimate, ...interval }
  }
  return {
    metric: metric === 'cpuUsPerRequest' ? 'CPU per request' : 'added latency p50',
    unit: metric === 'cpuUsPerRequest' ? 'us' : 'ms',
    gated: metric === 'cpuUsPerRequest',
    base: median(of.map(value => value.base)),
    head: median(of.map(value => value.head)),
    change: change(heads),
    control: change(of.map(value => value.controlLog)),
    deviation: standardDeviation(heads),
  }
}

function armOf(restarts: readonly MeasuredRestart[], arm: Arm): GateArm {
  const results = restarts.map(restart => restart.result.arms[arm])
  const sum = (of: (result: (typeof results)[number]) => number) => results.reduce((total, one) => total + of(one), 0)
  const errors: Record<string, number> = {}
  for (const result of results) {
    for (const [kind, times] of Object.entries(result.errors)) errors[kind] = (errors[kind] ?? 0) + times
  }
  const memory = results.flatMap(({ rssBytes }) => (rssBytes === null ? [] : [rssBytes]))
  return {
    requests: sum(result => result.scheduled),
    errors,
    upstreamConnectionsPer1000:
      (1000 * sum(result => result.connectionsOpened)) /
      Math.max(
        1,
        sum(result => result.originRequests),
      ),
    rssBytes: memory.length > 0 ? median(memory) : null,
  }
}

function slicesGuard(restarts: readonly MeasuredRestart[], spoilt: number) {
  const kept = restarts.reduce((sum, restart) => sum + restart.kept, 0)
  const triples = restarts.reduce((sum, restart) => sum + restart.triples, 0)
  const lag = Math.max(0, ...restarts.map(restart => restart.lagP99Ms))
  const again = spoilt > 0 ? `; ${spoilt} restarts measured again` : ''
  const detail = `${kept} of ${triples} slice triples count${again}; worst generator lateness in them ${lag.toFixed(1)} ms at p99`
  return { name: 'undisturbed slices', ok: kept >= keptShareLimit * triples, detail }
}

function controlGuard(logs: readonly number[], tolerance: number) {
  const p = Math.min(1, 2 * Math.min(signedRankP(logs), signedRankP(logs.map(log => -log))))
  const { estimate } = changeOf(logs)
  const biased = p < controlAlpha && Math.abs(estimate) > controlShareOfTolerance * tolerance
  const detail = `the base against itself differs by ${(100 * estimate).toFixed(1)} % (p = ${p.toPrecision(2)})`
  return { name: 'A/A control', ok: !biased, detail }
}
