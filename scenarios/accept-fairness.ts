// Forty connections that stay, four worker processes: who gets them? The kernel decides by a hash, which is even only when
// there are many; a process that accepts for all can count.
import { type Architecture, defineScenario } from '../core/contracts.ts'
import { perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'

const workers = 4
const connections = 40

const base: Architecture = {
  threading: `processes:workers=${workers}`,
  pool: 'keep-alive',
  buffering: 'streaming',
  balancer: 'round-robin',
  limiter: 'none',
  health: 'always',
  retries: 'none',
  maxConnections: 6000,
  requestHeadMs: 10_000,
}
const accepting = (accept: string): Architecture => ({
  ...base,
  threading: `processes:workers=${workers},accept=${accept}`,
})

/** Connections that each worker has taken. */
function taken(run: Run): number[] {
  return Array.from({ length: workers }, (_, worker) => run.counters[`target.worker${worker}.connectionsAccepted`] ?? 0)
}

const difference = (run: Run) => Math.max(...taken(run)) - Math.min(...taken(run))
const byKernel = (run: Run) => !`${run.settings.threading}`.includes('accept=')
const say = (some: readonly Run[]) => some.map(run => taken(run).join(' + ')).join(' and ')

function judge(runs: readonly Run[]): Claim[] {
  const ours = runs.filter(run => `${run.settings.threading}`.startsWith('processes'))
  const kernel = ours.filter(byKernel)
  const counted = ours.filter(run => !byKernel(run))
  const claims: Claim[] = []
  if (kernel.length > 0) {
    claims.push({
      claim: 'The kernel’s hash leaves some worker with at least two connections more than another.',
      kind: 'count',
      holds: kernel.some(run => difference(run) >= 2),
      evidence: perVariant(kernel, say),
      uses: kernel,
    })
  }
  if (counted.length > 0) {
    claims.push({
      claim: 'A process that accepts for all leaves no worker with more than one connection more than another.',
      kind: 'count',
      holds: counted.every(run => difference(run) <= 1),
      evidence: perVariant(counted, say),
      uses: counted,
    })
  }
  if (ours.length > 0) {
    claims.push({
      claim: 'Every request is answered, whoever took its connection.',
      kind: 'count',
      holds: ours.every(run => run.generator.failed === 0 && run.generator.completed > 0),
      evidence: perVariant(ours, some => `${some.reduce((sum, run) => sum + run.generator.failed, 0)} failed`),
      uses: ours,
    })
  }
  return claims
}

const phases = (durationMs: number) => [{ name: 'steady', durationMs }]

export default defineScenario({
  question: 'Who gets the connections when there are few of them and they stay?',
  explanation:
    `${connections} clients connect once and keep their connection, as browsers, databases and other proxies do; ${workers} processes serve them. ` +
    'When every process listens for itself the kernel spreads connections by a hash of addresses and ports. Over thousands of connections that is even; over forty it is not, and a worker that has drawn many keeps them. ' +
    'One process that accepts for all can hand them out evenly. It pays for that with a handover between processes for every connection. ' +
    'Look at the connections each worker has taken.',
  seed: 1,
  origins: { count: 2, service: 'fixed:ms=2', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: connections },
    profile: 'poisson:ratePerSecond=400',
    pacing: 'timer',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'steady',
  effort: {
    quick: { repeats: 1, phases: phases(1200) },
    normal: { repeats: 3, phases: phases(3000) },
    thorough: { repeats: 6, phases: phases(8000) },
  },
  base,
  variants: [
    { name: 'kernel', target: 'windtunnel', about: 'Every worker listens; the kernel hashes.', settings: base },
    {
      name: 'round-robin',
      target: 'windtunnel',
      about: 'One process accepts and hands over in turn.',
      settings: accepting('round-robin'),
    },
    {
      name: 'least-connections',
      target: 'windtunnel',
      about: 'One process accepts and hands over to the worker with the fewest.',
      settings: accepting('least-connections'),
    },
    {
      name: 'two-index',
      target: 'windtunnel',
      about: 'HAProxy’s rule: two wandering indexes, the better one takes it.',
      settings: accepting('two-index'),
    },
  ],
  limits: [
    'All workers share one core here, so that an uneven spread costs nothing: what it would cost with a core for each is not shown.',
    'In turn and by count come out alike when every connection stays; they differ when some leave, which this load does not do.',
    'The price of a handover, a message with a descriptor between two processes for each connection, is not judged.',
  ],
  judge,
})
