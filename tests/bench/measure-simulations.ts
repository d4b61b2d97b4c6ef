// Measures how fast the simulator is, each case in a process of its own.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BenchResult } from './results.ts'
import type { SimulationCost } from './simulate-main.ts'
import { simulationCases } from './simulations.ts'

export const simulationGroup = 'simulate'
/** Few, because each of them is long. */
const rounds = 3
const main = fileURLToPath(new URL('simulate-main.ts', import.meta.url))

/** Runs the cases of these names; `onCase` is told of each before it begins. */
export function measureSimulations(names: readonly string[], onCase: (name: string) => void): BenchResult[] {
  return simulationCases.flatMap(({ name }, index) => {
    if (!names.includes(name)) return []
    onCase(name)
    const printed = execFileSync(process.execPath, [main, `${index}`, `${rounds}`], { encoding: 'utf8' })
    return resultOf(name, JSON.parse(printed))
  })
}

function resultOf(name: string, { ns, residentBytes }: SimulationCost): BenchResult {
  const sorted = ns.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]!
  return {
    group: simulationGroup,
    name,
    ns: median,
    lowestNs: sorted[0]!,
    highestNs: sorted.at(-1)!,
    samples: sorted.length,
    eventsPerSecond: 1e9 / median,
    residentBytes,
  }
}
