// The words of `npm run regress`, the exit status of each verdict, and how a git ref becomes a tree and is gone again.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { UsageError } from '../../core/errors.ts'
import { Children } from '../children.ts'
import { Trees, workingTree } from '../regress/trees.ts'
import { regressPlanOf, statusOfVerdict } from './regress.ts'

const at = new Date('2026-01-02T03:04:05Z')

test('defaults, and a command that repeats the gate', () => {
  expect(regressPlanOf(['base=main'], at)).toMatchObject({
    base: 'main',
    head: null,
    tolerance: 0.05,
    effort: 'normal',
    seed: 1,
    strict: false,
    command: 'npm run regress base=main seed=1',
  })
  expect(regressPlanOf(['base=main'], at).out).toMatch(/runs\/2026-01-02-030405-regress$/)
  const given = regressPlanOf(['base=v1', 'tolerance=0.1', 'seed=7', 'strict=yes', 'out=/x'], at)
  expect(given).toMatchObject({ tolerance: 0.1, seed: 7, strict: true, out: '/x' })
  expect(given.command).toBe('npm run regress base=v1 tolerance=0.1 strict=yes seed=7')
})

test.each([
  [[], /base= is missing/],
  [['base='], /base= is missing/],
  [['base=main', 'tolerance=5'], /tolerance=5 given; allowed: a share from 0 to 1/],
  [['base=main', 'effort=huge'], /effort=huge given; allowed: quick, normal, thorough/],
  [['base=main', 'bsae=main'], /unknown key "bsae"/],
  [['main'], /"main" given; allowed: key=value/],
] as const)('%j is refused', (words, message) => {
  expect(() => regressPlanOf(words, at)).toThrow(UsageError)
  expect(() => regressPlanOf(words, at)).toThrow(message)
})

test('exit statuses', () => {
  const passing = ['ok', 'better', 'slower-but-within-tolerance'] as const
  expect(passing.map(verdict => statusOfVerdict(verdict, true))).toEqual([0, 0, 0])
  expect([false, true].map(strict => statusOfVerdict('undecided', strict))).toEqual([0, 4])
  expect(statusOfVerdict('regression', false)).toBe(1)
  expect(statusOfVerdict('invalid', false)).toBe(3)
})

/** Without git there is no ref, and with a changed lock file its packages would be installed, which takes a minute. */
const words = ['diff', '--quiet', 'HEAD', '--', 'package-lock.json']
const root = fileURLToPath(new URL('../..', import.meta.url))
const usable = spawnSync('git', words, { cwd: root }).status === 0

test.skipIf(!usable)(
  'a git ref is checked out, runnable, and gone afterwards (needs git and the committed lock file)',
  async () => {
    const trees = new Trees(new Children(), () => {})
    onTestFinished(() => trees.remove())
    const tree = await trees.open('HEAD', 'base')
    expect(tree).toMatchObject({ given: 'HEAD', dirty: false })
    expect(existsSync(join(tree.path, 'proxy', 'main.ts'))).toBe(true)
    expect(existsSync(join(tree.path, 'node_modules'))).toBe(true)
    trees.remove()
    expect(existsSync(dirname(tree.path))).toBe(false)
    expect(existsSync(join(workingTree().path, 'node_modules'))).toBe(true)
  },
)

/** A commit that is HEAD but for its lock file, on no branch. */
function commitWithOtherLock(scratch: string): string {
  const identity = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap(who => [
      [`GIT_${who}_NAME`, 'test'],
      [`GIT_${who}_EMAIL`, 'test@localhost'],
    ]),
  )
  const env = { ...process.env, ...identity, GIT_INDEX_FILE: join(scratch, 'index') }
  const git = (words: readonly string[], input = '') =>
    execFileSync('git', words, { cwd: root, env, input, encoding: 'utf8' }).trim()
  const lock = git(['hash-object', '-w', '--stdin'], '{ "lockfileVersion": 3, "packages": {} }\n')
  git(['read-tree', 'HEAD'])
  git(['update-index', '--cacheinfo', `100644,${lock},package-lock.json`])
  return git(['commit-tree', git(['write-tree']), '-p', 'HEAD', '-m', 'another lock file'])
}

test.skipIf(!usable)('a ref with another lock file gets packages of its own, from npm ci', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
  const npm = join(scratch, 'npm.js')
  const asks = join(scratch, 'asks.json')
  vi.stubEnv('npm_execpath', npm)
  const said: string[] = []
  const trees = new Trees(new Children(), line => said.push(line))
  onTestFinished(() => {
    trees.remove()
    vi.unstubAllEnvs()
    rmSync(scratch, { recursive: true })
  })
  writeFileSync(
    npm,
    `const fs = require('node:fs')
    fs.mkdirSync('node_modules')
    fs.writeFileSync(${JSON.stringify(asks)}, JSON.stringify({ words: process.argv.slice(2), cwd: process.cwd() }))`,
  )
  const commit = commitWithOtherLock(scratch)
  const tree = await trees.open(commit, 'base')
  expect(JSON.parse(readFileSync(asks, 'utf8'))).toMatchObject({
    words: ['ci', '--ignore-scripts', '--include=optional', '--loglevel=error', '--no-progress'],
    cwd: realpathSync(tree.path),
  })
  expect(lstatSync(join(tree.path, 'node_modules')).isSymbolicLink()).toBe(false)
  expect(said).toEqual([`the packages of ${commit} differ from ours: installing them (about a minute) …`])
  trees.remove()
  expect(existsSync(tree.path)).toBe(false)
  writeFileSync(npm, `process.stderr.write('no registry\\n'); process.exit(7)`)
  await expect(trees.open(commit, 'base')).rejects.toThrow(`npm ci failed for ${commit}: status 7: no registry`)
})

test('what is neither a ref nor a tree is refused', async () => {
  const trees = new Trees(new Children(), () => {})
  const empty = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
  onTestFinished(() => rmSync(empty, { recursive: true }))
  await expect(trees.open('no-such-ref', 'base')).rejects.toThrow(/base=no-such-ref given; allowed: a git ref/)
  await expect(trees.open('--help', 'base')).rejects.toThrow(UsageError)
  await expect(trees.open(empty, 'head')).rejects.toThrow(/a folder without a tree/)
})

test.skipIf(!usable)('Ctrl-C leaves neither processes nor worktrees', { timeout: 60_000 }, async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
  onTestFinished(() => rmSync(temporary, { recursive: true }))
  const out = join(temporary, 'out')
  const cli = fileURLToPath(new URL('../cli.ts', import.meta.url))
  const env = { ...process.env, TMPDIR: temporary }
  const child = spawn(process.execPath, [cli, 'regress', 'base=HEAD', 'effort=quick', `out=${out}`], { env })
  const ended = new Promise(resolve => child.on('close', resolve))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.includes('first look') && !said.includes('stopping')) child.kill('SIGINT')
  })
  expect(await ended).toBe(130)
  expect(said).toContain('every process has ended and the worktrees are removed')
  expect(readdirSync(temporary).filter(name => name.startsWith('windtunnel-base-'))).toEqual([])
  expect(existsSync(out)).toBe(false)
})
