// What lies between proxies and origins: a constant delay each way, longer between zones. Without a delay a message is there
// at once, and no event is made.
import type { Ms } from '../core/contracts.ts'
import { ON_ITS_WAY } from './attempt-table.ts'
import type { DelayRing } from './delay-ring.ts'
import { originOf } from './model.ts'
import { ABANDONED, AT_ORIGIN, AT_PROXY, kindBits, type World } from './world.ts'

/** Told of messages that arrive at once; set when they have been made, too. */
interface AtOrigins {
  arrive(attempt: number): void
}
interface AtProxies {
  onAnswer(attempt: number): void
  onAbandoned(attempt: number): void
}

export class Network {
  origins!: AtOrigins
  endings!: AtProxies
  /** The zones of proxies and origins, as numbers. */
  private readonly zones: string[] = []
  private readonly originZone: Int32Array
  private readonly proxyZone: Int32Array
  private readonly world: World
  private readonly rttMs: Ms
  private readonly crossZoneRttMs: Ms
  private readonly dialRtts: number
  /** Null without a delay. */
  private readonly near: DelayRing | null
  private readonly far: DelayRing | null

  constructor(world: World) {
    const { origins, network = {}, proxies = {} } = world.model
    this.world = world
    this.rttMs = network.rttMs ?? 0
    this.crossZoneRttMs = network.crossZoneRttMs ?? this.rttMs
    this.dialRtts = network.dialRtts ?? 1
    this.near = this.rttMs === 0 ? null : world.ring(this.rttMs / 2)
    this.far = this.crossZoneRttMs === 0 ? null : world.ring(this.crossZoneRttMs / 2)
    this.originZone = Int32Array.from({ length: origins.count }, (_, index) =>
      this.zoneNumber(originOf(origins, index).zone),
    )
    const { count = 1, workers = 1, zones = [''] } = proxies
    this.proxyZone = Int32Array.from({ length: count * workers }, (_, worker) =>
      this.zoneNumber(zones[Math.floor(worker / workers) % zones.length]!),
    )
  }

  /** How long opening a connection takes. */
  dialMs(worker: number, origin: number): Ms {
    return this.dialRtts * (this.isNear(worker, origin) ? this.rttMs : this.crossZoneRttMs)
  }

  /** How long a message takes from one to the other. */
  oneWayMs(worker: number, origin: number): Ms {
    return (this.isNear(worker, origin) ? this.rttMs : this.crossZoneRttMs) / 2
  }

  /** An attempt leaves for its origin; without a delay it is there, and may be answered, when this returns. */
  send(attempt: number): void {
    const ring = this.between(attempt)
    this.world.attempts.setState(attempt, ON_ITS_WAY)
    if (ring === null) this.origins.arrive(attempt)
    else this.push(ring, attempt, AT_ORIGIN)
  }

  /** An answer leaves for its proxy. */
  answer(attempt: number): void {
    const ring = this.between(attempt)
    if (ring === null) this.endings.onAnswer(attempt)
    else this.push(ring, attempt, AT_PROXY)
  }

  /** The proxy has closed the connection of an attempt; the origin hears of it. */
  abandon(attempt: number): void {
    const ring = this.between(attempt)
    if (ring === null) this.endings.onAbandoned(attempt)
    else this.push(ring, attempt, ABANDONED)
  }

  private push(ring: DelayRing, attempt: number, kind: number): void {
    const { now, attempts } = this.world
    ring.push(now, (attempt << kindBits) | kind, attempts.stamp[attempt]!)
  }

  private between(attempt: number): DelayRing | null {
    if (this.near === this.far) return this.near
    const { attempts } = this.world
    return this.isNear(attempts.worker(attempt), attempts.origin(attempt)) ? this.near : this.far
  }

  private isNear(worker: number, origin: number): boolean {
    return this.proxyZone[worker] === this.originZone[origin]
  }

  private zoneNumber(zone: string): number {
    const known = this.zones.indexOf(zone)
    return known >= 0 ? known : this.zones.push(zone) - 1
  }
}
