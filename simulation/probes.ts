// Carries out what a probing balancer asks for: a probe travels to its origin, which says how loaded it is, and back. It takes
// no slot and no service time; an origin that is dead or frozen leaves it unanswered.
import type { LoadReport, Upstream } from '../core/contracts.ts'
import type { LoadReports } from './load-reports.ts'
import type { Meter } from './meter.ts'
import type { Network } from './network.ts'
import type { Worker } from './worker.ts'
import { PROBE_AT_ORIGIN, PROBE_AT_PROXY, PROBE_DUE, type World } from './world.ts'

interface Probe {
  worker: Worker
  upstream: Upstream
  report: LoadReport | null
  stamp: number
}

export class Probes {
  private readonly world: World
  private readonly network: Network
  private readonly meter: Meter
  private readonly reports: LoadReports
  private readonly answers: (origin: number) => boolean
  private readonly probes: Probe[] = []
  private readonly unused: number[] = []

  /** `answers`: does this origin answer now? */
  constructor(
    world: World,
    network: Network,
    meter: Meter,
    reports: LoadReports,
    answers: (origin: number) => boolean,
  ) {
    this.world = world
    this.network = network
    this.meter = meter
    this.reports = reports
    this.answers = answers
  }

  /** Sends the probes that are due. */
  send(worker: Worker): void {
    const { world } = this
    const { timeoutMs } = worker.balancer.probing!
    // The array is the policy's own, and an answer that is there at once may lead to more.
    for (const upstream of worker.balancer.probing!.due(world.now)) {
      this.meter.counts.probes++
      const oneWayMs = this.network.oneWayMs(worker.index, upstream.index)
      if (oneWayMs === 0 && this.answers(upstream.index)) {
        worker.balancer.probing!.onProbe(upstream, this.reports.of(upstream.index), world.now)
        continue
      }
      const probe = this.take(worker, upstream)
      const { stamp } = this.probes[probe]!
      world.at(world.now + oneWayMs, PROBE_AT_ORIGIN, probe, stamp)
      world.at(world.now + timeoutMs, PROBE_DUE, probe, stamp)
    }
  }

  onAtOrigin(index: number, stamp: number): void {
    const probe = this.probes[index]!
    const { worker, upstream } = probe
    if (probe.stamp !== stamp || !this.answers(upstream.index)) return
    probe.report = this.reports.of(upstream.index)
    this.world.at(this.world.now + this.network.oneWayMs(worker.index, upstream.index), PROBE_AT_PROXY, index, stamp)
  }

  /** Its answer is there, or the time is up. */
  onEnd(index: number, stamp: number, answered: boolean): void {
    const { worker, upstream, report, stamp: current } = this.probes[index]!
    if (current !== stamp) return
    this.probes[index]!.stamp++
    this.unused.push(index)
    worker.balancer.probing!.onProbe(upstream, answered ? report : null, this.world.now)
  }

  private take(worker: Worker, upstream: Upstream): number {
    const index = this.unused.pop() ?? this.probes.length
    const stamp = this.probes[index]?.stamp ?? 0
    this.probes[index] = { worker, upstream, report: null, stamp }
    return index
  }
}
