// Starting a real peer (nginx, HAProxy): a free loopback port, the program, a bounded wait until it listens, and one clear
// sentence when it does not.
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { InvalidRunError } from '../core/errors.ts'
import { findProgram } from './children.ts'
import { answers, listens } from './listening.ts'
import type { Found, RunningTarget, StartOptions } from './target.ts'

/** A program in JavaScript on a busy machine takes seconds to load. */
const listensWithinMs = 15_000
const askEveryMs = 20

/** Finds a peer on PATH and asks its version; `versionOf` reads it from what the program printed. */
export function findPeer(program: string, words: readonly string[], versionOf: RegExp): Found {
  const path = findProgram(program)
  if (path === null) return { missing: `${program} is not installed: apt-get install ${program}` }
  const asked = spawnSync(path, words, { encoding: 'utf8', timeout: 5000 })
  const version = versionOf.exec(asked.stdout + asked.stderr)?.[1]
  return version ? { path, version } : { missing: `${path} did not say its version` }
}

/** A port that was free a moment ago: bound to 0 and closed again. Whoever uses it must handle losing it. */
export function reservePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/**
 * Starts `program` and waits until it listens on `port`; `afterStop` is called once it has ended.
 * @throws InvalidRunError when the program ends first or does not listen within fifteen seconds.
 */
export async function startPeer(
  name: string,
  program: string,
  words: readonly string[],
  port: number,
  { children, pin }: Pick<StartOptions, 'children' | 'pin'>,
  afterStop: () => void,
): Promise<RunningTarget> {
  // Should the harness itself be killed, the kernel ends the peer with it.
  const leash = findProgram('setpriv')
  const command = [...(leash ? [leash, '--pdeathsig', 'SIGKILL'] : []), ...pin, program, ...words]
  const child = children.spawn(command[0]!, command.slice(1))
  let ended: string | null = null
  child.exited.then(how => {
    ended = how
  })
  const stop = () => child.stop().then(afterStop)
  const deadline = performance.now() + listensWithinMs
  while (ended === null && performance.now() < deadline) {
    if (await listens(child.pid, port)) return { port, pid: child.pid, stats: [], exited: child.exited, stop }
    await new Promise(resolve => setTimeout(resolve, askEveryMs))
  }
  // How it ends when it is stopped is our doing.
  const endedItself = ended
  await stop()
  throw new InvalidRunError(`${name} could not start: ${await whyNot(endedItself, port)}`)
}

/** The last line a peer prints is rarely the telling one when its port is taken. */
async function whyNot(ended: string | null, port: number): Promise<string> {
  if (await answers(port)) return `port ${port} is taken by another process`
  return ended?.replace(/^status \d+: /, '') ?? `it did not listen within ${listensWithinMs / 1000} s`
}
