// `npm run compare A B`: two records of one scenario side by side. It states and does not judge; the gate is `regress`.
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exitStatus, UsageError } from '../../core/errors.ts'
import { compareRecords } from '../../reports/compare.ts'
import { renderComparison, renderComparisonMarkdown } from '../../reports/compare-text.ts'
import { readRecord } from '../../reports/read-record.ts'
import { parseWords } from '../words.ts'

/** Prints the comparison, and writes it as Markdown where `out=` says. @returns the exit status. @throws UsageError. */
export async function compare(words: readonly string[]): Promise<number> {
  const { names, values } = parseWords(words, ['out'], 'compare')
  const [before, after, ...more] = names
  if (before === undefined || after === undefined || more.length > 0) {
    throw new UsageError(`compare: ${names.length} names given; allowed: two record.json files, or their folders`)
  }
  if (values.out === '') throw new UsageError('out= given; allowed: a file')
  const change = compareRecords(readRecord(recordIn(before)), readRecord(recordIn(after)))
  if (values.out !== undefined) writeFileSync(values.out, renderComparisonMarkdown(change))
  process.stdout.write(renderComparison(change))
  return exitStatus.holds
}

/** The record of a folder of results, or the path as it stands. */
function recordIn(path: string): string {
  return existsSync(path) && statSync(path).isDirectory() ? join(path, 'record.json') : path
}
