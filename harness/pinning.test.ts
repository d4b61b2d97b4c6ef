// Which core serves whom, and what is said when nothing is pinned.
import { expect, test } from 'vitest'
import { choosePinning, expandCpuList } from './pinning.ts'

test('expands the lists of the kernel', () => {
  expect(expandCpuList('0-2,5\n')).toEqual([0, 1, 2, 5])
  expect(expandCpuList('3')).toEqual([3])
})

test('the first two cores are used, or the reason is given', () => {
  expect(choosePinning([2, 3, 5], '/bin/taskset')).toEqual({
    target: ['/bin/taskset', '-c', '2'],
    generator: ['/bin/taskset', '-c', '3'],
    sentence: 'target on core 2, generator and origins on core 3',
  })
  expect(choosePinning([0], '/bin/taskset').sentence).toBe('not pinned: only one core is available')
  expect(choosePinning([0, 1], null)).toEqual({
    target: [],
    generator: [],
    sentence: 'not pinned: taskset is not installed',
  })
  expect(choosePinning(null, null).sentence).toBe('not pinned: this system has no /proc')
})
