// Carries out what a health policy asks for, as the live proxy's keeper does: tells the balancer whenever somebody becomes
// eligible or stops being so, wakes the policy when its time has come, and sends its checks.
import type { Balancer, HealthPolicy, Outcome, Upstream } from '../core/contracts.ts'
import { uniformOf } from '../core/random.ts'
import { ON_ITS_WAY } from './attempt-table.ts'
import type { DelayRing } from './delay-ring.ts'
import { nobody } from './rows.ts'
import { AT_ORIGIN, ATTEMPT_DUE, HEALTH_DUE, kindBits, type World } from './world.ts'

export class HealthKeeper {
  private readonly worker: number
  private readonly policy: HealthPolicy
  private readonly balancer: Balancer
  private readonly upstreams: readonly Upstream[]
  private readonly world: World
  private readonly travelMs: (origin: number) => number
  private readonly checkRing: DelayRing | null
  private readonly checkAddress: number
  /** Checks sent so far. */
  checks = 0
  private version = 0
  private dueAt = Number.POSITIVE_INFINITY
  private stamp = 0

  /** `travelMs`: how long a check takes to reach an origin, on a connection of its own. */
  constructor(
    worker: number,
    policy: HealthPolicy,
    balancer: Balancer,
    upstreams: readonly Upstream[],
    world: World,
    travelMs: (origin: number) => number,
  ) {
    this.worker = worker
    this.policy = policy
    this.balancer = balancer
    this.upstreams = upstreams
    this.world = world
    this.travelMs = travelMs
    this.checkRing = policy.check ? world.ring(policy.check.timeoutMs) : null
    this.checkAddress = world.address(`checks/${worker}`)
  }

  /** Times that the balancer was told anew who is eligible. */
  get rebuilds(): number {
    return this.version - 1
  }

  start(): void {
    this.policy.onMembers(this.upstreams, this.world.now)
    this.balancer.onMembers?.(this.upstreams, this.world.now)
    this.changed()
  }

  onSend(upstream: Upstream): void {
    if (this.policy.onSend?.(upstream, this.world.now)) this.changed()
  }

  onDone(upstream: Upstream, outcome: Outcome): void {
    if (this.policy.onDone?.(upstream, outcome, this.world.now)) this.changed()
  }

  onDue(stamp: number): void {
    if (stamp !== this.stamp) return
    const { now } = this.world
    this.dueAt = Number.POSITIVE_INFINITY
    if (this.policy.nextChangeAt() <= now) {
      this.policy.onChangeDue?.(now)
      this.changed()
    }
    for (const upstream of this.policy.checksDue?.(now) ?? []) this.check(upstream.index)
    this.arm()
  }

  /** A check has been answered or has taken too long. */
  onChecked(origin: number, passed: boolean): void {
    if (this.policy.onCheck?.(this.upstreams[origin]!, passed, this.world.now)) this.changed()
    else this.arm()
  }

  /** A check takes a slot and a service time like any request. */
  private check(origin: number): void {
    const { world } = this
    const { attempts, now } = world
    const work = uniformOf(this.checkAddress, this.checks++)
    const attempt = attempts.add(nobody, this.worker, origin, ON_ITS_WAY, nobody)
    attempts.setSentAt(attempt, now)
    attempts.setWork(attempt, work)
    const stamp = attempts.stamp[attempt]!
    this.checkRing!.push(now, (attempt << kindBits) | ATTEMPT_DUE, stamp)
    world.at(now + this.travelMs(origin), AT_ORIGIN, attempt, stamp)
  }

  private changed(): void {
    this.version++
    const { policy, upstreams } = this
    const all = upstreams.every(upstream => policy.eligible(upstream))
    // When nobody is left out there is no second list to keep, which counts where there are many proxies.
    const eligible = all ? upstreams : upstreams.filter(upstream => policy.eligible(upstream))
    this.balancer.onEligible(eligible, this.version, this.world.now)
    this.arm()
  }

  private arm(): void {
    const dueAt = Math.min(this.policy.nextChangeAt(), this.policy.nextCheckAt?.() ?? Number.POSITIVE_INFINITY)
    if (dueAt === this.dueAt) return
    this.dueAt = dueAt
    this.stamp = (this.stamp + 1) | 0
    if (dueAt < Number.POSITIVE_INFINITY) {
      this.world.at(Math.max(this.world.now, dueAt), HEALTH_DUE, this.worker, this.stamp)
    }
  }
}
