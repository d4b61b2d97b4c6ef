// A temporary file for one body: created for us alone in a private directory and unlinked at once, so that it is gone when it
// is closed, whatever becomes of this process. The directory is made when the first file is, and removed with the worker.
import { constants } from 'node:fs'
import { type FileHandle, mkdtemp, open, rmdir, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bytes } from '../../core/contracts.ts'

/** Ours alone, never an existing file, never through a link. */
const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const mode = 0o600

/** Where the files of one worker are made. */
export class SpoolDirectory {
  private readonly parent: string
  private path: Promise<string> | null = null
  private filesMade = 0

  /** `parent` must exist and be writable when the first file is made. */
  constructor(parent: string = tmpdir()) {
    this.parent = parent
  }

  /** A new empty file that no path leads to. @throws when the system does not give one. */
  async makeFile(): Promise<SpoolFile> {
    this.path ??= mkdtemp(join(this.parent, 'windtunnel-spool-')).catch(error => {
      // The next body may find the disk in order again.
      this.path = null
      throw error
    })
    const directory = await this.path
    const path = join(directory, `${this.filesMade++}`)
    const handle = await open(path, flags, mode)
    try {
      await unlink(path)
    } catch (error) {
      await handle.close()
      throw error
    }
    return new SpoolFile(handle)
  }

  /** Removes the directory; does nothing when it was never made, and does not mind when somebody else removed it. */
  async remove(): Promise<void> {
    const { path } = this
    this.path = null
    if (path !== null) await path.then(rmdir).catch(() => {})
  }
}

export class SpoolFile {
  private readonly handle: FileHandle

  constructor(handle: FileHandle) {
    this.handle = handle
  }

  /** Writes all of `pieces` from `position` on. @throws what the system says, e.g. that the disk is full. */
  async write(pieces: readonly Buffer[], position: Bytes): Promise<void> {
    let at = position
    for (const piece of pieces) {
      for (let from = 0; from < piece.length; ) {
        const { bytesWritten } = await this.handle.write(piece, from, piece.length - from, at)
        from += bytesWritten
        at += bytesWritten
      }
    }
  }

  /** Reads exactly `length` bytes from `position` on. @throws when the file has become shorter than what was written. */
  async read(position: Bytes, length: Bytes): Promise<Buffer> {
    const into = Buffer.allocUnsafeSlow(length)
    for (let read = 0; read < length; ) {
      const { bytesRead } = await this.handle.read(into, read, length - read, position + read)
      if (bytesRead === 0) throw new Error('a temporary file has become shorter')
      read += bytesRead
    }
    return into
  }

  /** Gives the space back. */
  truncate(): Promise<void> {
    return this.handle.truncate(0)
  }

  /** Waits for what is under way, then closes; the space is free again. */
  close(): Promise<void> {
    return this.handle.close()
  }
}
