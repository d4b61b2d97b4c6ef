// The 10 Hz probe of a run: what the target and this process cost, and who is connected.
import type { OpenLoop } from '../loadgen/open.ts'
import type { HostileClients } from './hostile-clients.ts'
import { ProcessTree } from './probes/process-tree.ts'
import type { Sample } from './rig-protocol.ts'

const everyMs = 100

/** Runs in the generator's process; a sample costs about 0.2 ms. */
export class Sampler {
  private readonly samples: Sample[] = []
  private readonly target: ProcessTree
  private readonly generator = new ProcessTree(process.pid)
  private timer: NodeJS.Timeout | undefined
  private readonly hostile: HostileClients
  private readonly loop: OpenLoop

  constructor(targetPid: number, hostile: HostileClients, loop: OpenLoop) {
    this.target = new ProcessTree(targetPid)
    this.hostile = hostile
    this.loop = loop
  }

  start(): void {
    this.sample()
    this.timer = setInterval(() => this.sample(), everyMs)
  }

  /** Takes the last sample and gives all. */
  stop(): Sample[] {
    clearInterval(this.timer)
    this.sample()
    this.target.close()
    this.generator.close()
    return this.samples
  }

  private sample(): void {
    this.samples.push({
      at: performance.now(),
      target: this.target.sample(),
      generator: this.generator.sample(),
      attackersHeld: this.hostile.held(),
      honestConnections: this.loop.openConnections,
    })
  }
}
