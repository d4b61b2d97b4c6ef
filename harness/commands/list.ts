// `npm run list [seam]`: every strategy with its one sentence, its source and its parameters, read from the files.
import { styleText } from 'node:util'
import type { Described, Scenario } from '../../core/contracts.ts'
import { UsageError, unknownName } from '../../core/errors.ts'
import { describe, type ParameterTable } from '../../core/parameters.ts'
import { load, namesOf, type Seam, seamFolders } from '../../core/registry.ts'

/** What a listing needs of a file: a strategy, a target, or a scenario. */
type Listed = Partial<Described> & Partial<Pick<Scenario, 'question'>> & { readonly params?: ParameterTable }

/** Prints the strategies of one seam, or of all. @returns the exit status. @throws UsageError for an unknown seam. */
export async function list(words: readonly string[]): Promise<number> {
  const seams = Object.keys(seamFolders) as Seam[]
  const [seam, ...more] = words
  if (more.length > 0) throw new UsageError(`list: "${more[0]}" given; allowed: at most one seam`)
  if (seam !== undefined && !(seam in seamFolders)) throw unknownName('seam', seam, seams, 'list')
  for (const one of seam === undefined ? seams : [seam as Seam]) {
    process.stdout.write(`\n${styleText('bold', one)}  ${styleText('dim', seamFolders[one])}\n`)
    for (const name of namesOf(one)) process.stdout.write(entry(name, await load<Listed>(one, name, 'list')))
  }
  return 0
}

function entry(name: string, { about, question, source, params = {} }: Listed): string {
  const lines = [`  ${styleText('cyan', name.padEnd(24))} ${about ?? question ?? ''}`]
  if (source) lines.push(`${' '.repeat(27)}${styleText('dim', `source: ${source}`)}`)
  for (const [key, parameter] of Object.entries(params)) {
    lines.push(`${' '.repeat(27)}${key}=${parameter.default}  ${parameter.doc} Allowed: ${describe(parameter)}.`)
  }
  return `${lines.join('\n')}\n`
}
