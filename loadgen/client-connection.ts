// One client connection of the generator: dials when it has to, sends one request at a time, and says how it ended.
// Raw sockets with one read buffer for all: responses are scanned and dropped, so nothing is kept between reads.
import { connect, type Socket } from 'node:net'
import type { InvalidRunError } from '../core/errors.ts'
import type { Fate, RequestLog } from '../core/request-log.ts'
import { localFault } from './local-faults.ts'
import { ResponseScanner } from './response-scanner.ts'
import { isPortTaken, maxPortTries, sourceOptions } from './source-ports.ts'

/** Scanned before the next read fills it, so all connections of the process share it. */
const readBuffer = Buffer.allocUnsafeSlow(65_536)

const noBody = '\r\ncontent-length: 0'

export type Ended = Exclude<Fate, 'pending'>

/** What all connections of one load have in common, and whom they tell. */
export interface Line {
  readonly host: string
  readonly port: number
  /** Local address the connections come from. */
  readonly from: string
  /** What is asked for, by key; without keys all rows ask for the first. */
  readonly targets: readonly string[]
  readonly keys: Int32Array | null
  /** 1 for each row that is a POST; null when all are GETs. */
  readonly posts: Uint8Array | null
  /** The request between its target and the row's number, and after it. */
  readonly requestBeforeIndex: string
  readonly requestAfterIndex: string
  readonly expectedStatus: number
  /** Null accepts any length. */
  readonly expectedBytes: number | null
  readonly log: RequestLog
  /** Connections established now; the connections keep count. */
  open: number
  /** The request `row` has ended; `connection` is free again, though perhaps no longer open. */
  onEnded(connection: ClientConnection, row: number, fate: Ended, status: number): void
  /** The machine could not do what was asked of it. */
  onFault(fault: InvalidRunError): void
}

/** A client's connection. It may be used again after its socket has closed: it then dials anew. */
export class ClientConnection {
  /** The request in flight, or -1. */
  row = -1
  private readonly line: Line
  private readonly scanner = new ResponseScanner()
  private socket: Socket | null = null
  private established = false
  private onSettled: (() => void) | null = null
  private portTries = 0

  constructor(line: Line) {
    this.line = line
  }

  /** Dials without a request. Resolves when the connection is established, and also when that has failed. */
  dial(): Promise<void> {
    return new Promise(resolve => {
      this.onSettled = resolve
      this.openSocket()
    })
  }

  /** Sends the request `row` now, or as soon as the connection it needs is established. */
  send(row: number): void {
    this.row = row
    this.scanner.begin()
    this.line.log.startedAt[row] = performance.now()
    if (this.established) this.write()
    else if (this.socket === null) this.openSocket()
  }

  /** Closes the socket without telling anybody; a request in flight is the caller's to end. */
  abandon(): void {
    this.row = -1
    this.drop()
  }

  private write(): void {
    const { line, row } = this
    line.log.sentAt[row] = performance.now()
    const target = line.targets[line.keys === null ? 0 : line.keys[row]!]!
    const isPost = line.posts !== null && line.posts[row] === 1
    const before = `${isPost ? 'POST' : 'GET'} ${target}${line.requestBeforeIndex}`
    const after = isPost ? `${noBody}${line.requestAfterIndex}` : line.requestAfterIndex
    this.socket!.write(`${before}${row}${after}`, 'latin1')
  }

  private openSocket(): void {
    const { host, port, from } = this.line
    const onread = { buffer: readBuffer, callback: (count: number) => this.onBytes(socket, count) }
    const socket: Socket = connect({ host, port, ...sourceOptions(from), noDelay: true, onread })
    this.socket = socket
    socket.on('connect', () => this.onConnect(socket))
    socket.on('end', () => this.onFinish(socket))
    socket.on('error', (error: NodeJS.ErrnoException) => this.onError(socket, error))
    socket.on('close', () => this.onError(socket, { code: 'CLOSED' }))
  }

  private onConnect(socket: Socket): void {
    if (socket !== this.socket) return
    this.established = true
    this.portTries = 0
    this.line.open++
    this.settle()
    if (this.row >= 0) this.write()
  }

  private onBytes(socket: Socket, count: number): boolean {
    if (socket !== this.socket) return true
    // Bytes nobody asked for: the connection is out of step and cannot carry another request.
    const progress = this.row < 0 ? 'bad' : this.scanner.feed(readBuffer, count)
    if (progress === 'complete') this.complete()
    else if (progress === 'bad') this.fail('bad-response')
    else if (this.scanner.bodyBytes > 0) this.noteFirstByte()
    return true
  }

  private onFinish(socket: Socket): void {
    if (socket !== this.socket) return
    if (this.row >= 0 && this.scanner.endsAtClose()) this.complete()
    else this.fail('closed')
  }

  private onError(socket: Socket, error: { code?: string | undefined; message?: string }): void {
    if (socket !== this.socket) return
    if (isPortTaken(error.code) && ++this.portTries < maxPortTries) {
      this.drop()
      this.openSocket()
      return
    }
    const fault = localFault(error)
    if (fault) this.line.onFault(fault)
    else if (error.code === 'CLOSED') this.fail('closed')
    else if (error.code === 'ETIMEDOUT') this.fail('timeout')
    else this.fail(this.established ? 'reset' : 'refused')
  }

  private noteFirstByte(): void {
    const { firstByteAt } = this.line.log
    if (firstByteAt[this.row] === 0) firstByteAt[this.row] = performance.now()
  }

  private complete(): void {
    const { line, row, scanner } = this
    this.row = -1
    if (!scanner.reusable) this.drop()
    const { status, bodyBytes } = scanner
    const rightLength = line.expectedBytes === null || bodyBytes === line.expectedBytes
    const fate = status !== line.expectedStatus ? 'bad-status' : rightLength ? 'ok' : 'bad-response'
    line.onEnded(this, row, fate, status)
  }

  private fail(fate: Ended): void {
    const { row, scanner } = this
    this.row = -1
    this.portTries = 0
    this.drop()
    this.settle()
    if (row >= 0) this.line.onEnded(this, row, fate, scanner.status)
  }

  private drop(): void {
    const { socket } = this
    this.socket = null
    if (this.established) this.line.open--
    this.established = false
    socket?.destroy()
  }

  private settle(): void {
    this.onSettled?.()
    this.onSettled = null
  }
}
