// Profiles as a reader meets them: made beside a measured run, found through a link in its report, opened in a browser, and
// showing functions of ours. Without Chromium only the files are looked at.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { findProgram } from '../../harness/children.ts'
import { type Checks, run } from './checks.ts'

/** Profiles the run in `folder`, which is one of `name`, and looks at both pages. */
export async function profiles(checks: Checks, name: string, folder: string): Promise<void> {
  for (const tool of ['flame', 'doctor']) {
    const status = await run('profile', name, `tool=${tool}`, 'target=windtunnel', `beside=${folder}`)
    checks.that(status === 0, `profile ${name} tool=${tool} ends with status ${status}`)
  }
  const summary = readFileSync(join(folder, 'summary.md'), 'utf8')
  for (const tool of ['flame', 'doctor']) {
    checks.that(summary.includes(`profiles/${tool}/${tool}.html`), `summary.md links the profile of ${tool}`)
  }
  const executablePath = findProgram('chromium')
  if (executablePath === null) process.stdout.write('skipped what needs a browser: no chromium on PATH\n')
  else await lookAtPages(checks, folder, executablePath)
}

async function lookAtPages(checks: Checks, folder: string, executablePath: string): Promise<void> {
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
  const browser = await chromium.launch({ executablePath, args })
  try {
    for (const [tool, look] of [['flame', flame] as const, ['doctor', doctor] as const]) {
      const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } })
      await page.addInitScript(rememberWords)
      const complaints: string[] = []
      const fetched: string[] = []
      page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
      page.on('pageerror', error => complaints.push(error.message))
      page.on('request', request => /^https?:/.test(request.url()) && fetched.push(request.url()))
      await page.goto(pathToFileURL(join(folder, 'report.html')).href)
      await page.click(`#provenance a[href="profiles/${tool}/${tool}.html"]`)
      await page.waitForURL(`**/${tool}.html`)
      const seen = await look(page)
      checks.that(seen.holds, `the page of ${tool}, reached from the report, shows ${seen.what}`)
      checks.that(complaints.length === 0, `it makes no complaint on the console ${complaints.join('; ')}`)
      checks.that(fetched.length === 0, `it fetches nothing ${fetched.join(' ')}`)
      await page.close()
    }
  } finally {
    await browser.close()
  }
}

interface Seen {
  readonly holds: boolean
  readonly what: string
}

/** Keeps what is written on canvases, for a flame graph is drawn on one. */
const rememberWords = `
  window.drawn = []
  const write = CanvasRenderingContext2D.prototype.fillText
  CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
    window.drawn.push(text)
    return write.call(this, text, ...at)
  }`

/** What the viewer takes for code of the user's is drawn at once: frames of ours must be among it, by name and place. */
async function flame(page: Page): Promise<Seen> {
  await page.waitForFunction('window.drawn.length > 0')
  const drawn = await page.evaluate<string[]>('window.drawn')
  const frames = new Set(drawn.filter(text => /\bproxy\/[\w/-]+\.ts:\d+/.test(text)))
  return { holds: frames.size >= 5, what: `${frames.size} functions in TypeScript, as ${[...frames][0]}` }
}

/** Doctor draws four charts of its samples and a verdict in words. */
async function doctor(page: Page): Promise<Seen> {
  await page.waitForSelector('svg')
  const text = await page.locator('body').innerText()
  const charts = ['CPU Usage', 'Memory Usage', 'Event Loop Delay', 'Active Handles']
  const missing = charts.filter(chart => !text.includes(chart))
  return { holds: missing.length === 0, what: `${charts.length - missing.length} of 4 charts ${missing.join(', ')}` }
}
