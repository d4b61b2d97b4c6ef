// What a tree of processes costs, from the kernel's own accounts in /proc: CPU and run-queue wait in nanoseconds of every
// thread, resident memory, open descriptors. Descriptors are kept open and one buffer is reused, because the probe runs
// beside the generator: a sample of a Node process costs about 0.1 ms.
// Source: Linux Documentation/scheduler/sched-stats.rst (schedstat), proc(5).

import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { threadName } from '../../proxy/worker-thread.ts'

const relistEverySamples = 10

export interface TreeSample {
  /** CPU time used so far by all threads, also by those that have ended, ns. */
  cpuNs: number
  /**
   * Time so far in which main threads, and the event loops of our own threads, were ready to run and waited for a core, ns.
   * The helper threads of a runtime are left out: on a core of their own they wait for nobody but their main thread.
   */
  runQueueNs: number
  /** Sum of resident sets; pages shared between processes count once in each. */
  rssBytes: number
  descriptors: number
}

/** Can this system say anything of a process? Only Linux has what the probe reads. */
export const resourcesAvailable = existsSync('/proc/self/schedstat')

const buffer = Buffer.alloc(4096)

function readInto(descriptor: number): string {
  return buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.length, 0))
}

/** Runs `read`, or gives null when the process or thread is gone. */
function unlessGone<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

class Thread {
  cpuNs = 0
  runQueueNs = 0
  private readonly serves: boolean
  private readonly descriptor: number

  constructor(pid: number, thread: string) {
    const isLoop = () => readFileSync(`/proc/${pid}/task/${thread}/comm`, 'latin1').startsWith(threadName)
    this.serves = thread === `${pid}` || isLoop()
    this.descriptor = openSync(`/proc/${pid}/task/${thread}/schedstat`, 'r')
  }

  /** False when the thread has ended; its last figures stand. */
  read(): boolean {
    const text = unlessGone(() => readInto(this.descriptor))
    if (!text) return false
    const space = text.indexOf(' ')
    this.cpuNs = Number(text.slice(0, space))
    if (this.serves) this.runQueueNs = Number(text.slice(space + 1, text.indexOf(' ', space + 1)))
    return true
  }

  close(): void {
    closeSync(this.descriptor)
  }
}

class Process {
  readonly pid: number
  private readonly status: number
  private readonly threads = new Map<string, Thread>()

  constructor(pid: number) {
    this.pid = pid
    this.status = openSync(`/proc/${pid}/status`, 'r')
  }

  /** Adds this process to `into`; figures of ended threads go to `retired`. False when the process is gone. */
  read(into: TreeSample, retired: TreeSample): boolean {
    const names = unlessGone(() => readdirSync(`/proc/${this.pid}/task`))
    for (const name of names ?? []) {
      if (this.threads.has(name)) continue
      const thread = unlessGone(() => new Thread(this.pid, name))
      if (thread) this.threads.set(name, thread)
    }
    for (const [name, thread] of this.threads) {
      if (thread.read()) addTo(into, thread)
      else this.retire(name, thread, retired)
    }
    const status = unlessGone(() => readInto(this.status))
    // A process that has ended but is not yet waited for has a status without a resident set.
    if (!names || !status) return false
    const at = status.indexOf('VmRSS:')
    if (at >= 0) into.rssBytes += Number.parseInt(status.slice(at + 6, at + 24), 10) * 1024
    into.descriptors += descriptorsOf(this.pid)
    return true
  }

  close(retired: TreeSample): void {
    for (const [name, thread] of this.threads) this.retire(name, thread, retired)
    closeSync(this.status)
  }

  private retire(name: string, thread: Thread, retired: TreeSample): void {
    addTo(retired, thread)
    thread.close()
    this.threads.delete(name)
  }
}

function addTo(sum: TreeSample, thread: Thread): void {
  sum.cpuNs += thread.cpuNs
  sum.runQueueNs += thread.runQueueNs
}

/** Since Linux 6.2 the size of the directory is the number of open descriptors; before, it is 0 and they are listed. */
function descriptorsOf(pid: number): number {
  const path = `/proc/${pid}/fd`
  return unlessGone(() => statSync(path).size || readdirSync(path).length) ?? 0
}

function childrenOf(pid: number): number[] {
  const threads = unlessGone(() => readdirSync(`/proc/${pid}/task`)) ?? []
  return threads.flatMap(thread => {
    const list = unlessGone(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')) ?? ''
    return list.split(' ').filter(Boolean).map(Number)
  })
}

/** `pid` and all its descendants. */
export function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/** Samples a process and its descendants; new descendants are noticed within ten samples. */
export class ProcessTree {
  private readonly root: number
  private readonly processes = new Map<number, Process>()
  private readonly retired: TreeSample = { cpuNs: 0, runQueueNs: 0, rssBytes: 0, descriptors: 0 }
  private samples = 0

  constructor(rootPid: number) {
    this.root = rootPid
  }

  /** The figures now, or null when no process of the tree is left or this system cannot say. */
  sample(): TreeSample | null {
    if (!resourcesAvailable) return null
    if (this.samples++ % relistEverySamples === 0) this.relist()
    const sum: TreeSample = { cpuNs: 0, runQueueNs: 0, rssBytes: 0, descriptors: 0 }
    for (const [pid, process] of this.processes) {
      if (process.read(sum, this.retired)) continue
      process.close(this.retired)
      this.processes.delete(pid)
    }
    if (this.processes.size === 0) return null
    sum.cpuNs += this.retired.cpuNs
    sum.runQueueNs += this.retired.runQueueNs
    return sum
  }

  close(): void {
    for (const process of this.processes.values()) process.close(this.retired)
    this.processes.clear()
  }

  private relist(): void {
    for (const pid of treeOf(this.root)) {
      if (this.processes.has(pid)) continue
      const process = unlessGone(() => new Process(pid))
      if (process) this.processes.set(pid, process)
    }
  }
}
