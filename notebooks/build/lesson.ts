// Reads lessons, which are files in the format of Observable's notebook kit: `<notebook>` with a title and a `<script>` for
// each cell. The folder is the registry: every notebooks/<n>-<name>.html is a lesson, and n is its place in the order.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deserialize } from '@observablehq/notebook-kit'
import { JSDOM } from 'jsdom'
import { UsageError } from '../../core/errors.ts'

export const notebooksFolder = fileURLToPath(new URL('../', import.meta.url))

/** `md` is prose, `ts` code that is run in the page; lessons use no other kind. */
export interface Cell {
  readonly id: number
  readonly mode: 'md' | 'ts'
  readonly value: string
}

export interface Lesson {
  /** The file name without its number and ending: `pooling` for `2-pooling.html`. */
  readonly name: string
  /** The file name without its ending. */
  readonly file: string
  /** Where it stands, absolute. */
  readonly path: string
  readonly title: string
  readonly text: string
  readonly cells: readonly Cell[]
}

let parser: { parseFromString(text: string, type: string): unknown } | null = null

/** One lesson. @throws UsageError when a cell is of a kind that lessons do not use. */
export function readLesson(path: string): Lesson {
  parser ??= new new JSDOM().window.DOMParser()
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/\.html$/, '')
  const text = readFileSync(path, 'utf8')
  const { title, cells } = deserialize(text, { parser: parser as never })
  for (const { id, mode } of cells) {
    if (mode !== 'md' && mode !== 'ts') {
      throw new UsageError(
        `${file}.html: cell ${id} is of type "${mode}"; allowed: text/markdown and text/x-typescript`,
      )
    }
  }
  return { name: file.replace(/^\d+-/, ''), file, path, title, text, cells: cells as unknown as Cell[] }
}

/** Every lesson of the folder, in order. */
export function readLessons(): Lesson[] {
  return readdirSync(notebooksFolder)
    .filter(file => /^\d+-.*\.html$/.test(file))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map(file => readLesson(notebooksFolder + file))
}
