// Serves the lessons from this machine and builds them anew when a source changes; the page in the browser reloads by itself.
import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** What a lesson may be made of. */
const watched = ['notebooks', 'core', 'proxy', 'loadgen/profiles', 'fault-injection', 'simulation', 'reports']
/** Editors write a file in several steps. */
const settleMs = 150
const reload = `<script>new EventSource('changes').onmessage = () => location.reload()</script>`

export interface Preview {
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves `folder` on 127.0.0.1. `rebuild` is called, never twice at once, after a change; a rejection is left to it to report
 * and keeps the pages of before.
 * @throws when the port is taken.
 */
export async function servePreview(folder: string, port: number, rebuild: () => Promise<boolean>): Promise<Preview> {
  const readers = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (pathname === '/changes') {
      readers.add(response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }))
      response.write('\n')
      response.on('close', () => readers.delete(response))
      return
    }
    const page = pageAt(folder, pathname)
    response.writeHead(page === null ? 404 : 200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
    })
    response.end(page ?? 'There is no such page.')
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address()
  const stop = watchSources(async () => {
    if (await rebuild()) for (const reader of readers) reader.write('data: changed\n\n')
  })
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}/`,
    async close() {
      stop()
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

/** The page with what makes it reload; null when there is none of that name. */
function pageAt(folder: string, pathname: string): string | null {
  const [, name] = /^\/([\w-]+\.html)?$/.exec(pathname) ?? [null, null]
  if (name === null) return null
  try {
    const page = readFileSync(join(folder, name ?? 'index.html'), 'utf8')
    return page
      .replace(`default-src 'none'`, `default-src 'none'; connect-src 'self'`)
      .replace('</body>', `${reload}</body>`)
  } catch {
    return null
  }
}

/** Calls `changed` after each burst of changes, and again when more came while it was at work. @returns what ends it. */
function watchSources(changed: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined
  let busy = false
  let again = false
  const run = async () => {
    if (busy) again = true
    else {
      busy = true
      await changed()
      busy = false
      if (again) {
        again = false
        await run()
      }
    }
  }
  const watchers: FSWatcher[] = watched.map(name =>
    watch(join(root, name), { recursive: true }, (_event, file) => {
      if (file === null || !/\.(html|ts|css|js|md|json)$/.test(file) || /\.cells\.ts$|\.test\.ts$/.test(file)) return
      clearTimeout(timer)
      timer = setTimeout(run, settleMs)
    }),
  )
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
