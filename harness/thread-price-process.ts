// Starts threads that do nothing and says what they cost: a process of its own, so that nothing else is in the figures.
// Forked by thread-price.ts with the kind and the number of threads; ends when it has answered.
import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { ThreadKind, ThreadPrice } from './thread-price.ts'

interface Memory {
  readonly threads: number
  readonly reservedBytes: number
  readonly residentBytes: number
}

/** Of this process. Source: proc(5), status: VmSize and VmRSS are in kB. */
function memory(): Memory {
  const status = readFileSync('/proc/self/status', 'latin1')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return { threads: field('Threads'), reservedBytes: field('VmSize') * 1024, residentBytes: field('VmRSS') * 1024 }
}

/** An idle event loop, without any of our code. */
const idleLoop = `const { parentPort } = require('node:worker_threads'); parentPort.on('message', () => {}); parentPort.postMessage(0)`

async function startLoops(count: number, stackMb: number): Promise<void> {
  for (let started = 0; started < count; started++) {
    const worker = new Worker(idleLoop, { eval: true, resourceLimits: { stackSizeMb: stackMb } })
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  }
}

async function measure(kind: ThreadKind, count: number, stackMb: number): Promise<ThreadPrice> {
  const before = memory()
  // libuv starts all threads of its pool (UV_THREADPOOL_SIZE of them) for the first task that it is given.
  if (kind === 'bare') await stat('/')
  else await startLoops(count, stackMb)
  const after = memory()
  const threads = after.threads - before.threads
  return {
    threads,
    reservedBytes: (after.reservedBytes - before.reservedBytes) / threads,
    residentBytes: (after.residentBytes - before.residentBytes) / threads,
  }
}

const [kind = '', count = '', stackMb = ''] = process.argv.slice(2)
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
process.send!(await measure(kind as ThreadKind, Number(count), Number(stackMb)), () => process.exit(0))
