import { expect, test } from 'vitest'
import { drawKeys, drawPosts } from './keys.ts'

test('keys come as often as Zipf says, and the same seed gives the same keys', () => {
  const keys = drawKeys({ count: 4, exponent: 1 }, 100_000, 7)
  const shares = [0, 1, 2, 3].map(key => keys.filter(drawn => drawn === key).length / keys.length)
  const total = 1 + 1 / 2 + 1 / 3 + 1 / 4
  shares.forEach((share, key) => {
    expect(share).toBeCloseTo(1 / (key + 1) / total, 2)
  })
  expect(drawKeys({ count: 4, exponent: 1 }, 1000, 7)).toEqual(keys.slice(0, 1000))
  expect(drawKeys({ count: 4, exponent: 1 }, 1000, 8)).not.toEqual(keys.slice(0, 1000))
})

test('an exponent of 0 asks for all keys equally often', () => {
  const keys = drawKeys({ count: 2, exponent: 0 }, 100_000, 1)
  expect(keys.filter(key => key === 0).length / keys.length).toBeCloseTo(0.5, 2)
})

test.each([
  { count: 0, exponent: 1 },
  { count: 1.5, exponent: 1 },
  { count: 10, exponent: -1 },
])('%j is refused', plan => {
  expect(() => drawKeys(plan, 1, 1)).toThrow('load.keys')
})

test('posts are drawn by their share, the same for the same seed', () => {
  const posts = drawPosts(0.3, 10_000, 1)
  expect(posts.reduce((sum, post) => sum + post, 0)).toBeGreaterThan(2800)
  expect(posts.reduce((sum, post) => sum + post, 0)).toBeLessThan(3200)
  expect(drawPosts(0.3, 10_000, 1)).toEqual(posts)
  expect(drawPosts(0, 5, 1)).toEqual(new Uint8Array(5))
  expect(drawPosts(1, 5, 1)).toEqual(new Uint8Array(5).fill(1))
  expect(() => drawPosts(1.1, 1, 1)).toThrow('load.postShare: 1.1 given')
})
