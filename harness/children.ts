// Every process the harness starts is known here by its pid, so that a signal, a failure or the end of a run leaves
// nothing behind. Nothing is ever stopped by name.
import { type ChildProcess, type ForkOptions, fork, type SpawnOptions, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const killAfterMs = 2000
const stderrGraceMs = 300

/** A started process, what it last said on stderr, and how it ends. */
export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** How it ended, in words; never rejects. */
  readonly exited: Promise<string>
  /** SIGTERM, then SIGKILL after two seconds; resolves when it is gone. */
  stop(): Promise<void>
  /** The last non-empty line of stderr, or an empty text. */
  lastWords(): string
}

/** The processes of one command. */
export class Children {
  private readonly alive = new Set<Child>()

  /** Starts a program by path; stderr is kept, stdout dropped. */
  spawn(program: string, words: readonly string[], options: SpawnOptions = {}): Child {
    return this.track(spawn(program, words, { ...options, stdio: ['ignore', 'ignore', 'pipe'] }))
  }

  /** Starts a module of ours with an IPC channel; `pin` (taskset and its words) goes in front of the Node binary. */
  fork(module: string, words: readonly string[], pin: readonly string[], options: ForkOptions = {}): Child {
    const [execPath = process.execPath, ...execArgv] = [...pin, process.execPath]
    return this.track(
      fork(module, [...words], { ...options, execPath, execArgv, stdio: [0, 1, 2, 'ipc'].map(stdioOf) }),
    )
  }

  /** The processes that are alive, in the order of their start. */
  get pids(): number[] {
    return [...this.alive].map(child => child.pid)
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.alive].map(child => child.stop()))
  }

  /** The last resort, for the `exit` event where nothing can be waited for. */
  killAll(): void {
    for (const child of this.alive) child.process.kill('SIGKILL')
  }

  private track(process: ChildProcess): Child {
    let tail = ''
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-4000)
    })
    const lastWords = () => tail.trimEnd().split('\n').at(-1) ?? ''
    const exited = new Promise<string>(resolve => {
      process.once('error', error => resolve(error.message))
      // `close` comes when stderr has been read to its end; a grandchild that inherited it may hold it open for longer.
      const end = (status: number | null, signal: string | null) => resolve(endInWords(status, signal, lastWords()))
      process.once('close', end)
      process.once('exit', (status, signal) => setTimeout(end, stderrGraceMs, status, signal).unref())
    })
    const child: Child = { process, pid: process.pid ?? 0, exited, lastWords, stop: () => stop(process, exited) }
    this.alive.add(child)
    exited.then(() => this.alive.delete(child))
    return child
  }
}

function stdioOf(descriptor: number | string): 'ignore' | 'pipe' | 'ipc' {
  return descriptor === 'ipc' ? 'ipc' : descriptor === 2 ? 'pipe' : 'ignore'
}

function endInWords(status: number | null, signal: string | null, words: string): string {
  if (signal) return `signal ${signal}`
  return words === '' ? `status ${status}` : `status ${status}: ${words}`
}

async function stop(process: ChildProcess, exited: Promise<string>): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) process.kill('SIGTERM')
  const killer = setTimeout(() => process.kill('SIGKILL'), killAfterMs)
  await exited
  clearTimeout(killer)
}

/** The path of a program on PATH (and in sbin, where daemons live), or null. */
export function findProgram(name: string): string | null {
  for (const dir of [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']) {
    const path = join(dir, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return null
}
