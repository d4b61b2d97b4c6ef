// The page of a tournament: complete, escaped, silent on the network, and fit for a telephone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tournament } from '../../core/tournament.ts'
import { browserPath, launchBrowser } from '../browser.fixture.ts'
import { tournamentFixture } from './fixture.ts'
import { renderPage } from './page.ts'

const hostileName = '</script><img src=x onerror="document.title=\'owned\'">'

function withHostileNames(): Tournament {
  const tournament = tournamentFixture()
  tournament.players[0]!.name = hostileName
  for (const cell of tournament.cells) if (cell.player === 'quick') cell.player = hostileName
  for (const situation of tournament.situations) if (situation.best === 'quick') situation.best = hostileName
  tournament.situations[0]!.when = hostileName
  tournament.command = hostileName
  return tournament
}

test('has every player, situation and command, and loads nothing', () => {
  const page = renderPage(tournamentFixture())
  expect(page).toContain('<title>Tournament of balancers · Windtunnel</title>')
  expect(page).toContain(`content="default-src 'none';`)
  for (const { command } of tournamentFixture().cells) expect(page).toContain(command)
  expect(page).not.toContain('src=')
  expect(page.length).toBeLessThan(60_000)
})

test('says with a sign and a number what it says with a colour', () => {
  const map = renderPage(tournamentFixture()).split('<section id="map">')[1]!.split('</section>')[0]!
  expect(map).toMatch(/--bad\) 22%.*?✘<\/span> 4\.2</)
  expect(map).toMatch(/--good\) 10%.*?✔<\/span> 1\.0</)
  expect(map).toMatch(/✘<\/span> –<small>71 % fail</)
})

test('nothing from the result becomes mark-up', () => {
  const page = renderPage(withHostileNames())
  expect(page).not.toContain('<img')
  expect(page).toContain('&#60;img src=x')
})

if (browserPath === null) console.info('page.test.ts: skipped what needs a browser: no chromium on PATH')

describe.skipIf(browserPath === null)('in a browser', () => {
  const directory = mkdtempSync(join(tmpdir(), 'windtunnel-tournament-'))
  const path = join(directory, 'tournament.html')
  let browser: Browser

  beforeAll(async () => {
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(directory, { recursive: true })
  })

  test.each([tournamentFixture, withHostileNames])('fits a telephone, without a complaint or a request', async make => {
    writeFileSync(path, renderPage(make()))
    const page = await browser.newPage({ viewport: { width: 380, height: 900 }, colorScheme: 'dark' })
    const complaints: string[] = []
    const requests: string[] = []
    page.on('console', message => complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(error.message))
    page.on('request', request => requests.push(request.url()))
    await page.goto(pathToFileURL(path).href)
    for (const summary of await page.locator('summary').all()) await summary.click()
    const [content, window] = await page.evaluate<number[]>('[document.documentElement.scrollWidth, innerWidth]')
    expect(content).toBeLessThanOrEqual(window!)
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const dark = await background()
    await page.click('#scheme')
    expect(await background()).not.toBe(dark)
    expect(complaints).toEqual([])
    expect(requests.filter(url => !url.startsWith('data:'))).toEqual([pathToFileURL(path).href])
    await page.close()
  })
})
