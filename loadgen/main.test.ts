import { afterEach, expect, test, vi } from 'vitest'
import { UsageError } from '../core/errors.ts'
import { startOrigins } from '../fault-injection/origin.ts'
import { load, loopbackUrl } from './main.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** What `load` prints and returns. */
async function printed(args: Record<string, string>): Promise<{ text: string; status: number }> {
  let text = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    text += String(chunk)
    return true
  })
  const status = await load(args)
  vi.restoreAllMocks()
  return { text, status }
}

test('a load that is answered prints its accounts and returns 0; one with failures returns 1', async () => {
  const origins = await startOrigins({ count: 1, service: 'fixed', responseBytes: 10 }, 1, null)
  const url = `http://127.0.0.1:${origins.ports[0]}/`
  const settings = { rate: '100', seconds: '0.3', arrivals: 'constant', connections: '3' }
  const good = await printed({ url, ...settings })
  const bad = await printed({ url: `${url}?status=503`, ...settings })
  await origins.close()
  const refused = await printed({ url, ...settings })
  expect(good.status).toBe(0)
  expect(good.text).toContain('scheduled 29')
  expect(good.text).toContain('ok 29, failed 0')
  expect(good.text).toMatch(/response.*service.*lateness/s)
  expect(bad.status).toBe(1)
  expect(bad.text).toContain('failed 29: 29 bad-status')
  expect(refused.status).toBe(1)
  expect(refused.text).toContain('29 refused')
})

test.each([
  'http://example.com/',
  'http://10.0.0.1/',
  'https://127.0.0.1/',
  'http://127.0.0.1.example.com/',
  'nonsense',
])('the generator refuses %s', async url => {
  await expect(load({ url })).rejects.toThrow(UsageError)
  await expect(load({ url })).rejects.toThrow(url)
})

test.each(['http://localhost:80/', 'http://127.9.9.9:8080/x?y', 'http://[::1]:8080/'])('%s is this machine', url => {
  expect(loopbackUrl(url).protocol).toBe('http:')
})

test('unknown keys and values out of range are usage errors that name what is allowed', async () => {
  const url = 'http://127.0.0.1:1/'
  await expect(load({ url, rat: '5' })).rejects.toThrow('"rat"; allowed: arrivals, connections')
  await expect(load({ url, rate: '0' })).rejects.toThrow('load.rate: "0" given; allowed: a number from 0.01')
  await expect(load({})).rejects.toThrow('no url given')
})
