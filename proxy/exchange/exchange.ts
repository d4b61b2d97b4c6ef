// One request and its response: which upstream, what of the bodies is still to come, how far it has got. One object per
// client connection, reused for each of its requests, so that a request allocates nothing here.
import type { PolicyRequest, Upstream } from '../../core/contracts.ts'
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
  /** Upstreams that have failed this request. */
  readonly tried: Upstream[] = []
  /** Runs while the exchange waits for its next attempt. */
  retryTimer: NodeJS.Timeout | undefined
  /** The first request of its client's connection. */
  first = true
  /** Counted among the requests in flight. */
  admitted = false
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
  sentAt = 0
  headAt = 0

  constructor(client: number) {
    this.client = client
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
