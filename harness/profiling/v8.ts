// V8's own profilers, through a file that is loaded into the proxy (preload.ts) and obeys signals: CPU samples of one
// phase as a table or as 0x's flame graph, or a sample of what was allocated in it.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidRunError } from '../../core/errors.ts'
import type { RunningTarget } from '../target.ts'
import windtunnel from '../targets/windtunnel.ts'
import { flamePage } from './flame.ts'
import type { Findings, Profiler, ProfilerOptions } from './profiler.ts'
import { allocationOf, selfTimeOf } from './self.ts'
import { allocationTable, selfTimeTable } from './self-table.ts'

const preload = new URL('./preload.ts', import.meta.url)

/** The words that go in front of a command so that its Node process loads the profiler: env(1), which leaves no process. */
function underProfiler(path: string): string[] {
  const options = [process.env.NODE_OPTIONS ?? '', `--import=${preload.href}`].join(' ').trim()
  return ['env', `NODE_OPTIONS=${options}`, `WINDTUNNEL_PROFILE=${path}`]
}

type V8Tool = 'cpu' | 'heap' | 'flame'

/** Profiles the phase asked for; `tool` says what becomes of the profile. */
export function v8Profiler(tool: V8Tool, { folder, fromMs, toMs, title }: ProfilerOptions): Profiler {
  const file = `${tool}.${tool === 'heap' ? 'heap' : 'cpu'}profile`
  const path = join(folder, file)
  const timers: NodeJS.Timeout[] = []
  let proxy: RunningTarget | null = null
  /** Starts the profiler, or stops it. */
  const toggle = () => proxy && process.kill(proxy.pid, 'SIGUSR2')
  const forget = () => timers.forEach(clearTimeout)
  return {
    target: {
      ...windtunnel,
      async start(options) {
        proxy = await windtunnel.start({ ...options, pin: [...underProfiler(path), ...options.pin] })
        proxy.exited.then(forget)
        return proxy
      },
    },
    onProgress(elapsedMs) {
      if (timers.length === 0) timers.push(...[fromMs, toMs].map(atMs => setTimeout(toggle, atMs - elapsedMs)))
    },
    async finish(): Promise<Findings> {
      if (!existsSync(path)) throw new InvalidRunError(`the proxy wrote no profile: the phase was too short`)
      const profile = JSON.parse(readFileSync(path, 'utf8'))
      if (tool === 'heap') return { files: [file], text: allocationTable(allocationOf(profile)) }
      const text = selfTimeTable(selfTimeOf(profile))
      if (tool === 'cpu') return { files: [file], text }
      return { files: [await flamePage(profile, folder, title), file], text }
    },
  }
}
