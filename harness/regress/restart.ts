// One restart, the unit of replication: fresh processes of base, head and base again behind one rig. A process's compiled
// code and heap layout are decided at its start, so requests of one process are no independent evidence.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidRunError } from '../../core/errors.ts'
import { randomStream } from '../../core/random.ts'
import type { Child, Children } from '../children.ts'
import type { Pinning } from '../pinning.ts'
import { type ProxyProcess, startProxy } from './proxy-process.ts'
import type { FromSliceRig, SliceResult, ToSliceRig } from './slice-rig-protocol.ts'
import { type Arm, arms, type PerArm, perArm, planSlices, shuffled, sliceMs, timing } from './slices.ts'

const rigModule = fileURLToPath(new URL('./slice-rig.ts', import.meta.url))
/** Starting and stopping five processes. */
const aroundMs = 1500

/** About how long one restart takes, ms. */
export const restartMs = (triples: number) =>
  aroundMs + timing.warmUpMs + timing.settleMs + arms.length * triples * sliceMs

export interface RestartPlan {
  /** The root folders of the two trees. */
  readonly trees: { readonly base: string; readonly head: string }
  readonly triples: number
  readonly seed: number
  /** 0 and up over the whole gate; every restart has an order of its own. */
  readonly restart: number
  readonly pinning: Pinning
}

/** @throws InvalidRunError when a process fails or ends before its time; all processes it started have ended. */
export async function runRestart(plan: RestartPlan, children: Children): Promise<SliceResult> {
  const dir = mkdtempSync(join(tmpdir(), 'windtunnel-regress-'))
  const started: Child[] = []
  try {
    const rig = startRig(children, plan.pinning.generator)
    started.push(rig.child)
    const slices = planSlices(plan.triples, plan.seed, plan.restart)
    rig.send({ type: 'plan', slices, seed: plan.seed })
    const { ports } = await rig.hear('origins')
    const proxies = await startProxies(plan, ports, dir, children, started)
    rig.send({ type: 'go', proxies: perArm(arm => ({ port: proxies[arm].port, pid: proxies[arm].child.pid })) })
    const died = arms.map(arm => proxies[arm].child.exited.then(how => failure(`the ${arm} proxy ended with ${how}`)))
    for (const death of died) death.catch(() => {})
    return (await Promise.race([rig.hear('result'), ...died])).result
  } finally {
    await Promise.all(started.map(child => child.stop()))
    rmSync(dir, { recursive: true, force: true })
  }
}

function failure(reason: string): never {
  throw new InvalidRunError(reason)
}

/** Starts the three proxies one after the other, in an order of this restart's own. */
async function startProxies(
  plan: RestartPlan,
  ports: PerArm<readonly number[]>,
  dir: string,
  children: Children,
  started: Child[],
): Promise<PerArm<ProxyProcess>> {
  const rng = randomStream(plan.seed, `starts/${plan.restart}`)
  const proxies: Partial<Record<Arm, ProxyProcess>> = {}
  for (const arm of shuffled(arms, bound => rng.integer(bound))) {
    const tree = arm === 'head' ? plan.trees.head : plan.trees.base
    const start = { name: arm, tree, originPorts: ports[arm], dir, seed: plan.seed, pin: plan.pinning.target }
    proxies[arm] = await startProxy(start, children)
    started.push(proxies[arm].child)
  }
  return proxies as PerArm<ProxyProcess>
}

/** The rig's messages as promises, each rejected when the rig fails or ends first. */
function startRig(children: Children, pin: readonly string[]) {
  const child = children.fork(rigModule, [], pin)
  const hear = <T extends FromSliceRig['type']>(type: T) =>
    new Promise<Extract<FromSliceRig, { type: T }>>((resolve, reject) => {
      const fail = (reason: string) => reject(new InvalidRunError(`the load generator failed: ${reason}`))
      child.exited.then(how => fail(`it ended with ${how}`))
      child.process.on('message', (message: FromSliceRig) => {
        if (message.type === type) resolve(message as Extract<FromSliceRig, { type: T }>)
        else if (message.type === 'failed') fail(message.message)
      })
    })
  return { child, hear, send: (message: ToSliceRig) => child.process.send(message, () => {}) }
}
