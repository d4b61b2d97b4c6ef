// `npm run list [seam [name]]`: every strategy with its one sentence, its source and its parameters, read from the files.
import { basename } from 'node:path'
import { styleText } from 'node:util'
import type { Described } from '../../core/contracts.ts'
import { UsageError, unknownName } from '../../core/errors.ts'
import { describe, type Parameter, type ParameterTable } from '../../core/parameters.ts'
import { extraFolder, isExtra, load, namesOf, type Seam, seamFolders } from '../../core/registry.ts'
import type { Scenario } from '../../core/scenario.ts'
import { wrap } from '../../reports/wrap.ts'

/** What a listing needs of a file: a strategy, a target, or a scenario. */
type Listed = Partial<Described> & Partial<Pick<Scenario, 'question'>> & { readonly params?: ParameterTable }

const widest = 100
/** A longer name has a line to itself. */
const longestName = 18

/** Prints the strategies of all seams, of one, or one of them. @returns the exit status. @throws UsageError for an unknown name. */
export async function list(words: readonly string[]): Promise<number> {
  const [given, name, ...more] = words
  if (more.length > 0) throw new UsageError(`list: "${more[0]}" given; allowed: at most one seam and one name of it`)
  const seams = Object.keys(seamFolders) as Seam[]
  for (const seam of given === undefined ? seams : [seamOf(given)]) {
    const names = namesOf(seam)
    if (name !== undefined && !names.includes(name)) throw unknownName(seam, name, names, 'list')
    const entries: Listed[] = []
    const shown = name === undefined ? names : [name]
    for (const one of shown) entries.push(await load<Listed>(seam, one, 'list'))
    process.stdout.write(listing(seam, shown, entries))
  }
  return 0
}

/** A seam by its own word, or by that of its folder: `balancer` or `balancers`. */
function seamOf(word: string): Seam {
  const found = Object.entries(seamFolders).find(([seam, folder]) => seam === word || basename(folder) === word)
  if (!found) throw unknownName('seam', word, Object.keys(seamFolders), 'list')
  return found[0] as Seam
}

function listing(seam: Seam, names: readonly string[], entries: readonly Listed[]): string {
  const { columns } = process.stdout
  const width = Math.min(columns ?? widest, widest)
  const indent = Math.min(longestName, Math.max(...names.map(name => name.length))) + 4
  const lines = entries.flatMap((entry, index) => {
    const name = names[index]!
    const body = detail(entry, isExtra(seam, name)).flatMap(paragraph => linesOf(paragraph, width - indent))
    const label = `  ${styleText('cyan', name)}`
    const margin = ' '.repeat(indent)
    if (name.length > longestName) return [label, ...body.map(line => margin + line)]
    const [first = '', ...rest] = body
    return [`${label}${' '.repeat(indent - 2 - name.length)}${first}`, ...rest.map(line => margin + line)]
  })
  const heading = `${styleText('bold', seam)}  ${styleText('dim', seamFolders[seam])}`
  return `\n${[heading, ...lines].join('\n')}\n`
}

/** A paragraph of some width; what a line cannot hold stands further in. */
function linesOf({ text, dim }: Paragraph, width: number): string[] {
  const [first = '', ...rest] = wrap(text, width - 2)
  const lines = [first, ...rest.map(line => `  ${line}`)]
  return dim ? lines.map(line => styleText('dim', line)) : lines
}

interface Paragraph {
  readonly text: string
  readonly dim?: boolean
}

function detail({ about, question, source, params = {} }: Listed, extra: boolean): Paragraph[] {
  const paragraphs: Paragraph[] = [{ text: about ?? question ?? '' }]
  if (extra) paragraphs.push({ text: `From ${extraFolder()}.`, dim: true })
  if (source) paragraphs.push({ text: `Source: ${source}`, dim: true })
  return [...paragraphs, ...Object.entries(params).map(([key, parameter]) => ({ text: parameterIn(key, parameter) }))]
}

/** `max=100: Requests in flight. A whole number from 1 to 1000000 (requests).` */
function parameterIn(key: string, parameter: Parameter): string {
  const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
  const allowed = describe(parameter)
  const range = parameter.kind === 'choice' ? `One of ${allowed}.` : sentence(allowed)
  return `${key}=${parameter.default}: ${sentence(parameter.doc)} ${range}`
}
