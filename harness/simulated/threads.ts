// Work in threads, one task after the other in each: what is found depends on the task alone, not on the thread, nor on what
// the thread did before.
import { parentPort, Worker } from 'node:worker_threads'
import { UsageError } from '../../core/errors.ts'
import { inlineMore } from './inlining.ts'

type Answer<T> = { readonly done: T } | { readonly failed: string; readonly usage: boolean; readonly stack: string }

/** The side of the thread: does what it is sent. */
export function answerTasks<Task, T>(work: (task: Task) => Promise<T>): void {
  parentPort?.on('message', async (task: Task) => parentPort!.postMessage(await answerTo(work, task)))
}

async function answerTo<Task, T>(work: (task: Task) => Promise<T>, task: Task): Promise<Answer<T>> {
  try {
    return { done: await work(task) }
  } catch (error) {
    const { message, stack = message } = error as Error
    return { failed: message, usage: error instanceof UsageError, stack }
  }
}

/**
 * Does all tasks in threads that run `module`; `onDone` hears of each as it is done, in no particular order.
 * @returns the answers in the order of the tasks. @throws UsageError or Error when a task did.
 */
export async function inThreads<Task, T>(
  module: URL,
  tasks: readonly Task[],
  threads: number,
  onDone: (answer: T, task: Task) => void,
): Promise<T[]> {
  inlineMore()
  const answers = new Array<T>(tasks.length)
  const workers = Array.from({ length: Math.min(threads, tasks.length) }, () => new TaskThread<Task, T>(module))
  let next = 0
  try {
    await Promise.all(
      workers.map(async worker => {
        while (next < tasks.length) {
          const index = next++
          answers[index] = await worker.do(tasks[index]!)
          onDone(answers[index], tasks[index]!)
        }
      }),
    )
  } finally {
    await Promise.all(workers.map(worker => worker.stop()))
  }
  return answers
}

class TaskThread<Task, T> {
  private readonly worker: Worker

  constructor(module: URL) {
    this.worker = new Worker(module)
  }

  do(task: Task): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.worker.off('message', onMessage)
        this.worker.off('error', onError)
        act()
      }
      const onMessage = (answer: Answer<T>) =>
        settle(() => ('done' in answer ? resolve(answer.done) : reject(errorOf(answer))))
      const onError = (error: Error) => settle(() => reject(error))
      this.worker.on('message', onMessage)
      this.worker.on('error', onError)
      this.worker.postMessage(task)
    })
  }

  async stop(): Promise<void> {
    await this.worker.terminate()
  }
}

function errorOf({ failed, usage, stack }: Extract<Answer<never>, { failed: string }>): Error {
  if (usage) return new UsageError(failed)
  const error = new Error(failed)
  error.stack = stack
  return error
}
