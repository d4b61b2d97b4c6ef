// A service in three zones loses one of them, and later its health checks fail where nothing else does: what keeping to the
// own zone saves while all is well, and what saves the rest when it is not.
import { independentRequests, plain } from '../core/architecture.ts'
import { failedShare, mean, perVariant, phaseOf } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario, type Phase } from '../core/scenario.ts'

const zones = ['a', 'b', 'c']
const originsPerZone = 4
const rttMs = 0.5
const crossZoneRttMs = 4
const zoneOf = (origin: number) => Math.floor(origin / originsPerZone)
const originCount = zones.length * originsPerZone
const originsIn = (...some: string[]) =>
  Array.from({ length: originCount }, (_, origin) => origin).filter(origin => some.includes(zones[zoneOf(origin)]!))

const base = { ...plain, balancer: 'power-of-two', health: 'active-http:intervalMs=500,timeoutMs=200,fall=2,rise=2' }
const panicking = 'priority:panicShare=0.5'

/** Two requests in three cross zones when zones make no difference, and gain this when they need not. */
const savedMs = ((zones.length - 1) / zones.length) * (crossZoneRttMs - rttMs)
/** Two checks half a second apart, the time-out, and something for requests under way. */
const foundWithinMs = 1300
/** Where the survivors share evenly, each has this many times the mean over all origins. */
const evenPeak = originCount / (originCount - originsPerZone)
const evenAllowed = 1.1
const lossWithout = 0.2
const lossWith = 0.02

const balancerOf = (run: Run) => `${run.settings.balancer}`
const isZoneAware = (run: Run) => balancerOf(run).includes('zone-aware')
const panics = (run: Run) => /panicShare=0\.[1-9]/.test(balancerOf(run))
const meanMs = (runs: readonly Run[], phase: string) => mean(runs.map(run => phaseOf(run, phase).latency.meanMs!))
const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const ms = (value: number) => `${value.toFixed(1)} ms`

function saving(runs: readonly Run[]): Claim[] {
  const [near, anywhere] = [runs.filter(isZoneAware), runs.filter(run => !isZoneAware(run))]
  if (near.length === 0 || anywhere.length === 0) return []
  const saved = meanMs(anywhere, 'calm') - meanMs(near, 'calm')
  return [
    {
      claim:
        'While all is well, keeping to the own zone saves what crossing costs two requests in three, within a third.',
      kind: 'count',
      holds: Math.abs(saved / savedMs - 1) < 1 / 3,
      evidence: `Mean in the calm: ${ms(meanMs(near, 'calm'))} in the own zone, ${ms(meanMs(anywhere, 'calm'))} anywhere; the difference is ${ms(saved)}, and crossing costs ${ms(savedMs)} on average.`,
      uses: runs,
    },
  ]
}

function outage(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const foundMs = (run: Run) => run.counters['fault.outage.foundMs'] ?? 0
  return [
    {
      claim: `Checks have found the dead zone within ${foundWithinMs} ms, and nobody fails after that.`,
      kind: 'count',
      holds: runs.every(run => foundMs(run) <= foundWithinMs && foundMs(run) > 0),
      evidence: perVariant(
        runs,
        some =>
          `${Math.max(...some.map(foundMs)).toFixed(0)} ms, ${percent(failedShare(some, 'outage'))} of the phase failed`,
      ),
      uses: runs,
    },
  ]
}

function survivors(runs: readonly Run[]): Claim[] {
  const near = runs.filter(isZoneAware)
  if (near.length === 0) return []
  const peak = (run: Run) => run.counters['origins.peakToMean']!
  return [
    {
      claim:
        'The proxies of the dead zone do not flood a neighbour: the busiest survivor has no more than a tenth above its even share.',
      kind: 'count',
      holds: near.every(run => peak(run) <= evenAllowed * evenPeak),
      evidence: `An even share is ${evenPeak.toFixed(2)} times the mean of all; the busiest had: ${perVariant(near, some => mean(some.map(peak)).toFixed(2))}`,
      uses: near,
    },
  ]
}

function falseAlarm(runs: readonly Run[]): Claim[] {
  const [without, withPanic] = [runs.filter(run => !panics(run)), runs.filter(panics)]
  if (without.length === 0 || withPanic.length === 0) return []
  return [
    {
      claim: `When checks fail where nothing else does, believing them drowns the third that is left: at least ${percent(lossWithout)} fail. A panic threshold serves all but ${percent(lossWith)}.`,
      kind: 'count',
      holds:
        without.every(run => failedShare([run], 'false alarm') >= lossWithout) &&
        withPanic.every(run => failedShare([run], 'false alarm') <= lossWith),
      evidence: `Failed during the false alarm: ${perVariant(runs, some => percent(failedShare(some, 'false alarm')))}`,
      uses: runs,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  return [...saving(runs), ...outage(runs), ...survivors(runs), ...falseAlarm(runs)]
}

function phases(times: number): Phase[] {
  const named = (name: string, seconds: number) => ({ name, durationMs: seconds * 1000 * times })
  return [named('calm', 10), named('outage', 10), named('calm again', 5), named('false alarm', 10), named('healed', 5)]
}

const variant = (name: string, balancer: string, about: string) => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...base, balancer },
})

export default defineScenario({
  question: 'A zone goes down: what did it save to keep to the own zone, and what saves the other zones?',
  situation: 'origins are in several zones, and one zone may go down',
  explanation:
    'Four origins in each of three zones, and proxies in all of them. A request that crosses zones travels for 4 ms in place of half a millisecond, and two in three would. ' +
    'Keeping to the own zone saves that, and must not keep to a zone that is dead: in the second phase zone a is. ' +
    'In the fourth phase nothing is dead at all, but two zones take no new connections, which is what checks need; whoever has a connection is served. Two thirds seem to be gone. ' +
    'Look at who believes that, and at what becomes of the third that is left.',
  seed: 33,
  virtual: {
    why: 'it has three zones',
    proxies: { count: 6, zones },
    network: { rttMs, crossZoneRttMs },
  },
  origins: {
    count: originCount,
    service: 'exponential:meanMs=10',
    slots: 4,
    responseBytes: 512,
    each: Object.fromEntries(
      Array.from({ length: originCount }, (_, origin) => [origin, { virtual: { zone: zones[zoneOf(origin)]! } }]),
    ),
  },
  load: independentRequests(2400, 2000),
  hostile: [],
  faults: [
    ...originsIn('a').map(origin => ({ fault: 'kill', origin, phase: 'outage' })),
    ...originsIn('a', 'b').map(origin => ({ fault: 'refuse', origin, phase: 'false alarm' })),
  ],
  measuredPhase: 'outage',
  effort: {
    quick: { repeats: 1, warmUpMs: 1000, phases: phases(1) },
    normal: { repeats: 5, warmUpMs: 1000, phases: phases(1) },
    thorough: { repeats: 20, warmUpMs: 1000, phases: phases(1) },
  },
  base,
  variants: [
    variant('anywhere', 'power-of-two', 'Zones make no difference to it.'),
    variant('own zone', 'zone-aware+power-of-two', 'In the own zone as far as that can bear it.'),
    variant(
      'anywhere, panics',
      `${panicking}+power-of-two`,
      'Everywhere; and to all, healthy or not, when more than half are taken for dead.',
    ),
    variant('own zone, panics', `${panicking}+zone-aware+power-of-two`, 'Both.'),
  ],
  limits: [
    'A connection across zones costs as much to keep as any other here; in a cloud, traffic between zones is paid for besides.',
    'Crossing takes 4 ms, which is long, so that it shows beside the service time; between zones of one region it is about one or two.',
  ],
  judge,
})
