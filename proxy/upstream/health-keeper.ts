// Carries out what a health policy asks for: tells the balancers whenever somebody becomes eligible or stops being so,
// wakes the policy when its time has come, and runs its checks.
import type { HealthPolicy, Outcome, Upstream } from '../../core/contracts.ts'
import type { ProxyConfig } from '../config.ts'
import { type DeadlineWheel, Timed } from '../deadlines.ts'
import type { Route } from '../exchange/routes.ts'
import { checkUpstream } from './check.ts'

export class HealthKeeper extends Timed {
  private readonly policy: HealthPolicy
  private readonly config: ProxyConfig
  private readonly upstreams: readonly Upstream[]
  private readonly wheel: DeadlineWheel
  private routes: readonly Route[] = []
  private version = 0
  private stopped = false

  constructor(policy: HealthPolicy, config: ProxyConfig, upstreams: readonly Upstream[], wheel: DeadlineWheel) {
    super()
    this.policy = policy
    this.config = config
    this.upstreams = upstreams
    this.wheel = wheel
  }

  /** Tells the policy of its upstreams and every balancer of those it may pick. */
  start(routes: readonly Route[], now: number): void {
    this.routes = routes
    this.policy.onMembers(this.upstreams, now)
    for (const { balancer, upstreams } of routes) balancer.onMembers?.(upstreams, now)
    this.changed(now)
  }

  stop(): void {
    this.stopped = true
    this.wheel.disarm(this)
  }

  onSend(upstream: Upstream, now: number): void {
    if (this.policy.onSend?.(upstream, now)) this.changed(now)
  }

  onDone(upstream: Upstream, outcome: Outcome, now: number): void {
    if (this.policy.onDone?.(upstream, outcome, now)) this.changed(now)
  }

  onDue(now: number): void {
    this.dueAt = Number.POSITIVE_INFINITY
    if (this.policy.nextChangeAt() <= now) {
      this.policy.onChangeDue?.(now)
      this.changed(now)
    }
    for (const upstream of this.policy.checksDue?.(now) ?? []) void this.check(upstream)
    this.arm()
  }

  private async check(upstream: Upstream): Promise<void> {
    const { target, timeoutMs } = this.policy.check!
    const passed = await checkUpstream(this.config.upstreams[upstream.index]!, target, timeoutMs)
    if (!this.stopped && this.policy.onCheck?.(upstream, passed, performance.now())) this.changed(performance.now())
  }

  private changed(now: number): void {
    this.version++
    for (const { balancer, upstreams } of this.routes) {
      balancer.onEligible(
        upstreams.filter(upstream => this.policy.eligible(upstream)),
        this.version,
        now,
      )
    }
    this.arm()
  }

  private arm(): void {
    this.wheel.arm(this, Math.min(this.policy.nextChangeAt(), this.policy.nextCheckAt?.() ?? Number.POSITIVE_INFINITY))
  }
}
