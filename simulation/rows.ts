// Requests and attempts are rows of tables (request-table.ts, attempt-table.ts): a row is a number, a free row is used
// again, nothing is allocated while the simulation runs. The cells of a row lie side by side, 64 bytes together,
// because tens of thousands are under way at once: a column for each trait would be a cache miss for each, and objects
// would be several times as large. A row's stamp grows when it is freed, so that an event meant for an earlier tenant
// is recognised.
import { grownIntegers } from './heap-queue.ts'

export const firstCapacity = 256
export const nobody = -1

/** A row is 16 whole numbers; its last 16 bytes are two numbers with fractions instead. */
export const rowShift = 4
export const fractionShift = 3
export const FIRST_FRACTION = 6
export const SECOND_FRACTION = 7

/** Rows that are taken and given back; the newest free row is taken first, so that the tables stay warm. */
export class Rows {
  inUse = 0
  /** Apart from the cells: most timeouts come when they mean nobody any more, and need to see no more than this. */
  stamp = new Int32Array(firstCapacity)
  protected cells = new Int32Array(firstCapacity << rowShift)
  /** The same memory, as numbers with fractions. */
  protected fractions = new Float64Array(this.cells.buffer)
  private unused = new Int32Array(firstCapacity)
  private unusedCount = 0
  private used = 0

  get capacity(): number {
    return this.stamp.length
  }

  free(row: number): void {
    this.inUse--
    this.stamp[row] = this.stamp[row]! + 1
    this.unused[this.unusedCount++] = row
  }

  protected take(): number {
    this.inUse++
    if (this.unusedCount > 0) return this.unused[--this.unusedCount]!
    if (this.used === this.capacity) this.grow()
    return this.used++
  }

  protected grow(): void {
    const capacity = this.capacity * 2
    this.stamp = grownIntegers(this.stamp, capacity)
    this.unused = grownIntegers(this.unused, capacity)
    this.cells = grownIntegers(this.cells, capacity << rowShift)
    this.fractions = new Float64Array(this.cells.buffer)
  }
}
