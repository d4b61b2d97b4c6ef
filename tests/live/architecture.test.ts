// The strategies of this folder's neighbours at work over sockets: pools, admission, limits, threading, draining.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Origins, startOrigins } from '../../fault-injection/origin.ts'
import { eventually, exchange, openTunnel, RawClient, statusOf } from './tunnel.ts'

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`
/** A balancer that throws when it is told to: a defect in a policy ends the worker it runs in. */
const fragile = `
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
export default defineBalancer({
  about: 'Throws when /die is asked for.',
  source: 'a test',
  params: {},
  make(): Balancer {
    let all: readonly Upstream[] = []
    return {
      onEligible(eligible) { all = eligible },
      pick({ target }) {
        if (target === '/die') throw new Error('told to break')
        return all[0] ?? null
      },
    }
  },
})
`

const getAndClose = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

describe('pools', () => {
  test.each([
    ['keep-alive', 1],
    ['per-request', 10],
  ])('%s opens %i connection(s) for 10 requests in a row', async (pool, connections) => {
    const tunnel = await openTunnel({ config: { pool } })
    for (let i = 0; i < 10; i++) expect(statusOf(await exchange(tunnel.port, getAndClose))).toBe(200)
    expect(tunnel.origins.ledger().connectionsOpened).toBe(connections)
    await tunnel.close()
  })

  test('an idle upstream connection is closed when its time has come', async () => {
    const tunnel = await openTunnel({ config: { pool: 'keep-alive:idleMs=100' } })
    await exchange(tunnel.port, getAndClose)
    await eventually(() => tunnel.origins.ledger().connectionsOpen === 0)
    expect(tunnel.proxy.counters.upstreamConnectionsOpen).toBe(0)
    expect(statusOf(await exchange(tunnel.port, getAndClose))).toBe(200)
    await tunnel.close()
  })
})

describe('admission', () => {
  test('beyond the cap a connection waits unread until a place is free; beyond the backlog it is closed', async () => {
    const tunnel = await openTunnel({ config: { limits: { maxConnections: 2, backlog: 1 } } })
    const held = [new RawClient(tunnel.port), new RawClient(tunnel.port)]
    await eventually(() => tunnel.proxy.counters.connectionsOpen === 2)
    const waiting = new RawClient(tunnel.port).send(get('/'))
    await eventually(() => tunnel.proxy.counters.connectionsWaiting === 1)
    const refused = new RawClient(tunnel.port)
    await refused.closed
    expect(tunnel.proxy.counters.connectionsRefused).toBe(1)
    expect(waiting.received).toBe('')
    held[0]!.socket.destroy()
    await waiting.receives(/200 OK/)
    for (const client of [...held, waiting]) client.socket.destroy()
    await eventually(() => tunnel.proxy.counters.connectionsOpen === 0)
    await tunnel.close()
  })

  test('per-client-connections closes what one client opens too many of', async () => {
    const tunnel = await openTunnel({ config: { limiter: 'per-client-connections:max=2' } })
    const held = [new RawClient(tunnel.port), new RawClient(tunnel.port)]
    await eventually(() => tunnel.proxy.counters.connectionsOpen === 2)
    const refused = new RawClient(tunnel.port).send(get('/'))
    await refused.closed
    expect(refused.received).toBe('')
    held[0]!.socket.destroy()
    await eventually(() => tunnel.proxy.counters.connectionsOpen === 1)
    expect(statusOf(await exchange(tunnel.port, getAndClose))).toBe(200)
    held[1]!.socket.destroy()
    await tunnel.close()
  })
})

describe('routes', () => {
  test('the longest prefix takes the request; no prefix gives 404', async () => {
    const routes = [
      { prefix: '/a', upstreams: ['o0'] },
      { prefix: '/a/b', upstreams: ['o1'] },
    ]
    const tunnel = await openTunnel({ origins: { count: 2 }, config: { routes } })
    const client = new RawClient(tunnel.port).send(get('/a/x') + get('/a/b/x') + get('/a/b') + get('/c'))
    await client.receives(/ 404 Not Found/)
    expect(tunnel.origins.perOrigin().map(origin => origin.requests)).toEqual([1, 2])
    client.socket.destroy()
    await tunnel.close()
  })
})

test('draining finishes what is in flight with Connection: close, closes what is idle, and takes nothing new', async () => {
  const tunnel = await openTunnel()
  const idle = new RawClient(tunnel.port).send(get('/'))
  await idle.receives(/200 OK/)
  const busy = new RawClient(tunnel.port).send(get('/?delay=100'))
  await eventually(() => tunnel.proxy.counters.requests === 2)
  const drained = tunnel.proxy.drain()
  expect(await idle.closed).toBe('clean')
  await drained
  await busy.closed
  expect(busy.received).toMatch(/200 OK.*Connection: close/s)
  await expect(new RawClient(tunnel.port).receives(/./)).rejects.toThrow('closed')
  await tunnel.origins.close()
})

describe('as a process of its own', () => {
  let dir: string
  let origins: Origins
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
    origins = await startOrigins({ count: 2, service: 'fixed:ms=0', responseBytes: 10 }, 1, null)
  })
  afterAll(async () => {
    await origins.close()
    rmSync(dir, { recursive: true })
  })

  function start(config: object, env: Record<string, string> = {}): ChildProcess & { said: string } {
    const file = join(dir, 'config.json')
    const upstreams = origins.ports.map((port, i) => ({ id: `o${i}`, host: '127.0.0.1', port }))
    writeFileSync(file, JSON.stringify({ upstreams, listen: { port: 0 }, ...config }))
    const main = new URL('../../proxy/main.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [main, `config=${file}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    }) as ReturnType<typeof start>
    child.said = ''
    child.stderr!.on('data', text => (child.said += text))
    return child
  }

  async function portOf(child: ReturnType<typeof start>): Promise<number> {
    await eventually(() => /:(\d+)\/\n/.test(child.said) || child.exitCode !== null)
    return Number(/:(\d+)\/\n/.exec(child.said)?.[1])
  }

  const exitOf = (child: ChildProcess) =>
    new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))

  test.each([
    'single',
    'prefork:slots=8',
    'processes:workers=2',
    'processes:workers=3,accept=round-robin',
    'processes:workers=2,accept=least-connections',
    'processes:workers=2,accept=two-index',
    'threads:workers=2',
    'threads:workers=3,accept=round-robin,stackMb=1',
  ])('%s serves, and drains on SIGTERM with status 0', async threading => {
    const child = start({ threading })
    const port = await portOf(child)
    for (let i = 0; i < 20; i++) expect(statusOf(await exchange(port, getAndClose))).toBe(200)
    const slow = new RawClient(port).send(get('/?delay=300'))
    await eventually(() => origins.ledger().connectionsOpen > 0)
    const exited = exitOf(child)
    child.kill('SIGTERM')
    await slow.closed
    expect(await exited).toBe(0)
  })

  test('a worker that dies is replaced and said so, and the proxy goes on serving', async () => {
    const child = start({ threading: 'processes:workers=2,accept=round-robin' })
    const port = await portOf(child)
    const [worker] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number)
    process.kill(worker!, 'SIGKILL')
    await eventually(() => /worker \d died \(SIGKILL\); another one takes its place/.test(child.said))
    // A connection that is handed to the dead one before its successor serves is lost: none after that is.
    await eventually(
      () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').length === 2,
    )
    const statuses: number[] = []
    while (statuses.filter(status => status === 200).length < 20)
      statuses.push(statusOf(await exchange(port, getAndClose)))
    expect(statuses.slice(-10)).toEqual(Array(10).fill(200))
    const exited = exitOf(child)
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  })

  test('a thread that dies is replaced and said so, and the proxy goes on serving', async () => {
    const extra = join(dir, 'extra')
    mkdirSync(join(extra, 'proxy/balancers'), { recursive: true })
    writeFileSync(join(extra, 'proxy/balancers/fragile.ts'), fragile)
    const child = start({ threading: 'threads:workers=2', balancer: 'fragile' }, { WINDTUNNEL_EXTRA: extra })
    const port = await portOf(child)
    for (let i = 0; i < 10; i++) expect(statusOf(await exchange(port, getAndClose))).toBe(200)
    const breaking = new RawClient(port).send(get('/die'))
    await breaking.closed
    await eventually(() => /worker \d died \(told to break\); another one takes its place/.test(child.said))
    const statuses: number[] = []
    while (statuses.filter(status => status === 200).length < 20)
      statuses.push(statusOf(await exchange(port, getAndClose)))
    expect(statuses.slice(-10)).toEqual(Array(10).fill(200))
    const exited = exitOf(child)
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  })

  test('a worker that cannot start ends the whole with status 3 and one sentence', async () => {
    const child = start({ threading: 'processes:workers=2', balancer: 'round-robin' })
    const [worker] = await (async () => {
      const children = () =>
        readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
      await eventually(() => children().length > 0)
      return children().map(Number)
    })()
    const exited = exitOf(child)
    process.kill(worker!, 'SIGKILL')
    expect(await exited).toBe(3)
    expect(child.said).toMatch(/worker \d could not start \(SIGKILL\)/)
  })

  test('a port that is taken is one sentence and status 2', async () => {
    const first = start({})
    const port = await portOf(first)
    for (const threading of ['single', 'processes', 'threads']) {
      const second = start({ listen: { port }, threading })
      expect(await exitOf(second)).toBe(2)
      expect(second.said).toBe(`windtunnel: listen 127.0.0.1:${port}: the port is taken by another program\n`)
    }
    const exited = exitOf(first)
    first.kill('SIGTERM')
    await exited
  })
})
