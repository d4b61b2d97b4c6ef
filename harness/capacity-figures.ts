// What becomes of the closed loops in the summary of a run: its counters, its accounts, and who waited for a core meanwhile.
import type { ClosedLoopResult } from '../loadgen/closed-tally.ts'
import type { CapacityObservation, Sample } from './rig-protocol.ts'
import { growth } from './samples.ts'

const failuresOf = ({ failures }: ClosedLoopResult) => Object.values(failures).reduce((sum, failed) => sum + failed, 0)

/** The share of a core over the measured time in which the target was at work, or ready and waiting; null: not known. */
function shareOf(observed: ClosedLoopResult, samples: readonly Sample[], total: 'cpuNs' | 'runQueueNs') {
  const { fromAt, toAt } = observed
  const grownNs = growth(samples, 'target', total, fromAt, toAt)
  return grownNs === null || toAt <= fromAt ? null : grownNs / 1e6 / (toAt - fromAt)
}

/** Answers per second of the measured time. */
function perSecond({ answered, fromAt, toAt }: ClosedLoopResult): number {
  return toAt > fromAt ? (answered / (toAt - fromAt)) * 1000 : 0
}

/** The counters of a run that come from its closed loops; those the system cannot say are absent. */
export function capacityCounters(observed: CapacityObservation, samples: readonly Sample[]): Record<string, number> {
  const { flatOut, connections } = observed
  const counters: Record<string, number> = {
    capacityRequestsPerSecond: perSecond(observed),
    capacityAnswered: observed.ok + flatOut.ok,
    capacityErrors: failuresOf(observed) + failuresOf(flatOut),
    capacityConnections: connections,
    flatOutRequestsPerSecond: perSecond(flatOut),
  }
  const cpuShare = shareOf(flatOut, samples, 'cpuNs')
  if (cpuShare === null) return counters
  counters.flatOutTargetCpuShare = cpuShare
  if (flatOut.answered > 0) counters.flatOutCpuUsPerRequest = (cpuShare * 1e6) / perSecond(flatOut)
  return counters
}

/** The larger share of the measured times in which the target waited for its core; 0 where the system cannot say. */
export function capacityRunQueueShare(observed: CapacityObservation, samples: readonly Sample[]): number {
  return Math.max(...[observed, observed.flatOut].map(loop => shareOf(loop, samples, 'runQueueNs') ?? 0))
}

/** What is wrong with the accounts of the closed loops: each request has one fate, and an origin saw what was answered. */
export function capacityFaults(observed: CapacityObservation): string[] {
  const { flatOut, connections, originRequests } = observed
  const reasons: string[] = []
  for (const loop of [observed, flatOut]) {
    const { sent, ok, unanswered } = loop
    const ended = ok + failuresOf(loop) + unanswered
    if (ended !== sent) reasons.push(`a closed loop sent ${sent} requests and ${ended} are accounted for`)
    if (unanswered > connections) reasons.push(`${unanswered} requests were open on ${connections} connections`)
  }
  const ok = observed.ok + flatOut.ok
  if (originRequests < ok)
    reasons.push(`the closed loops got ${ok} answers and the origins saw ${originRequests} requests`)
  return reasons
}
