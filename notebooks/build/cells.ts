// The cells of a lesson as one TypeScript file, so that the compiler checks what the notebook kit would only strip. Everything
// that is not code becomes blank, so a line of the file is the line of the lesson; it lies beside the lesson, for the imports.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { parseTemplate } from '@observablehq/notebook-kit'
import { type Lesson, notebooksFolder, readLessons } from './lesson.ts'

/** Ends the names of these files, which are not committed. */
export const cellsEnding = '.cells.ts'

const scriptElement = /(<script\b[^>]*\btype="([^"]+)"[^>]*>)([\s\S]*?)<\/script>/g

/**
 * The code of all cells together. What one cell declares the others see, as in the page; that `view` gives the value of a
 * control and `display` shows something is declared in page/cells.d.ts.
 */
export function cellsOf({ text }: Pick<Lesson, 'text'>): string {
  let code = ''
  let at = 0
  for (const match of text.matchAll(scriptElement)) {
    const from = match.index + match[1]!.length
    const content = match[3]!
    code += blank(text.slice(at, from))
    code +=
      match[2] === 'text/x-typescript' ? content : match[2] === 'text/markdown' ? valuesOf(content) : blank(content)
    at = from + content.length
  }
  return `${code}${blank(text.slice(at))}\nexport {}\n`
}

/** Prose, with everything blank but its values: each becomes a statement that it is a number or a text. */
function valuesOf(prose: string): string {
  let code = ''
  let at = 0
  for (const { start, end } of parseTemplate(prose).expressions) {
    code += `${blank(prose.slice(at, start))};said(${prose.slice(start, end)})`
    at = end
  }
  return code + blank(prose.slice(at))
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, '')
}

/** Writes a file of cells beside each lesson, for `tsc -p notebooks`, and removes those of lessons that are gone. */
export function writeCells(): string[] {
  for (const file of readdirSync(notebooksFolder)) if (file.endsWith(cellsEnding)) rmSync(notebooksFolder + file)
  return readLessons().map(lesson => {
    const path = `${notebooksFolder}${lesson.file}${cellsEnding}`
    writeFileSync(path, cellsOf(lesson))
    return path
  })
}

if (import.meta.main) writeCells()
