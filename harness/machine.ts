// The machine a record was made on, for a reader on another one.
import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ScenarioRecord } from '../core/record.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What git says, or null without git or a commit. */
function git(...words: string[]): string | null {
  const asked = spawnSync('git', words, { cwd: root, encoding: 'utf8', timeout: 5000 })
  return asked.status === 0 ? asked.stdout.trim() : null
}

/** `versions`: of the targets, as they print them. */
export function describeMachine(pinned: string, versions: Record<string, string>): ScenarioRecord['machine'] {
  const cores = cpus()
  const commit = git('rev-parse', 'HEAD')
  const changes = git('status', '--porcelain')
  return {
    cpu: cores[0]?.model.trim() || 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    node: process.version,
    pinned,
    commit,
    dirty: changes === null ? null : changes !== '',
    versions,
  }
}
