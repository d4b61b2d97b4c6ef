// NGINX as a target: one worker, configured as nearly like our proxy as its directives allow. Differences that remain are
// said in the comments of the generated file.
// Source: nginx documentation of ngx_core_module, ngx_http_core_module, ngx_http_proxy_module, ngx_http_upstream_module.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSpec } from '../../core/registry.ts'
import type { Architecture } from '../../core/scenario.ts'
import { bufferingDirectives, refusesBuffering } from '../nginx-buffering.ts'
import { findPeer, reservePort, startPeer } from '../peer-process.ts'
import { defineTarget, parameterWithoutEquivalent } from '../target.ts'

const balancers: Record<string, string> = {
  'round-robin': '',
  'weighted-round-robin': '',
  random: 'random;',
  'least-request': 'least_conn;',
  'power-of-two': 'random two least_conn;',
  'ring-hash': 'hash $request_uri consistent;',
}
const upstreamIdle = 64
/** Listening socket, error log, event channel and the like also take one of the worker's connection slots or descriptors. */
const housekeeping = 16

/** What a pool's parameters are called in an upstream block. Idle connections are counted over all origins: our `global`. */
const poolDirectives: Record<string, (value: string) => string> = {
  maxIdle: value => `keepalive ${value};`,
  idleMs: value => `keepalive_timeout ${value}ms;`,
  maxRequests: value => `keepalive_requests ${value === '0' ? unlimited : value};`,
  maxAgeMs: value => `keepalive_time ${value === '0' ? '1d' : `${value}ms`};`,
}
const unlimited = '1000000000'
const keepAliveParameters = {
  idleMs: null,
  maxRequests: null,
  maxAgeMs: null,
  order: /^lifo$/,
  reuse: /^always$/,
}

const nameOf = (spec: string) => parseSpec(spec, 'architecture').name

/**
 * How many slots serve about `maxConnections` clients: an nginx slot is any connection, so a client being answered needs
 * two. Idle or attacking clients need one. Clients + idle upstream connections + housekeeping is what a worker needs when
 * few requests are in flight at a time, which is what a cap is about.
 */
export function workerConnections(maxConnections: number): number {
  return maxConnections + upstreamIdle + housekeeping
}

/** Ours by that name gives everybody the same, whatever the weights. */
const weightOf = (balancer: string, weight = 1) => (nameOf(balancer) === 'round-robin' ? '' : ` weight=${weight}`)

/** Null, or the first thing asked for that nginx has no equivalent of. */
export function refuses(architecture: Architecture): string | null {
  if (nameOf(architecture.threading) !== 'single') return `nginx has no threading=${architecture.threading}`
  if (!(nameOf(architecture.balancer) in balancers)) return `nginx has no balancer=${architecture.balancer}`
  if (/key=(?!target)/.test(architecture.balancer))
    return `nginx is set up to hash the target (${architecture.balancer})`
  const pool = poolWithoutEquivalent(architecture.pool)
  if (pool) return pool
  const unlikeOurs = refusesBuffering(architecture.buffering)
  if (unlikeOurs !== null) return unlikeOurs
  if (nameOf(architecture.limiter) !== 'none') {
    return `nginx limits clients only after a request head (limiter=${architecture.limiter} counts connections)`
  }
  const health = healthWithoutEquivalent(architecture.health)
  if (health) return health
  if (nameOf(architecture.retries) !== 'none') return `nginx is not set up for retries=${architecture.retries}`
  if (nameOf(architecture.filter) !== 'none') return `nginx runs none of our filters (filter=${architecture.filter})`
  return null
}

function poolWithoutEquivalent(pool: string): string | null {
  const name = nameOf(pool)
  if (name === 'per-request') return null
  if (name !== 'keep-alive' && name !== 'global') return `nginx is not set up for pool=${pool}`
  const understood = name === 'global' ? { ...keepAliveParameters, maxIdle: null } : keepAliveParameters
  const strange = parameterWithoutEquivalent('pool', pool, understood)
  return strange && `nginx has no equivalent of ${strange} (it counts idle connections over all origins: pool=global)`
}

function healthWithoutEquivalent(health: string): string | null {
  const { name, given } = parseSpec(health, 'architecture')
  if (name === 'always') return null
  if (name !== 'outlier-ejection') return `nginx is not set up for health=${health}`
  const { baseEjectionMs = '', maxEjectionMs, consecutive, ...more } = given
  const wholeSeconds = /^[1-9]\d*000$/.test(baseEjectionMs)
  if (wholeSeconds && maxEjectionMs === baseEjectionMs && consecutive && Object.keys(more).length === 0) return null
  return `nginx has max_fails and a fail_timeout in whole seconds that does not grow: allowed is health=outlier-ejection with consecutive, and baseEjectionMs equal to maxEjectionMs (${health} given)`
}

/** The parameters that watch an origin: nothing of ours, or so many failures and so long away. */
function maxFailsOf(health: string): string {
  const { name, given } = parseSpec(health, 'architecture')
  if (name === 'always') return ' max_fails=0'
  return ` max_fails=${given.consecutive} fail_timeout=${Number(given.baseEjectionMs) / 1000}s`
}

function poolLines(pool: string): string {
  const { name, given } = parseSpec(pool, 'architecture')
  if (name === 'per-request') return ''
  const standard = { maxIdle: `${upstreamIdle}`, maxRequests: '0', idleMs: '3600000' }
  return Object.entries({ ...standard, ...given })
    .flatMap(([parameter, value]) => poolDirectives[parameter]?.(value) ?? [])
    .join('\n    ')
}

/** The configuration file: everything it writes lies in `dir`. */
export function nginxConfig(
  { pool, balancer, buffering, health, maxConnections, requestHeadMs, responseHeadMs }: Architecture,
  port: number,
  originPorts: readonly number[],
  dir: string,
  originWeights: readonly number[] = [],
): string {
  const keepAlive = nameOf(pool) !== 'per-request'
  const [requestBodies, responseBodies] = bufferingDirectives(buffering)
  const headTimeout = requestHeadMs === 0 ? '1h' : `${requestHeadMs}ms`
  return `# Generated. One process, no master: what is counted is the worker alone.
daemon off;
master_process off;
${process.getuid?.() === 0 ? 'user root;' : '# not root: nginx keeps the user it is started as'}
pid ${dir}/temp/nginx.pid;
error_log ${dir}/error.log error;
worker_rlimit_nofile 65535;
events {
  # About ${maxConnections} clients + ${upstreamIdle} idle upstream connections + ${housekeeping}.
  worker_connections ${workerConnections(maxConnections)};
}
http {
  access_log off;
  client_body_temp_path ${dir}/temp/body;
  proxy_temp_path ${dir}/temp/proxy;
  fastcgi_temp_path ${dir}/temp/fastcgi;
  uwsgi_temp_path ${dir}/temp/uwsgi;
  scgi_temp_path ${dir}/temp/scgi;
  client_header_timeout ${headTimeout};
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  upstream origins {
    zone origins 256k;
    ${balancers[nameOf(balancer)]}
${originPorts.map((origin, index) => `    server 127.0.0.1:${origin}${weightOf(balancer, originWeights[index])}${maxFailsOf(health)};`).join('\n')}
    ${poolLines(pool)}
  }
  server {
    listen 127.0.0.1:${port} backlog=511;
    location / {
      proxy_pass http://origins;
      proxy_http_version 1.1;
      proxy_set_header Connection "${keepAlive ? '' : 'close'}";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Via "1.1 nginx";
      ${requestBodies}
      ${responseBodies}
      # Off means no second attempt; that a connection failed or an answer came too late is counted all the same.
      proxy_next_upstream off;
${responseHeadMs === undefined ? '' : `      # Between two reads, not only up to the head.\n      proxy_read_timeout ${responseHeadMs}ms;\n`}    }
  }
}
`
}

export default defineTarget({
  about: 'NGINX with one worker process, bodies buffered as asked for, access log off.',
  source: 'nginx.org; the Debian package nginx',
  find: () => findPeer('nginx', ['-v'], /nginx\/([\w.]+)/),
  refuses,
  async start(options) {
    const found = this.find()
    const path = 'path' in found ? found.path : 'nginx'
    const port = await reservePort()
    const temp = join(options.dir, 'temp')
    mkdirSync(temp, { recursive: true })
    const config = join(options.dir, 'nginx.conf')
    writeFileSync(
      config,
      nginxConfig(options.architecture, port, options.originPorts, options.dir, options.originWeights),
    )
    const words = ['-p', options.dir, '-e', join(options.dir, 'error.log'), '-c', config]
    return startPeer('nginx', path, words, port, options, () => rmSync(temp, { recursive: true, force: true }))
  },
})
