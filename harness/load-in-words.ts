// What a scenario puts in the tunnel, in words: one sentence about the load, one about what a sweep varies.
import type { CapacityPlan, FaultPlan, Scenario, Sweep, SweepPoint } from '../core/scenario.ts'

/** The closed loop after the phases in one sentence. */
export function capacityInWords({ connections, durationMs }: CapacityPlan): string {
  return `Then, in a closed loop, ${connections} connections ask again as soon as they are answered, for ${durationMs / 1000} s by autocannon and as long again by a leaner client.`
}

/** The same fault of many origins, or at many times, is said once. */
function brokenInWords(faults: readonly FaultPlan[]): string[] {
  const origins = new Map<string, Set<number>>()
  for (const { fault, origin, phase } of faults) {
    const what = `${fault} in phase ${phase}`
    origins.set(what, (origins.get(what) ?? new Set()).add(origin))
  }
  return [...origins].map(
    ([what, at]) =>
      `; ${what} at ${at.size > 4 ? `${at.size} origins` : [...at].map(origin => `o${origin}`).join(', ')}`,
  )
}

/** What single origins have of their own, by name: "service fixed:ms=50 slots 4". */
function eachInWords(each: NonNullable<Scenario['origins']['each']>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(each).map(([index, traits]) => [
      `o${index}`,
      Object.entries(traits)
        .map(([name, value]) => `${name} ${value}`)
        .join(' '),
    ]),
  )
}

/** What a sweep varies, and what changes with it: "The load varies from 50 % to 95 %: profile poisson:… to poisson:…." */
function sweepInWords({ axis, unit, points }: Sweep): string {
  const of = (at: number) => `${at}${unit === '' ? '' : ` ${unit}`}`
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return ''
  const from = new Map(changesOf(first))
  const to = new Map(changesOf(last))
  const changes = [...new Set([...from.keys(), ...to.keys()])].map(name => {
    const [before, after] = [from.get(name) ?? 'as above', to.get(name) ?? 'as above']
    return before === after ? `${name} ${before}` : `${name} ${before} to ${after}`
  })
  return `${axis[0]?.toUpperCase()}${axis.slice(1)} from ${of(first.at)} to ${of(last.at)}: ${changes.join(', ')}.`
}

/** What a point changes, by a name like `proxies.count`; the traits of single origins are not spelled out. */
function changesOf({ at: _, profile, origins = {}, settings = {}, virtual = {} }: SweepPoint): [string, string][] {
  const flat = (prefix: string, value: unknown): [string, string][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && prefix !== 'origins.each'
      ? Object.entries(value).flatMap(([key, part]) => flat(prefix === '' ? key : `${prefix}.${key}`, part))
      : [[prefix, typeof value === 'object' ? 'of their own' : String(value)]]
  return [
    ...(profile === undefined ? [] : flat('profile', profile)),
    ...flat('origins', origins),
    ...flat('', settings),
    ...flat('', virtual),
  ]
}

/** The load of a scenario in one sentence, and in a second one what its sweep varies. */
export function loadInWords({ load: honest, origins, hostile, faults = [], sweep }: Scenario): string {
  const { connections } = honest
  const who =
    connections.kind === 'keep-alive'
      ? `Requests (${honest.profile}) on ${connections.count} kept connections`
      : `Sessions (${honest.profile}) of ${connections.requests} requests ${connections.gapMs} ms apart, each on its own connection`
  const asking = honest.keys
    ? ` for ${honest.keys.count} keys (Zipf, exponent ${honest.keys.exponent})`
    : honest.request
      ? ` for ${honest.request}`
      : ''
  const posts = honest.postShare === undefined ? '' : `, ${honest.postShare * 100} % of them POSTs,`
  const { count, service, responseBytes, each = {}, slots, slotFrom, idleMs, linkMs } = origins
  const traits = Object.entries({ slots, slotFrom, idleMs, ...eachInWords(each) }).flatMap(([name, value]) =>
    value === undefined ? [] : `, ${name} ${value}`,
  )
  const against = hostile.map(({ client, phase }) => `; ${client} in phase ${phase}`)
  const broken = brokenInWords(faults)
  const far = linkMs === undefined ? ')' : `) at a round trip of ${linkMs} ms`
  const rest = [...traits, far, ...against, ...broken].join('')
  const varied = sweep === undefined ? '' : ` ${sweepInWords(sweep)}`
  return `${who}${asking}${posts || ','} to ${count} origins (service time ${service}, ${responseBytes} bytes${rest}.${varied}`
}
