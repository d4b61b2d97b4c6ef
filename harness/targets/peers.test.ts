// The generated configurations of the peers: what they say, what the peers themselves think of them, and what is refused.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Children } from '../children.ts'
import { architecture } from '../observed.fixture.ts'
import { findPeer, startPeer } from '../peer-process.ts'
import haproxy, { haproxyConfig } from './haproxy.ts'
import nginx, { nginxConfig, workerConnections } from './nginx.ts'
import { proxyConfig } from './windtunnel.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
  mkdirSync(join(dir, 'temp'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const shapes = {
  'keep-alive, round-robin': architecture,
  'per-request, power-of-two, no head timeout': {
    ...architecture,
    pool: 'per-request',
    balancer: 'power-of-two',
    requestHeadMs: 0,
  },
  'weighted-round-robin': { ...architecture, balancer: 'weighted-round-robin' },
  random: { ...architecture, balancer: 'random' },
  'least-request': { ...architecture, balancer: 'least-request' },
  'ring-hash': { ...architecture, balancer: 'ring-hash' },
  'a deadline for answers': { ...architecture, responseHeadMs: 300 },
}
const onlyNginx = {
  global: { ...architecture, pool: 'global:maxIdle=16' },
  'keep-alive with limits': { ...architecture, pool: 'keep-alive:idleMs=500,maxRequests=10,maxAgeMs=9000' },
  'outlier-ejection': {
    ...architecture,
    health: 'outlier-ejection:consecutive=5,baseEjectionMs=2000,maxEjectionMs=2000',
  },
}
const onlyHaproxy = {
  'reuse safe': { ...architecture, pool: 'keep-alive:reuse=safe,maxIdle=8' },
  'reuse aggressive': { ...architecture, pool: 'keep-alive:reuse=aggressive' },
  'active-http': { ...architecture, health: 'active-http:intervalMs=200,timeoutMs=100,fall=2,target=/up' },
}
const weights = [5, 1]
const bufferings = [
  'full-request',
  'full-request:maxBytes=0',
  'full-response',
  'full-response:maxBytes=16777216,flushBytes=65536',
  'spool',
  'spool:memoryBytes=1,maxFileBytes=0',
  'spool:bodies=requests',
  'spool:bodies=responses',
]

describe.each(Object.entries({ ...shapes, ...onlyNginx }))('%s', (_, shape) => {
  test('nginx accepts its file', context => {
    const found = nginx.find()
    if ('missing' in found) return context.skip(found.missing)
    const file = join(dir, 'nginx.conf')
    writeFileSync(file, nginxConfig(shape, 18_080, [18_081, 18_082], dir, weights))
    const asked = spawnSync(found.path, ['-t', '-p', dir, '-e', join(dir, 'error.log'), '-c', file], {
      encoding: 'utf8',
    })
    expect(asked.stderr).toContain('test is successful')
    expect(asked.stderr).not.toMatch(/warn|emerg/)
    expect(nginx.refuses(shape)).toBeNull()
  })
})

describe.each(Object.entries({ ...shapes, ...onlyHaproxy }))('%s', (_, shape) => {
  test('haproxy accepts its file without a warning', context => {
    const found = haproxy.find()
    if ('missing' in found) return context.skip(found.missing)
    const file = join(dir, 'haproxy.cfg')
    writeFileSync(file, haproxyConfig(shape, 18_080, [18_081, 18_082], weights))
    const asked = spawnSync(found.path, ['-c', '-f', file], { encoding: 'utf8' })
    expect([asked.status, asked.stderr]).toEqual([0, ''])
    expect(haproxy.refuses(shape)).toBeNull()
  })
})

test.for(bufferings)('nginx accepts its file for buffering=%s', (buffering, context) => {
  const found = nginx.find()
  if ('missing' in found) return context.skip(found.missing)
  const file = join(dir, 'nginx.conf')
  expect(nginx.refuses({ ...architecture, buffering })).toBeNull()
  writeFileSync(file, nginxConfig({ ...architecture, buffering }, 18_080, [18_081], dir))
  const words = ['-t', '-p', dir, '-e', join(dir, 'error.log'), '-c', file]
  expect(spawnSync(found.path, words, { encoding: 'utf8' }).stderr).toContain('test is successful')
})

test.for(['one-buffer', 'one-buffer:bufferBytes=32768,waitFor=body'])(
  'haproxy accepts its file for buffering=%s',
  (buffering, context) => {
    const found = haproxy.find()
    if ('missing' in found) return context.skip(found.missing)
    const file = join(dir, 'haproxy.cfg')
    writeFileSync(file, haproxyConfig({ ...architecture, buffering }, 18_080, [18_081]))
    const asked = spawnSync(found.path, ['-c', '-f', file], { encoding: 'utf8' })
    expect([asked.status, asked.stderr]).toEqual([0, ''])
  },
)

test('policies that a peer has nothing like are refused in a sentence', () => {
  const refusal = (peer: typeof nginx, buffering: string) => peer.refuses({ ...architecture, buffering })
  expect(refusal(nginx, 'one-buffer')).toBe('nginx buffers whole bodies or nothing, and has no buffering=one-buffer')
  expect(refusal(nginx, 'spool:flushBytes=1')).toContain('whole buffers of 4096 bytes')
  expect(refusal(haproxy, 'spool')).toBe('haproxy has one buffer per direction and no buffering=spool')
})

test.for([
  ['nginx', nginx, (file: string) => ['-p', dir, '-e', join(dir, 'error.log'), '-c', file]],
  ['haproxy', haproxy, (file: string) => ['-db', '-f', file]],
] as const)(
  '%s on a port already taken says so in one sentence and leaves no process',
  async ([name, peer, words], context) => {
    const found = peer.find()
    if ('missing' in found) return context.skip(found.missing)
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as AddressInfo
    const file = join(dir, `taken-${name}`)
    writeFileSync(
      file,
      name === 'nginx' ? nginxConfig(architecture, port, [1], dir) : haproxyConfig(architecture, port, [1]),
    )
    const children = new Children()
    const starting = startPeer(name, found.path, words(file), port, { children, pin: [] }, () => {})
    await expect(starting).rejects.toThrow(
      new RegExp(`^${name} could not start: port ${port} is taken by another process$`),
    )
    expect(children.pids).toEqual([])
    holder.close()
  },
)

test('the cap and the head timeout arrive', () => {
  const text = nginxConfig(architecture, 1, [2], '/d')
  expect(text).toContain(`worker_connections ${workerConnections(600)};`)
  expect(text).toContain('client_header_timeout 1000ms;')
  expect(nginxConfig({ ...architecture, requestHeadMs: 0 }, 1, [2], '/d')).toContain('client_header_timeout 1h;')
  expect(haproxyConfig(architecture, 1, [2])).toMatch(/maxconn 600[\s\S]*timeout http-request 1000ms/)
  expect(haproxyConfig({ ...architecture, requestHeadMs: 0 }, 1, [2])).toContain('timeout http-request 1h')
  expect(proxyConfig(architecture, [2, 3], 7)).toMatchObject({
    threading: 'single',
    limits: { maxConnections: 600 },
    timeouts: { requestHeadMs: 1000 },
    upstreams: [
      { id: 'o0', port: 2 },
      { id: 'o1', port: 3 },
    ],
    routes: [{ prefix: '/', upstreams: ['o0', 'o1'] }],
    seed: 7,
  })
})

test('weights arrive, except where our balancer of that name does not read them', () => {
  const weighted = { ...architecture, balancer: 'weighted-round-robin' }
  expect(nginxConfig(weighted, 1, [2, 3], '/d', weights)).toMatch(
    /:2 weight=5 max_fails=0;\s+server 127.0.0.1:3 weight=1 max_fails=0;/,
  )
  expect(haproxyConfig(weighted, 1, [2, 3], weights)).toMatch(/:2 weight 5\s+server o1 127.0.0.1:3 weight 1\n/)
  expect(proxyConfig(weighted, [2, 3], 7, weights)).toMatchObject({ upstreams: [{ weight: 5 }, { weight: 1 }] })
  expect(nginxConfig(architecture, 1, [2, 3], '/d', weights)).not.toContain('weight')
  expect(haproxyConfig(architecture, 1, [2, 3], weights)).not.toContain('weight')
})

test('peers refuse what they have no equivalent of', () => {
  for (const peer of [nginx, haproxy]) {
    expect(peer.refuses(architecture)).toBeNull()
    expect(peer.refuses({ ...architecture, threading: 'prefork:slots=64' })).toContain('prefork:slots=64')
    expect(peer.refuses({ ...architecture, balancer: 'peak-ewma' })).toContain('peak-ewma')
    expect(peer.refuses({ ...architecture, pool: 'capped:max=3' })).toContain('capped:max=3')
    expect(peer.refuses({ ...architecture, filter: 'burn:ms=5' })).toContain('filter=burn:ms=5')
    expect(peer.refuses({ ...architecture, balancer: 'ring-hash:key=client' })).toContain('key=client')
    expect(peer.refuses({ ...architecture, balancer: 'ring-hash:key=target' })).toBeNull()
    expect(peer.refuses({ ...architecture, limiter: 'per-client-connections:max=3' })).toContain(
      'per-client-connections',
    )
  }
})

test('what a peer has under another name arrives, and what it has not is refused with the name of it', () => {
  const nginxOf = (shape: typeof architecture) => nginxConfig(shape, 1, [2], '/d')
  expect(nginxOf(onlyNginx.global)).toContain('keepalive 16;')
  expect(nginxOf(onlyNginx['keep-alive with limits'])).toMatch(
    /keepalive 64;\s+keepalive_requests 10;\s+keepalive_timeout 500ms;\s+keepalive_time 9000ms;/,
  )
  expect(nginxOf(architecture)).toMatch(/:2 max_fails=0;/)
  expect(nginxOf(onlyNginx['outlier-ejection'])).toMatch(/:2 max_fails=5 fail_timeout=2s;/)
  expect(nginxOf({ ...architecture, responseHeadMs: 300 } as never)).toContain('proxy_read_timeout 300ms;')
  const haproxyOf = (shape: typeof architecture) => haproxyConfig(shape, 1, [2])
  expect(haproxyOf(onlyHaproxy['reuse safe'])).toMatch(/http-reuse safe[\s\S]*pool-max-conn 8\n/)
  expect(haproxyOf(onlyHaproxy['active-http'])).toMatch(
    /option httpchk GET \/up\s+timeout check 100ms\s+default-server check inter 200ms fall 2 rise 2\n/,
  )
  expect(haproxyOf({ ...architecture, responseHeadMs: 300 } as never)).toContain('timeout server 300ms')
  const refusal = (peer: typeof nginx, more: object) => peer.refuses({ ...architecture, ...more })
  for (const pool of ['keep-alive:maxIdle=4', 'keep-alive:order=fifo', 'keep-alive:reuse=safe']) {
    expect(refusal(nginx, { pool })).toContain(pool)
  }
  for (const pool of ['keep-alive:idleMs=9', 'keep-alive:maxRequests=1', 'global:maxIdle=4']) {
    expect(refusal(haproxy, { pool })).toContain(pool)
  }
  for (const health of ['outlier-ejection', 'outlier-ejection:consecutive=5,baseEjectionMs=500,maxEjectionMs=500']) {
    expect(refusal(nginx, { health })).toContain(health)
  }
  expect(refusal(haproxy, { health: 'circuit-breaker' })).toContain('circuit-breaker')
})

test('a peer that is not installed is missing with the way to get it', () => {
  expect(findPeer('no-such-proxy', ['-v'], /(.*)/)).toEqual({
    missing: 'no-such-proxy is not installed: apt-get install no-such-proxy',
  })
})
