// The code of one lesson as a single script: its cells compiled by the notebook kit, everything they import, and the
// kit's runtime with a library of ours in place of its own, which would fetch from a CDN while the page is read.
// The paths inside the kit are not public, so its version is pinned.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transpile } from '@observablehq/notebook-kit'
import { build, type Plugin } from 'vite'
import { type Lesson, notebooksFolder } from './lesson.ts'

const kitRuntime = dirname(fileURLToPath(import.meta.resolve('@observablehq/notebook-kit/runtime')))
const library = join(notebooksFolder, 'page/library.ts')

/** Cells that are plain text need no code: the page holds them ready-made. */
export function isStatic(cell: Lesson['cells'][number]): boolean {
  return cell.mode === 'md' && !cell.value.includes('${')
}

/** The program of the page, before it is bundled. */
export function entryOf(lesson: Lesson): string {
  const cells = lesson.cells
    .filter(cell => !isStatic(cell))
    .map(cell => {
      const { body, inputs, outputs, output, autodisplay } = transpile(cell as never)
      const rest = JSON.stringify({ inputs, outputs, output, autodisplay, display: cell.mode === 'ts' }).slice(1)
      return `defineCell({ id: ${cell.id}, body: ${body}, ${rest})`
    })
  return `import { defineCell } from './page/runtime.ts'\n${cells.join('\n')}\n`
}

/**
 * The bundle as one ES module without imports.
 * @throws whatever the bundler says of a cell, warnings included: a lesson with one would break while it is read.
 */
export async function bundle(lesson: Lesson): Promise<string> {
  const entry = join(notebooksFolder, `${lesson.file}.entry.js`)
  const result = await build({
    configFile: false,
    root: notebooksFolder,
    logLevel: 'silent',
    publicDir: false,
    plugins: [cells(entry, entryOf(lesson)), ownLibrary()],
    build: {
      write: false,
      target: 'esnext',
      modulePreload: false,
      chunkSizeWarningLimit: 2500,
      rolldownOptions: {
        input: entry,
        output: { codeSplitting: false },
        onLog(_level, log) {
          if (log.code !== 'CIRCULAR_DEPENDENCY') throw new Error(`${lesson.file}.html: ${log.message}`)
        },
      },
    },
  })
  const [output] = Array.isArray(result) ? result : [result]
  if (!output || !('output' in output)) throw new Error(`${lesson.file}.html: nothing was built`)
  const chunks = output.output.filter(part => part.type === 'chunk')
  if (chunks.length !== 1) throw new Error(`${lesson.file}.html: ${chunks.length} scripts were built instead of one`)
  return chunks[0]!.code
}

function cells(entry: string, text: string): Plugin {
  return {
    name: 'lesson-cells',
    enforce: 'pre',
    resolveId: id => (id === entry ? entry : null),
    load: id => (id === entry ? text : null),
  }
}

/** Puts our library where the kit's runtime looks for its own, and nothing where it looks for what lessons do not use. */
function ownLibrary(): Plugin {
  const empty = '\0empty'
  return {
    name: 'own-library',
    enforce: 'pre',
    resolveId(id, importer) {
      if (id.startsWith('kit:')) return join(kitRuntime, id.slice('kit:'.length))
      if (importer !== join(kitRuntime, 'index.js')) return null
      if (id === './stdlib/index.js') return library
      return /stdlib\/(fileAttachment|databaseClient|interpreter)\.js$/.test(id) ? empty : null
    },
    load: id =>
      id === empty
        ? 'export const fileAttachments = new Map(), FileAttachment = null, DatabaseClient = null, Interpreter = null, registerFile = null, requireFileRegistration = null'
        : null,
  }
}
