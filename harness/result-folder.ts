// Where a command leaves its result: a folder of its own under runs/, unless the user names one.
import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../core/errors.ts'

/** The absolute path of the folder: the one given, or runs/<time>-<name>. @throws UsageError when '' is given. */
export function resultFolder(given: string | undefined, startedAt: Date, name: string): string {
  if (given === '') throw new UsageError('out= given; allowed: a folder')
  if (given !== undefined) return resolve(given)
  const stamp = startedAt.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '')
  return fileURLToPath(new URL(`../runs/${stamp}-${name}`, import.meta.url))
}

/** A result may take the place of an earlier one, which `file` tells. @throws UsageError when the folder holds anything else. */
export function refuseForeignFolder(out: string, file: string): void {
  const files = existsSync(out) ? readdirSync(out) : []
  if (files.length === 0 || files.includes(file)) return
  throw new UsageError(
    `out=${out} given, which holds other files; allowed: a new or empty folder, or one with a ${file}`,
  )
}
