import { expect, test } from 'vitest'
import { describeFailure, formatBytes, formatMs, formatShare, formatValue, plural } from './units.ts'

test.each([
  [0, '0 ms'],
  [0.0005, '0.5 µs'],
  [0.42, '420 µs'],
  [0.9996, '1 ms'],
  [5.234, '5.23 ms'],
  [87.25, '87.3 ms'],
  [999.6, '1 s'],
  [1234, '1.23 s'],
  [101_400, '101 s'],
])('%d ms is written %s', (value, text) => {
  expect(formatMs(value)).toBe(text)
})

test.each([
  [512, '512 B'],
  [2355, '2.3 KB'],
  [1_048_576, '1 MB'],
  [954_000_000, '910 MB'],
  [8_250_000_000, '7.68 GB'],
])('%d bytes are written %s', (value, text) => {
  expect(formatBytes(value)).toBe(text)
})

test.each([
  [0, '0 %'],
  [0.0004, '<0.1 %'],
  [0.0123, '1.2 %'],
  [0.5, '50 %'],
  [0.9951, '99.5 %'],
  [0.99999, '>99.9 %'],
  [1, '100 %'],
])('the share %d is written %s: nothing rounds to none or all', (value, text) => {
  expect(formatShare(value)).toBe(text)
})

test('every unit is written in its own way, null as a dash', () => {
  const texts = (['ms', 'us', 'bytes', 'share', '1/s', 'count', 'apples'] as const).map(unit => formatValue(unit, 1234))
  expect(texts).toEqual(['1.23 s', '1.23 ms', '1.21 KB', '123400 %', '1,234/s', '1,234', '1,234 apples'])
  expect(formatValue('ms', null)).toBe('–')
  expect(formatValue('ms', Number.NaN)).toBe('–')
})

test('words', () => {
  expect([plural(1, 'run'), plural(2, 'run')]).toEqual(['1 run', '2 runs'])
  expect([describeFailure('timeout'), describeFailure('new-kind')]).toEqual(['no answer in time', 'new-kind'])
})
