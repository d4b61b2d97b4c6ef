// One worker process seen from its parent: started with its place, counted, stopped.
import { type ChildProcess, fork } from 'node:child_process'
import type net from 'node:net'
import { newCounters, type Statistics } from './statistics.ts'
import type { Worker, WorkerOrder } from './worker-group.ts'

export type ToWorker = { readonly type: 'order'; readonly order: WorkerOrder } | { readonly type: 'connection' }
export type FromWorker = { type: 'ready' } | { type: 'closed' } | ({ type: 'statistics' } & Statistics)

export class WorkerProcess implements Worker {
  statistics: Statistics = { counters: newCounters(), loopDelayMaxMs: 0, gcMs: 0 }
  connections = 0
  readonly ready: Promise<void>
  readonly ended: Promise<string>
  private readonly child: ChildProcess

  constructor(order: WorkerOrder) {
    this.child = fork(new URL('./worker-main.ts', import.meta.url), { serialization: 'json' })
    this.ended = new Promise(resolve => this.child.once('exit', (code, signal) => resolve(signal ?? `status ${code}`)))
    this.ready = new Promise((resolve, reject) => {
      this.ended.then(how => reject(new Error(`worker ${order.worker} could not start (${how})`)))
      this.child.on('message', (message: FromWorker) => {
        if (message.type === 'ready') resolve()
        else if (message.type === 'closed') this.connections--
        else this.statistics = message
      })
    })
    // A child that dies while it is being told is noticed by its exit.
    this.child.on('error', () => {})
    this.child.send({ type: 'order', order } satisfies ToWorker, () => {})
  }

  give(socket: net.Socket): void {
    this.connections++
    this.child.send({ type: 'connection' } satisfies ToWorker, socket, error => {
      if (error) socket.destroy()
    })
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM')
    await this.ended
  }
}
