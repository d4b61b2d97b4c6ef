// Reads a record from disk and holds it to the schema: a report is never made from half a record.
import { readFileSync } from 'node:fs'
import { UsageError } from '../core/errors.ts'
import { recordSchema, recordSchemaName, type ScenarioRecord } from '../core/record.ts'

const mostIssuesNamed = 3

/**
 * The record in the file `path`.
 * @throws UsageError when the file cannot be read, is no JSON, has another schema, or breaks it; names the place in the
 * record, as in `runs[3].latency.p50Ms`.
 */
export function readRecord(path: string): ScenarioRecord {
  const json = parse(path, readText(path))
  const given = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : undefined
  if (given !== recordSchemaName) {
    throw new UsageError(`${path}: schema: ${JSON.stringify(given) ?? 'nothing'} given; allowed: "${recordSchemaName}"`)
  }
  const result = recordSchema.safeParse(json)
  if (result.success) return result.data
  const issues = result.error.issues.map(issue => `${placeOf(issue.path)}: ${issue.message}`)
  const more = issues.length > mostIssuesNamed ? ` (and ${issues.length - mostIssuesNamed} more)` : ''
  throw new UsageError(`${path}: ${issues.slice(0, mostIssuesNamed).join('; ')}${more}`)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    throw new UsageError(`${path}: cannot be read (${reason}); allowed: a record.json of an earlier run`)
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${path}: no JSON (${(error as Error).message}); allowed: a record.json of an earlier run`)
  }
}

function placeOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the record'
  return path.map((key, depth) => (typeof key === 'number' ? `[${key}]` : `${depth ? '.' : ''}${String(key)}`)).join('')
}
