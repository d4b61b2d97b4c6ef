// One worker thread seen from the thread that started it: started with its place, given connections, stopped. A connection
// is handed over by moving its socket, which Node can do since version 26 (documentation of node:net, “Transferring TCP
// handles to other threads”).
import type net from 'node:net'
import { Worker as Thread } from 'node:worker_threads'
import { newCounters, type Statistics } from './statistics.ts'
import type { Worker, WorkerOrder } from './worker-group.ts'

export type ToThread = { readonly type: 'stop' } | { readonly type: 'connection'; readonly socket: net.Socket }
export type FromThread =
  | { readonly type: 'ready' }
  /** A connection that was handed over has closed. */
  | { readonly type: 'closed' }
  | ({ readonly type: 'statistics' } & Statistics)

/** Threads are called by this and their number, so that an instrument can tell event loops from helper threads. */
export const threadName = 'proxy-worker'

const entry = new URL('./worker-thread-main.ts', import.meta.url)

export class WorkerThread implements Worker {
  statistics: Statistics = { counters: newCounters(), loopDelayMaxMs: 0, gcMs: 0 }
  connections = 0
  readonly ready: Promise<void>
  readonly ended: Promise<string>
  private readonly thread: Thread
  private alive = true

  /** `stackMb`: the stack reserved for the thread, MiB. `module`: what it runs; only tests give another. */
  constructor(order: WorkerOrder, stackMb: number, module = entry) {
    this.thread = new Thread(module, {
      name: `${threadName}-${order.worker}`,
      workerData: order,
      resourceLimits: { stackSizeMb: stackMb },
    })
    let died = ''
    // Listened for, because an error that nobody hears ends the whole process.
    this.thread.on('error', error => {
      died = error instanceof Error ? error.message : `${error}`
      process.stderr.write(`${error instanceof Error ? error.stack : died}\n`)
    })
    this.ended = new Promise(resolve => {
      this.thread.once('exit', status => {
        this.alive = false
        resolve(died || `status ${status}`)
      })
    })
    this.ready = new Promise((resolve, reject) => {
      this.ended.then(how => reject(new Error(`worker ${order.worker} could not start (${how})`)))
      this.thread.on('message', (message: FromThread) => {
        if (message.type === 'ready') resolve()
        else if (message.type === 'closed') this.connections--
        else this.statistics = message
      })
    })
  }

  give(socket: net.Socket): void {
    try {
      this.thread.postMessage({ type: 'connection', socket } satisfies ToThread, [socket])
      this.connections++
    } catch {
      // Its client is gone already: a socket that is closed cannot be moved.
      socket.destroy()
    }
  }

  async stop(): Promise<void> {
    if (this.alive) this.thread.postMessage({ type: 'stop' } satisfies ToThread)
    await this.ended
  }
}
