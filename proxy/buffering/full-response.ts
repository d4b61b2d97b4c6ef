// Answers are read from the origin as fast as it gives them and wait here for the client, so that the origin is free again
// while a slow client still reads. Up to a bound: beyond it the origin waits as well.
import { type BufferingPolicy, defineBuffering } from '../../core/contracts.ts'
import { count } from '../../core/parameters.ts'

export default defineBuffering({
  about: 'Reads answers at the speed of the origin into memory, so that a slow client does not hold the origin.',
  source: 'NGINX ngx_http_proxy_module: proxy_buffering on, proxy_max_temp_file_size 0; X-Accel-Buffering',
  params: {
    maxBytes: count({
      default: 1_048_576,
      min: 1,
      max: 1_073_741_824,
      unit: 'bytes',
      doc: 'What may wait of one answer; the origin is not read while more does.',
    }),
    totalBytes: count({
      default: 268_435_456,
      min: 0,
      max: 68_719_476_736,
      unit: 'bytes',
      doc: 'Memory for all bodies of a worker together; beyond it origins are read only as fast as clients read.',
    }),
    flushBytes: count({
      default: 8192,
      min: 1,
      max: 1_073_741_824,
      unit: 'bytes',
      doc: 'An answer goes on in units of this size (of maxBytes, if that is less), its rest when it is complete.',
    }),
  },
  make({ maxBytes, totalBytes, flushBytes }): BufferingPolicy {
    const unitBytes = Math.min(flushBytes, maxBytes)
    return {
      mayRead: heldBytes => heldBytes === 0,
      response: {
        mayForward({ complete, waitingBytes, totalMemoryBytes }) {
          if (complete || totalMemoryBytes > totalBytes) return waitingBytes
          return waitingBytes - (waitingBytes % unitBytes)
        },
        intake({ memoryBytes, totalMemoryBytes }) {
          const isFull = memoryBytes >= maxBytes || totalMemoryBytes > totalBytes
          return isFull && memoryBytes > 0 ? 'pause' : 'read'
        },
        mayHold: header => header('x-accel-buffering')?.toLowerCase() !== 'no',
      },
    }
  },
})
