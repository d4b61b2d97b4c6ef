// The scripted origin: small HTTP/1.1 servers behind the proxy under test. They draw service times from a law, answer what
// a request's target asks for, stamp the generator's rows on its clock, and keep a ledger of what reached them.
import type { AnyStrategy, Ms, ServiceTime } from '../core/contracts.ts'
import { choose, make } from '../core/registry.ts'
import type { RequestLog } from '../core/request-log.ts'
import type { OriginPlan } from '../core/scenario.ts'
import {
  ledgerOf,
  newCounts,
  newTally,
  type OriginCounts,
  type OriginLedger,
  type OriginTally,
  tallyOf,
} from './origin-accounts.ts'
import { plainAnswer } from './origin-answer.ts'
import type { OriginSetup } from './origin-connection.ts'
import { OriginHost } from './origin-host.ts'
import { checkOrigins, type FaultWindow, traitsOf } from './origin-plan.ts'
import { ServiceSlots } from './service-slots.ts'

export interface Origins {
  /** In the order of the origins `o0`, `o1` … */
  readonly ports: number[]
  ledger(): OriginLedger
  perOrigin(): OriginTally[]
  /** Makes faults active during their windows, which count from `phasesAt` on the clock of performance.now(). */
  schedule(faults: readonly FaultWindow[], phasesAt: Ms): void
  /** Closes every connection and stops listening. */
  close(): Promise<void>
}

/** Larger answers are written piece by piece. */
const plainLimitBytes = 65_536

/**
 * Starts `plan.count` origins on free ports of `host`. Request `N` of origin `k` takes the law's quantile at draw `N` of the
 * stream `service/o<k>`, to the nearest millisecond; below half a millisecond it is answered at once. With a `log`, rows
 * named by the header `x-request-index` are stamped; a request that comes twice leaves the stamps of its last attempt, and
 * the number of times it was executed: carried out to its end, whatever became of the answer.
 * @throws UsageError when a service-time law is unknown, or a trait is out of range or belongs to no origin.
 */
export async function startOrigins(
  plan: OriginPlan,
  seed: number,
  log: RequestLog | null,
  host = '127.0.0.1',
): Promise<Origins> {
  checkOrigins(plan)
  const total = newCounts()
  const hosts: OriginHost[] = []
  for (let index = 0; index < plan.count; index++) {
    hosts.push(new OriginHost(await setupOf(plan, index, seed, log, total), host))
  }
  await Promise.all(hosts.map(one => one.open()))
  return {
    ports: hosts.map(one => one.port),
    ledger: () => ledgerOf(total),
    perOrigin: () => hosts.map(({ setup: { own } }) => tallyOf(own)),
    schedule(faults, phasesAt) {
      hosts.forEach((one, index) => {
        one.schedule(
          faults.filter(({ origin }) => origin === index),
          phasesAt,
        )
      })
    },
    async close() {
      await Promise.all(hosts.map(one => one.close()))
    },
  }
}

async function setupOf(
  plan: OriginPlan,
  index: number,
  seed: number,
  log: RequestLog | null,
  total: OriginCounts,
): Promise<OriginSetup> {
  const { responseBytes } = plan
  const { service, slots = Number.POSITIVE_INFINITY, slotFrom = 'end', idleMs = 0 } = traitsOf(plan, index)
  const name = `o${index}`
  const chosen = await choose<AnyStrategy<ServiceTime>>('service', service, 'origin service time')
  return {
    index,
    name,
    seed,
    law: make(chosen, seed, `service/${name}`),
    slots: new ServiceSlots(slots),
    slotFrom,
    idleMs,
    faults: null,
    log,
    responseBytes,
    plain: responseBytes <= plainLimitBytes ? plainAnswer(name, responseBytes) : null,
    total,
    own: newTally(),
  }
}
