// A flame graph of a CPU profile by 0x. Its viewer takes only names that end in .js for code of the user's and hides the
// rest, which here would be all of it: the page is taught that .ts is code too.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidRunError } from '../../core/errors.ts'
import { type CpuProfile, placeOf } from './self.ts'

/** What 0x's viewer asks of a frame's name, and what it should ask. */
const corrections = [
  [String.raw`/\.m?js:\d+(:\d+?)?$/.test(name)`, String.raw`/(?:\.[mc]?[jt]s|\bnode:[\w/.-]+)(?::\d+)*$/.test(name)`],
  [String.raw`/^[^/\\]* internal[/\\]/`, String.raw`/^[^/\\]* (?:node:|internal[/\\])/`],
] as const

/** Writes `flame.html` into `folder`; returns its name. @throws InvalidRunError when 0x's page is not as it was. */
export async function flamePage(profile: CpuProfile, folder: string, title: string): Promise<string> {
  const { default: zeroEks } = await import('0x')
  const source = join(folder, 'flame-frames.json')
  const page = join(folder, 'flame.html')
  writeFileSync(source, JSON.stringify(withShortPlaces(profile)))
  try {
    await zeroEks({ argv: [], workingDir: folder, name: 'flame', title, visualizeCpuProfile: source })
  } finally {
    rmSync(source, { force: true })
  }
  writeFileSync(`${page}.new`, showTypeScript(readFileSync(page, 'utf8')))
  renameSync(`${page}.new`, page)
  return 'flame.html'
}

/** Our frames by their place in the repository, lines counted from 1: 0x prints both as they are. */
function withShortPlaces(profile: CpuProfile): object {
  const nodes = profile.nodes.map(node => {
    const { callFrame } = node
    const url = placeOf(callFrame).replace(/:\d+$/, '')
    return { ...node, callFrame: { ...callFrame, url, lineNumber: callFrame.lineNumber + 1 } }
  })
  return { ...profile, nodes }
}

function showTypeScript(page: string): string {
  let corrected = page
  for (const [asked, better] of corrections) {
    if (!corrected.includes(asked)) throw new InvalidRunError('the page of 0x is another than the one known here')
    corrected = corrected.replaceAll(asked, better)
  }
  return corrected
}
