// HAProxy as a target: one thread, configured as nearly like our proxy as its directives allow.
// Source: HAProxy configuration manual 2.6, sections 3 (global), 4 (proxies) and 5 (servers).
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Architecture } from '../../core/contracts.ts'
import { parseSpec } from '../../core/registry.ts'
import { findPeer, reservePort, startPeer } from '../peer-process.ts'
import { defineTarget } from '../target.ts'

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
  if (nameOf(architecture.limiter) !== 'none') return `haproxy is not set up for limiter=${architecture.limiter}`
  if (nameOf(architecture.health) !== 'always') return `haproxy is not set up for health=${architecture.health}`
  if (nameOf(architecture.retries) !== 'none') return `haproxy is not set up for retries=${architecture.retries}`
  return null
}

/** The configuration file. */
export function haproxyConfig(
  { pool, balancer, maxConnections, requestHeadMs }: Architecture,
  port: number,
  originPorts: readonly number[],
  originWeights: readonly number[] = [],
): string {
  const keepAlive = nameOf(pool) === 'keep-alive'
  return `# Generated. Over maxconn HAProxy stops accepting; the rest waits in the kernel's backlog.
global
  nbthread 1
  maxconn ${maxConnections}
  hard-stop-after 1s
defaults
  mode http
  timeout http-request ${requestHeadMs === 0 ? '1h' : `${requestHeadMs}ms`}
  timeout http-keep-alive 1h
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  retries 0
  # Like nginx and ours, drop the work of a client that has left.
  option abortonclose
  option forwardfor
  ${keepAlive ? 'http-reuse always' : 'http-reuse never\n  option http-server-close'}
frontend clients
  bind 127.0.0.1:${port} backlog 511
  maxconn ${maxConnections}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request add-header Via "1.1 haproxy"
  default_backend origins
backend origins
  balance ${balancers[nameOf(balancer)]}
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
