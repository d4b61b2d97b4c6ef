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
}
const weights = [5, 1]

describe.each(Object.entries(shapes))('%s', (_, shape) => {
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
  })

  test('haproxy accepts its file without a warning', context => {
    const found = haproxy.find()
    if ('missing' in found) return context.skip(found.missing)
    const file = join(dir, 'haproxy.cfg')
    writeFileSync(file, haproxyConfig(shape, 18_080, [18_081, 18_082], weights))
    const asked = spawnSync(found.path, ['-c', '-f', file], { encoding: 'utf8' })
    expect([asked.status, asked.stderr]).toEqual([0, ''])
  })
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
  expect(nginxConfig(weighted, 1, [2, 3], '/d', weights)).toMatch(/:2 weight=5;\s+server 127.0.0.1:3 weight=1;/)
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
    expect(peer.refuses({ ...architecture, balancer: 'ring-hash:key=client' })).toContain('key=client')
    expect(peer.refuses({ ...architecture, balancer: 'ring-hash:key=target' })).toBeNull()
    expect(peer.refuses({ ...architecture, limiter: 'per-client-connections:max=3' })).toContain(
      'per-client-connections',
    )
  }
})

test('a peer that is not installed is missing with the way to get it', () => {
  expect(findPeer('no-such-proxy', ['-v'], /(.*)/)).toEqual({
    missing: 'no-such-proxy is not installed: apt-get install no-such-proxy',
  })
})
