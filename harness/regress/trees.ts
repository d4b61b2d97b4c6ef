// The two trees that are compared: a git ref is checked out into a worktree in a temporary folder, which is removed again
// whatever happens; a folder is taken as it stands.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidRunError, UsageError } from '../../core/errors.ts'
import type { Children } from '../children.ts'
import type { GateTree } from './gate-record.ts'

const ownRoot = fileURLToPath(new URL('../..', import.meta.url))

/** A tree on disk, ready to be run. */
export interface Tree extends GateTree {
  /** Its root folder. */
  readonly path: string
}

function git(cwd: string, ...words: string[]) {
  const asked = spawnSync('git', words, { cwd, encoding: 'utf8', timeout: 60_000 })
  return { ok: asked.status === 0, text: (asked.stdout ?? '').trim(), error: (asked.stderr ?? '').trim() }
}

/** The worktrees of one command. */
export class Trees {
  private readonly folders: string[] = []
  private readonly children: Children
  private readonly say: (line: string) => void

  /** `say` is told when packages have to be installed, which takes a minute. */
  constructor(children: Children, say: (line: string) => void) {
    this.children = children
    this.say = say
  }

  /**
   * The tree that `given` names: an existing folder, or a git ref of this repository. `key` is for messages.
   * @throws UsageError when it is neither, InvalidRunError when it cannot be made ready.
   */
  async open(given: string, key: 'base' | 'head'): Promise<Tree> {
    const folder = resolve(given)
    if (given !== '' && existsSync(folder) && statSync(folder).isDirectory()) return asItStands(given, folder, key)
    const commit = git(ownRoot, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${given}^{commit}`)
    if (given === '' || !commit.ok) {
      throw new UsageError(`${key}=${given} given; allowed: a git ref of this repository, or a folder with a tree`)
    }
    const path = join(mkdtempSync(join(tmpdir(), `windtunnel-${key}-`)), 'tree')
    this.folders.push(path)
    const added = git(ownRoot, 'worktree', 'add', '--detach', path, commit.text)
    if (!added.ok) throw new InvalidRunError(`git could not check out ${given}: ${added.error}`)
    await this.installInto(path, given)
    return { given, path, commit: commit.text, dirty: false }
  }

  /** Removes every worktree; without waiting, so that it also serves at the very end of the process. */
  remove(): void {
    for (const path of this.folders.splice(0)) {
      git(ownRoot, 'worktree', 'remove', '--force', path)
      rmSync(dirname(path), { recursive: true, force: true })
      git(ownRoot, 'worktree', 'prune')
    }
  }

  /** Equal lock files mean equal packages: then ours serve both trees. */
  private async installInto(path: string, given: string): Promise<void> {
    const lock = (root: string) => readFileSync(join(root, 'package-lock.json'), 'utf8')
    if (existsSync(join(path, 'package-lock.json')) && lock(path) === lock(ownRoot)) {
      symlinkSync(join(ownRoot, 'node_modules'), join(path, 'node_modules'), 'dir')
      return
    }
    this.say(`the packages of ${given} differ from ours: installing them (about a minute) …`)
    const words = ['ci', '--ignore-scripts', '--include=optional', '--loglevel=error', '--no-progress']
    const script = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : null
    const npm = script
      ? this.children.spawn(process.execPath, [script, ...words], { cwd: path })
      : this.children.spawn('npm', words, { cwd: path })
    const how = await npm.exited
    if (npm.process.exitCode !== 0) throw new InvalidRunError(`npm ci failed for ${given}: ${how}`)
  }
}

function asItStands(given: string, path: string, key: string): Tree {
  if (!existsSync(join(path, 'proxy', 'main.ts')) || !existsSync(join(path, 'node_modules'))) {
    throw new UsageError(`${key}=${given} given, a folder without a tree; allowed: one with proxy/ and node_modules/`)
  }
  const commit = git(path, 'rev-parse', 'HEAD')
  const changes = git(path, 'status', '--porcelain')
  return { given, path, commit: commit.ok ? commit.text : null, dirty: changes.ok ? changes.text !== '' : null }
}

/** The working tree that this command belongs to. */
export function workingTree(): Tree {
  return asItStands('the working tree', ownRoot, 'head')
}
