// Every peer that is not nginx or HAProxy, started for real: does it relay status, body and the forwarded headers, keep
// its connections to origins or not as asked, spread requests, and end when it is told to?
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Origins, startOrigins } from '../../fault-injection/origin.ts'
import { Children } from '../children.ts'
import { architecture } from '../observed.fixture.ts'
import type { RunningTarget } from '../target.ts'
import caddy, { caddyConfig } from './caddy.ts'
import fastProxy from './fast-proxy.ts'
import fastifyHttpProxy from './fastify-http-proxy.ts'
import httpProxy from './http-proxy.ts'
import httpProxy3 from './http-proxy-3.ts'

const nodeTargets = {
  'http-proxy': httpProxy,
  'http-proxy-3': httpProxy3,
  'fast-proxy': fastProxy,
  'fastify-http-proxy': fastifyHttpProxy,
}
const targets = { caddy, ...nodeTargets }

let dir: string
let children: Children
let origins: Origins
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
  children = new Children()
  origins = await startOrigins({ count: 4, service: 'fixed:ms=0', responseBytes: 100 }, 1, null)
})
afterEach(async () => {
  await children.stopAll()
  await origins.close()
  rmSync(dir, { recursive: true })
})

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

function ask(port: number, path: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'shop.example', ...(body === undefined ? {} : { 'content-type': 'text/plain' }) }
    const method = body === undefined ? 'GET' : 'POST'
    const asking = request({ port, path, agent, headers, method }, async response => {
      resolve({ status: response.statusCode!, headers: response.headers, body: await text(response) })
    })
    asking.once('error', reject).end(body)
  })
}

function start(name: keyof typeof targets, more: Partial<typeof architecture> = {}): Promise<RunningTarget> {
  const asked = { ...architecture, ...more }
  expect(targets[name].refuses(asked)).toBeNull()
  return targets[name].start({
    architecture: asked,
    originPorts: origins.ports,
    originWeights: [1, 1, 1, 1],
    dir,
    pin: [],
    seed: 1,
    children,
  })
}

describe.each(Object.keys(targets) as (keyof typeof targets)[])('%s', name => {
  test('relays, forwards, keeps connections, takes origins in turn, and stops', async context => {
    const found = targets[name].find()
    if ('missing' in found) return context.skip(found.missing)
    const running = await start(name)
    const echoed = await ask(running.port, '/?echo', 'a body')
    expect(echoed.status).toBe(200)
    expect(echoed.body).toContain('a body')
    expect(echoed.body).toMatch(/^host: shop\.example\r$/im)
    expect(echoed.body).toMatch(/^x-forwarded-for: (::ffff:)?127\.0\.0\.1\r$/im)
    expect(echoed.body).toMatch(/^x-forwarded-proto: http\r$/im)
    expect(echoed.body).toMatch(/^x-forwarded-host: shop\.example\r$/im)
    const answers: Answer[] = []
    for (let index = 0; index < 40; index++) answers.push(await ask(running.port, '/some/path'))
    expect(answers.every(answer => answer.status === 200 && answer.body.length === 100)).toBe(true)
    expect((await ask(running.port, '/?status=503')).status).toBe(503)
    // None is asked twice, and each of the four has its turn on a connection of its own.
    expect(origins.ledger()).toMatchObject({ requests: 42, connectionsOpened: 4, requestsMalformed: 0 })
    expect(origins.perOrigin().every(origin => origin.requests >= 10)).toBe(true)
    await running.stop()
    expect(children.pids).toEqual([])
  })

  test('opens a connection per request when asked to', async context => {
    const found = targets[name].find()
    if ('missing' in found) return context.skip(found.missing)
    const running = await start(name, { pool: 'per-request' })
    for (let index = 0; index < 8; index++) expect((await ask(running.port, '/')).status).toBe(200)
    expect(origins.ledger()).toMatchObject({ requests: 8, connectionsOpened: 8 })
  })

  test('refuses what it cannot do', () => {
    const { refuses } = targets[name]
    expect(refuses(architecture)).toBeNull()
    expect(refuses({ ...architecture, threading: 'prefork:slots=64' })).toContain('prefork:slots=64')
    expect(refuses({ ...architecture, balancer: 'peak-ewma' })).toContain('peak-ewma')
    // None of them has weights, so that the balancers that read weights are refused too.
    expect(refuses({ ...architecture, balancer: 'weighted-round-robin' })).toContain('weighted-round-robin')
    expect(refuses({ ...architecture, pool: 'keep-alive:order=fifo' })).toContain('order')
    expect(refuses({ ...architecture, pool: 'capped:max=3' })).toContain('capped:max=3')
    expect(refuses({ ...architecture, retries: 'budgeted' })).toContain('budgeted')
  })
})

describe.each(Object.keys(nodeTargets) as (keyof typeof nodeTargets)[])('%s', name => {
  test('ends a connection whose head does not come', async () => {
    const { port } = await start(name, { requestHeadMs: 100 })
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n'))
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('serves no more connections than asked', async () => {
    const { port } = await start(name, { maxConnections: 1 })
    expect((await ask(port, '/')).status).toBe(200)
    const second = connect(port, '127.0.0.1', () => second.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
    expect(await text(second).catch(() => '')).toBe('')
  })

  test('chooses the less busy of two', async () => {
    const { port } = await start(name, { balancer: 'power-of-two' })
    const slow = new Agent({ keepAlive: true })
    const held = new Promise<void>(resolve => {
      const asking = request({ port, path: '/?delay=60000', agent: slow })
      asking.on('error', () => resolve()).end()
      asking.once('socket', socket => socket.once('connect', () => setImmediate(resolve)))
    })
    await held
    for (let index = 0; index < 60; index++) expect((await ask(port, '/')).status).toBe(200)
    // The one origin that is busy loses every draw with another.
    const requests = origins.perOrigin().map(origin => origin.requests)
    expect(requests.filter(count => count <= 1)).toHaveLength(1)
    slow.destroy()
  })
})

test('caddy refuses power-of-two and says why; no limit for heads is no directive', () => {
  expect(caddy.refuses({ ...architecture, balancer: 'power-of-two' })).toContain('random_choose')
  expect(caddyConfig({ ...architecture, requestHeadMs: 0 }, 1, [2])).not.toContain('read_header ')
  expect(caddyConfig(architecture, 1, [2])).toContain('read_header 1000ms')
})
