// How the words of a command line are read.
import { describe, expect, test } from 'vitest'
import { nearest, oneOf, parseWords, splitStrategies, wholeNumber, withSuggestion } from './words.ts'

describe('parseWords', () => {
  test('separates names from pairs, and only the first = separates', () => {
    expect(parseWords(['slowloris', 'pool=a:b=1', 'x='], null, 'here')).toEqual({
      names: ['slowloris'],
      values: { pool: 'a:b=1', x: '' },
    })
  })

  test('refuses an unknown key and a key given twice', () => {
    expect(() => parseWords(['sed=1'], ['seed'], 'scenario')).toThrow('scenario: unknown key "sed"; allowed: seed')
    expect(() => parseWords(['seed=1', 'seed=2'], ['seed'], 'scenario')).toThrow('seed= given twice')
  })
})

describe('splitStrategies', () => {
  test.each([
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['a:x=1,y=2', ['a:x=1,y=2']],
    ['a:x=1,y=2,b', ['a:x=1,y=2', 'b']],
    ['a:x=1,b:y=2,z=3,c', ['a:x=1', 'b:y=2,z=3', 'c']],
    ['300,600', ['300', '600']],
    ['a:x=1,y=2+b:z=3,w=4,c+d,e', ['a:x=1,y=2+b:z=3,w=4', 'c+d', 'e']],
  ])('%s', (text, strategies) => {
    expect(splitStrategies(text)).toEqual(strategies)
  })
})

describe('values and names', () => {
  test('a whole number within its range', () => {
    expect(wholeNumber('7', 'repeats', 1, 50)).toBe(7)
    for (const wrong of ['', ' ', '0', '51', '1.5', 'many']) {
      expect(() => wholeNumber(wrong, 'repeats', 1, 50)).toThrow('allowed: a whole number from 1 to 50')
    }
  })

  test('one of some words', () => {
    expect(oneOf('quick', 'effort', ['quick', 'normal'])).toBe('quick')
    expect(() => oneOf('fast', 'effort', ['quick', 'normal'])).toThrow('effort=fast given; allowed: quick, normal')
  })

  test('the nearest name is suggested, a far one is not', () => {
    expect(nearest('slowlorris', ['steady', 'slowloris'])).toBe('slowloris')
    expect(nearest('zebra', ['steady', 'slowloris'])).toBeNull()
    expect(withSuggestion('scenario: unknown scenario "stedy"; allowed: slowloris, steady')).toMatch(
      /did you mean "steady"\?$/,
    )
    expect(withSuggestion('repeats=0 given; allowed: more')).toBe('repeats=0 given; allowed: more')
  })
})
