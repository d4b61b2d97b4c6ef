// The harness's side of the rig: forks it, hands over the plan, and turns its messages into promises.
import { fileURLToPath } from 'node:url'
import { InvalidRunError } from '../core/errors.ts'
import type { Children } from './children.ts'
import type { FromRig, Observations, Progress, RigPlan, ToRig } from './rig-protocol.ts'

const rigModule = fileURLToPath(new URL('./rig.ts', import.meta.url))

export interface Rig {
  /** Ports of the scripted origins; they listen. */
  readonly ports: readonly number[]
  readonly scheduleHash: string
  /** Starts the load. @throws InvalidRunError when the rig fails or ends before its result. */
  go(port: number, rootPid: number, onProgress: (progress: Progress) => void): Promise<Observations>
  stop(): Promise<void>
}

/** @throws InvalidRunError when the rig cannot be started. */
export async function startRig(plan: RigPlan, children: Children, pin: readonly string[]): Promise<Rig> {
  // Typed arrays arrive as typed arrays only with this serialisation.
  const child = children.fork(rigModule, [], pin, { serialization: 'advanced' })
  const listeners: { [K in FromRig['type']]?: (message: Extract<FromRig, { type: K }>) => void } = {}
  child.process.on('message', message => listeners[(message as FromRig).type]?.(message as never))
  const failed = new Promise<never>((_, reject) => {
    const fail = (reason: string) => reject(new InvalidRunError(`the load generator failed: ${reason}`))
    listeners.failed = ({ message }) => fail(message)
    child.exited.then(how => fail(`it ended with ${how}`))
  })
  failed.catch(() => {})
  const send = (message: ToRig) => child.process.send(message, () => {})

  const origins = new Promise<Extract<FromRig, { type: 'origins' }>>(resolve => {
    listeners.origins = resolve
  })
  send({ type: 'plan', plan })
  const { ports, scheduleHash } = await Promise.race([origins, failed]).catch(async error => {
    await child.stop()
    throw error
  })
  return {
    ports,
    scheduleHash,
    go(port, rootPid, onProgress) {
      listeners.progress = ({ progress }) => onProgress(progress)
      const result = new Promise<Observations>(resolve => {
        listeners.result = ({ observations }) => resolve(observations)
      })
      send({ type: 'go', host: '127.0.0.1', port, rootPid })
      return Promise.race([result, failed])
    },
    stop: () => child.stop(),
  }
}
