import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ScenarioRecord } from '../core/record.ts'
import { browserPath, launchBrowser } from './browser.fixture.ts'
import { faultRecord, invalidRecord, slowlorisRecord, steadyRecord, undecidedRecord } from './fixture.ts'
import { sweepRecord } from './fixture-sweep.ts'
import { renderPage } from './page.ts'

const hostileName = '</script><img src=x onerror="document.title=\'owned\'">'

function withHostileNames(): ScenarioRecord {
  const record = slowlorisRecord()
  for (const run of record.runs) if (run.variant === 'prefork') run.variant = hostileName
  record.variants[0]!.name = hostileName
  record.question = `${hostileName} <b>bold</b> {{x}} \${y}`
  record.claims[0]!.claim = hostileName
  record.machine.cpu = hostileName
  record.load.phases[0]!.name = '<i>calm</i>'
  for (const run of record.runs) run.phases[0]!.name = '<i>calm</i>'
  return record
}

/** More series than get a line. */
const manySeries = () => sweepRecord({ series: Array.from({ length: 20 }, (_, index) => `balancer-${index}`) })

describe('the page as text', () => {
  test('says the verdict in its title, forbids every request and stays small', async () => {
    const page = await renderPage(undecidedRecord())
    expect(page).toContain('<title>? slowloris: Undecided · Windtunnel</title>')
    expect(page).toContain(
      `content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"`,
    )
    expect(page.length).toBeLessThan(2_000_000)
  })

  test('stays small with twenty series at ten points', async () => {
    const points = Array.from({ length: 10 }, (_, index) => index + 1)
    const series = Array.from({ length: 20 }, (_, index) => `balancer-${index}`)
    expect((await renderPage(sweepRecord({ series, points }))).length).toBeLessThan(2_000_000)
  })

  test('an invalid record shows why, and neither numbers nor charts', async () => {
    const page = await renderPage(invalidRecord())
    expect(page).toContain('3 of 6,400 requests have no fate')
    expect(page).not.toContain('id="numbers"')
    expect(page).not.toContain('id="chart-1"')
  })

  test('a record without a single run is a page as well', async () => {
    const page = await renderPage({ ...invalidRecord(), runs: [], comparisons: [] })
    expect(page).toContain('Invalid run')
  })
})

if (browserPath === null) console.info('page.test.ts: skipped what needs a browser: no chromium on PATH')

describe.skipIf(browserPath === null)('the page in a browser', () => {
  const directory = mkdtempSync(join(tmpdir(), 'windtunnel-page-'))
  let browser: Browser

  beforeAll(async () => {
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(directory, { recursive: true })
  })

  interface Sight {
    readonly page: Page
    readonly complaints: string[]
    readonly requests: string[]
  }

  async function open(record: ScenarioRecord, width = 1200, colorScheme: 'light' | 'dark' = 'light'): Promise<Sight> {
    const path = join(directory, 'report.html')
    writeFileSync(path, await renderPage(record))
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    const complaints: string[] = []
    const requests: string[] = []
    page.on('console', message => complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(error.message))
    page.on('request', request => requests.push(request.url()))
    await page.goto(pathToFileURL(path).href)
    await page.waitForFunction('document.documentElement.dataset.drawn === "yes"')
    return { page, complaints, requests }
  }

  /** Marks drawn in each chart: lines, areas, bars and points. */
  const marksIn = (page: Page) =>
    page.evaluate<number[]>(
      `[...document.querySelectorAll('.chart')].map(chart => chart.querySelectorAll('svg [class*="mark-"] path').length)`,
    )

  test.each(['light', 'dark'] as const)('draws every chart in %s without a complaint or a request', async scheme => {
    const { page, complaints, requests } = await open(slowlorisRecord(), 1200, scheme)
    const marks = await marksIn(page)
    expect(marks).toHaveLength(13)
    expect(Math.min(...marks)).toBeGreaterThan(0)
    expect(complaints).toEqual([])
    expect(requests.filter(url => !url.startsWith('data:'))).toEqual([
      pathToFileURL(join(directory, 'report.html')).href,
    ])
    await page.close()
  })

  test('takes its colours from the scheme, and the button turns them over', async () => {
    const { page } = await open(steadyRecord(), 1200, 'dark')
    const colours = () =>
      page.evaluate<string[]>(
        `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.mark-line path')).stroke]`,
      )
    const dark = await colours()
    await page.click('#scheme')
    const light = await colours()
    expect(light[0]).not.toBe(dark[0])
    expect(light[1]).not.toBe(dark[1])
    await page.click('#scheme')
    expect(await colours()).toEqual(dark)
    await page.close()
  })

  test('shows hostile names as text', async () => {
    const { page, complaints } = await open(withHostileNames())
    expect(await page.title()).toContain('Windtunnel')
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('h3', { hasText: hostileName }).count()).toBeGreaterThan(0)
    expect(await page.locator('svg text', { hasText: '<i>calm</i>' }).count()).toBeGreaterThan(0)
    expect(complaints).toEqual([])
    await page.close()
  })

  test.each(Object.entries({ slowlorisRecord, steadyRecord, withHostileNames, sweepRecord, manySeries }))(
    'fits a telephone: %s',
    async (_name, make) => {
      const { page } = await open(make(), 380)
      const [content, window] = await page.evaluate<number[]>('[document.documentElement.scrollWidth, innerWidth]')
      expect(content).toBeLessThanOrEqual(window!)
      const widest = await page.evaluate<number>(
        `Math.max(...[...document.querySelectorAll('.chart svg')].map(svg => svg.getBoundingClientRect().right))`,
      )
      expect(widest).toBeLessThanOrEqual(380)
      await page.close()
    },
  )

  test('without hostile clients there is no shade and no chart of held connections', async () => {
    const { page, complaints } = await open(steadyRecord())
    expect(await page.locator('#held').count()).toBe(0)
    expect(await page.locator('svg [fill="var(--hostile)"]').count()).toBe(0)
    expect(await marksIn(page)).toHaveLength(4)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('shades broken origins and says above the plot what broke', async () => {
    const { page, complaints } = await open(faultRecord(), 1200, 'dark')
    expect(await page.locator('svg [fill="var(--fault)"]').count()).toBeGreaterThan(0)
    expect(await page.locator('svg [fill="var(--hostile)"]').count()).toBe(0)
    const [fill, plain] = await page.evaluate<string[]>(
      `['kill at o0; stop at o1', 'calm'].map(words => getComputedStyle([...document.querySelectorAll('svg text')].find(text => text.textContent === words)).fill)`,
    )
    expect(fill).toMatch(/^rgb/)
    expect(fill).not.toBe(plain)
    expect(await page.locator('.timeline .broken').innerText()).toContain('kill at o0; stop at o1')
    expect(complaints).toEqual([])
    await page.close()
  })

  test.each(['light', 'dark'] as const)('draws a sweep over its axis in %s, and nothing over time', async scheme => {
    const { page, complaints } = await open(sweepRecord(), 1200, scheme)
    const marks = await marksIn(page)
    expect(marks).toHaveLength(6)
    expect(Math.min(...marks)).toBeGreaterThan(3 * 3)
    expect(await page.locator('#over-time, #percentiles').count()).toBe(0)
    expect(await page.locator('.axis-legend li').allInnerTexts()).toEqual([' random', ' two looks', ' all looks'])
    await page.locator('.panel .mark-symbol path').last().hover({ force: true })
    expect(await page.locator('#tip').innerText()).toMatch(/series .* looks\nage 100 ms/)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('of a load that changes meanwhile, draws one point over time as well', async () => {
    const record = sweepRecord()
    const after = record.load.phases.map(phase => ({ ...phase, name: 'after' }))
    const { page } = await open({ ...record, load: { ...record.load, phases: [...record.load.phases, ...after] } })
    expect(await page.locator('#over-time figcaption').innerText()).toContain(
      'At age 100 ms: where most requests failed',
    )
    expect(await page.locator('#over-time h3').count()).toBe(3)
    await page.close()
  })

  test('draws eight of twenty series, names the others, and has all in its tables', async () => {
    const { page } = await open(manySeries())
    expect(await page.locator('.axis-legend li').count()).toBe(8)
    expect(await page.locator('#over-axis > .small').innerText()).toContain('balancer-10')
    expect(await page.locator('#numbers > .scroll tbody').first().locator('tr').count()).toBe(21)
    await page.close()
  })

  test('copies the command, shows values under the pointer and opens the data', async () => {
    const { page } = await open(slowlorisRecord())
    await page.click('[data-copy]')
    await page.locator('[data-copy]:not(:text-is("Copy"))').waitFor()
    const chart = page.locator('#percentiles .chart')
    await chart.scrollIntoViewIfNeeded()
    await chart.locator('.mark-symbol path').first().hover({ force: true })
    expect(await page.locator('#tip').innerText()).toContain('prefork')
    const table = page.locator('#over-time details')
    await table.locator('summary').click()
    expect(await table.locator('tbody tr').count()).toBeLessThanOrEqual(40)
    await page.close()
  })

  test('an invalid record opens without a complaint', async () => {
    const { page, complaints } = await open(invalidRecord())
    expect(await page.locator('h1').innerText()).toContain('Invalid run')
    expect(complaints).toEqual([])
    await page.close()
  })
})
