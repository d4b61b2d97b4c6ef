// A small model for the lesson on slow clients: a server has places, each held by one connection, and whoever finds none waits
// in line. The simulator of this repository has no clients that hold a connection without asking, so this is a model of its
// own, of connections and nothing else: what the server computes and how long the kernel's queue may be is left out.
import type { Ms } from '../../core/contracts.ts'
import { randomStream } from '../../core/random.ts'
import { HeapQueue } from '../../simulation/heap-queue.ts'

export interface Server {
  /** Connections that are served at once: threads, or the cap of an event loop. */
  readonly places: number
  /** A connection that has not sent all of its request head so long after it got its place is closed; 0: never. */
  readonly headMs: Ms
}

export interface Siege {
  /** Connections that an attacker opens per second; none of them ever ends its request head. All end with the attack. */
  readonly slowPerSecond: number
  readonly attackMs: Ms
  /** The share of honest users with a bad network: they need `badHeadMs` on average to send a request head. */
  readonly badNetworkShare: number
}

export const usersPerSecond = 133
/** How long an honest user holds a place after sending a head: three short requests with pauses, as in the live run. */
export const visitMs = 120
/** A user who is still in line then goes away. */
export const patienceMs = 1000
export const badHeadMs = 1000
export const calmMs = 600
const recoveryMs = 1300
const intervalMs = 200

export interface Outcome {
  /** The share of honest users who were served, by when they came. */
  readonly series: readonly { readonly second: number; readonly served: number }[]
  /** Of the users who came during the attack. */
  readonly servedShare: number
  /** From the start of the attack until a first user came who was not served; Infinity: there is none. */
  readonly firstLossMs: Ms
  /** The most places that slow clients held at once. */
  readonly heldPeak: number
}

interface Client {
  readonly cameAt: Ms
  /** Infinity: never. */
  readonly headMs: Ms
  served: boolean
}

const isSlow = ({ headMs }: Client) => headMs === Number.POSITIVE_INFINITY

/** Plays calm, attack and recovery on the server. Every server meets the same clients. */
export function besiege(server: Server, siege: Siege): Outcome {
  const attackEnds = calmMs + siege.attackMs
  const clients = clientsOf(siege, attackEnds)
  const leaving = new HeapQueue()
  /** Those from `next` to below `came` are in line. */
  let next = 0
  let came = 0
  let free = server.places
  let held = 0
  let heldPeak = 0

  const takePlace = (index: number, now: Ms) => {
    const client = clients[index]!
    const { forMs, served } = stayOf(client, server)
    client.served = served
    free--
    if (isSlow(client)) heldPeak = Math.max(heldPeak, ++held)
    leaving.push(isSlow(client) ? Math.min(now + forMs, attackEnds) : now + forMs, index, 0)
  }
  /** Gives free places to those who still wait for one. */
  const serve = (now: Ms) => {
    while (free > 0 && next < came) {
      const index = next++
      const client = clients[index]!
      const isGone = isSlow(client) ? now >= attackEnds : now - client.cameAt > patienceMs
      if (!isGone) takePlace(index, now)
    }
  }
  const leaveUntil = (now: Ms) => {
    while (leaving.peek() <= now) {
      const at = leaving.peek()
      if (isSlow(clients[leaving.pop()]!)) held--
      free++
      serve(at)
    }
  }

  for (const { cameAt } of clients) {
    leaveUntil(cameAt)
    came++
    serve(cameAt)
  }
  leaveUntil(Number.MAX_VALUE)
  return { ...outcomeOf(clients, attackEnds), heldPeak }
}

/** How long a client keeps a place, and whether it is served. */
function stayOf({ headMs }: Client, server: Server): { forMs: Ms; served: boolean } {
  const isLate = server.headMs > 0 && headMs > server.headMs
  if (isLate) return { forMs: server.headMs, served: false }
  return { forMs: headMs + visitMs, served: headMs !== Number.POSITIVE_INFINITY }
}

/** Everybody who comes, in order. */
function clientsOf({ slowPerSecond, badNetworkShare }: Siege, attackEnds: Ms): Client[] {
  const users = randomStream(1, 'users')
  const networks = randomStream(1, 'networks')
  const clients: Client[] = []
  const endsAt = attackEnds + recoveryMs
  for (let at = users.exponential(1000 / usersPerSecond); at < endsAt; at += users.exponential(1000 / usersPerSecond)) {
    const isBad = networks.uniform() < badNetworkShare
    const headMs = networks.exponential(badHeadMs)
    clients.push({ cameAt: at, headMs: isBad ? headMs : 0, served: false })
  }
  const slow = Math.round(((attackEnds - calmMs) * slowPerSecond) / 1000)
  for (let opened = 0; opened < slow; opened++) {
    const cameAt = calmMs + (opened * 1000) / slowPerSecond
    clients.push({ cameAt, headMs: Number.POSITIVE_INFINITY, served: false })
  }
  return clients.sort((a, b) => a.cameAt - b.cameAt)
}

function outcomeOf(clients: readonly Client[], attackEnds: Ms): Omit<Outcome, 'heldPeak'> {
  const users = clients.filter(client => !isSlow(client))
  const inAttack = users.filter(({ cameAt }) => cameAt >= calmMs && cameAt < attackEnds)
  const firstLost = inAttack.find(({ served }) => !served)
  const intervals = Math.floor((attackEnds + recoveryMs) / intervalMs)
  const series = Array.from({ length: intervals }, (_, at) => {
    const from = at * intervalMs
    const some = users.filter(({ cameAt }) => cameAt >= from && cameAt < from + intervalMs)
    return { second: from / 1000, served: servedOf(some) }
  })
  return {
    series,
    servedShare: servedOf(inAttack),
    firstLossMs: firstLost === undefined ? Number.POSITIVE_INFINITY : firstLost.cameAt - calmMs,
  }
}

function servedOf(users: readonly Client[]): number {
  return users.filter(({ served }) => served).length / Math.max(1, users.length)
}
