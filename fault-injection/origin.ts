// The scripted origin: small HTTP/1.1 servers behind the proxy under test. They draw service times from a law, answer what
// a request's target asks for, stamp the generator's rows on its clock, and keep a ledger of what reached them.
import { createServer, type Server, type Socket } from 'node:net'
import type { AnyStrategy, Ms, OriginPlan, ServiceTime } from '../core/contracts.ts'
import { choose, make } from '../core/registry.ts'
import type { RequestLog } from '../core/request-log.ts'
import { plainAnswer } from './origin-answer.ts'
import { OriginConnection, type OriginCounts, type OriginSetup } from './origin-connection.ts'
import { checkOrigins, type FaultWindow, traitsOf } from './origin-plan.ts'
import { ServiceSlots } from './service-slots.ts'

/** What reached the origins, all of them together. */
export interface OriginLedger {
  readonly connectionsOpened: number
  readonly connectionsOpen: number
  readonly connectionsOpenPeak: number
  /** Connections, closed or still open, on which no complete request head ever came. */
  readonly connectionsWithoutRequest: number
  /** Complete and well-formed request heads. */
  readonly requests: number
  /** Of these, requests without the generator's header: attackers, health checks, tests. */
  readonly requestsNotHonest: number
  /** Heads and bodies an origin must not trust, answered with 400: a proxy should never forward one. */
  readonly requestsMalformed: number
  readonly requestBodyBytes: number
  /** The most requests that were being served at one instant. */
  readonly inFlightPeak: number
}

export interface OriginTally {
  readonly requests: number
  readonly connectionsOpened: number
  /** The most requests that were here at one instant, waiting ones included. */
  readonly inFlightPeak: number
}

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
 * named by the header `x-request-index` are stamped; a request that comes twice leaves the stamps of its last attempt.
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
  const sockets = new Set<Socket>()
  const setups: OriginSetup[] = []
  for (let index = 0; index < plan.count; index++) setups.push(await setupOf(plan, index, seed, log, total))
  const servers = setups.map(setup => serverFor(setup, sockets))
  const ports = await Promise.all(servers.map(server => listen(server, host)))
  return {
    ports,
    ledger: () => ledgerOf(total),
    perOrigin: () => setups.map(({ own: { inFlight: _, ...tally } }) => tally),
    schedule(faults, phasesAt) {
      setups.forEach((setup, index) => {
        setup.faults = { windows: faults.filter(({ origin }) => origin === index), phasesAt }
      })
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map(server => new Promise<void>(resolve => server.close(() => resolve()))))
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
  const { service, slots = Number.POSITIVE_INFINITY } = traitsOf(plan, index)
  const name = `o${index}`
  const chosen = await choose<AnyStrategy<ServiceTime>>('service', service, 'origin service time')
  return {
    index,
    name,
    seed,
    law: make(chosen, seed, `service/${name}`),
    slots: new ServiceSlots(slots),
    faults: null,
    log,
    responseBytes,
    plain: responseBytes <= plainLimitBytes ? plainAnswer(name, responseBytes) : null,
    total,
    own: { requests: 0, connectionsOpened: 0, inFlight: 0, inFlightPeak: 0 },
  }
}

function serverFor(setup: OriginSetup, sockets: Set<Socket>): Server {
  const { total, own } = setup
  return createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    own.connectionsOpened++
    total.connectionsOpened++
    total.connectionsOpenPeak = Math.max(total.connectionsOpenPeak, ++total.connectionsOpen)
    const connection = new OriginConnection(socket, setup)
    socket.on('data', chunk => connection.onData(chunk as Buffer))
    // Whatever broke, 'close' follows and settles the accounts.
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      total.connectionsOpen--
      connection.onClose()
    })
  })
}

function listen(server: Server, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: 0, host, backlog: 4096 }, () => resolve((server.address() as { port: number }).port))
  })
}

function newCounts(): OriginCounts {
  return {
    connectionsOpened: 0,
    connectionsOpen: 0,
    connectionsOpenPeak: 0,
    connectionsWithRequest: 0,
    requests: 0,
    requestsNotHonest: 0,
    requestsMalformed: 0,
    requestBodyBytes: 0,
    inFlight: 0,
    inFlightPeak: 0,
  }
}

function ledgerOf({ connectionsWithRequest, inFlight: _, ...counts }: OriginCounts): OriginLedger {
  return { ...counts, connectionsWithoutRequest: counts.connectionsOpened - connectionsWithRequest }
}
