// The targets a Node user would pick: each is a small program in targets/programs around one package, run by the Node of
// this repository in one process. They differ in the package alone, so what is asked of them and how they start is here.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSpec } from '../core/registry.ts'
import type { Architecture } from '../core/scenario.ts'
import { reservePort, startPeer } from './peer-process.ts'
import { defineTarget, type Found, parameterWithoutEquivalent, type Target } from './target.ts'

/** What a program reads from the JSON file it is given. */
export interface NodeProxyConfig {
  readonly port: number
  readonly originPorts: readonly number[]
  readonly balancer: 'round-robin' | 'power-of-two'
  /** Whether connections to origins are kept; otherwise each request opens its own. */
  readonly keepAlive: boolean
  readonly maxConnections: number
  /** Milliseconds; 0 means no limit. */
  readonly requestHeadMs: number
  readonly seed: number
}

const nameOf = (spec: string) => parseSpec(spec, 'architecture').name

/** What a program of one process around `name` can do, by seam; everything else is refused. */
const offered = {
  threading: ['single'],
  pool: ['keep-alive', 'per-request'],
  buffering: ['streaming'],
  balancer: ['round-robin', 'power-of-two'],
  limiter: ['none'],
  health: ['always'],
  retries: ['none'],
  filter: ['none'],
} as const satisfies Partial<Record<keyof Architecture, readonly string[]>>

/** Null, or the first thing asked for that the target `name` is not set up for. */
export function refusalOf(name: string, architecture: Architecture): string | null {
  for (const [seam, names] of Object.entries(offered) as [keyof typeof offered, readonly string[]][]) {
    if (!names.includes(nameOf(architecture[seam]))) return `${name} is not set up for ${seam}=${architecture[seam]}`
  }
  const pool = parameterWithoutEquivalent('pool', architecture.pool, {})
  if (pool) return `${name} has no equivalent of ${pool}`
  if (architecture.responseHeadMs !== undefined) return `${name} is not set up for responseHeadMs`
  return null
}

/** The version of an installed package, or how to get it. */
function findPackage(packageName: string): Found {
  const paths = createRequire(import.meta.url).resolve.paths(packageName) ?? []
  for (const folder of paths) {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, packageName, 'package.json'), 'utf8'))
      return { path: join(folder, packageName), version }
    } catch {
      // Not in this folder.
    }
  }
  return { missing: `the package ${packageName} is not installed: npm install` }
}

/** The target `name`: the program of that name in targets/programs, around the package `packageName`. */
export function nodeProxyTarget(name: string, packageName: string, about: string): Target {
  const program = fileURLToPath(new URL(`./targets/programs/${name}.ts`, import.meta.url))
  return defineTarget({
    about,
    source: `the package ${packageName}`,
    compiledWhileRunning: true,
    find: () => findPackage(packageName),
    refuses: architecture => refusalOf(name, architecture),
    async start(options) {
      const { balancer, pool, maxConnections, requestHeadMs } = options.architecture
      const port = await reservePort()
      const file = join(options.dir, 'proxy.json')
      const config: NodeProxyConfig = {
        port,
        originPorts: options.originPorts,
        balancer: nameOf(balancer) as NodeProxyConfig['balancer'],
        keepAlive: nameOf(pool) === 'keep-alive',
        maxConnections,
        requestHeadMs,
        seed: options.seed,
      }
      writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`)
      return startPeer(name, process.execPath, [program, file], port, options, () => {})
    },
  })
}
