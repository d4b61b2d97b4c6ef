// The clients: a request comes into being with everything that belongs to it, and is dealt out to a worker, by itself or on a
// kept connection. Nothing here depends on what the policies did before, so every policy meets the same requests.
import type { AcceptPolicy, LoadProfile, Ms } from '../core/contracts.ts'
import { UsageError } from '../core/errors.ts'
import { DelayRing } from './delay-ring.ts'
import type { Meter } from './meter.ts'
import type { Policies, Trace } from './model.ts'
import type { FastStream } from './random.ts'
import { nobody } from './rows.ts'
import type { Worker } from './worker.ts'
import { CLIENT_DUE, kindBits, type World } from './world.ts'

export class Clients {
  /** When the next request comes; Infinity when there are no more. */
  nextAt: Ms
  readonly targets: readonly string[]
  readonly addresses: readonly string[]
  /** Connections each worker took. */
  readonly taken: Int32Array
  private readonly world: World
  private readonly meter: Meter
  private readonly hand: (request: number) => void
  private readonly profile: LoadProfile
  private readonly trace: Trace | null
  private readonly rng: FastStream
  private readonly demand: FastStream
  private readonly choice: FastStream
  private readonly keyShares: Float64Array
  private readonly clientRing: DelayRing | null
  private readonly proxies: number
  private readonly workersEach: number
  private readonly accepts: readonly AcceptPolicy[]
  /** Open connections of each worker, by proxy. */
  private readonly open: readonly number[][]
  /** The worker of each kept connection; `nobody` when it is closed. */
  private readonly workerOf: Int32Array
  private readonly carried: Int32Array
  private readonly free: number[]
  private readonly multiplexed: boolean
  /** Requests that wait for a kept connection. */
  private readonly waiting = new DelayRing(0)
  private created = 0

  /** `hand` gives a request to its worker. */
  constructor(world: World, policies: Policies, meter: Meter, hand: (request: number) => void) {
    const { proxies = {}, requests = {}, timeouts = {} } = world.model
    const { keys, clients = 1, connections = 0, multiplexed = false } = requests
    this.world = world
    this.meter = meter
    this.hand = hand
    this.trace = typeof policies.arrivals === 'function' ? null : policies.arrivals
    this.profile =
      typeof policies.arrivals === 'function'
        ? policies.arrivals({ rng: world.stream('profile') })
        : replayed(policies.arrivals)
    this.rng = world.stream('arrivals')
    this.demand = world.stream('demand')
    this.choice = world.stream('choices')
    this.keyShares = sharesOf(keys?.count ?? 1, keys?.exponent ?? 0)
    this.targets = keys ? Array.from({ length: keys.count }, (_, key) => `/k/${key}`) : ['/']
    this.addresses = Array.from({ length: clients }, (_, client) => addressNumber(client))
    this.clientRing = timeouts.clientMs ? world.ring(timeouts.clientMs) : null
    this.proxies = proxies.count ?? 1
    this.workersEach = proxies.workers ?? 1
    this.accepts = Array.from({ length: this.proxies }, (_, proxy) =>
      policies.accept ? policies.accept({ rng: world.stream(`accept/p${proxy}`) }) : inTurn(),
    )
    this.open = Array.from({ length: this.proxies }, () => new Array<number>(this.workersEach).fill(0))
    this.taken = new Int32Array(this.proxies * this.workersEach)
    this.workerOf = new Int32Array(connections).fill(nobody)
    this.carried = new Int32Array(connections)
    this.free = Array.from({ length: connections }, (_, connection) => connection)
    this.multiplexed = multiplexed
    this.nextAt = this.nextAfter(0)
  }

  /** Opens the kept connections. */
  start(): void {
    for (let connection = 0; connection < this.workerOf.length; connection++) this.connect(connection)
  }

  /** A request is due. */
  arrive(): void {
    const { world } = this
    const { requests, now } = world
    const number = this.created++
    const key = this.keyShares.length === 1 ? 0 : this.drawKey(number)
    const client = this.addresses.length === 1 ? 0 : this.choice.integer(this.addresses.length)
    const request = requests.add(number, key, client)
    requests.setDueAt(request, now)
    requests.setQuantile(request, this.demand.uniform())
    this.meter.onDue(now)
    const proxy = this.proxies === 1 ? 0 : this.choice.integer(this.proxies)
    this.nextAt = this.nextAfter(now)
    this.clientRing?.push(now, (request << kindBits) | CLIENT_DUE, requests.stamp[request]!)
    if (this.multiplexed) this.carry(request, this.choice.integer(this.workerOf.length))
    else if (this.workerOf.length > 0) this.takeConnection(request)
    else this.deal(request, proxy)
  }

  /** A request of this worker has ended; `left`: its client closed the connection. */
  onEnded(connection: number, worker: Worker, left: boolean): void {
    if (this.workerOf.length === 0) {
      if (this.workersEach > 1) this.open[worker.proxy]![worker.index % this.workersEach]!--
      return
    }
    // It had waited for a connection and has none to give back, or leaves one to others.
    if (connection === nobody || this.multiplexed) return
    if (left) {
      this.open[worker.proxy]![worker.index % this.workersEach]!--
      this.workerOf[connection] = nobody
    }
    const { requests } = this.world
    while (this.waiting.size > 0) {
      const next = this.waiting.pop()
      if (requests.stamp[next] !== this.waiting.stamp) continue
      return this.carry(next, connection)
    }
    this.free.push(connection)
  }

  private deal(request: number, proxy: number): void {
    const { requests, now } = this.world
    requests.setWorker(request, this.workersEach === 1 ? proxy : this.accept(proxy))
    this.meter.onSent(requests.number(request), now)
    this.hand(request)
  }

  private takeConnection(request: number): void {
    const connection = this.free.pop()
    if (connection !== undefined) return this.carry(request, connection)
    const { requests, now } = this.world
    // Should its client leave before it has one, it counts as nobody's: the first worker's.
    this.waiting.push(now, request, requests.stamp[request]!)
  }

  private carry(request: number, connection: number): void {
    const { requests } = this.world
    if (this.workerOf[connection] === nobody) this.connect(connection)
    requests.setConnection(request, connection, this.carried[connection] === 0)
    requests.setWorker(request, this.workerOf[connection]!)
    this.carried[connection] = this.carried[connection]! + 1
    this.meter.onSent(requests.number(request), this.world.now)
    this.hand(request)
  }

  private connect(connection: number): void {
    this.workerOf[connection] = this.accept(connection % this.proxies)
    this.carried[connection] = 0
  }

  /** The number of the worker that takes a new connection to this proxy. */
  private accept(proxy: number): number {
    const open = this.open[proxy]!
    const chosen = this.accepts[proxy]!.choose(open)
    open[chosen]!++
    const worker = proxy * this.workersEach + chosen
    this.taken[worker] = this.taken[worker]! + 1
    return worker
  }

  private nextAfter(previousMs: Ms): Ms {
    const next = this.profile.next(previousMs, this.rng)
    if (!(next >= previousMs)) throw new Error(`an arrival law went from ${previousMs} ms to ${next} ms`)
    return next < this.world.model.durationMs ? next : Number.POSITIVE_INFINITY
  }

  private drawKey(number: number): number {
    if (this.trace?.keys) return this.trace.keys[number]!
    const { keyShares } = this
    const wanted = this.choice.uniform() * keyShares[keyShares.length - 1]!
    let low = 0
    let high = keyShares.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (keyShares[middle]! > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Sums of (k + 1)^-exponent. @throws UsageError when out of range. */
function sharesOf(count: number, exponent: number): Float64Array {
  if (!(Number.isInteger(count) && count >= 1 && exponent >= 0)) {
    throw new UsageError(`model.requests.keys: ${count} with exponent ${exponent} given; allowed: 1 and up, 0 and up`)
  }
  let sum = 0
  return Float64Array.from({ length: count }, (_, key) => (sum += (key + 1) ** -exponent))
}

const addressNumber = (client: number) => `10.${(client >> 16) & 255}.${(client >> 8) & 255}.${client & 255}`

function inTurn(): AcceptPolicy {
  let next = -1
  return { choose: connections => (next = (next + 1) % connections.length) }
}

function replayed({ dueMs }: Trace): LoadProfile {
  let next = 0
  return { rateAt: () => Number.NaN, next: () => dueMs[next++] ?? Number.POSITIVE_INFINITY }
}
