// How often requests were carried out: more than once is harm when it is a POST, once and unanswered is a user who does
// not know. Over the whole run, the warm-up included, because connections that went stale do not know of phases either.
import type { RequestLog } from '../core/request-log.ts'
import type { Observations } from './rig-protocol.ts'

/**
 * `origin.duplicateExecutions`: executions beyond the first of each request. `origin.executedUnanswered`: requests that were
 * executed and whose user got no right answer. With POSTs also `posts.asked`, `posts.failed` and
 * `posts.duplicateExecutions`; with sessions `firsts.asked`, `firsts.failed` and `firsts.executedUnanswered`, of the first
 * request of each connection.
 */
export function executionCounters(
  log: RequestLog,
  { posts, firsts }: Pick<Observations, 'posts' | 'firsts'>,
): Record<string, number> {
  const { duplicates, unanswered } = tally(log, null)
  const counters: Record<string, number> = {
    'origin.duplicateExecutions': duplicates,
    'origin.executedUnanswered': unanswered,
  }
  if (posts) {
    const { asked, failed, duplicates } = tally(log, posts)
    counters['posts.asked'] = asked
    counters['posts.failed'] = failed
    counters['posts.duplicateExecutions'] = duplicates
  }
  if (firsts) {
    const { asked, failed, unanswered } = tally(log, firsts)
    counters['firsts.asked'] = asked
    counters['firsts.failed'] = failed
    counters['firsts.executedUnanswered'] = unanswered
  }
  return counters
}

/** Of the rows marked with 1, or of all when `marks` is null. */
function tally(log: RequestLog, marks: Uint8Array | null) {
  const counted = { asked: 0, failed: 0, duplicates: 0, unanswered: 0 }
  for (let row = 0; row < log.size; row++) {
    if (marks !== null && marks[row] !== 1) continue
    const executions = log.executions[row]!
    const failed = log.fateOf(row) !== 'ok'
    counted.asked++
    counted.duplicates += Math.max(0, executions - 1)
    if (failed) counted.failed++
    if (failed && executions > 0) counted.unanswered++
  }
  return counted
}
