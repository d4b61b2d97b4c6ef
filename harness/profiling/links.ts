// A measured run's report and summary link the profiles that lie beside it, one folder per tool. Both are made anew from the
// record, so that a second profile of a tool takes the place of the first.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderMarkdown } from '../../reports/markdown.ts'
import type { ProfileLink } from '../../reports/page/closing.ts'
import { renderPage } from '../../reports/page.ts'
import { readRecord } from '../../reports/read-record.ts'

/** What each tool shows, and what to open first in its folder. */
const profileTools = {
  doctor: { about: 'what ails the proxy: event loop, garbage, I/O (@clinic/doctor)', opens: 'doctor.html' },
  flame: { about: 'a flame graph of its functions (0x)', opens: 'flame.html' },
  cpu: { about: 'self time by function (V8)', opens: 'README.md' },
  heap: { about: 'allocation by function (V8)', opens: 'README.md' },
} as const

export type ProfileTool = keyof typeof profileTools

/** The profiles in `folder/profiles`. */
function profilesIn(folder: string): ProfileLink[] {
  return Object.entries(profileTools)
    .map(([tool, { about, opens }]) => ({ tool, about, href: `profiles/${tool}/${opens}` }))
    .filter(({ href }) => existsSync(join(folder, href)))
}

/** Rewrites report.html and summary.md of the run in `folder`. @throws UsageError when it has no record. */
export async function linkProfiles(folder: string): Promise<void> {
  const record = readRecord(join(folder, 'record.json'))
  const profiles = profilesIn(folder)
  writeFileSync(join(folder, 'report.html'), await renderPage(record, profiles))
  const lines = profiles.map(({ tool, about, href }) => `- [${tool}](${href}): ${about}`)
  const section = `### Profiles, each of a run of its own\n\n${lines.join('\n')}\n`
  writeFileSync(join(folder, 'summary.md'), `${renderMarkdown(record)}\n${section}`)
}
