// `npm run notebooks`: builds the lessons as static pages; with `preview`, serves them too and builds anew on every change.
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitStatus, UsageError } from '../../core/errors.ts'
import { formatBytes } from '../../reports/units.ts'
import { parseWords, wholeNumber } from '../words.ts'

const standardFolder = fileURLToPath(new URL('../../runs/notebooks', import.meta.url))
const standardPort = 8088

/** @returns the exit status; with `preview`, when it is interrupted. @throws UsageError. */
export async function notebooks(words: readonly string[]): Promise<number> {
  const { names, values } = parseWords(words, ['out', 'port'], 'notebooks')
  const preview = names[0] === 'preview'
  if (names.length > (preview ? 1 : 0)) {
    throw new UsageError(`notebooks: "${names.at(-1)}" given; allowed: preview, out=DIR, port=N`)
  }
  const out = values.out || standardFolder
  const port = values.port === undefined ? standardPort : wholeNumber(values.port, 'port', 0, 65_535)
  await build(out)
  return preview ? serve(out, port) : exitStatus.holds
}

async function build(out: string): Promise<void> {
  // Loaded when wanted: the compiler and the bundler take a second.
  const { buildNotebooks } = await import('../../notebooks/build/build.ts')
  await buildNotebooks(out, ({ file, bytes }) => {
    process.stdout.write(`${relative(process.cwd(), out) || '.'}/${file}  ${formatBytes(bytes)}\n`)
  })
}

async function serve(out: string, port: number): Promise<number> {
  const { servePreview } = await import('../../notebooks/build/preview.ts')
  const rebuild = async () => {
    try {
      await build(out)
      return true
    } catch (error) {
      process.stderr.write(`windtunnel: ${(error as Error).message}\n`)
      return false
    }
  }
  const server = await servePreview(out, port, rebuild).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') throw new UsageError(`port=${port} given, which is taken; allowed: a free one`)
    throw error
  })
  process.stdout.write(`\n${server.url}  (Ctrl-C ends it)\n`)
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  await server.close()
  return exitStatus.holds
}
