// A queue of bytes in blocks that are filled to the brim before the next is made: a body that drips in takes little more
// memory than it has bytes.
import type { Bytes } from '../../core/contracts.ts'

const smallestBlockBytes = 1024
const largestBlockBytes = 65_536

interface Block {
  readonly bytes: Buffer
  from: number
  to: number
}

export class MemoryQueue {
  /** How many bytes are in it. */
  bytes: Bytes = 0
  private blocks: Block[] = []

  /** Copies `data` (a string is latin1) to the end. */
  append(data: Buffer | string): void {
    const size = data.length
    let last = this.blocks.at(-1)
    let at = 0
    while (at < size) {
      if (last === undefined || last.to === last.bytes.length) this.blocks.push((last = this.newBlock(size - at)))
      const take = Math.min(size - at, last.bytes.length - last.to)
      if (typeof data === 'string') last.bytes.write(data.slice(at, at + take), last.to, 'latin1')
      else data.copy(last.bytes, last.to, at, at + take)
      last.to += take
      at += take
    }
    this.bytes += size
  }

  /** Up to `most` bytes at `offset` that lie together; they are not copied. There must be one byte at least. */
  piece(offset: Bytes, most: Bytes): Buffer {
    let skip = offset
    for (const { bytes, from, to } of this.blocks) {
      if (skip < to - from) return bytes.subarray(from + skip, Math.min(to, from + skip + most))
      skip -= to - from
    }
    throw new Error('a piece was asked for beyond the end of a queue')
  }

  /** All of it, in order, not copied. */
  pieces(): Buffer[] {
    return this.blocks.map(({ bytes, from, to }) => bytes.subarray(from, to))
  }

  /** Takes `count` bytes off the front. */
  drop(count: Bytes): void {
    let left = count
    while (left > 0) {
      const first = this.blocks[0]!
      const size = Math.min(left, first.to - first.from)
      first.from += size
      left -= size
      // What has been given away may still be read: a block is never filled again, only left to the collector.
      if (first.from === first.to) this.blocks.shift()
    }
    this.bytes -= count
  }

  clear(): void {
    this.blocks = []
    this.bytes = 0
  }

  private newBlock(needed: Bytes): Block {
    const wanted = Math.max(needed, this.bytes, smallestBlockBytes)
    return { bytes: Buffer.allocUnsafeSlow(Math.min(largestBlockBytes, wanted)), from: 0, to: 0 }
  }
}
