// What becomes of a closed loop in the summary of a run: its counters, its accounts, and who waited for a core meanwhile.
import type { CapacityObservation, Sample } from './rig-protocol.ts'
import { growth } from './samples.ts'

const failuresOf = ({ failures }: CapacityObservation) =>
  Object.values(failures).reduce((sum, failed) => sum + failed, 0)

/** The share of a core over the measured time in which the target was at work, or ready and waiting; null: not known. */
function shareOf(observed: CapacityObservation, samples: readonly Sample[], total: 'cpuNs' | 'runQueueNs') {
  const { fromAt, toAt } = observed
  const grownNs = growth(samples, 'target', total, fromAt, toAt)
  return grownNs === null || toAt <= fromAt ? null : grownNs / 1e6 / (toAt - fromAt)
}

/** The counters of a run that come from its closed loop; those the system cannot say are absent. */
export function capacityCounters(observed: CapacityObservation, samples: readonly Sample[]): Record<string, number> {
  const { fromAt, toAt, answered, ok, connections } = observed
  const seconds = (toAt - fromAt) / 1000
  const cpuShare = shareOf(observed, samples, 'cpuNs')
  const counters: Record<string, number> = {
    capacityRequestsPerSecond: seconds > 0 ? answered / seconds : 0,
    capacityAnswered: ok,
    capacityErrors: failuresOf(observed),
    capacityConnections: connections,
  }
  if (cpuShare !== null) counters.capacityTargetCpuShare = cpuShare
  if (cpuShare !== null && answered > 0) counters.capacityCpuUsPerRequest = (cpuShare * seconds * 1e6) / answered
  return counters
}

/** The share of the measured time in which the target waited for its core; 0 where the system cannot say. */
export function capacityRunQueueShare(observed: CapacityObservation, samples: readonly Sample[]): number {
  return shareOf(observed, samples, 'runQueueNs') ?? 0
}

/** What is wrong with the accounts of a closed loop: each request has one fate, and an origin saw what was answered. */
export function capacityFaults(observed: CapacityObservation): string[] {
  const { sent, ok, unanswered, connections, originRequests } = observed
  const reasons: string[] = []
  const ended = ok + failuresOf(observed) + unanswered
  if (ended !== sent) reasons.push(`the closed loop sent ${sent} requests and ${ended} are accounted for`)
  if (unanswered > connections) reasons.push(`${unanswered} requests were open on ${connections} connections`)
  if (originRequests < ok)
    reasons.push(`the closed loop got ${ok} answers and the origins saw ${originRequests} requests`)
  return reasons
}
