// Bytes go on as they come: the sender is read only as fast as the receiver takes.
import { type BufferingPolicy, defineBuffering } from '../../core/contracts.ts'
import { count } from '../../core/parameters.ts'

export default defineBuffering({
  about: 'Forwards every byte as it comes and stops reading while the receiver is behind.',
  source: 'Envoy flow_control.md and Pingora: watermarks, no whole-message buffer',
  params: {
    highWaterBytes: count({
      default: 0,
      min: 0,
      max: 16_777_216,
      unit: 'bytes',
      doc: 'How much may wait for a slow receiver before reading stops.',
    }),
  },
  make: ({ highWaterBytes }): BufferingPolicy => ({ mayRead: heldBytes => heldBytes <= highWaterBytes }),
})
