// A small engine that drives a connection pool with made-up requests, dials and closings and keeps the books: every answer
// of the pool is checked against them, so that a law is broken at the call that breaks it.
import { expect } from 'vitest'
import { CLOSE, type ConnectionPool, DIAL, KEEP, REJECT, type Upstream, WAIT } from '../../core/contracts.ts'
import type { Rng } from '../../core/random.ts'

interface Held {
  readonly id: number
  readonly upstream: Upstream
}

export class PoolEngine {
  now = 0
  opened = 0
  readonly fates = { served: 0, failed: 0, gaveUp: 0, rejected: 0 }
  asked = 0
  private readonly pool: ConnectionPool
  private readonly rng: Rng
  private readonly upstreams: readonly Upstream[]
  private readonly lent: Held[] = []
  readonly idle: Held[] = []
  private readonly dialling: { upstream: Upstream; spare: boolean }[] = []
  private readonly waiting: { ticket: number; upstream: Upstream }[] = []

  constructor(pool: ConnectionPool, upstreams: readonly Upstream[], rng: Rng) {
    this.pool = pool
    this.upstreams = upstreams
    this.rng = rng
  }

  /** Connections to `upstream`, opening ones included. */
  connections(upstream: Upstream): number {
    const own = (held: Held) => held.upstream === upstream
    return (
      this.lent.filter(own).length +
      this.idle.filter(own).length +
      this.dialling.filter(one => one.upstream === upstream).length
    )
  }

  get waitingCount(): number {
    return this.waiting.length
  }

  /** One thing happens, and time goes on. */
  step(): void {
    const action = this.rng.integer(20)
    if (action < 8) this.ask()
    else if (action < 14) this.finish(this.rng.integer(6) > 0)
    else if (action < 17) this.dialled(this.rng.integer(4) > 0)
    else if (action === 17) this.closes(this.idle)
    else if (action === 18) this.closes(this.lent)
    else this.givesUp()
    this.expire()
    this.now++
  }

  /** No more requests: everything that is under way comes to its end. */
  settle(): void {
    while (this.dialling.length + this.lent.length > 0) {
      this.dialled(true)
      this.finish(true)
      this.expire()
      this.now++
    }
  }

  private take<T>(from: T[]): T | undefined {
    return from.length === 0 ? undefined : from.splice(this.rng.integer(from.length), 1)[0]
  }

  private ask(): void {
    const upstream = this.upstreams[this.rng.integer(this.upstreams.length)]!
    const ticket = this.asked++
    const answer = this.pool.acquire(upstream, ticket, this.rng.integer(3) === 0, this.now)
    if (answer === DIAL) this.dialling.push({ upstream, spare: false })
    else if (answer === WAIT) this.waiting.push({ ticket, upstream })
    else if (answer === REJECT) this.fates.rejected++
    else {
      const at = this.idle.findIndex(held => held.id === answer)
      expect(this.idle[at]?.upstream, `${answer} must be idle and of the upstream asked for`).toBe(upstream)
      this.lent.push(...this.idle.splice(at, 1))
    }
    for (let left = this.pool.spares?.(upstream, this.now) ?? 0; left > 0; left--) {
      this.dialling.push({ upstream, spare: true })
    }
  }

  private dialled(succeeds: boolean): void {
    const dial = this.take(this.dialling)
    if (!dial) return
    const { upstream, spare } = dial
    if (!succeeds) {
      if (!spare) this.fates.failed++
      this.grant(this.pool.onDialFailed(upstream, this.now), upstream)
      return
    }
    const id = this.opened++
    this.pool.onDialed(upstream, id, this.now)
    if (spare) this.release({ id, upstream }, true)
    else this.lent.push({ id, upstream })
  }

  private finish(reusable: boolean): void {
    const held = this.take(this.lent)
    if (!held) return
    this.fates.served++
    this.release(held, reusable)
  }

  private release(held: Held, reusable: boolean): void {
    const answer = this.pool.release(held.upstream, held.id, reusable, this.now)
    if (!reusable) expect(answer).toBe(CLOSE)
    if (answer === CLOSE) this.grant(this.pool.onClosed(held.upstream, held.id, this.now), held.upstream)
    else if (answer === KEEP) {
      expect(this.firstWaiting(held.upstream), 'nothing is idle while somebody waits').toBe(undefined)
      this.idle.push(held)
    } else {
      this.leavesQueue(answer, held.upstream)
      this.lent.push(held)
    }
  }

  private closes(which: Held[]): void {
    const held = this.take(which)
    if (!held) return
    if (which === this.lent) this.fates.failed++
    this.grant(this.pool.onClosed(held.upstream, held.id, this.now), held.upstream)
  }

  private givesUp(): void {
    const one = this.take(this.waiting)
    if (!one) return
    this.fates.gaveUp++
    this.pool.onGaveUp(one.upstream, one.ticket)
  }

  private expire(): void {
    if (this.pool.nextExpiryAt() > this.now) return
    for (const id of this.pool.expired(this.now)) {
      const at = this.idle.findIndex(held => held.id === id)
      expect(at, `${id} expires and must be idle`).toBeGreaterThanOrEqual(0)
      const [held] = this.idle.splice(at, 1)
      this.grant(this.pool.onClosed(held!.upstream, id, this.now), held!.upstream)
    }
  }

  /** A place has become free: whoever has waited longest dials, and nobody is forgotten. */
  private grant(answer: number, upstream: Upstream): void {
    if (answer === KEEP) {
      expect(this.firstWaiting(upstream), 'a free place goes to whoever waits').toBe(undefined)
      return
    }
    this.leavesQueue(answer, upstream)
    this.dialling.push({ upstream, spare: false })
  }

  private firstWaiting(upstream: Upstream): number | undefined {
    return this.waiting.find(one => one.upstream === upstream)?.ticket
  }

  private leavesQueue(ticket: number, upstream: Upstream): void {
    expect(ticket, 'the longest waiting is served first').toBe(this.firstWaiting(upstream))
    const at = this.waiting.findIndex(one => one.ticket === ticket)
    this.waiting.splice(at, 1)
  }
}
