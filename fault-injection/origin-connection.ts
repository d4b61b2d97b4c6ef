// One connection of the scripted origin: reads requests one after another (pipelined ones wait), takes the service time
// each one draws, and answers. Stamps the rows of the request log when the head is in and when the answer is out.
import type { Socket } from 'node:net'
import type { Effect, Ms, ServiceTime } from '../core/contracts.ts'
import { uniformAt } from '../core/random.ts'
import type { RequestLog } from '../core/request-log.ts'
import { BAD, ChunkedScanner } from '../loadgen/chunked-scanner.ts'
import type { OriginCounts, OriginTallying } from './origin-accounts.ts'
import { badRequest, continueInterim, scriptedAnswer, writeAnswer } from './origin-answer.ts'
import { effectsAt, type FaultWindow } from './origin-plan.ts'
import { plainScript, type Script, scriptOf } from './origin-script.ts'
import { type RequestHead, readRequestHead } from './request-head.ts'
import type { ServiceSlots } from './service-slots.ts'

const maxHeadBytes = 65_536
const maxEchoBytes = 1_048_576
const nothing = Buffer.alloc(0)

/** What the connections of one origin share. The counters of `total` are shared by all origins. */
export interface OriginSetup {
  readonly index: number
  readonly name: string
  readonly seed: number
  readonly law: ServiceTime
  readonly slots: ServiceSlots
  /** When a request takes its slot: with its head, or when it is complete. */
  readonly slotFrom: 'head' | 'end'
  /** How long a connection may wait for its next request; 0: for ever. */
  readonly idleMs: Ms
  /** Null until a load that has faults begins. */
  faults: { readonly windows: readonly FaultWindow[]; readonly phasesAt: Ms } | null
  readonly log: RequestLog | null
  readonly responseBytes: number
  /** The whole answer to a request that asks for nothing special; null when it is too large to be written at once. */
  readonly plain: Buffer | null
  readonly total: OriginCounts
  readonly own: OriginTallying
}

/** @see OriginSetup */
export class OriginConnection {
  private readonly socket: Socket
  private readonly origin: OriginSetup
  private readonly chunked = new ChunkedScanner()
  /** Bytes that wait: a partial head, or requests pipelined behind the one being served. */
  private stash: Buffer = nothing
  private request: RequestHead | null = null
  private script: Script = plainScript
  private bodyLeft = 0
  private answering = false
  private reading = false
  private served = false
  private echoed: Buffer[] = []
  private timer: NodeJS.Timeout | undefined
  private idleTimer: NodeJS.Timeout | undefined
  private serviceMs: Ms = 0
  /** Is the answer to get lost? */
  private loses = false
  /** Stopped: nothing is read, written or closed, and what falls due waits in `due`. */
  private frozen = false
  private due: (() => void) | null = null
  /** All of the request is here; it has its slot. Both are needed before it is served. */
  private complete = false
  private hasSlot = false
  private beganAt: Ms = 0
  private readonly takeTime = () => {
    this.hasSlot = true
    if (!this.complete) return
    if (this.serviceMs === 0) this.whenAwake(this.execute)
    else this.timer = setTimeout(() => this.whenAwake(this.execute), this.serviceMs)
  }
  private readonly execute = () => {
    const { log } = this.origin
    const { index } = this.request!
    if (log && index >= 0 && index < log.size) log.noteExecution(index)
    if (this.loses) this.socket.resetAndDestroy()
    else this.answer()
  }

  constructor(socket: Socket, origin: OriginSetup) {
    this.socket = socket
    this.origin = origin
  }

  onData(chunk: Buffer): void {
    const bytes = this.stash.length === 0 ? chunk : Buffer.concat([this.stash, chunk])
    this.stash = nothing
    this.read(bytes)
  }

  onClose(): void {
    clearTimeout(this.timer)
    clearTimeout(this.idleTimer)
    this.due = null
    if (this.request) this.leave()
  }

  /** The process stops. What the kernel does alone goes on: it acknowledges bytes and keeps them. */
  freeze(): void {
    this.frozen = true
    this.socket.pause()
    this.socket.cork()
  }

  /** The process goes on where it was. */
  thaw(): void {
    this.frozen = false
    this.socket.uncork()
    const { due } = this
    this.due = null
    due?.()
    // Bytes that wait behind a request are read when it has been answered.
    if (!this.socket.destroyed && !(this.answering && this.stash.length > 0)) this.socket.resume()
  }

  private whenAwake(what: () => void): void {
    if (this.frozen) this.due = what
    else what()
  }

  /** Closes like a process that closes its descriptor: whatever comes now is answered with a reset. */
  private readonly closeIdle = () => void this.socket.destroy()

  private read(bytes: Buffer): void {
    this.reading = true
    let at = 0
    while (at < bytes.length && !this.answering && !this.socket.destroyed) {
      const next = this.request ? this.readBody(bytes, at, this.request) : this.readHead(bytes, at)
      if (next === at) break
      at = next
    }
    this.reading = false
    if (at === bytes.length) return
    this.stash = at === 0 ? bytes : bytes.subarray(at)
    // While a request is served nothing more is taken; a partial head waits for its rest.
    if (this.answering) this.socket.pause()
  }

  /** The position after the head, or `at` when the head is not complete. */
  private readHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1')
    if (end < 0) {
      if (bytes.length - at > maxHeadBytes) this.refuse()
      return at
    }
    const text = bytes.toString('latin1', at, end + 2)
    const request = readRequestHead(text)
    if (!request) this.refuse()
    else this.begin(request, text)
    return end + 4
  }

  private begin(request: RequestHead, text: string): void {
    const { total, own, log } = this.origin
    this.request = request
    clearTimeout(this.idleTimer)
    if (!this.served) total.connectionsWithRequest++
    this.served = true
    own.requests++
    total.requests++
    total.inFlightPeak = Math.max(total.inFlightPeak, ++total.inFlight)
    own.inFlightPeak = Math.max(own.inFlightPeak, ++own.inFlight)
    if (request.index < 0) {
      total.requestsNotHonest++
      this.beganAt = performance.now()
    } else if (log && request.index < log.size) {
      log.originInAt[request.index] = performance.now()
      log.origin[request.index] = this.origin.index
    }
    if (this.origin.slotFrom === 'head') this.origin.slots.enter(this.takeTime)
    this.script = scriptOf(request.target)
    if (this.script.echo) this.echoed.push(Buffer.from(text, 'latin1'))
    if (request.bodyBytes === 0) this.serve()
    else this.expectBody(request)
  }

  private expectBody(request: RequestHead): void {
    if (request.expectsContinue) this.socket.write(continueInterim)
    this.bodyLeft = request.bodyBytes
    this.chunked.begin()
  }

  private readBody(bytes: Buffer, at: number, request: RequestHead): number {
    if (request.bodyBytes > 0) {
      const end = Math.min(bytes.length, at + this.bodyLeft)
      this.takeBody(bytes, at, end)
      if ((this.bodyLeft -= end - at) === 0) this.serve()
      return end
    }
    const next = this.chunked.feed(bytes, at, bytes.length, (source, from, to) => this.takeBody(source, from, to))
    if (next === BAD) this.refuse()
    else if (next >= 0) this.serve()
    return next < 0 ? bytes.length : next
  }

  private takeBody(bytes: Uint8Array, from: number, to: number): void {
    this.origin.total.requestBodyBytes += to - from
    if (!this.script.echo) return
    const held = this.echoed.reduce((sum, piece) => sum + piece.length, 0)
    if (held < maxEchoBytes) this.echoed.push(Buffer.from(bytes.subarray(from, to)))
  }

  /** The request is complete: it waits for a slot, takes its service time and is answered, unless a fault says otherwise. */
  private serve(): void {
    const { law, seed, name, total, faults, slots, slotFrom } = this.origin
    this.answering = this.complete = true
    this.loses = false
    const index = this.request!.index < 0 ? total.requests : this.request!.index
    let serviceMs = this.script.delayMs ?? 0
    if (this.script.delayMs === null && law.meanMs > 0) {
      serviceMs = law.quantile(uniformAt(seed, `service/${name}`, index))
    }
    if (faults && faults.windows.length > 0) {
      for (const effect of effectsAt(faults.windows, performance.now() - faults.phasesAt, seed, index)) {
        if (effect.kind === 'status') return this.failFast(effect)
        if (effect.kind === 'lose-answer') this.loses = true
        else serviceMs = serviceMs * effect.factor + effect.addMs
      }
    }
    // Timers keep whole milliseconds.
    this.serviceMs = Math.round(serviceMs)
    if (slotFrom === 'end') slots.enter(this.takeTime)
    else if (this.hasSlot) this.takeTime()
  }

  private failFast({ status }: Extract<Effect, { kind: 'status' }>): void {
    this.script = { ...plainScript, status, bytes: 0 }
    this.answer()
  }

  /** The request is no longer here: answered, or its client has left. */
  private leave(): void {
    this.origin.total.inFlight--
    this.origin.own.inFlight--
    if (this.request!.index < 0) this.origin.total.othersHeldMs += performance.now() - this.beganAt
    this.request = null
    this.complete = this.hasSlot = false
    this.origin.slots.leave(this.takeTime)
  }

  private answer(): void {
    const { plain, name, responseBytes } = this.origin
    const request = this.request!
    if (this.script === plainScript && plain && request.keepAlive && request.method !== 'HEAD') {
      this.socket.write(plain)
      this.onWritten()
      return
    }
    const echoed = this.script.echo ? Buffer.concat(this.echoed) : nothing
    const answer = scriptedAnswer(this.script, request, name, responseBytes, echoed)
    writeAnswer(this.socket, answer, () => this.onWritten())
  }

  private onWritten(): void {
    const { request } = this
    if (!request) return
    const { log } = this.origin
    if (log && request.index >= 0 && request.index < log.size) log.originOutAt[request.index] = performance.now()
    this.leave()
    this.answering = false
    this.echoed = []
    const { idleMs } = this.origin
    if (idleMs > 0) this.idleTimer = setTimeout(() => this.whenAwake(this.closeIdle), idleMs)
    if (this.reading || this.socket.destroyed || this.socket.writableEnded) return
    if (this.socket.isPaused()) this.socket.resume()
    const { stash } = this
    this.stash = nothing
    if (stash.length > 0) this.read(stash)
  }

  private refuse(): void {
    this.origin.total.requestsMalformed++
    this.socket.end(badRequest)
    this.answering = true
  }
}
