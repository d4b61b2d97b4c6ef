// One request and its response: which upstream, what of the bodies is still to come, how far it has got. One object per
// client connection, reused for each of its requests, so that a request allocates nothing here.
import type { PolicyRequest, Upstream } from '../../core/contracts.ts'
import type { HeldBody } from '../holding/held-body.ts'
import type { RequestHead } from '../http1/head.ts'
import { BodyRelay } from '../relay.ts'
import type { OriginConnection } from '../upstream/origin-connection.ts'

/** Nothing is going on. */
export const RESTING = 0
/** An upstream is chosen; its connection is being opened or waited for. */
export const WAITING = 1
/** The head has gone to the origin; no final response head has come. */
export const SENT = 2
/** The response head has gone to the client. */
export const RESPONDING = 3
/** The whole response is here and its origin is free; the client is still taking it. */
export const DRAINING = 4

/** Not let in (yet). */
export const OUTSIDE = 0
/** Let in by the limiter, but only when a delay has passed. */
export const DELAYED = 1
/** Counted among the requests in flight. */
export const ADMITTED = 2

/** One of several attempts of the same request, put aside while another is the one in the exchange. */
export class Rival {
  phase = RESTING
  upstream: Upstream | null = null
  origin: OriginConnection | null = null
  sentAt = 0
  headAt = 0
}

export class Exchange {
  /** Id of the client connection; also the ticket under which a pool knows this exchange. */
  readonly client: number
  phase = RESTING
  upstream: Upstream | null = null
  origin: OriginConnection | null = null
  /** Index of the route taken. */
  route = 0
  /** The serialised head, while it waits for a connection or may be needed again; '' otherwise. */
  head = ''
  /** Is the whole request in `head`, so that it can be sent once more? */
  replayable = false
  idempotent = false
  attempts = 0
  /** Attempts beside the one whose state is here: none, unless one was slow and has been hedged. */
  readonly rivals: Rival[] = []
  /** Runs while an attempt may still be joined by another. */
  hedgeTimer: NodeJS.Timeout | undefined
  /** Upstreams that have failed this request. */
  readonly tried: Upstream[] = []
  /** Runs while the exchange waits for its next attempt, or to be let in. */
  timer: NodeJS.Timeout | undefined
  /** The first request of its client's connection. */
  first = true
  /** OUTSIDE, DELAYED or ADMITTED: how far it is past the limiter. */
  admission = OUTSIDE
  /** The body while it is held; null when it takes the straight path, or when there is none. */
  heldRequest: HeldBody | null = null
  heldResponse: HeldBody | null = null
  /** The body is being collected: no upstream has been chosen yet. */
  collecting = false
  /** Who gave the response that the client is still taking. */
  servedBy: Upstream | null = null
  readonly requestBody = new BodyRelay()
  readonly responseBody = new BodyRelay()
  method = ''
  /** For the log only; '' when there is none. */
  target = ''
  clientMinor: 0 | 1 = 1
  /** May the client's connection be used again after this exchange? */
  keepAlive = true
  /** May the origin's connection be used again after this exchange, as far as the response says? */
  reusable = true
  /** Status sent to the client, 0 before. */
  status = 0
  startedAt = 0
  /** When the limiter let it in. */
  admittedAt = 0
  sentAt = 0
  headAt = 0

  constructor(client: number) {
    this.client = client
  }

  /** No hedge is planned any more. */
  cancelHedge(): void {
    if (this.hedgeTimer === undefined) return
    clearTimeout(this.hedgeTimer)
    this.hedgeTimer = undefined
  }

  /** Puts the attempt that is here aside and takes the one that was. */
  swap(rival: Rival): void {
    const { phase, upstream, origin, sentAt, headAt } = this
    this.phase = rival.phase
    this.upstream = rival.upstream
    this.origin = rival.origin
    this.sentAt = rival.sentAt
    this.headAt = rival.headAt
    rival.phase = phase
    rival.upstream = upstream
    rival.origin = origin
    rival.sentAt = sentAt
    rival.headAt = headAt
  }

  /** Is its upstream chosen and every connection to it lent to somebody else? */
  get waitsForPool(): boolean {
    return this.phase === WAITING && this.upstream !== null && this.origin === null
  }
}

/** The request as the policies see it, over the parser's flyweight. */
export class RequestView implements PolicyRequest {
  private readonly head: RequestHead
  client = ''

  constructor(head: RequestHead) {
    this.head = head
  }

  get method(): string {
    return this.head.method
  }

  get target(): string {
    return this.head.target
  }

  header(name: string): string | undefined {
    return this.head.header(name)
  }
}
