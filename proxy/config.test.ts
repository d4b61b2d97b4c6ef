import { expect, test } from 'vitest'
import { UsageError } from '../core/errors.ts'
import { decodeConfig } from './config.ts'

const upstreams = [
  { id: 'o0', host: '127.0.0.1', port: 9001 },
  { id: 'o1', host: '127.0.0.1', port: 9002 },
]

test('the smallest configuration gets every default', async () => {
  const config = await decodeConfig({ upstreams }, 'test')
  expect(config.threading.name).toBe('single')
  expect(config.pool.params).toMatchObject({ maxIdle: 256, idleMs: 60_000 })
  expect(config.routes).toEqual([{ prefix: '/', upstreams: [0, 1] }])
  expect(config.limits.maxHeadBytes).toBe(16_384)
  expect(config.timeouts.requestHeadMs).toBe(10_000)
  expect(config.upstreams[0]!.weight).toBe(1)
})

test('routes are tried longest prefix first', async () => {
  const config = await decodeConfig(
    {
      upstreams,
      routes: [
        { prefix: '/', upstreams: ['o0'] },
        { prefix: '/api/', upstreams: ['o1'] },
      ],
    },
    'test',
  )
  expect(config.routes.map(route => route.prefix)).toEqual(['/api/', '/'])
})

/** Each: what is wrong, and what the one sentence must name. */
const broken: [name: string, config: object, says: string[]][] = [
  ['no upstreams', {}, ['upstreams', 'nothing given', 'expected array']],
  ['unknown key', { upstreams, balancr: 'x' }, ['"balancr"', 'allowed: listen, threading', 'balancer']],
  ['unknown nested key', { upstreams, limits: { maxHead: 1 } }, ['limits', '"maxHead"', 'maxHeadBytes']],
  [
    'unknown key in a list',
    { upstreams: [{ ...upstreams[0], prot: 1 }] },
    ['upstreams[0]', '"prot"', 'id, host, port, weight'],
  ],
  [
    'wrong type',
    { upstreams, limits: { maxHeadBytes: '1k' } },
    ['limits.maxHeadBytes', '"1k" given', 'expected number'],
  ],
  ['out of range', { upstreams, limits: { maxHeadBytes: 12 } }, ['limits.maxHeadBytes', '12 given', '>=256']],
  [
    'port out of range',
    { upstreams: [{ ...upstreams[0], port: 70_000 }] },
    ['upstreams[0].port', '70000 given', '65535'],
  ],
  ['negative timeout', { upstreams, timeouts: { connectMs: -1 } }, ['timeouts.connectMs', '-1 given', '>=0']],
  [
    'unknown strategy',
    { upstreams, balancer: 'rond-robin' },
    ['balancer', '"rond-robin"', 'random, rendezvous, ring-hash, round-robin'],
  ],
  [
    'a balancer that needs what this proxy has not',
    { upstreams, balancer: 'slow-start+prequal' },
    ['balancer: "slow-start+prequal" needs probes, which only the simulator has', 'engine=simulation'],
  ],
  [
    'unknown parameter',
    { upstreams, pool: 'keep-alive:idle=5' },
    ['pool keep-alive', '"idle"', 'idleMs, maxAgeMs, maxIdle'],
  ],
  [
    'parameter out of range',
    { upstreams, threading: 'prefork:slots=0' },
    ['threading prefork.slots', '"0" given', 'a whole number from 1'],
  ],
  ['parameter without a value', { upstreams, pool: 'keep-alive:idleMs' }, ['pool', '"idleMs" given', 'name=value']],
  [
    'unknown upstream in a route',
    { upstreams, routes: [{ prefix: '/', upstreams: ['o9'] }] },
    ['routes[0]', '"o9"', 'o0, o1'],
  ],
  ['two upstreams with one id', { upstreams: [upstreams[0], upstreams[0]] }, ['upstreams', 'same id']],
]

test.each(broken)('%s is one sentence that says where, what and what is allowed', async (_name, config, says) => {
  const error = await decodeConfig(config, 'file.json').then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UsageError)
  const { message } = error as UsageError
  expect(message.startsWith('file.json: ')).toBe(true)
  expect(message).not.toContain('\n')
  for (const part of says) expect(message).toContain(part)
})
