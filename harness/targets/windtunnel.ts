// Our own proxy as a target: a configuration file and a child process that says when it is ready and, every 200 ms, how
// its event loop fares.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidRunError } from '../../core/errors.ts'
import type { Architecture } from '../../core/scenario.ts'
import type { Child } from '../children.ts'
import { defineTarget, type TargetStats } from '../target.ts'

/** Runs one proxy from a configuration file. */
export const proxyMain = fileURLToPath(new URL('../../proxy/main.ts', import.meta.url))
const readyWithinMs = 15_000

type ProxyMessage =
  | { type: 'ready'; port: number }
  | ({ type: 'stats' } & Partial<Pick<TargetStats, 'loopDelayMaxMs' | 'gcMs' | 'counters'>>)

/** The configuration as proxy/config.ts reads it, listening on a port of the kernel's choice. */
export function proxyConfig(
  architecture: Architecture,
  originPorts: readonly number[],
  seed: number,
  originWeights: readonly number[] = [],
): object {
  const { maxConnections, requestHeadMs, responseHeadMs, ...seams } = architecture
  const upstreams = originPorts.map((port, index) => {
    const weight = originWeights[index] ?? 1
    return { id: `o${index}`, host: '127.0.0.1', port, weight }
  })
  return {
    listen: { host: '127.0.0.1', port: 0 },
    ...seams,
    upstreams,
    routes: [{ prefix: '/', upstreams: upstreams.map(upstream => upstream.id) }],
    limits: { maxConnections },
    timeouts: { requestHeadMs, ...(responseHeadMs === undefined ? {} : { responseHeadMs }) },
    accessLog: false,
    seed,
  }
}

/** Waits for the proxy's port and collects its statistics. @throws InvalidRunError when it ends or stays silent. */
function awaitReady(child: Child, stats: TargetStats[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new InvalidRunError(`windtunnel could not start: ${reason}`))
    const timer = setTimeout(() => fail(`it was not ready within ${readyWithinMs / 1000} s`), readyWithinMs)
    child.exited.then(how => {
      clearTimeout(timer)
      fail(how.replace(/^status \d+: (windtunnel: )?/, ''))
    })
    child.process.on('message', message => {
      const said = message as ProxyMessage
      if (said.type === 'ready') {
        clearTimeout(timer)
        resolve(said.port)
      } else if (said.type === 'stats') {
        const { loopDelayMaxMs = 0, gcMs = 0, counters = {} } = said
        stats.push({ at: performance.timeOrigin + performance.now(), loopDelayMaxMs, gcMs, counters })
      }
    })
  })
}

export default defineTarget({
  about: 'The proxy of this repository, with the strategies asked for.',
  source: 'proxy/',
  compiledWhileRunning: true,
  find: () => ({ path: proxyMain, version: 'of this repository' }),
  refuses: () => null,
  async start({ architecture, originPorts, originWeights, dir, pin, seed, children }) {
    const config = join(dir, 'proxy.json')
    writeFileSync(config, `${JSON.stringify(proxyConfig(architecture, originPorts, seed, originWeights), null, 2)}\n`)
    const child = children.fork(proxyMain, [`config=${config}`], pin)
    const stats: TargetStats[] = []
    try {
      const port = await awaitReady(child, stats)
      return { port, pid: child.pid, stats, exited: child.exited, stop: () => child.stop() }
    } catch (error) {
      await child.stop()
      throw error
    }
  },
})
