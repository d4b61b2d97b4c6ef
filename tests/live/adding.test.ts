// docs/adding.md does what it says: its five files are taken out of the page, checked for types, and seen working from a
// folder of their own, in the commands a user would type.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordSchema } from '../../core/record.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'harness', 'cli.ts')
const page = readFileSync(join(root, 'docs', 'adding.md'), 'utf8')
const files = [...page.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, path, text]) => ({ path: path!, text: text! }))

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'windtunnel-adding-'))
  for (const { path, text } of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
})
afterAll(() => rmSync(dir, { recursive: true }))

/** A command to its end. */
function command(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [cli, ...words], { cwd: tmpdir(), encoding: 'utf8' })
}

test('the page shows a whole file each of a balancer, a pool, a fault, a target and a scenario', () => {
  expect(files.map(({ path }) => dirname(path))).toEqual([
    'proxy/balancers',
    'proxy/pools',
    'fault-injection/faults',
    'harness/targets',
    'scenarios',
  ])
  expect(files.filter(({ path }) => existsSync(join(root, path)))).toEqual([])
})

test('their types are right, in a folder set up as the page says', () => {
  const settings = /```json\n(\{.*?"rootDirs".*?)^```$/ms.exec(page)![1]!
  writeFileSync(join(dir, 'tsconfig.json'), settings.replaceAll('/path/to/windtunnel', root.replace(/\/$/, '')))
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const checked = spawnSync(process.execPath, [tsc, '-p', dir], { encoding: 'utf8' })
  expect(checked.stdout).toBe('')
  expect(checked.status).toBe(0)
})

test('each is listed with its sentence and the folder it is from', () => {
  const { status, stdout } = command('list', `extra=${dir}`)
  expect(status).toBe(0)
  for (const { path, text } of files) {
    const [, sentence] = /(?:about|question):\s+'([^']+)'/.exec(text)!
    const name = basename(path, '.ts')
    const entry = stdout.slice(stdout.indexOf(`  ${name} `)).replaceAll(/\s+/g, ' ')
    expect(entry).toMatch(` ${name} ${sentence} From ${dir}.`)
  }
  expect(command('list').stdout).not.toContain('primary-first')
})

test('a proxy runs with the balancer and the pool', async () => {
  const seen: string[] = []
  const open = ['first', 'second'].map(name => createServer((_request, response) => response.end(name)).listen(0))
  await Promise.all(open.map(server => once(server, 'listening')))
  for (const [index, server] of open.entries()) server.on('connection', () => seen.push(`o${index}`))
  const upstreams = open.map((server, i) => ({
    id: `o${i}`,
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
  }))
  const config = join(dir, 'proxy.json')
  writeFileSync(
    config,
    JSON.stringify({ listen: { port: 0 }, balancer: 'primary-first', pool: 'one-spare', upstreams }),
  )
  const proxy = spawn(process.execPath, [cli, 'proxy', `config=${config}`, `extra=${dir}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const port = await new Promise<number>(resolve => {
    for (const stream of [proxy.stdout, proxy.stderr]) {
      createInterface(stream).on('line', line => {
        const found = /(?:127\.0\.0\.1:|"port":)(\d+)/.exec(line)
        if (found) resolve(Number(found[1]))
      })
    }
  })
  const bodies: string[] = []
  for (let asked = 0; asked < 4; asked++) bodies.push(await (await fetch(`http://127.0.0.1:${port}/`)).text())
  const exited = once(proxy, 'exit')
  proxy.kill('SIGTERM')
  expect((await exited)[0]).toBe(0)
  for (const server of open) server.close()
  expect(bodies).toEqual(['first', 'first', 'first', 'first'])
  // One connection serves requests that come one after another: the spare was lent again.
  expect(seen).toEqual(['o0'])
})

test('the scenario runs, over the target and under the fault, and its claims hold', { timeout: 120_000 }, () => {
  const out = join(dir, 'out')
  const { status, stdout } = command('scenario', 'stand-by', 'effort=quick', `extra=${dir}`, `out=${out}`)
  const record = recordSchema.parse(JSON.parse(readFileSync(join(out, 'record.json'), 'utf8')))
  expect(record.valid).toEqual({ ok: true, reasons: [] })
  expect(record.claims.map(({ holds, claim, evidence }) => `${holds}: ${claim} ${evidence}`)).toEqual(
    record.claims.map(({ claim, evidence }) => `true: ${claim} ${evidence}`),
  )
  expect(record.claims).toHaveLength(3)
  expect(record.runs.map(run => [run.target, run.settings.balancer, run.settings.pool])).toEqual([
    ['windtunnel', 'primary-first', 'one-spare'],
    ['windtunnel', 'round-robin', 'keep-alive'],
    ['tcp-relay', 'round-robin', 'keep-alive'],
  ])
  // Every variant met the fault, and nobody failed before it.
  expect(record.runs.map(run => (run.phases[1]!.errors['bad-status'] ?? 0) > 0)).toEqual([true, true, true])
  expect(record.command).toContain(`extra=${dir}`)
  expect(stdout).toContain('Every claim holds')
  expect(status).toBe(0)
})

test.each<[string, string[], string]>([
  ['a folder that is not there', ['list', 'extra=/nowhere'], 'extra=/nowhere given, a folder without strategies'],
  ['no folder', ['list', 'extra='], 'extra= given; allowed: a folder'],
  ['two folders', ['list', 'extra=a', 'extra=b'], 'extra= given twice; allowed: once'],
])('%s is refused', (_what, words, sentence) => {
  const { status, stderr } = command(...words)
  expect([status, stderr]).toEqual([2, expect.stringContaining(sentence)])
})

test('parameters of an extra file are checked, and a name of ours is refused', () => {
  const scenario = readFileSync(join(dir, 'scenarios', 'stand-by.ts'), 'utf8')
  writeFileSync(join(dir, 'scenarios', 'stand-by-misspelt.ts'), scenario.replaceAll('everyMs=', 'evryMs='))
  const misspelt = command('scenario', 'stand-by-misspelt', 'effort=quick', `extra=${dir}`, `out=${dir}/misspelt`)
  expect(misspelt.stderr).toContain('unknown parameter "evryMs"; allowed: everyMs, forMs')
  expect(misspelt.status).toBe(2)
  const taken = join(dir, 'proxy', 'balancers')
  cpSync(join(taken, 'primary-first.ts'), join(taken, 'random.ts'))
  const { status, stderr } = command('list', `extra=${dir}`)
  expect(stderr).toContain('proxy/balancers/random.ts is a name of ours; allowed: another name')
  expect(status).toBe(2)
})
