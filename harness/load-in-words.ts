// What a scenario puts in the tunnel, in words: the load, what only the simulator has of it, and what a sweep varies.
import type { CapacityPlan, FaultPlan, LoadPlan, OriginPlan, Scenario, Sweep, SweepPoint } from '../core/scenario.ts'
import { plural } from '../reports/units.ts'

/** The closed loop after the phases in one sentence. */
export function capacityInWords({ connections, durationMs }: CapacityPlan): string {
  return `Then, in a closed loop, ${connections} connections ask again as soon as they are answered, for ${durationMs / 1000} s by autocannon and as long again by a leaner client.`
}

const mostOriginsNamed = 4

const originsInWords = (indexes: readonly number[]) =>
  indexes.length > mostOriginsNamed ? `${indexes.length} origins` : indexes.map(index => `o${index}`).join(', ')

/** The same fault of many origins, or at many times, is said once. */
function brokenInWords(faults: readonly FaultPlan[]): string[] {
  const same = Map.groupBy(faults, ({ fault, phase }) => `${fault} in phase ${phase}`)
  return [...same].map(
    ([what, some]) => `; ${what} at ${originsInWords([...new Set(some.map(({ origin }) => origin))])}`,
  )
}

/** What single origins have of their own: "o3 service fixed:ms=50 slots 4", "50 origins virtual.zone a". */
function eachInWords(each: NonNullable<OriginPlan['each']>): string[] {
  const own = Object.entries(each).map(([index, traits]) => {
    const words = valuesOf('', traits).map(([name, value]) => `${name} ${value}`)
    return { index: Number(index), words: words.join(' ') }
  })
  const same = Map.groupBy(own, ({ words }) => words)
  return [...same].map(([words, some]) => `${originsInWords(some.map(({ index }) => index))} ${words}`)
}

/** Every value of a plan by its path, such as `proxies.count`. */
function valuesOf(path: string, value: unknown): [string, string][] {
  if (Array.isArray(value)) return [[path, value.join('/')]]
  if (typeof value !== 'object' || value === null) return [[path, String(value)]]
  return Object.entries(value).flatMap(([key, part]) => valuesOf(path === '' ? key : `${path}.${key}`, part))
}

/** What only the simulator has, in a sentence; empty when that is nothing. */
function situationInWords(virtual: Scenario['virtual']): string {
  const { why: _, ...plan } = virtual ?? { why: '' }
  const values = valuesOf('', plan).map(([name, value]) => `${name} ${value}`)
  return values.length === 0 ? '' : ` In the simulator: ${values.join(', ')}.`
}

/** What a sweep varies, and what changes with it: "Load from 50 % to 95 %: profile poisson:… to poisson:…." */
function sweepInWords({ axis, unit, points }: Sweep): string {
  const of = (at: number) => `${at}${unit === '' ? '' : ` ${unit}`}`
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return ''
  const [from, to] = [changesOf(first), changesOf(last)]
  const changes = [...new Set([...from.keys(), ...to.keys()])].map(name => {
    const [before, after] = [from, to].map(values => values.get(name) ?? 'as above')
    return before === after ? `${name} ${before}` : `${name} ${before} to ${after}`
  })
  return ` ${axis[0]?.toUpperCase()}${axis.slice(1)} from ${of(first.at)} to ${of(last.at)}: ${changes.join(', ')}.`
}

function changesOf({ at: _, profile, origins = {}, settings, virtual }: SweepPoint): Map<string, string> {
  const { each, ...common } = origins
  return new Map([
    ...valuesOf('', { ...(profile && { profile }), ...(Object.keys(common).length > 0 && { origins: common }) }),
    ...(each ? [['origins', eachInWords(each).join(', ')] as const] : []),
    ...valuesOf('', { ...settings, ...virtual }),
  ])
}

function askersInWords({ profile, connections }: LoadPlan): string {
  if (connections.kind === 'keep-alive')
    return `Requests (${profile}) on ${plural(connections.count, 'kept connection')}`
  const { requests, gapMs } = connections
  if (requests === 1) return `Requests (${profile}), each on a connection of its own`
  return `Sessions (${profile}) of ${requests} requests ${gapMs} ms apart, each on its own connection`
}

/** The load of a scenario in one sentence; further ones say what only the simulator has and what a sweep varies. */
export function loadInWords({ load: honest, origins, hostile, faults = [], virtual, sweep }: Scenario): string {
  const asking = honest.keys
    ? ` for ${honest.keys.count} keys (Zipf, exponent ${honest.keys.exponent})`
    : honest.request
      ? ` for ${honest.request}`
      : ''
  const posts = honest.postShare === undefined ? '' : `, ${honest.postShare * 100} % of them POSTs,`
  const { count, service, responseBytes, each = {}, slots, slotFrom, idleMs, linkMs } = origins
  const common = Object.entries({ slots, slotFrom, idleMs }).filter(([, value]) => value !== undefined)
  const traits = [...common.map(([name, value]) => `${name} ${value}`), ...eachInWords(each)].map(words => `, ${words}`)
  const against = hostile.map(({ client, phase }) => `; ${client} in phase ${phase}`)
  const broken = brokenInWords(faults)
  const far = linkMs === undefined ? ')' : `) at a round trip of ${linkMs} ms`
  const rest = [...traits, far, ...against, ...broken].join('')
  const varied = sweep === undefined ? '' : sweepInWords(sweep)
  return `${askersInWords(honest)}${asking}${posts || ','} to ${plural(count, 'origin')} (service time ${service}, ${responseBytes} bytes${rest}.${situationInWords(virtual)}${varied}`
}
