// What is wrong with the origins: which requests are struck, and when an origin as a whole dies, freezes or refuses.
import type { Fault, Ms, OriginEffect } from '../core/contracts.ts'
import { addressOf, uniformOf } from '../core/random.ts'
import type { Policies } from './model.ts'
import { nobody } from './rows.ts'
import { ORIGIN_CHANGES, type World } from './world.ts'

/** In place of a status: the connection was reset after the request had been sent, or could not be opened. */
export const BROKEN = 0
export const REFUSED = -1

interface FaultWindow {
  readonly fault: Fault
  readonly fromMs: Ms
  readonly untilMs: Ms
  /** Of the stream that says which requests it strikes. */
  readonly address: number
}

export class OriginFaults {
  private readonly world: World
  private readonly windows: readonly (readonly FaultWindow[] | undefined)[]

  constructor(world: World, policies: Policies) {
    const windows: (FaultWindow[] | undefined)[] = new Array(world.model.origins.count).fill(undefined)
    this.world = world
    this.windows = windows
    const { faults = [] } = world.model
    faults.forEach(({ origin, fromMs, untilMs }, index) => {
      const fault = policies.faults![index]!({ rng: world.stream(`fault/o${origin}/${index}`) })
      const own = (windows[origin] ??= [])
      // Named as the live origins name it, so that the same requests are struck.
      own.push({ fault, fromMs, untilMs, address: addressOf(world.seed, `fault/o${origin}/${own.length}`) })
    })
  }

  /** Plans the instants at which an origin as a whole changes. */
  start(): void {
    this.windows.forEach((own, origin) => {
      for (const { fault, fromMs, untilMs } of own ?? []) {
        if (fault.origin === undefined) continue
        this.world.at(fromMs, ORIGIN_CHANGES, origin, 0)
        this.world.at(untilMs, ORIGIN_CHANGES, origin, 0)
      }
    })
  }

  /** Is anything ever wrong with this origin? */
  concerns(origin: number): boolean {
    return this.windows[origin] !== undefined
  }

  /** Is it ever frozen? */
  freezes(origin: number): boolean {
    return (this.windows[origin] ?? []).some(({ fault }) => fault.origin === 'frozen')
  }

  /** What the faults make of the origin as a whole now. */
  effectOn(origin: number): OriginEffect | null {
    const { now } = this.world
    const active = (this.windows[origin] ?? []).find(
      ({ fault, fromMs, untilMs }) => fault.origin !== undefined && now >= fromMs && now < untilMs,
    )
    return active?.fault.origin ?? null
  }

  /** What they do to one attempt: its service time, or -1 when it is answered at once. Sets its status. */
  strike(attempt: number, serviceMs: Ms): Ms {
    const { attempts, requests, now } = this.world
    const request = attempts.request(attempt)
    const number = request === nobody ? 0 : requests.number(request)
    let struckMs = serviceMs
    for (const { fault, fromMs, untilMs, address } of this.windows[attempts.origin(attempt)]!) {
      if (fault.effectAt === undefined || now < fromMs || now >= untilMs) continue
      const effect = fault.effectAt(now - fromMs, uniformOf(address, number))
      if (effect === null) continue
      if (effect.kind === 'lose-answer') attempts.setStatus(attempt, BROKEN)
      else if (effect.kind === 'service') struckMs = struckMs * effect.factor + effect.addMs
      else {
        attempts.setStatus(attempt, effect.status)
        return -1
      }
    }
    return struckMs
  }
}
