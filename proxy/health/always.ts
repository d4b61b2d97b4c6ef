// No opinion on health: what is configured is used, dead or alive.
import { defineHealth } from '../../core/contracts.ts'

export default defineHealth({
  about: 'Every configured upstream is eligible, whatever happens to it.',
  source: 'NGINX with max_fails=0; HAProxy without check',
  params: {},
  make: () => ({ onMembers() {}, eligible: () => true, nextChangeAt: () => Number.POSITIVE_INFINITY }),
})
