// A process that simulates one case a few times and prints what that took, and the memory it had at most. A process of its own,
// so that neither the compiler nor the memory has seen anything else. `node simulate-main.ts <number of the case> <rounds>`
import { inlineMore } from '../../harness/simulated/inlining.ts'
import { simulate } from '../../simulation/simulate.ts'
import { simulationCases } from './simulations.ts'

export interface SimulationCost {
  /** CPU nanoseconds per event of all threads of the process, by round; setting the model up is part of it. */
  readonly ns: readonly number[]
  /** The most memory that was resident during one simulation, Node's own included. */
  readonly residentBytes: number
}

/** After so many rounds the compiler has seen everything. */
const warmUps = 2

const [which, rounds] = process.argv.slice(2).map(Number)
const { model, policies } = simulationCases[which!]!

function measured(): number {
  const before = process.cpuUsage()
  const { events } = simulate(model, policies, 1)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / events
}

inlineMore()
// The first rounds compile and are not counted; memory is that of the first, because later ones find the garbage of others.
measured()
const residentBytes = process.resourceUsage().maxRSS * 1024
for (let round = 1; round < warmUps; round++) measured()
const cost: SimulationCost = { ns: Array.from({ length: rounds! }, measured), residentBytes }
process.stdout.write(JSON.stringify(cost))
