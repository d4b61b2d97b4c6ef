// The origins: what arrives is served in its service time, as the law and the faults say, or turned away, and is answered.
import type { Ms, OriginEffect, ServiceTime } from '../core/contracts.ts'
import { UsageError } from '../core/errors.ts'
import { ANSWERED, IN_SERVICE, QUEUED } from './attempt-table.ts'
import type { LoadReports } from './load-reports.ts'
import type { Meter } from './meter.ts'
import { type Make, originOf, type Policies } from './model.ts'
import { BROKEN, type OriginFaults, REFUSED } from './origin-faults.ts'
import { OriginQueues } from './origin-queues.ts'
import { nobody } from './rows.ts'
import type { World } from './world.ts'

/** Carries answers from their origins. */
interface Carrier {
  answer(attempt: number): void
}

/** What one origin did, all of the run. */
export interface OriginTally {
  /** Attempts and checks that reached it. */
  readonly arrivals: number
  /** Service time given, ms; with several slots it may exceed the run. */
  readonly busyMs: Ms
  /** The most that were there at once, waiting ones included. */
  readonly presentPeak: number
  /** Connections opened to it, or tried to; 0 when they are not modelled. */
  readonly connections: number
}

export class Origins {
  readonly queues: OriginQueues
  /** Who tells proxies of the load; null when nobody does. */
  reports: LoadReports | null = null
  private readonly world: World
  private readonly network: Carrier
  /** The origin has died: its connections are reset. */
  private readonly onDeath: (origin: number) => void
  private readonly meter: Meter
  private readonly faults: OriginFaults
  private readonly laws: readonly ServiceTime[]
  /** The law of all of them; null when they differ. */
  private readonly law: ServiceTime | null
  /** Is anything ever wrong with it? */
  private readonly concerned: readonly boolean[]
  /** Is nothing ever wrong with any? */
  private readonly faultless: boolean
  /** What is wrong with each origin as a whole now. */
  private readonly effects: (OriginEffect | null)[]
  /** Attempts whose service ended while their origin was frozen, with their stamps. */
  private readonly stalled: { attempt: number; stamp: number }[][]

  constructor(
    world: World,
    policies: Policies,
    faults: OriginFaults,
    meter: Meter,
    network: Carrier,
    onDeath: (origin: number) => void,
  ) {
    const { count } = world.model.origins
    const traits = Array.from({ length: count }, (_, index) => originOf(world.model.origins, index))
    this.world = world
    this.network = network
    this.onDeath = onDeath
    this.meter = meter
    this.faults = faults
    this.queues = new OriginQueues(world, traits)
    this.laws = lawsOf(world, policies)
    this.law = this.laws.every(law => law === this.laws[0]) ? this.laws[0]! : null
    this.concerned = traits.map((_, index) => faults.concerns(index))
    this.faultless = !this.concerned.includes(true)
    this.effects = new Array<OriginEffect | null>(count).fill(null)
    this.stalled = traits.map(() => [])
    const frozen = traits.findIndex((one, index) => one.discipline === 'shared' && faults.freezes(index))
    if (frozen >= 0) {
      throw new UsageError(`model.origins.${frozen}.discipline: shared given with a fault that freezes; allowed: fifo`)
    }
  }

  /** `connections`: opened to each, by index; absent where there was none. */
  tallies(connections: readonly number[]): OriginTally[] {
    const { queues } = this
    return this.laws.map((_, index) => ({
      arrivals: queues.arrivals(index),
      busyMs: queues.busyMs(index),
      presentPeak: queues.presentPeak(index),
      connections: connections[index] ?? 0,
    }))
  }

  /** An attempt has come to its origin. */
  arrive(attempt: number): void {
    const { attempts, now } = this.world
    const origin = attempts.origin(attempt)
    const met = this.queues.meet(origin)
    if (this.reports !== null) {
      attempts.arrivedAt[attempt] = now
      attempts.met[attempt] = met
    }
    attempts.setStatus(attempt, 200)
    if (this.meter.log !== null) this.meter.onArrival(this.numberOf(attempt), origin, now)
    let serviceMs = (this.law ?? this.laws[origin]!).quantile(attempts.work(attempt))
    if (!this.faultless && this.concerned[origin]) {
      const effect = this.effects[origin]
      // A check, which is nobody's request, comes on a connection of its own.
      const isCheck = attempts.request(attempt) === nobody
      if (effect === 'dead' || (effect === 'refusing' && isCheck)) return this.refuse(attempt)
      serviceMs = this.faults.strike(attempt, serviceMs)
      if (serviceMs < 0) return this.answer(attempt)
    }
    attempts.setWork(attempt, serviceMs + this.queues.contentionMs(origin) * met)
    if (met > 0 && this.queues.isFull(origin)) {
      attempts.setStatus(attempt, 503)
      return this.answer(attempt)
    }
    this.queues.enter(attempt, origin, this.isFrozen(origin))
  }

  /** The service of an attempt is over. */
  served(attempt: number): void {
    const { attempts } = this.world
    const origin = attempts.origin(attempt)
    if (this.isFrozen(origin)) {
      this.stalled[origin]!.push({ attempt, stamp: attempts.stamp[attempt]! })
      return
    }
    this.queues.leaveSlot(origin)
    this.execute(attempt)
  }

  /** The event of an origin that serves all at once. */
  shareServed(origin: number, stamp: number): void {
    const attempt = this.queues.shareServed(origin, stamp)
    if (attempt !== nobody) this.execute(attempt)
  }

  /** The proxy has closed the connection of an attempt that waits or is served here: its work is over. */
  abandon(attempt: number): void {
    this.queues.abandon(attempt, this.world.attempts.origin(attempt))
  }

  /** Does it take new connections? */
  accepts(origin: number): boolean {
    return this.effects[origin] !== 'dead' && this.effects[origin] !== 'refusing'
  }

  /** Does it answer what it is asked? */
  answers(origin: number): boolean {
    return this.effects[origin] !== 'dead' && this.effects[origin] !== 'frozen'
  }

  /** A fault of the whole origin begins or ends. */
  onChange(origin: number): void {
    const before = this.effects[origin]!
    const after = this.faults.effectOn(origin)
    this.effects[origin] = after
    if (after === before) return
    if (before === 'frozen') this.thaw(origin)
    if (after === 'dead') this.die(origin)
  }

  private isFrozen(origin: number): boolean {
    return !this.faultless && this.effects[origin] === 'frozen'
  }

  private thaw(origin: number): void {
    const { stamp } = this.world.attempts
    for (const one of this.stalled[origin]!.splice(0)) if (stamp[one.attempt] === one.stamp) this.served(one.attempt)
    this.queues.reopen(origin)
  }

  /** What it was working on is lost, and all its connections are reset. */
  private die(origin: number): void {
    const { attempts } = this.world
    const waiting: number[] = []
    const served: number[] = []
    for (let row = 0; row < attempts.capacity; row++) {
      if (attempts.origin(row) !== origin) continue
      if (attempts.state(row) === QUEUED) waiting.push(row)
      else if (attempts.state(row) === IN_SERVICE) served.push(row)
    }
    // The queue first, so that nobody is served in between.
    for (const attempt of [...waiting, ...served]) this.breakOff(attempt)
    this.onDeath(origin)
  }

  private breakOff(attempt: number): void {
    const { attempts } = this.world
    this.abandon(attempt)
    attempts.setStatus(attempt, BROKEN)
    // The event that would have ended its service is no longer meant for it.
    attempts.stamp[attempt] = attempts.stamp[attempt]! + 1
    this.answer(attempt)
  }

  private refuse(attempt: number): void {
    const { attempts } = this.world
    attempts.setStatus(attempt, attempts.connection(attempt) === nobody ? REFUSED : BROKEN)
    this.answer(attempt)
  }

  /** The work of an attempt is done. */
  private execute(attempt: number): void {
    const { attempts, now } = this.world
    if (this.meter.log !== null) this.meter.onExecuted(this.numberOf(attempt))
    if (this.reports !== null) {
      const tookMs = now - attempts.arrivedAt[attempt]!
      const met = attempts.met[attempt]!
      this.reports.onAnswer(attempts.origin(attempt), met, tookMs, attempts.work(attempt), attempts.status(attempt))
    }
    this.answer(attempt)
  }

  private answer(attempt: number): void {
    const { attempts, now } = this.world
    attempts.setState(attempt, ANSWERED)
    if (this.meter.log !== null) this.meter.onOut(this.numberOf(attempt), now)
    this.network.answer(attempt)
  }

  /** The number of the request of an attempt; -1 for checks and for what its proxy has given up. */
  private numberOf(attempt: number): number {
    const { attempts, requests } = this.world
    const request = attempts.request(attempt)
    return request === nobody || attempts.isDetached(attempt) ? -1 : requests.number(request)
  }
}

/** The laws by origin: one object for all origins whose policy is made by the same maker. */
function lawsOf(world: World, policies: Policies): ServiceTime[] {
  const laws = new Map<Make<ServiceTime>, ServiceTime>()
  return Array.from({ length: world.model.origins.count }, (_, origin) => {
    const make = policies.service(origin)
    const law = laws.get(make) ?? make({ rng: world.stream(`law/o${origin}`) })
    laws.set(make, law)
    return law
  })
}
