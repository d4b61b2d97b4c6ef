// The service slots of one origin: as many requests at once as it has workers, and the rest waits in order of arrival.
// Without a limit an overloaded origin would only ever be slow; with one it grows a queue, as servers do.

/** Called when a slot is there; the same function gives the slot back. */
export type Start = () => void

export class ServiceSlots {
  private readonly limit: number
  private readonly holders = new Set<Start>()
  /** In order of arrival. */
  private readonly waiting = new Set<Start>()

  /** `limit`: 1 and up; Infinity for no limit. */
  constructor(limit: number) {
    this.limit = limit
  }

  /** Calls `start` now, or when the requests before it have left. */
  enter(start: Start): void {
    if (this.holders.size >= this.limit) {
      this.waiting.add(start)
      return
    }
    this.holders.add(start)
    start()
  }

  /** Gives the slot back, or the place in the queue, or does nothing when `start` has neither. */
  leave(start: Start): void {
    if (!this.holders.delete(start)) {
      this.waiting.delete(start)
      return
    }
    const [next] = this.waiting
    if (next === undefined) return
    this.waiting.delete(next)
    this.holders.add(next)
    next()
  }
}
