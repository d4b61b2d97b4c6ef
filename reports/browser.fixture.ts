// The browser that pages are looked at in by tests, where there is one on PATH.
import { execFileSync } from 'node:child_process'
import { type Browser, chromium } from 'playwright-core'

function findChromium(): string | null {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
    } catch {
      // Not under this name.
    }
  }
  return null
}

/** Where it is; null when there is none, and what needs it is to be skipped. */
export const browserPath = findChromium()

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
