// Caddy as a target: one core, no administration endpoint, no logs, configured as nearly like our proxy as its directives
// allow. What it cannot be told is said in the comments of the generated file.
// Source: caddyserver.com/docs/caddyfile (options, directives/reverse_proxy); caddy 2.6, modules/caddyhttp/reverseproxy.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSpec } from '../../core/registry.ts'
import type { Architecture } from '../../core/scenario.ts'
import { findPeer, reservePort, startPeer } from '../peer-process.ts'
import { defineTarget, parameterWithoutEquivalent } from '../target.ts'

const upstreamIdle = 64

const nameOf = (spec: string) => parseSpec(spec, 'architecture').name

/** Null, or the first thing asked for that Caddy has no equivalent of. */
export function refuses(architecture: Architecture): string | null {
  if (nameOf(architecture.threading) !== 'single') return `caddy has no threading=${architecture.threading}`
  if (!['keep-alive', 'per-request'].includes(nameOf(architecture.pool)))
    return `caddy is not set up for pool=${architecture.pool}`
  const pool = parameterWithoutEquivalent('pool', architecture.pool, { idleMs: null, maxIdle: null })
  if (pool) return `caddy has no equivalent of ${pool}`
  if (nameOf(architecture.buffering) !== 'streaming')
    return `caddy is not set up for buffering=${architecture.buffering}`
  if (nameOf(architecture.balancer) === 'power-of-two') {
    return 'caddy’s random_choose 2 is not power-of-two: it may keep the busier of the two it drew'
  }
  if (nameOf(architecture.balancer) !== 'round-robin') return `caddy has no balancer=${architecture.balancer}`
  if (nameOf(architecture.limiter) !== 'none') return `caddy is not set up for limiter=${architecture.limiter}`
  if (nameOf(architecture.health) !== 'always') return `caddy is not set up for health=${architecture.health}`
  if (nameOf(architecture.retries) !== 'none') return `caddy is not set up for retries=${architecture.retries}`
  if (nameOf(architecture.filter) !== 'none') return `caddy runs none of our filters (filter=${architecture.filter})`
  return null
}

/** The configuration file. */
export function caddyConfig(
  { pool, requestHeadMs, responseHeadMs }: Pick<Architecture, 'pool' | 'requestHeadMs' | 'responseHeadMs'>,
  port: number,
  originPorts: readonly number[],
): string {
  const { name, given } = parseSpec(pool, 'architecture')
  const { idleMs, maxIdle = upstreamIdle } = given
  const kept = `keepalive ${idleMs ? `${idleMs}ms` : '1h'}\n        keepalive_idle_conns_per_host ${maxIdle}`
  const reuse = name === 'keep-alive' ? kept : 'keepalive off'
  const deadline = responseHeadMs === undefined ? '' : `\n        response_header_timeout ${responseHeadMs}ms`
  return `# Generated. Caddy has no cap on client connections, and its transport asks once more by itself when a
# kept upstream connection turns out to be closed.
{
  admin off
  auto_https off
  grace_period 100ms
  log {
    output discard
  }
  servers {
    protocols h1
    timeouts {
      ${requestHeadMs === 0 ? '# no limit for a request head' : `read_header ${requestHeadMs}ms`}
      idle 1h
    }
  }
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy {
    to ${originPorts.map(origin => `127.0.0.1:${origin}`).join(' ')}
    lb_policy round_robin
    header_up Via "1.1 caddy"
    transport http {
        compression off
        ${reuse}${deadline}
    }
  }
}
`
}

export default defineTarget({
  about: 'Caddy on one core, no logging; it has no cap on client connections.',
  source: 'caddyserver.com; the Debian package caddy',
  find: () => findPeer('caddy', ['version'], /v?(\d[\w.]+)/),
  refuses,
  async start(options) {
    const found = this.find()
    const path = 'path' in found ? found.path : 'caddy'
    const port = await reservePort()
    const temp = join(options.dir, 'temp')
    mkdirSync(temp, { recursive: true })
    const config = join(options.dir, 'Caddyfile')
    writeFileSync(config, caddyConfig(options.architecture, port, options.originPorts))
    const environment = ['GOMAXPROCS=1', `HOME=${temp}`, `XDG_DATA_HOME=${temp}`, `XDG_CONFIG_HOME=${temp}`]
    const words = [...environment, path, 'run', '--adapter', 'caddyfile', '--config', config]
    return startPeer('caddy', 'env', words, port, options, () => rmSync(temp, { recursive: true, force: true }))
  },
})
