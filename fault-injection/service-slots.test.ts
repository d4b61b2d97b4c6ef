import { expect, test } from 'vitest'
import { ServiceSlots } from './service-slots.ts'

test('the first hold the slots, the others follow in order of arrival, and who gives up is passed over', () => {
  const slots = new ServiceSlots(2)
  const started: string[] = []
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(name => () => void started.push(name)) as (() => void)[]
  for (const start of [a!, b!, c!, d!, e!]) slots.enter(start)
  expect(started.join('')).toBe('ab')
  slots.leave(d!)
  slots.leave(b!)
  expect(started.join('')).toBe('abc')
  slots.leave(b!)
  expect(started.join('')).toBe('abc')
  slots.leave(a!)
  expect(started.join('')).toBe('abce')
})

test('without a limit nobody waits', () => {
  const slots = new ServiceSlots(Number.POSITIVE_INFINITY)
  let started = 0
  for (let k = 0; k < 100; k++) slots.enter(() => started++)
  expect(started).toBe(100)
})
