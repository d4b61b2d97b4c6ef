// @clinic/doctor: a page that says what ails the proxy (event loop, garbage, I/O, processor) from its own samples. Its
// collector is started in a process of its own (doctor-collect.ts) that stands between harness and proxy.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidRunError } from '../../core/errors.ts'
import type { Child } from '../children.ts'
import { listens } from '../listening.ts'
import { reservePort } from '../peer-process.ts'
import type { RunningTarget, StartOptions } from '../target.ts'
import windtunnel, { proxyConfig, proxyMain } from '../targets/windtunnel.ts'
import type { Profiler, ProfilerOptions } from './profiler.ts'

const collector = fileURLToPath(new URL('./doctor-collect.ts', import.meta.url))
const readyWithinMs = 20_000
const askEveryMs = 20
/** The page is made from the samples before the collector ends. */
const pageWithinMs = 90_000
const page = 'doctor.html'
const samples = 'doctor-samples'
/** The one thing the page would fetch; it has fonts of the system to fall back on. */
const remoteFonts = 'https://clinicjs.org/assets/css/fonts.css'

/** Doctor samples the whole life of the proxy, whatever the phase. */
export function doctorProfiler({ folder }: ProfilerOptions): Profiler {
  return {
    target: { ...windtunnel, start: options => startUnderDoctor(folder, options) },
    onProgress: () => {},
    async finish() {
      const path = join(folder, page)
      if (!existsSync(path)) throw new InvalidRunError('doctor left no page')
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(remoteFonts, 'data:text/css,'))
      return { files: [page, samples], text: '' }
    },
  }
}

/** The configuration of our proxy on a port of ours: under doctor it cannot say which one it was given. */
export function configAt(port: number, options: Omit<StartOptions, 'dir' | 'pin' | 'children'>): object {
  const { architecture, originPorts, originWeights, seed } = options
  const listen = { host: '127.0.0.1', port }
  return { ...proxyConfig(architecture, originPorts, seed, originWeights), listen }
}

async function startUnderDoctor(folder: string, options: StartOptions): Promise<RunningTarget> {
  const { dir, pin, children } = options
  const config = join(dir, 'proxy.json')
  const port = await reservePort()
  writeFileSync(config, `${JSON.stringify(configAt(port, options), null, 2)}\n`)
  // V8's trace files land in the working directory, and doctor refuses to start where old ones lie.
  const cwd = join(folder, samples)
  mkdirSync(cwd, { recursive: true })
  const child = children.fork(collector, [join(folder, page), proxyMain, `config=${config}`], pin, { cwd })
  try {
    await awaitReady(child, port)
    return { port, pid: child.pid, stats: [], exited: child.exited, stop: () => finishPage(child) }
  } catch (error) {
    await child.stop()
    throw error
  }
}

/** Waits until the proxy, whose pid the collector tells, listens. @throws InvalidRunError when it does not. */
async function awaitReady(child: Child, port: number): Promise<void> {
  let pid = 0
  let ended: string | null = null
  child.process.once('message', told => {
    pid = told as number
  })
  child.exited.then(how => {
    ended = how
  })
  const deadline = performance.now() + readyWithinMs
  while (ended === null && performance.now() < deadline) {
    if (pid > 0 && (await listens(pid, port))) return
    await new Promise(resolve => setTimeout(resolve, askEveryMs))
  }
  const reason = ended ?? `it did not listen within ${readyWithinMs / 1000} s`
  throw new InvalidRunError(`windtunnel could not start under doctor: ${reason}`)
}

/** Asks for the page and waits for it; a collector that takes too long is stopped. */
async function finishPage(child: Child): Promise<void> {
  if (child.process.connected) child.process.send('finish', () => {})
  const late = setTimeout(() => child.stop(), pageWithinMs)
  await child.exited
  clearTimeout(late)
}
