// The harness on real sockets: a short run of our proxy, a target that dies, a command that is interrupted or refused.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { recordSchema, type ScenarioRecord } from '../core/record.ts'
import { Children } from './children.ts'
import { choosePinning } from './pinning.ts'
import { planOf, type RunPlan } from './plan.ts'
import { resourcesAvailable, treeOf } from './probes/process-tree.ts'
import { runScenario } from './run-scenario.ts'
import { runVariant } from './run-variant.ts'

const cli = fileURLToPath(new URL('./cli.ts', import.meta.url))
const patience = { timeout: 20_000, interval: 20 }
const linux = test.skipIf(!resourcesAvailable)

let dir: string
let out: string
let children: Children
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
  out = join(dir, 'result')
  children = new Children()
})
afterEach(async () => {
  await children.stopAll()
  rmSync(dir, { recursive: true })
})

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The slowloris scenario in a second and a half. */
async function shortPlan(...words: string[]): Promise<RunPlan> {
  const plan = await planOf(['slowloris', `out=${out}`, ...words], new Date())
  const phases = ['calm', 'attack', 'recovery'].map(name => ({ name, durationMs: 500 }))
  return { ...plan, phases, repeats: 1 }
}

describe('a short run', () => {
  test('of two variants offers both the same schedule and leaves no process', async () => {
    const plan = await shortPlan('buffering=streaming', 'balancer=round-robin,power-of-two')
    const record = await runScenario(plan, children)
    expect(record.valid).toEqual({ ok: true, reasons: [] })
    expect(record.runs.map(run => run.variant)).toEqual(record.variants.map(variant => variant.name))
    expect(new Set(record.runs.map(run => run.generator.scheduleHash)).size).toBe(1)
    for (const run of record.runs) {
      expect(run.trust.accounting).toEqual({ ok: true, reasons: [] })
      expect(run.generator.completed + run.generator.failed).toBe(run.generator.scheduled)
      expect(run.generator.scheduled).toBeGreaterThan(400)
      expect(run.counters.originRequests).toBeGreaterThan(0)
      expect(run.counters.attackersOpened).toBeGreaterThan(0)
      expect(run.counters['target.requests']).toBeGreaterThan(0)
    }
    expect(children.pids).toEqual([])
  })

  test('without a proxy measures the instrument, and no process is charged for it', async () => {
    const record = await runScenario(await shortPlan('target=direct'), children)
    expect(record.valid).toEqual({ ok: true, reasons: [] })
    const [run] = record.runs
    expect(run!.generator.completed).toBe(run!.generator.scheduled)
    expect(run!.cpu).toEqual({ usPerRequest: null, totalMs: 0, runQueueMs: 0 })
    expect(run!.memory.peakRssBytes).toBe(0)
  })

  test('whose variants are all refused is invalid and says why', async () => {
    const record = await runScenario(await shortPlan('target=nginx', 'threading=prefork:slots=4'), children)
    expect(record.valid).toEqual({ ok: false, reasons: ['no variant could be run'] })
    expect(record.variants[0]!.skipped).toMatch(/nginx (has no threading=prefork|is not installed)/)
  })

  test('whose target dies ends with one sentence and no process', async () => {
    const plan = await shortPlan('threading=single')
    const pinning = choosePinning()
    const running = runVariant({ plan, pinning, children }, plan.variants[0]!, 0, () => {
      const target = children.pids.at(-1)!
      process.kill(target, 'SIGKILL')
    })
    await expect(running).rejects.toThrow(/^windtunnel \(variant single\) died in phase \S+: signal SIGKILL$/)
    expect(children.pids).toEqual([])
  })
})

describe('the command', () => {
  let command: ChildProcess
  let stderr = ''
  const start = (...words: string[]) => {
    stderr = ''
    command = spawn(process.execPath, [cli, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
    command.stderr!.on('data', text => {
      stderr += text
    })
  }
  /** Waits for the rig and the target, and gives the pids of both. */
  const bothChildren = () =>
    vi.waitFor(() => {
      const [, ...pids] = treeOf(command.pid!)
      const named = (name: string) => pids.find(pid => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(name))
      const [rig, target] = [named('rig.ts'), named('proxy/main.ts')]
      if (!rig || !target) throw new Error('not yet')
      return { rig, target }
    }, patience)
  const status = async () => (await once(command, 'close'))[0]

  linux.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('interrupted by %s leaves nothing behind', async (signal, expected) => {
    start('scenario', 'slowloris', 'threading=single', 'effort=quick', `out=${out}`)
    const { rig, target } = await bothChildren()
    command.kill(signal)
    expect(await status()).toBe(expected)
    expect(stderr).toContain('every process has ended and the unfinished result is removed')
    expect([isAlive(rig), isAlive(target), existsSync(out)]).toEqual([false, false, false])
  })

  linux.each(['rig', 'target'] as const)('whose %s is killed exits with 3 and an invalid record', async which => {
    start('scenario', 'slowloris', 'threading=single', 'effort=quick', `out=${out}`)
    const pids = await bothChildren()
    process.kill(pids[which], 'SIGKILL')
    expect(await status()).toBe(3)
    expect(stderr).toMatch(/windtunnel: .*signal SIGKILL\n$/)
    expect([isAlive(pids.rig), isAlive(pids.target)]).toEqual([false, false])
    const record: ScenarioRecord = recordSchema.parse(JSON.parse(readFileSync(join(out, 'record.json'), 'utf8')))
    expect(record).toMatchObject({ valid: { ok: false }, claims: [], runs: [] })
  })

  test.each([
    [['scenari'], 'windtunnel: unknown command "scenari"; allowed: '],
    [['scenario', 'slowlori'], 'scenario: unknown scenario "slowlori"; allowed: '],
    [['list', 'poole'], 'did you mean "pool"?'],
    [['load', 'fast'], 'load: "fast" given; allowed: key=value words'],
  ])('%j is a usage error in one line', async (words, sentence) => {
    start(...words)
    expect(await status()).toBe(2)
    expect(stderr).toContain(sentence)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
