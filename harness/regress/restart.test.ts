// One short restart with real processes: what is accounted for, and that nothing is left running.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { InvalidRunError } from '../../core/errors.ts'
import { Children } from '../children.ts'
import { choosePinning } from '../pinning.ts'
import { resourcesAvailable } from '../probes/process-tree.ts'
import { runRestart } from './restart.ts'
import { arms, planSlices, scheduleOf } from './slices.ts'
import { workingTree } from './trees.ts'

const { path: root } = workingTree()

function restartOn(head: string) {
  const children = new Children()
  onTestFinished(() => children.stopAll())
  const plan = { trees: { base: root, head }, triples: 1, seed: 1, restart: 0, pinning: choosePinning() }
  return { children, result: runRestart(plan, children) }
}

test('three proxies take turns, and every request of each has a fate', { timeout: 60_000 }, async () => {
  const { children, result } = restartOn(root)
  const { arms: results, slices } = await result
  const planned = planSlices(1, 1, 0)
  expect(slices.map(slice => slice.arm)).toEqual(planned.map(slice => slice.arm))
  for (const arm of arms) {
    const { scheduled, answered, errors, broken, originRequests, rssBytes } = results[arm]
    expect(scheduled).toBe(scheduleOf(arm, planned).size)
    expect(Object.values(errors).reduce((sum, count) => sum + count, answered)).toBe(scheduled)
    expect(broken).toEqual([])
    expect(originRequests).toBeGreaterThan(0)
    if (resourcesAvailable) expect(rssBytes).toBeGreaterThan(1e6)
  }
  expect(children.pids).toEqual([])
})

test('a tree whose proxy does not start ends the restart and leaves nothing running', async () => {
  const empty = mkdtempSync(`${tmpdir()}/windtunnel-test-`)
  onTestFinished(() => rmSync(empty, { recursive: true }))
  const { children, result } = restartOn(empty)
  await expect(result).rejects.toThrow(InvalidRunError)
  await expect(result).rejects.toThrow(/the head proxy could not start: status 1/)
  expect(children.pids).toEqual([])
})
