// What takes too long for `npm test`: the scenarios as a user runs them, with the real peers, and the promises about memory.
// Each check is bounded, prints what it saw, and counts; the last line says how many passed.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeParameters, type ParameterTable } from '../core/parameters.ts'
import { randomStream } from '../core/random.ts'
import type { ScenarioRecord } from '../core/record.ts'
import { startOrigins } from '../fault-injection/origin.ts'
import slowReader from '../loadgen/hostile/slow-reader.ts'
import { readRecord } from '../reports/read-record.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'windtunnel-long-'))
let passed = 0
let failed = 0

function check(holds: boolean, what: string): void {
  process.stdout.write(`${holds ? 'ok    ' : 'FAILED'}  ${what}\n`)
  if (holds) passed++
  else failed++
}

/** Runs a command of the project's own; resolves with its exit status. */
function run(...words: string[]): Promise<number | null> {
  process.stdout.write(`\n> npm run ${words.join(' ')}\n`)
  const child = spawn(process.execPath, [join(root, 'harness/cli.ts'), ...words], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise(resolve => child.once('exit', resolve))
}

async function scenario(name: string, ...words: string[]): Promise<{ status: number | null; record: ScenarioRecord }> {
  const out = join(scratch, `${name}-${words.join('-').replaceAll(/[^a-z0-9-]/gi, '_')}`)
  const status = await run('scenario', name, ...words, `out=${out}`)
  return { status, record: readRecord(join(out, 'record.json')) }
}

async function slowloris(): Promise<void> {
  const { status, record } = await scenario('slowloris')
  check(status === 0, `slowloris ends with status ${status}`)
  check(record.claims.length >= 6, `slowloris makes ${record.claims.length} claims`)
  for (const { claim, holds, evidence } of record.claims) check(holds !== false, `${holds}: ${claim} ${evidence}`)
  const skipped = record.variants.filter(variant => variant.skipped !== null)
  check(skipped.length === 0, `no variant is skipped ${skipped.map(variant => variant.skipped).join(', ')}`)
  process.stdout.write(`slowloris took ${Math.round(record.tookMs / 1000)} s; 120 s are promised on two quiet cores\n`)
}

async function steady(): Promise<void> {
  const { status, record } = await scenario('steady', 'target=windtunnel,nginx,haproxy')
  check(status === 0, `steady ends with status ${status}`)
  for (const { claim, holds, evidence } of record.claims) check(holds !== false, `${holds}: ${claim} ${evidence}`)
}

async function throttled(): Promise<void> {
  const { status, record } = await scenario(
    'slowloris',
    'target=windtunnel',
    'effort=quick',
    'throttle=20',
    'strict=yes',
  )
  const undecided = record.claims.filter(claim => claim.holds === 'undecided')
  check(
    undecided.length > 0,
    `a throttled generator leaves ${undecided.length} claim(s) undecided: ${undecided[0]?.evidence}`,
  )
  check(status === 4, `strict=yes turns that into status ${status}`)
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
  check(held === 50, `${held} of 50 slow readers are still being served after 20 s`)
  check(
    peakKb < 200_000,
    `resident memory stays under 200 MB with 50 slow readers of 100 MB: ${Math.round(peakKb / 1000)} MB`,
  )
}

try {
  for (const part of [slowloris, steady, throttled, slowReaders]) await part()
} finally {
  rmSync(scratch, { recursive: true })
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
