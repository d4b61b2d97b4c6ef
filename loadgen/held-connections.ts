// Connections that are opened at a rate and then held: what all hostile clients share. One interval for all of them,
// no timer per connection; a server's refusals are counted and never thrown, for a hostile client does not mind.
import { connect, type Socket } from 'node:net'
import type { Hostile, HostileContext, HostileReport, Ms } from '../core/contracts.ts'
import type { InvalidRunError } from '../core/errors.ts'
import { localFault } from './local-faults.ts'
import { isPortTaken, maxPortTries, sourceOptions } from './source-ports.ts'

/** Scanned before the next read fills it, so all connections share it. */
const readBuffer = Buffer.allocUnsafeSlow(16_384)
/** Short, so that the work of many connections comes in small portions between the honest requests of this process. */
const tickMs = 2
/** Openings that may be made up for after a late tick. */
const burstMs: Ms = 50

/** What a hostile client does with each of its connections. `State` is its own record of one connection. */
export interface Behaviour<State> {
  /** The connection has been established. */
  begin(socket: Socket): State
  /** The server sent bytes, which are not kept. False: it has thereby ended the connection. */
  onBytes(socket: Socket, state: State, bytes: Buffer, count: number): boolean
  /** Called every `turnMs` for each connection. */
  onTurn?(socket: Socket, state: State): void
  readonly turnMs?: Ms
}

export interface HoldingPlan {
  /** Source addresses, taken in turn. */
  readonly addresses: readonly string[]
  readonly connectionsPerSecond: number
  /** Connections held at once, those being established included. */
  readonly maxHeld: number
  /** Whether connections the server has ended are opened again. */
  readonly replaced: boolean
}

interface Held<State> {
  readonly state: State
  readonly openedAt: number
  turnAt: number
}

/** The addresses 127.0.`block`.1 and up, as many as `count` (1 to 250). */
export function loopbackAddresses(block: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `127.0.${block}.${index + 1}`)
}

export class HeldConnections<State> implements Hostile {
  private readonly context: HostileContext
  private readonly plan: HoldingPlan
  private readonly behaviour: Behaviour<State>
  private readonly dialling = new Set<Socket>()
  /** In the order of their next turn: turns are equally long, so whoever has had one goes to the end. */
  private readonly held = new Map<Socket, Held<State>>()
  private readonly timer: NodeJS.Timeout
  private asked = 0
  private credit = 1
  private lastTickAt = performance.now()
  private fault: InvalidRunError | null = null
  private readonly counts: HostileReport = {
    opened: 0,
    held: 0,
    heldPeak: 0,
    endedByServer: 0,
    refused: 0,
    longestHeldMs: 0,
  }

  constructor(context: HostileContext, plan: HoldingPlan, behaviour: Behaviour<State>) {
    this.context = context
    this.plan = plan
    this.behaviour = behaviour
    this.timer = setInterval(() => this.tick(), tickMs)
  }

  /** @throws InvalidRunError when this machine had no port or descriptor left for a connection. */
  report(): HostileReport {
    if (this.fault) throw this.fault
    return { ...this.counts, held: this.held.size, longestHeldMs: this.longestHeldMs() }
  }

  stop(): void {
    clearInterval(this.timer)
    this.counts.longestHeldMs = this.longestHeldMs()
    const sockets = [...this.dialling, ...this.held.keys()]
    this.dialling.clear()
    this.held.clear()
    for (const socket of sockets) socket.destroy()
  }

  private longestHeldMs(): Ms {
    const now = performance.now()
    let longest = this.counts.longestHeldMs
    for (const { openedAt } of this.held.values()) longest = Math.max(longest, now - openedAt)
    return longest
  }

  private tick(): void {
    const now = performance.now()
    this.openDue(now)
    this.takeTurns(now)
  }

  private openDue(now: number): void {
    const { connectionsPerSecond, maxHeld, replaced } = this.plan
    const most = Math.max(1, (connectionsPerSecond * burstMs) / 1000)
    this.credit = Math.min(most, this.credit + ((now - this.lastTickAt) * connectionsPerSecond) / 1000)
    this.lastTickAt = now
    while (this.credit >= 1 && this.held.size + this.dialling.size < maxHeld && (replaced || this.asked < maxHeld)) {
      this.credit--
      this.open()
    }
  }

  private takeTurns(now: number): void {
    const { onTurn, turnMs } = this.behaviour
    if (!onTurn || turnMs === undefined) return
    for (const [socket, held] of this.held) {
      if (held.turnAt > now) return
      held.turnAt = now + turnMs
      this.held.delete(socket)
      this.held.set(socket, held)
      onTurn(socket, held.state)
    }
  }

  private open(): void {
    const { addresses } = this.plan
    this.dial(addresses[this.asked++ % addresses.length]!, maxPortTries)
  }

  private dial(from: string, portTries: number): void {
    const { host, port } = this.context
    const onread = { buffer: readBuffer, callback: (count: number) => this.onBytes(socket, count) }
    const socket: Socket = connect({ host, port, ...sourceOptions(from), noDelay: true, onread })
    this.dialling.add(socket)
    socket.on('connect', () => this.onConnect(socket))
    socket.on('end', () => this.onEnd(socket))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (isPortTaken(error.code) && portTries > 1 && this.dialling.delete(socket)) this.dial(from, portTries - 1)
      else this.fault ??= localFault(error)
      this.onEnd(socket)
    })
    socket.on('close', () => this.onEnd(socket))
  }

  private onConnect(socket: Socket): void {
    if (!this.dialling.delete(socket)) return
    const openedAt = performance.now()
    this.counts.opened++
    const turnAt = openedAt + (this.behaviour.turnMs ?? 0)
    this.held.set(socket, { state: this.behaviour.begin(socket), openedAt, turnAt })
    this.counts.heldPeak = Math.max(this.counts.heldPeak, this.held.size)
  }

  private onBytes(socket: Socket, count: number): boolean {
    const held = this.held.get(socket)
    if (held && !this.behaviour.onBytes(socket, held.state, readBuffer, count)) this.onEnd(socket)
    return true
  }

  /** The server has closed, reset or refused; several events may say so, the first counts. */
  private onEnd(socket: Socket): void {
    const held = this.held.get(socket)
    if (held) {
      this.held.delete(socket)
      this.counts.endedByServer++
      this.counts.longestHeldMs = Math.max(this.counts.longestHeldMs, performance.now() - held.openedAt)
    } else if (this.dialling.delete(socket)) this.counts.refused++
    socket.destroy()
  }
}
