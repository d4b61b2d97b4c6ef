// The head of a request that is not sent at once, or may be sent again: kept as it will leave, and parsed once more when a
// policy has to see the request again, because the parser's flyweight belongs to whoever came last.
import type { WorkerContext } from '../context.ts'
import type { ClientConnection } from '../downstream/client-connection.ts'
import { parseRequestHead } from '../http1/request.ts'
import { growthBytes, writeRequestHead } from '../http1/serialise.ts'
import { type Exchange, RequestView } from './exchange.ts'

/** The protocol version received and our name, for Via. */
const viaByMinor = ['1.0 windtunnel', '1.1 windtunnel'] as const

export class RequestHeads {
  /** The request as the policies see it: the one that has come, or the one restored last. */
  readonly view: RequestView
  private readonly context: WorkerContext
  private readonly forwarding = { client: '', proto: 'http' as const, via: '' }

  constructor(context: WorkerContext) {
    this.context = context
    this.view = new RequestView(context.requestHead)
  }

  /** Writes the head as it will be sent into the slab at 0 and returns its length. */
  write(client: ClientConnection, exchange: Exchange): number {
    const { gather, requestHead } = this.context
    this.forwarding.client = client.address
    this.forwarding.via = viaByMinor[exchange.clientMinor]
    return writeRequestHead(requestHead, gather.slab, 0, this.forwarding)
  }

  /** Keeps the head in `exchange.head`, unless it is there already. */
  keep(client: ClientConnection, exchange: Exchange): void {
    if (exchange.head !== '') return
    const length = this.write(client, exchange)
    exchange.head = this.context.gather.slab.toString('latin1', 0, length)
  }

  /** Lets the policies see the request again. What was kept is a little longer than what the client sent. */
  restore(client: ClientConnection, exchange: Exchange): void {
    const { gather, requestHead, config } = this.context
    const { maxHeadBytes, maxHeaderCount, maxTargetBytes } = config.limits
    const limits = {
      maxHeadBytes: maxHeadBytes + growthBytes + 100,
      maxHeaderCount: maxHeaderCount + 8,
      maxTargetBytes,
    }
    const length = gather.slab.write(exchange.head, 0, 'latin1')
    parseRequestHead(gather.slab, 0, length, limits, requestHead)
    this.view.client = client.address
  }
}
