// One origin as the network sees it: a listening socket and the connections made to it, and what faults make of the two.
// Several origins share a process, so that dying and being stopped are acted out here for one origin: seen from outside
// they are a process that died (resets, refused connections) and one that got SIGSTOP (a kernel that goes on alone).
import { createServer, type Server, type Socket } from 'node:net'
import type { Ms, OriginEffect } from '../core/contracts.ts'
import { OriginConnection, type OriginSetup } from './origin-connection.ts'
import { type FaultWindow, originEffectAt } from './origin-plan.ts'

/** A port given back for the length of a fault may be in use for a moment when it is wanted again. */
const listenTries = 100
const listenAgainMs = 10

export class OriginHost {
  readonly setup: OriginSetup
  port = 0
  private readonly address: string
  private readonly connections = new Map<Socket, OriginConnection>()
  private server: Server | null = null
  private effect: OriginEffect | null = null
  private timers: NodeJS.Timeout[] = []
  private closed = false

  constructor(setup: OriginSetup, address: string) {
    this.setup = setup
    this.address = address
  }

  /** Starts to listen, on a port of the kernel's choice. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => this.listen(resolve, reject))
  }

  /** Makes faults active during their windows, which count from `phasesAt` on the clock of performance.now(). */
  schedule(windows: readonly FaultWindow[], phasesAt: Ms): void {
    this.setup.faults = { windows, phasesAt }
    for (const timer of this.timers) clearTimeout(timer)
    const nowMs = performance.now() - phasesAt
    this.become(originEffectAt(windows, nowMs))
    const changes = windows.flatMap(({ fault, fromMs, untilMs }) => (fault.origin ? [fromMs, untilMs] : []))
    this.timers = [...new Set(changes)]
      .filter(atMs => atMs > nowMs)
      .map(atMs => setTimeout(() => this.become(originEffectAt(windows, atMs)), atMs - nowMs))
  }

  /** Closes every connection and stops listening. */
  close(): Promise<void> {
    this.closed = true
    for (const timer of this.timers) clearTimeout(timer)
    for (const socket of this.connections.keys()) socket.destroy()
    return new Promise(resolve => {
      if (this.server) this.server.close(() => resolve())
      else resolve()
    })
  }

  private become(effect: OriginEffect | null): void {
    if (effect === this.effect || this.closed) return
    if (this.effect === 'frozen') for (const connection of this.connections.values()) connection.thaw()
    this.effect = effect
    if (effect === 'dead') for (const socket of this.connections.keys()) socket.resetAndDestroy()
    if (effect === 'frozen') for (const connection of this.connections.values()) connection.freeze()
    if (effect === 'dead' || effect === 'refusing') this.stopListening()
    else if (this.server === null) this.listenAgain(listenTries)
  }

  private stopListening(): void {
    this.server?.close()
    this.server = null
  }

  private listenAgain(triesLeft: number): void {
    const retry = (error: Error) => {
      // An origin that cannot come back would be a fault that nobody asked for: it ends the run.
      if (triesLeft === 0) throw error
      this.timers.push(setTimeout(() => this.server === null && this.listenAgain(triesLeft - 1), listenAgainMs))
    }
    this.listen(() => {}, retry)
  }

  private listen(onListening: () => void, onFailed: (error: Error) => void): void {
    const server = createServer({ noDelay: true }, socket => this.accept(socket))
    this.server = server
    server.once('error', error => {
      if (this.server === server) this.server = null
      onFailed(error)
    })
    server.listen({ port: this.port, host: this.address, backlog: 4096 }, () => {
      this.port = (server.address() as { port: number }).port
      onListening()
    })
  }

  private accept(socket: Socket): void {
    const { total, own } = this.setup
    own.connectionsOpened++
    total.connectionsOpened++
    total.connectionsOpenPeak = Math.max(total.connectionsOpenPeak, ++total.connectionsOpen)
    const connection = new OriginConnection(socket, this.setup)
    this.connections.set(socket, connection)
    socket.on('data', chunk => connection.onData(chunk as Buffer))
    // Whatever broke, 'close' follows and settles the accounts.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.connections.delete(socket)
      total.connectionsOpen--
      connection.onClose()
    })
    if (this.effect === 'frozen') connection.freeze()
    // Accepted by the kernel before it stopped listening, handed over after.
    if (this.effect === 'dead') socket.resetAndDestroy()
  }
}
