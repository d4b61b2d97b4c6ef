// The probe on real children: one that burns CPU, holds descriptors and starts a child of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { ProcessTree, resourcesAvailable, treeOf } from './process-tree.ts'

const started: ChildProcess[] = []

/** Starts a script and waits for its first line. */
async function start(script: string): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  started.push(child)
  const [line] = await once(child.stdout!, 'data')
  return { child, line: String(line).trim() }
}

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

const linux = test.skipIf(!resourcesAvailable)

linux('counts CPU, memory and descriptors of a child', async () => {
  const script = `
    const fs = require('node:fs')
    const held = Array.from({ length: 100 }, () => fs.openSync('/dev/null'))
    process.stdin.once('data', () => {
      const before = process.cpuUsage()
      let used
      do used = process.cpuUsage(before); while (used.user + used.system < 200_000)
      held.slice(50).forEach(fs.closeSync)
      console.log('burnt')
    })
    console.log('ready')`
  const { child } = await start(script)
  const tree = new ProcessTree(child.pid!)
  const before = tree.sample()!
  child.stdin!.write('go')
  await once(child.stdout!, 'data')
  const after = tree.sample()!
  // The child itself measured 200 ms; its other threads and the start of the command come on top.
  expect((after.cpuNs - before.cpuNs) / 1e6).toBeGreaterThanOrEqual(195)
  expect(after.runQueueNs).toBeGreaterThanOrEqual(before.runQueueNs)
  expect(before.descriptors - after.descriptors).toBe(50)
  expect(before.rssBytes).toBeGreaterThan(10e6)
  tree.close()
})

linux('includes descendants, and keeps the CPU of one that has ended', async () => {
  const script = `
    const { spawn } = require('node:child_process')
    const burn = "const b = process.cpuUsage(); while (process.cpuUsage(b).user < 100_000); console.log('ready'); process.stdin.resume()"
    const child = spawn(process.execPath, ['-e', burn], { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdout.once('data', () => console.log(child.pid))
    child.once('exit', () => console.log('gone'))
    process.stdin.once('data', () => child.stdin.end())`
  const { child, line } = await start(script)
  expect(treeOf(child.pid!)).toEqual([child.pid, Number(line)])
  const tree = new ProcessTree(child.pid!)
  const before = tree.sample()!
  expect(before.cpuNs / 1e6).toBeGreaterThanOrEqual(100)
  child.stdin!.write('end')
  await once(child.stdout!, 'data')
  expect(tree.sample()!.cpuNs).toBeGreaterThanOrEqual(before.cpuNs)
  tree.close()
})

linux('counts the waiting of main threads and of our event-loop threads, and of no other', async () => {
  const script = `
    const { Worker } = require('node:worker_threads')
    const burn = "for (const at = performance.now(); performance.now() - at < 40;); require('node:worker_threads').parentPort.postMessage(1); setInterval(() => {}, 1e6)"
    let ready = 0
    for (const name of ['proxy-worker-0', 'another']) {
      new Worker(burn, { eval: true, name }).on('message', () => ++ready === 2 && console.log('ready'))
    }`
  const { child } = await start(script)
  const waited = (thread: string) =>
    Number(readFileSync(`/proc/${child.pid}/task/${thread}/schedstat`, 'latin1').split(' ')[1])
  const nameOf = (thread: string) => readFileSync(`/proc/${child.pid}/task/${thread}/comm`, 'latin1').trim()
  const loops = readdirSync(`/proc/${child.pid}/task`).filter(
    thread => thread === `${child.pid}` || nameOf(thread) === 'proxy-worker-0',
  )
  expect(loops).toHaveLength(2)
  const total = () => loops.reduce((sum, thread) => sum + waited(thread), 0)
  const tree = new ProcessTree(child.pid!)
  const before = total()
  const { runQueueNs } = tree.sample()!
  expect(runQueueNs).toBeGreaterThanOrEqual(before)
  expect(runQueueNs).toBeLessThanOrEqual(total())
  expect(waited(loops[1]!)).toBeGreaterThan(0)
  tree.close()
})

linux('says null when the process is gone', async () => {
  const { child } = await start("console.log('ready'); process.stdin.resume()")
  const tree = new ProcessTree(child.pid!)
  expect(tree.sample()).not.toBeNull()
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(tree.sample()).toBeNull()
  tree.close()
})
