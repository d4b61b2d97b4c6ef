// Every lesson as its reader meets it: built, opened in Chromium without a network, predicted, moved, read.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findProgram } from '../../harness/children.ts'
import { buildNotebooks } from '../../notebooks/build/build.ts'
import { readLessons } from '../../notebooks/build/lesson.ts'
import { meanOfChoices, play } from '../../notebooks/page/choosing.ts'
import { readCards } from '../../reports/questions.ts'

const executablePath = findProgram('chromium')
const lessons = readLessons()
const folder = mkdtempSync(join(tmpdir(), 'windtunnel-notebooks-'))

beforeAll(() => buildNotebooks(folder, () => {}), 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

test.each(lessons.map(lesson => lesson.file))('%s is one file of at most 2.5 MB', file => {
  const { size } = statSync(join(folder, `${file}.html`))
  expect(size).toBeGreaterThan(100_000)
  expect(size).toBeLessThanOrEqual(2.5 * 1024 * 1024)
})

test.each(lessons)('$file says in one sentence what it is about, for the index', ({ cells }) => {
  const first = cells[0]!.value.trim().split(/\n{2,}/)[0]!
  expect(first).toMatch(/^[^.?!]+[.?!]$/)
  expect(readFileSync(join(folder, 'index.html'), 'utf8')).toContain(first)
})

test('the lesson of every question card exists', () => {
  const names = new Set(lessons.map(lesson => lesson.name))
  expect(readCards().filter(({ lesson }) => lesson !== undefined && !names.has(lesson))).toEqual([])
})

if (executablePath === null) process.stdout.write('skipped: lessons in a browser: no chromium on PATH\n')

describe.skipIf(executablePath === null)('in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
  })
  afterAll(() => browser.close())

  async function open(file: string, width: number, colorScheme: 'light' | 'dark'): Promise<[Page, string[]]> {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, offline: true })
    const page = await context.newPage()
    const said: string[] = []
    page.on('console', message => said.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', error => said.push(error.message))
    page.on('request', request => {
      if (!request.url().startsWith('file:')) said.push(`asked for ${request.url()}`)
    })
    await page.goto(`file://${folder}/${file}.html`)
    return [page, said]
  }

  test.each(lessons.map(lesson => lesson.file))(
    '%s: predict by keyboard, move a slider, see the chart change',
    async file => {
      const [page, said] = await open(file, 1100, 'light')
      expect(await page.locator('figure').count()).toBe(0)
      await page.getByRole('radio').first().focus()
      await page.keyboard.press('Space')
      await page.getByRole('button', { name: 'That is my prediction' }).press('Enter')
      await page.locator('.outcome').waitFor()
      const drawn = page.locator('figure [data-drawn] svg').first()
      await drawn.waitFor()
      const before = await drawn.innerHTML()
      await page.getByRole('slider').first().press('Home')
      await page.waitForFunction(
        `document.querySelector('figure [data-drawn] svg')?.innerHTML.length > 0 &&
       document.querySelector('figure [data-drawn] svg').innerHTML !== ${JSON.stringify(before)}`,
      )
      expect(await page.getByText(/NaN|undefined|\[object/).count()).toBe(0)
      expect(said).toEqual([])
      await page.context().close()
    },
    60_000,
  )

  test.each(lessons.map(lesson => lesson.file))(
    '%s fits a phone, in the dark',
    async file => {
      const [page, said] = await open(file, 390, 'dark')
      // A lesson may ask more than once; what follows the first question shows the others.
      const pass = page.getByRole('button', { name: 'I only want to look' })
      await pass.first().click()
      while ((await pass.count()) > 0) await pass.first().click()
      await page.locator('figure [data-drawn] svg').last().waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
      expect(said).toEqual([])
      await page.context().close()
    },
    60_000,
  )
})

describe('what the lesson on two choices says in words', () => {
  const busy = { origins: 10, serviceMs: 10, ratePerSecond: 900, requests: 60_000 }

  test('the second draw brings most of what looking at everybody would', () => {
    const [one, two, all] = (['random', 'power-of-two', 'least-request'] as const).map(name => play(name, busy).meanMs)
    expect((one! - two!) / (one! - all!)).toBeGreaterThan(0.75)
  })

  test('at half load there is little to gain', () => {
    const half = { ...busy, ratePerSecond: 500 }
    expect(play('random', half).meanMs / play('power-of-two', half).meanMs).toBeLessThan(2)
    expect(play('random', busy).meanMs / play('power-of-two', busy).meanMs).toBeGreaterThan(2)
  })

  test('with many origins the runs come close to the limit that theory gives', () => {
    const many = { ...busy, origins: 100, ratePerSecond: 9000, requests: 300_000 }
    const limit = 10 * meanOfChoices(2, 0.9)
    expect(meanOfChoices(2, 0.9)).toBeCloseTo(2.6141, 3)
    expect(Math.abs(play('power-of-two', many).meanMs / limit - 1)).toBeLessThan(0.08)
  })

  test('with old counts the order turns: first looking at everybody loses to two draws, then both to chance', () => {
    const mean = (name: 'random' | 'power-of-two' | 'least-request', staleMs: number) =>
      play(name, { ...busy, requests: 40_000, staleMs }).meanMs
    expect(mean('least-request', 0)).toBeLessThan(mean('power-of-two', 0))
    expect(mean('least-request', 100)).toBeGreaterThan(mean('power-of-two', 100))
    expect(mean('power-of-two', 1000)).toBeGreaterThan(mean('random', 1000))
  })
})
