// What takes too long for `npm test`: the scenarios as a user runs them, with the real peers, the tools, and the
// promises about memory. Each check is bounded, prints what it saw, and counts; the last line says how many passed.
// Words choose parts, or single scenarios, by name.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeParameters, type ParameterTable } from '../core/parameters.ts'
import { randomStream } from '../core/random.ts'
import { namesOf } from '../core/registry.ts'
import { startOrigins } from '../fault-injection/origin.ts'
import slowReader from '../loadgen/hostile/slow-reader.ts'
import { Checks, root } from './long/checks.ts'
import { everyScenario } from './long/every-scenario.ts'
import { profiles } from './long/profiles.ts'
import { tools } from './long/tools.ts'

const scratch = mkdtempSync(join(tmpdir(), 'windtunnel-long-'))
const checks = new Checks(scratch)

async function slowloris(): Promise<void> {
  const { status, record } = await checks.scenario('slowloris')
  checks.that(status === 0, `slowloris ends with status ${status}`)
  if (record === null) return
  checks.that(record.claims.length >= 6, `slowloris makes ${record.claims.length} claims`)
  checks.claims(record)
  const skipped = record.variants.filter(variant => variant.skipped !== null)
  checks.that(skipped.length === 0, `no variant is skipped ${skipped.map(variant => variant.skipped).join(', ')}`)
  process.stdout.write(`slowloris took ${Math.round(record.tookMs / 1000)} s; 120 s are promised on two quiet cores\n`)
}

/** And profiles beside it. */
async function steady(): Promise<void> {
  const { status, record, folder } = await checks.scenario('steady', 'target=windtunnel,nginx,haproxy')
  checks.that(status === 0, `steady ends with status ${status}`)
  if (record === null) return
  checks.claims(record)
  await profiles(checks, 'steady', folder)
}

async function throttled(): Promise<void> {
  const { status, record } = await checks.scenario(
    'slowloris',
    'target=windtunnel',
    'effort=quick',
    'throttle=20',
    'strict=yes',
  )
  const undecided = record?.claims.filter(claim => claim.holds === 'undecided') ?? []
  checks.that(
    undecided.length > 0,
    `a throttled generator leaves ${undecided.length} claim(s) undecided: ${undecided[0]?.evidence}`,
  )
  checks.that(status === 4, `strict=yes turns that into status ${status}`)
}

/** 50 clients that read 100 MB slowly for 20 s must not make the proxy hold what they do not read. */
async function slowReaders(): Promise<void> {
  const origins = await startOrigins({ count: 1, service: 'fixed:ms=0', responseBytes: 10 }, 1, null)
  const config = join(scratch, 'slow-readers.json')
  const upstreams = origins.ports.map((port, i) => ({ id: `o${i}`, host: '127.0.0.1', port }))
  writeFileSync(config, JSON.stringify({ listen: { port: 0 }, upstreams }))
  const child = spawn(process.execPath, [join(root, 'proxy/main.ts'), `config=${config}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const port = await new Promise<number>(resolve => {
    child.on('message', (message: { type: string; port: number }) => message.type === 'ready' && resolve(message.port))
  })
  const params = decodeParameters(slowReader.params as ParameterTable, { connections: 50 }, 'slow-reader')
  const readers = slowReader.start(params as never, { host: '127.0.0.1', port, rng: randomStream(1, 'hostile') })
  let peakKb = 0
  for (let tick = 0; tick < 200; tick++) {
    await new Promise(resolve => setTimeout(resolve, 100))
    peakKb = Math.max(peakKb, Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]))
  }
  const { held } = readers.report()
  readers.stop()
  const exited = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exited
  await origins.close()
  checks.that(held === 50, `${held} of 50 slow readers are still being served after 20 s`)
  checks.that(
    peakKb < 200_000,
    `resident memory stays under 200 MB with 50 slow readers of 100 MB: ${Math.round(peakKb / 1000)} MB`,
  )
}

const parts = {
  slowloris,
  steady,
  throttled,
  slowReaders,
  everyScenario: () => everyScenario(checks),
  tools: () => tools(checks),
}
const asked = process.argv.slice(2)
const single = asked.filter(name => !Object.hasOwn(parts, name))
const unknown = single.filter(name => !namesOf('scenario').includes(name))
if (unknown.length > 0) {
  const allowed = [...new Set([...Object.keys(parts), ...namesOf('scenario')])].join(', ')
  process.stderr.write(`windtunnel: long: "${unknown[0]}" given; allowed: ${allowed}\n`)
  process.exit(2)
}
try {
  for (const [name, part] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await part()
  if (single.length > 0) await everyScenario(checks, single)
} finally {
  rmSync(scratch, { recursive: true })
}
for (const sentence of checks.undecided) process.stdout.write(`\nundecided  ${sentence}\n`)
process.stdout.write(
  `\n${checks.passed} passed, ${checks.failed} failed; ${checks.undecided.length} claims undecided, listed above\n`,
)
process.exitCode = checks.failed === 0 ? 0 : 1
