// What all held bodies of one worker take together, in memory and on disk: policies are shown the totals, reports the peaks.
import type { Bytes } from '../../core/contracts.ts'
import type { Counters } from '../statistics.ts'
import type { SpoolDirectory, SpoolFile } from './spool-file.ts'

export class HoldingAccount {
  memoryBytes: Bytes = 0
  fileBytes: Bytes = 0
  private readonly counters: Counters
  private readonly directory: SpoolDirectory
  /** Work on files that is under way. */
  private readonly working = new Set<Promise<void>>()

  constructor(counters: Counters, directory: SpoolDirectory) {
    this.counters = counters
    this.directory = directory
  }

  addMemory(bytes: Bytes): void {
    this.memoryBytes += bytes
    this.counters.heldBytes = this.memoryBytes
    if (this.memoryBytes > this.counters.heldPeakBytes) this.counters.heldPeakBytes = this.memoryBytes
  }

  addFile(bytes: Bytes): void {
    this.fileBytes += bytes
  }

  /** So many bytes have gone to a file. */
  spooled(bytes: Bytes): void {
    this.counters.spooledBytes += bytes
  }

  async makeFile(): Promise<SpoolFile> {
    const file = await this.directory.makeFile()
    this.counters.spoolFilesOpen++
    return file
  }

  closeFile(file: SpoolFile): void {
    // What cannot be closed is gone too: the file has no name, and nobody has a use for the reason.
    const closed = () => void this.counters.spoolFilesOpen--
    this.work(file.close().then(closed, closed))
  }

  /** Something is done to a file; `done` must not reject. */
  work(done: Promise<void>): void {
    this.working.add(done)
    void done.then(() => this.working.delete(done))
  }

  /** Every body has been released: waits for their files and removes the directory. */
  async close(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working)
    await this.directory.remove()
  }
}
