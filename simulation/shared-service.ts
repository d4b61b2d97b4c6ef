// Processor sharing: an origin serves all its requests at once, each at a rate divided by their number. In virtual time,
// which runs at that rate, nobody's end moves when others come or go, so one event per origin is enough.
// Source: Kleinrock, "Queueing Systems", volume 2, section 4.4; virtual time as in Parekh & Gallager, 1993.
import type { Ms } from '../core/contracts.ts'
import { nobody } from './rows.ts'
import { SHARE_SERVED, type World } from './world.ts'

export class SharedService {
  private readonly world: World
  private readonly origin: number
  private readonly cores: number
  /** How much service each request present since the start would have had, ms. */
  private virtualMs = 0
  private updatedAt = 0
  /** A heap of attempts by the virtual instant of their end, and these instants. */
  private readonly heap: number[] = []
  private readonly endsAt: number[] = []
  private stamp = 0

  /** `cores`: as many requests have a whole one each; more share them. */
  constructor(world: World, origin: number, cores: number) {
    this.world = world
    this.origin = origin
    this.cores = cores
  }

  enter(attempt: number, serviceMs: Ms): void {
    this.advance()
    this.endsAt.push(this.virtualMs + serviceMs)
    this.heap.push(attempt)
    this.siftUp(this.heap.length - 1)
    this.schedule()
  }

  /** The event with this stamp has come: who is done, or `nobody` when things have changed since it was made. */
  due(stamp: number): number {
    if (stamp !== this.stamp) return nobody
    this.advance()
    this.virtualMs = this.endsAt[0]!
    const attempt = this.heap[0]!
    this.removeAt(0)
    this.schedule()
    return attempt
  }

  leave(attempt: number): void {
    this.advance()
    this.removeAt(this.heap.indexOf(attempt))
    this.schedule()
  }

  private get rate(): number {
    return Math.min(1, this.cores / this.heap.length)
  }

  private advance(): void {
    const { now } = this.world
    if (this.heap.length > 0) this.virtualMs += (now - this.updatedAt) * this.rate
    this.updatedAt = now
  }

  private schedule(): void {
    this.stamp = (this.stamp + 1) | 0
    if (this.heap.length === 0) return
    const leftMs = Math.max(0, this.endsAt[0]! - this.virtualMs) / this.rate
    this.world.at(this.world.now + leftMs, SHARE_SERVED, this.origin, this.stamp)
  }

  private removeAt(index: number): void {
    const last = this.heap.length - 1
    this.swap(index, last)
    this.heap.pop()
    this.endsAt.pop()
    if (index === last) return
    this.siftDown(index)
    this.siftUp(index)
  }

  private siftUp(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (this.endsAt[parent]! <= this.endsAt[at]!) return
      this.swap(parent, at)
      at = parent
    }
  }

  private siftDown(from: number): void {
    const { endsAt } = this
    for (let at = from; ; ) {
      let child = 2 * at + 1
      if (child >= endsAt.length) return
      if (child + 1 < endsAt.length && endsAt[child + 1]! < endsAt[child]!) child++
      if (endsAt[at]! <= endsAt[child]!) return
      this.swap(at, child)
      at = child
    }
  }

  private swap(a: number, b: number): void {
    const { heap, endsAt } = this
    const attempt = heap[a]!
    const end = endsAt[a]!
    heap[a] = heap[b]!
    endsAt[a] = endsAt[b]!
    heap[b] = attempt
    endsAt[b] = end
  }
}
