// One buffer of fixed size per direction: what the receiver has not taken lies in it, and when it is full the sender waits.
// A request that fits into it can be sent again, and may be waited for before an origin is bothered with it.
import { type BodyFlow, type BufferingPolicy, type DirectionBuffering, defineBuffering } from '../../core/contracts.ts'
import { choice, count } from '../../core/parameters.ts'

export default defineBuffering({
  about: 'One bounded buffer per direction: reading stops while it is full; a request that fits can be sent again.',
  source: 'HAProxy configuration manual: tune.bufsize, option http-buffer-request',
  params: {
    bufferBytes: count({
      default: 16_384,
      min: 1024,
      max: 16_777_216,
      unit: 'bytes',
      doc: 'The size of each buffer; one read (at most 65,536 bytes) may go beyond it.',
    }),
    waitFor: choice({
      default: 'head',
      choices: ['head', 'body'],
      doc: 'What of a request must be here before an upstream is chosen: its head, or its body or as much of it as fits.',
    }),
  },
  make({ bufferBytes, waitFor }): BufferingPolicy {
    const isFull = (flow: BodyFlow) => flow.memoryBytes >= bufferBytes
    const buffer: DirectionBuffering = {
      mayForward: flow => flow.waitingBytes,
      intake: flow => (isFull(flow) ? 'pause' : 'read'),
    }
    const request = waitFor === 'head' ? buffer : { ...buffer, mayDial: (f: BodyFlow) => f.complete || isFull(f) }
    return { mayRead: heldBytes => heldBytes === 0, request, response: buffer }
  },
})
