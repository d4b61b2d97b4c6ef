// One body that is held between its sender and its receiver: a queue of bytes in memory, in front of it, when the policy has
// said so, the older bytes in a temporary file. It takes what a message's framing writes, gives it to the receiver's socket
// one piece at a time as the policy allows, and keeps the accounts that policies are shown.
import type { BodyFlow, Bytes, DirectionBuffering } from '../../core/contracts.ts'
import type { HoldingAccount } from './holding-account.ts'
import { MemoryQueue } from './memory-queue.ts'
import type { SpoolFile } from './spool-file.ts'

/** What is read from a file and given to a socket at once. */
const pieceBytes = 65_536
const empty = Buffer.alloc(0)

/** The part of a socket that a body is given to. */
export interface Receiver {
  readonly writableLength: number
  write(bytes: Buffer, onTaken?: (error?: Error | null) => void): boolean
}

export interface HeldBodyOwner {
  /** Something has left on its own time: the receiver has taken bytes, or the file has. Not called from `forward`. */
  onMoved(body: HeldBody): void
  /** The temporary file has failed: the body cannot be completed. */
  onStoreFailed(body: HeldBody, reason: string): void
}

export class HeldBody implements BodyFlow {
  readonly lengthBytes: Bytes | null
  receivedBytes = 0
  complete = false
  /** Everything that has come is kept, so that it can be given to another receiver from the beginning. */
  keepsAll: boolean
  /** A piece has been given to the receiver, and its kernel has not taken all of it. */
  blocked = false
  /** For the owner: it has stopped reading the sender. */
  senderPaused = false
  private readonly account: HoldingAccount
  private readonly policy: DirectionBuffering
  private readonly owner: HeldBodyOwner
  private readonly memory = new MemoryQueue()
  private receiver: Receiver | null = null
  /** Grows with every receiver, so that what an earlier one calls back is not taken for the present one's. */
  private turn = 0
  /** How much of the body the receiver has been given. */
  private given = 0
  private file: SpoolFile | null = null
  /** The file holds the bytes [`fileFrom`, `fileTo`) of the body; memory holds those from `fileTo` on. */
  private fileFrom = 0
  private fileTo = 0
  /** The file is being written or emptied: meanwhile nothing in memory moves. */
  private fileBusy = false
  private reading = false
  private released = false
  /** The piece given last; and of it, what its kernel has not taken although it is no longer in `memory`. */
  private lastBytes = 0
  private flightBytes = 0

  /** `lengthBytes` as in BodyFlow; `keepsAll`: another attempt may need it again. */
  constructor(
    account: HoldingAccount,
    policy: DirectionBuffering,
    owner: HeldBodyOwner,
    lengthBytes: Bytes | null,
    keepsAll: boolean,
  ) {
    this.account = account
    this.policy = policy
    this.owner = owner
    this.lengthBytes = lengthBytes
    this.keepsAll = keepsAll
  }

  get waitingBytes(): Bytes {
    return this.receivedBytes - this.given
  }

  get memoryBytes(): Bytes {
    return this.memory.bytes + this.flightBytes
  }

  get fileBytes(): Bytes {
    return this.fileTo - this.fileFrom
  }

  get totalMemoryBytes(): Bytes {
    return this.account.memoryBytes
  }

  get totalFileBytes(): Bytes {
    return this.account.fileBytes
  }

  /** Nothing more will come and everything has been taken by the receiver's kernel. */
  get delivered(): boolean {
    return this.complete && this.waitingBytes === 0 && !this.blocked
  }

  /** Takes bytes that go on to the receiver. They are copied: the caller's buffer is free at once. */
  write(bytes: Buffer | string, _encoding?: 'latin1'): boolean {
    const before = this.memory.bytes
    this.memory.append(bytes)
    const size = this.memory.bytes - before
    this.receivedBytes += size
    this.account.addMemory(size)
    return true
  }

  /** As sockets have them, so that a message can be put together for either. */
  cork(): void {}
  uncork(): void {}

  /** From now on the body goes to this receiver, from its beginning; only possible again while `keepsAll` is true. */
  begin(receiver: Receiver): void {
    this.leave()
    this.receiver = receiver
    this.given = 0
  }

  /** The receiver gets nothing more. */
  leave(): void {
    this.turn++
    this.receiver = null
    this.land()
  }

  /** Gives up the chance of another receiver: what has been given is no longer kept. */
  letGo(): void {
    if (!this.keepsAll || this.fileBusy) return
    this.keepsAll = false
    if (this.given < this.fileTo) return
    const givenBytes = this.given - this.fileTo
    this.memory.drop(givenBytes)
    if (this.blocked) this.flightBytes = Math.min(this.lastBytes, givenBytes)
    this.account.addMemory(this.flightBytes - givenBytes)
    this.emptyFile()
    this.fileFrom = this.fileTo = this.given
  }

  /** Gives the receiver what the policy allows and its kernel takes. Never tells the owner. */
  forward(): void {
    while (this.receiver !== null && !this.blocked && !this.reading) {
      const allowed = Math.min(this.policy.mayForward(this), this.waitingBytes)
      if (allowed <= 0) return
      if (this.given < this.fileTo) return this.readFile(allowed)
      if (this.fileBusy) return
      const piece = this.memory.piece(this.keepsAll ? this.given - this.fileTo : 0, Math.min(allowed, pieceBytes))
      if (!this.keepsAll) {
        this.memory.drop(piece.length)
        this.flightBytes = piece.length
        this.fileFrom = this.fileTo = this.given + piece.length
      }
      this.give(piece)
    }
  }

  /** The last byte has come: gives on what it can, and says whether that was all. */
  end(): boolean {
    this.complete = true
    this.forward()
    return this.delivered
  }

  /** Moves what is in memory to the temporary file. */
  spill(): void {
    if (this.fileBusy || this.released || this.memory.bytes === 0) return
    this.fileBusy = true
    this.account.work(this.moveToFile().catch(error => this.fail(error)))
  }

  /** Forgets the body. Its memory is free at once, its file when nothing is under way in it. */
  release(): void {
    if (this.released) return
    this.leave()
    this.released = true
    this.account.addMemory(-this.memory.bytes)
    this.account.addFile(-this.fileBytes)
    this.memory.clear()
    this.fileFrom = this.fileTo
    if (!this.fileBusy) this.closeFile()
  }

  private give(piece: Buffer): void {
    const receiver = this.receiver!
    const { turn } = this
    this.given += piece.length
    this.lastBytes = piece.length
    receiver.write(piece)
    if (receiver.writableLength === 0) return this.land()
    this.blocked = true
    receiver.write(empty, error => {
      // After an error the connection closes, and its owner hears of that.
      if (error || turn !== this.turn) return
      this.land()
      this.forward()
      this.owner.onMoved(this)
    })
  }

  /** The last piece is in the receiver's kernel, or nobody waits for that any more. */
  private land(): void {
    this.blocked = false
    this.account.addMemory(-this.flightBytes)
    this.flightBytes = 0
  }

  private readFile(allowed: Bytes): void {
    const { turn, given } = this
    const length = Math.min(allowed, pieceBytes, this.fileTo - given)
    this.reading = true
    this.file!.read(given - this.fileFrom, length).then(
      piece => {
        this.reading = false
        if (this.released) return
        if (turn === this.turn) {
          this.account.addMemory(piece.length)
          this.flightBytes = piece.length
          this.give(piece)
          this.emptyFile()
        }
        this.forward()
        this.owner.onMoved(this)
      },
      error => this.fail(error),
    )
  }

  private async moveToFile(): Promise<void> {
    this.file ??= await this.account.makeFile()
    // Released while the file was made: it must not stay open.
    if (this.released) return this.closeFile()
    const from = this.fileTo
    const pieces = this.memory.pieces()
    const bytes = this.memory.bytes
    this.account.addFile(bytes)
    try {
      await this.file.write(pieces, from - this.fileFrom)
    } catch (error) {
      this.account.addFile(-bytes)
      throw error
    }
    this.fileBusy = false
    if (this.released) {
      this.account.addFile(-bytes)
      return this.closeFile()
    }
    this.fileTo += bytes
    this.account.spooled(bytes)
    this.account.addMemory(-bytes)
    this.memory.drop(bytes)
    this.emptyFile()
    this.forward()
    this.owner.onMoved(this)
  }

  /** Gives the file's space back when all that it holds has been given and need not be kept. */
  private emptyFile(): void {
    if (this.keepsAll || this.fileBusy || this.fileBytes === 0 || this.given < this.fileTo) return
    if (this.complete && this.waitingBytes === 0) return
    this.account.addFile(-this.fileBytes)
    this.fileFrom = this.fileTo
    this.fileBusy = true
    const emptied = () => {
      this.fileBusy = false
      if (this.released) return this.closeFile()
      this.forward()
      this.owner.onMoved(this)
    }
    const truncated = this.file!.truncate().then(emptied)
    this.account.work(truncated.catch(error => this.fail(error)))
  }

  private fail(error: unknown): void {
    this.fileBusy = this.reading = false
    if (this.released) this.closeFile()
    else this.owner.onStoreFailed(this, `the temporary file failed: ${(error as Error).message}`)
  }

  private closeFile(): void {
    const { file } = this
    this.file = null
    if (file) this.account.closeFile(file)
  }
}
