// The part of autocannon that closed.ts uses. The published types know neither the emitter on the promise form nor what a
// client is made of, and both are needed to count right.
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'

  /** One connection and the requests that wait on it. Fields with an underscore are autocannon's own. */
  interface Client extends EventEmitter {
    conn: Socket
    readonly pipelinedRequests: { size(): number; peek(): object | undefined; clear(): void }
    readonly parser: { reinitialize(type: 'RESPONSE'): void }
    _connect(): void
  }

  interface Options {
    readonly url: string
    readonly connections: number
    /** Seconds, fractions allowed. */
    readonly duration: number
    /** Seconds, 1 and up. */
    readonly timeout: number
    /** Milliseconds between two looks at whether to stop. */
    readonly sampleInt: number
    setupClient(client: Client): void
  }

  /** Emits `response` (client, status, bytes, milliseconds) and `reqError` (error). */
  interface Running extends EventEmitter, PromiseLike<unknown> {
    stop(): void
  }

  export default function autocannon(options: Options): Running
}
