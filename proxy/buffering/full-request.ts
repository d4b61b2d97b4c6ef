// The whole request body is here before an origin hears of the request: a slow client occupies memory of the proxy and
// nothing of the origin. Responses go on as they come.
import { type BufferingPolicy, defineBuffering } from '../../core/contracts.ts'
import { count } from '../../core/parameters.ts'

export default defineBuffering({
  about: 'Collects the whole request body in memory before an upstream is chosen; larger ones get 413.',
  source: 'NGINX ngx_http_proxy_module: proxy_request_buffering on; Envoy buffer filter: max_request_bytes',
  params: {
    maxBytes: count({
      default: 1_048_576,
      min: 0,
      max: 1_073_741_824,
      unit: 'bytes',
      doc: 'The largest body that is accepted; beyond it 413.',
    }),
    totalBytes: count({
      default: 268_435_456,
      min: 0,
      max: 68_719_476_736,
      unit: 'bytes',
      doc: 'Memory for all bodies of a worker together; beyond it 503.',
    }),
  },
  make: ({ maxBytes, totalBytes }): BufferingPolicy => ({
    mayRead: heldBytes => heldBytes === 0,
    request: {
      mayDial: flow => flow.complete,
      mayForward: flow => flow.waitingBytes,
      intake(flow) {
        if (flow.receivedBytes > maxBytes || (flow.lengthBytes ?? 0) > maxBytes) return 'too-large'
        return flow.totalMemoryBytes > totalBytes ? 'no-room' : 'read'
      },
    },
  }),
})
