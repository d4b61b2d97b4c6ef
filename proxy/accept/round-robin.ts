// Each worker in turn. Even in connections taken, blind to how long they stay.
import { defineAccept } from '../../core/contracts.ts'

export default defineAccept({
  about: 'One process accepts and hands connections to the workers in turn.',
  source: 'Node cluster SCHED_RR; HAProxy tune.listener.multi-queue fair',
  params: {},
  make() {
    let next = -1
    return { choose: connections => (next = (next + 1) % connections.length) }
  },
})
