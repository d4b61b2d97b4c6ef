// A proxy of some tree as a child process: that tree's own proxy/main.ts with this tree's Node, and a configuration that
// names only what the gate cares for, so that an older tree still understands it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidRunError } from '../../core/errors.ts'
import type { Child, Children } from '../children.ts'

const readyWithinMs = 15_000

export interface ProxyProcess {
  readonly port: number
  readonly child: Child
}

/** What a proxy is started with. */
export interface ProxyStart {
  /** For messages and the name of the configuration: `base`, `head` or `control`. */
  readonly name: string
  /** Root folder of the tree whose proxy is run. */
  readonly tree: string
  readonly originPorts: readonly number[]
  /** An existing folder for the configuration. */
  readonly dir: string
  readonly seed: number
  readonly pin: readonly string[]
}

/** @throws InvalidRunError in one sentence when the proxy ends or is not ready within 15 seconds; it is gone by then. */
export async function startProxy(start: ProxyStart, children: Children): Promise<ProxyProcess> {
  const { name, tree, originPorts, dir, seed, pin } = start
  const config = join(dir, `${name}.json`)
  const settings = {
    listen: { host: '127.0.0.1', port: 0 },
    threading: 'single',
    pool: 'keep-alive',
    upstreams: originPorts.map((port, index) => ({ id: `o${index}`, host: '127.0.0.1', port })),
    seed,
  }
  writeFileSync(config, `${JSON.stringify(settings, null, 2)}\n`)
  // A cache of compiled code would be warm for one tree and cold for the other.
  const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' }
  const child = children.fork(join(tree, 'proxy', 'main.ts'), [`config=${config}`], pin, { cwd: tree, env })
  try {
    return { port: await readyPort(child, name), child }
  } catch (error) {
    await child.stop()
    throw error
  }
}

function readyPort(child: Child, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new InvalidRunError(`the ${name} proxy could not start: ${reason}`))
    const timer = setTimeout(() => fail(`it was not ready within ${readyWithinMs / 1000} s`), readyWithinMs)
    child.exited.then(how => {
      clearTimeout(timer)
      fail(how)
    })
    child.process.on('message', (message: { type?: string; port?: number }) => {
      if (message.type !== 'ready' || typeof message.port !== 'number') return
      clearTimeout(timer)
      resolve(message.port)
    })
  })
}
