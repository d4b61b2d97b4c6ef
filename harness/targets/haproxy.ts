// HAProxy as a target: one thread, configured as nearly like our proxy as its directives allow.
// Source: HAProxy configuration manual 2.6, sections 3 (global), 4 (proxies) and 5 (servers).
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeParameters } from '../../core/parameters.ts'
import { parseSpec } from '../../core/registry.ts'
import type { Architecture } from '../../core/scenario.ts'
import oneBuffer from '../../proxy/buffering/one-buffer.ts'
import { findPeer, reservePort, startPeer } from '../peer-process.ts'
import { defineTarget, parameterWithoutEquivalent } from '../target.ts'

const balancers: Record<string, string> = {
  'round-robin': 'roundrobin',
  'weighted-round-robin': 'roundrobin',
  random: 'random(1)',
  'least-request': 'leastconn',
  'power-of-two': 'random(2)',
  'ring-hash': 'uri whole\n  hash-type consistent',
}

const nameOf = (spec: string) => parseSpec(spec, 'architecture').name

/** Ours by that name gives everybody the same, whatever the weights. */
const weightOf = (balancer: string, weight = 1) => (nameOf(balancer) === 'round-robin' ? '' : ` weight ${weight}`)

/** Null, or the first thing asked for that HAProxy has no equivalent of here. */
export function refuses(architecture: Architecture): string | null {
  if (nameOf(architecture.threading) !== 'single') return `haproxy has no threading=${architecture.threading}`
  if (!(nameOf(architecture.balancer) in balancers)) return `haproxy has no balancer=${architecture.balancer}`
  if (/key=(?!target)/.test(architecture.balancer))
    return `haproxy is set up to hash the target (${architecture.balancer})`
  if (!['keep-alive', 'per-request'].includes(nameOf(architecture.pool))) {
    return `haproxy is not set up for pool=${architecture.pool}`
  }
  const pool = parameterWithoutEquivalent('pool', architecture.pool, { reuse: null, maxIdle: null })
  if (pool) return `haproxy has no equivalent of ${pool}`
  if (!['streaming', 'one-buffer'].includes(nameOf(architecture.buffering))) {
    return `haproxy has one buffer per direction and no buffering=${architecture.buffering}`
  }
  if (nameOf(architecture.limiter) !== 'none') return `haproxy is not set up for limiter=${architecture.limiter}`
  if (!['always', 'active-http'].includes(nameOf(architecture.health)))
    return `haproxy is not set up for health=${architecture.health}`
  if (nameOf(architecture.retries) !== 'none') return `haproxy is not set up for retries=${architecture.retries}`
  if (nameOf(architecture.filter) !== 'none') return `haproxy runs none of our filters (filter=${architecture.filter})`
  return null
}

/** How freely idle connections are reused, in words that we have borrowed from HAProxy. */
function reuseLines(pool: string): string {
  const { name, given } = parseSpec(pool, 'architecture')
  return name === 'per-request'
    ? 'http-reuse never\n  option http-server-close'
    : `http-reuse ${given.reuse ?? 'always'}`
}

/** What is said of every server: how many idle connections it keeps, and how it is checked. */
function serverLines(pool: string, health: string): string {
  const { maxIdle } = parseSpec(pool, 'architecture').given
  const { name, given } = parseSpec(health, 'architecture')
  const idle = maxIdle ? [`default-server pool-max-conn ${maxIdle}`] : []
  if (name === 'always') return idle.map(line => `${line}\n  `).join('')
  const { intervalMs = 1000, timeoutMs = 500, fall = 3, rise = 2, target = '/' } = given
  const check = [
    `option httpchk GET ${target}`,
    `timeout check ${timeoutMs}ms`,
    `default-server check inter ${intervalMs}ms fall ${fall} rise ${rise}`,
  ]
  return [...idle, ...check].map(line => `${line}\n  `).join('')
}

/** How large the one buffer per direction is, and whether a request has to be in it before a server is chosen. */
function bufferLines(buffering: string): { size: string; wait: string } {
  const { name, given } = parseSpec(buffering, 'architecture')
  if (name !== 'one-buffer') return { size: '# One buffer per direction, of the size that HAProxy gives it.', wait: '' }
  const { bufferBytes, waitFor } = decodeParameters(oneBuffer.params, given, 'buffering')
  return { size: `tune.bufsize ${bufferBytes}`, wait: waitFor === 'body' ? 'option http-buffer-request' : '' }
}

/** The configuration file. */
export function haproxyConfig(
  { pool, balancer, buffering, health, maxConnections, requestHeadMs, responseHeadMs }: Architecture,
  port: number,
  originPorts: readonly number[],
  originWeights: readonly number[] = [],
): string {
  const { size, wait } = bufferLines(buffering)
  return `# Generated. Over maxconn HAProxy stops accepting; the rest waits in the kernel's backlog.
global
  nbthread 1
  maxconn ${maxConnections}
  hard-stop-after 1s
  ${size}
defaults
  mode http
  timeout http-request ${requestHeadMs === 0 ? '1h' : `${requestHeadMs}ms`}
  timeout http-keep-alive 1h
  timeout connect 5s
  timeout client 1h
  timeout server ${responseHeadMs === undefined ? '1h' : `${responseHeadMs}ms`}
  retries 0
  # Like nginx and ours, drop the work of a client that has left.
  option abortonclose
  option forwardfor
  ${wait}
  ${reuseLines(pool)}
frontend clients
  bind 127.0.0.1:${port} backlog 511
  maxconn ${maxConnections}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request add-header Via "1.1 haproxy"
  default_backend origins
backend origins
  ${serverLines(pool, health)}balance ${balancers[nameOf(balancer)]}
${originPorts.map((origin, index) => `  server o${index} 127.0.0.1:${origin}${weightOf(balancer, originWeights[index])}`).join('\n')}
`
}

export default defineTarget({
  about: 'HAProxy with one thread, no logging.',
  source: 'haproxy.org; the Debian package haproxy',
  find: () => findPeer('haproxy', ['-v'], /version ([\w.]+)/),
  refuses,
  async start(options) {
    const found = this.find()
    const path = 'path' in found ? found.path : 'haproxy'
    const port = await reservePort()
    const config = join(options.dir, 'haproxy.cfg')
    writeFileSync(config, haproxyConfig(options.architecture, port, options.originPorts, options.originWeights))
    return startPeer('haproxy', path, ['-db', '-f', config], port, options, () => {})
  },
})
