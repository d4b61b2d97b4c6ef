// Profiles: sums and tables from small ones made by hand, mistakes in the command, and a short real run.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { plain } from '../../core/architecture.ts'
import { slowlorisRecord } from '../../reports/fixture.ts'
import { renderPage } from '../../reports/page.ts'
import { Children } from '../children.ts'
import { profilePlanOf, runUnder } from '../commands/profile.ts'
import { configAt } from './doctor.ts'
import { flamePage } from './flame.ts'
import { linkProfiles } from './links.ts'
import { allocationOf, type CallFrame, selfTimeOf } from './self.ts'
import { allocationTable, selfTimeTable } from './self-table.ts'

const here = new URL('./profiler.ts', import.meta.url).href
const frame = (functionName: string, url = ''): CallFrame => ({ functionName, url, lineNumber: 9, columnNumber: 0 })
const cpuProfile = {
  nodes: [
    { id: 1, hitCount: 0, callFrame: frame('(root)'), children: [2, 3, 4] },
    { id: 2, hitCount: 1, callFrame: frame('(idle)') },
    { id: 3, hitCount: 2, callFrame: frame('parse', here) },
    { id: 4, hitCount: 1, callFrame: frame('', 'node:net') },
  ],
  samples: [2, 3, 3, 4, 2],
  timeDeltas: [500, 1000, 2000, 4000, 8000],
  startTime: 0,
  endTime: 20_000,
}

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'windtunnel-profile-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

describe('a profile', () => {
  test('gives each sample the time until the next, and idle time apart', () => {
    const self = selfTimeOf(cpuProfile)
    expect(self).toEqual({
      idleMs: 1,
      busyMs: 14,
      functions: [
        { name: '(anonymous)', place: 'node:net:10', amount: 8 },
        { name: 'parse', place: 'harness/profiling/profiler.ts:10', amount: 6 },
      ],
    })
    expect(selfTimeTable(self)).toMatch(/6 ms {4}43 % {2}parse {8}harness\/profiling\/profiler\.ts:10/)
  })

  test('of the heap sums what each function allocated, wherever it was called', () => {
    const leaf = { callFrame: frame('parse', here), selfSize: 1024, children: [] }
    const shares = allocationOf({ head: { callFrame: frame('(root)'), selfSize: 0, children: [leaf, leaf] } })
    expect(shares).toEqual([{ name: 'parse', place: 'harness/profiling/profiler.ts:10', amount: 2048 }])
    expect(allocationTable(shares)).toContain('2 KB   100 %  parse')
  })

  test('becomes a page that takes TypeScript for code and has no path of this machine', async () => {
    expect(await flamePage(cpuProfile, dir, 'title')).toBe('flame.html')
    const page = readFileSync(join(dir, 'flame.html'), 'utf8')
    expect(page).toContain('parse harness/profiling/profiler.ts:10')
    expect(page).toContain('[mc]?[jt]s')
    expect(page).not.toContain('file:///')
    expect(existsSync(join(dir, 'flame-frames.json'))).toBe(false)
  })
})

describe('the command', () => {
  const planOf = (...words: string[]) => profilePlanOf(words, new Date())

  test.each([
    [['steady'], 'profile: tool= is missing; allowed: doctor, flame, cpu, heap'],
    [['tool=cpu'], 'profile: 0 names given; allowed: one scenario'],
    [['steady', 'tool=cp'], 'tool=cp given; allowed: doctor, flame, cpu, heap'],
    [['steady', 'tool=cpu', 'repeats=3'], 'unknown key "repeats"'],
    [['stead', 'tool=cpu'], 'unknown scenario "stead"'],
    [['steady', 'tool=cpu', 'target=nginx'], 'has no windtunnel; allowed: target=windtunnel'],
    [['steady', 'tool=cpu', 'pool=keep-alive,per-request'], '2 variants given; allowed: one at a time'],
    [['steady', 'tool=cpu', 'threading=processes'], 'threading=processes of'],
  ])('%j is refused', async (words, sentence) => {
    await expect(planOf(...words)).rejects.toThrow(sentence)
  })

  test('beside a measured run takes its seed and a folder in it, and refuses another scenario', async () => {
    writeFileSync(join(dir, 'record.json'), JSON.stringify({ ...slowlorisRecord(), seed: 77 }))
    const plan = await planOf('slowloris', 'tool=flame', 'threading=single', `beside=${dir}`)
    expect(plan.run).toMatchObject({ seed: 77, out: join(dir, 'profiles', 'flame'), effort: 'quick' })
    await expect(planOf('steady', 'tool=flame', `beside=${dir}`)).rejects.toThrow('allowed: a run of steady')
  })

  test.each(['cpu', 'heap'])('tool=%s writes a profile in which our own functions stand', async tool => {
    const out = join(dir, 'profile')
    mkdirSync(out)
    const children = new Children()
    const plan = await planOf('slowloris', `tool=${tool}`, 'threading=single', `out=${out}`)
    const phases = ['calm', 'attack', 'recovery'].map(name => ({ name, durationMs: 700 }))
    const findings = await runUnder({ ...plan, run: { ...plan.run, phases } }, children)
    expect(findings.files).toEqual([`${tool}.${tool}profile`])
    expect(findings.text).toMatch(/ proxy\/\w+\/[\w-]+\.ts:\d+/)
    expect(existsSync(join(out, findings.files[0]!))).toBe(true)
    expect(children.pids).toEqual([])
  })
})

test('the proxy under doctor is told the weights of its origins, and where to listen', () => {
  const config = configAt(8123, { architecture: plain, originPorts: [1, 2], originWeights: [1, 4], seed: 1 })
  const weighted = [{ weight: 1 }, { weight: 4 }]
  expect(config).toMatchObject({ listen: { host: '127.0.0.1', port: 8123 }, upstreams: weighted })
})

test('the report and the summary of a run link the profiles beside it, each once', async () => {
  writeFileSync(join(dir, 'record.json'), JSON.stringify(slowlorisRecord()))
  for (const [tool, file] of [['flame', 'flame.html'] as const, ['cpu', 'README.md'] as const]) {
    mkdirSync(join(dir, 'profiles', tool), { recursive: true })
    writeFileSync(join(dir, 'profiles', tool, file), '')
    await linkProfiles(dir)
  }
  mkdirSync(join(dir, 'profiles', 'heap'))
  await linkProfiles(dir)
  for (const file of ['report.html', 'summary.md']) {
    const text = readFileSync(join(dir, file), 'utf8')
    const links = [...text.matchAll(/profiles\/\w+\/[\w.]+/g)].map(([link]) => link)
    expect(links).toEqual(['profiles/flame/flame.html', 'profiles/cpu/README.md'])
  }
  expect(await renderPage(slowlorisRecord())).not.toContain('Profiles')
})
