// `npm run threads`: what a thread per connection would cost in memory, measured with a few hundred threads and extrapolated.
import Table from 'cli-table3'
import { exitStatus, UsageError } from '../../core/errors.ts'
import { formatBytes } from '../../reports/units.ts'
import { Children } from '../children.ts'
import { interruptible } from '../interruptible.ts'
import { priceOfThreads, type ThreadKind, type ThreadPrice } from '../thread-price.ts'
import { parseWords, wholeNumber } from '../words.ts'

/** libuv's pool takes no more. */
const threadsAtMost = 1024
const farCount = 10_000
const kinds: Readonly<Record<ThreadKind, string>> = {
  bare: 'a bare thread: its stack and nothing else',
  loop: 'a worker thread: a JavaScript engine and an event loop',
}

/** @returns the exit status. @throws UsageError for a bad word, or where /proc does not say what a process uses. */
export async function threads(words: readonly string[]): Promise<number> {
  const { names, values } = parseWords(words, ['count', 'stackMb'], 'threads')
  if (names.length > 0) throw new UsageError(`threads: "${names[0]}" given; allowed: count=N, stackMb=N`)
  const count = values.count === undefined ? 200 : wholeNumber(values.count, 'count', 1, threadsAtMost)
  const stackMb = values.stackMb === undefined ? 1 : wholeNumber(values.stackMb, 'stackMb', 1, 64)
  if (process.platform !== 'linux') throw new UsageError('threads: memory is read from /proc; allowed: Linux')
  const children = new Children()
  return interruptible(
    children,
    () => {},
    async () => {
      const rows: [string, ThreadPrice][] = []
      for (const kind of Object.keys(kinds) as ThreadKind[]) {
        process.stderr.write(`${count} × ${kinds[kind]} …\n`)
        rows.push([kinds[kind], await priceOfThreads(kind, count, stackMb, children)])
      }
      process.stdout.write(`${priceTable(rows)}\n`)
      return exitStatus.holds
    },
  )
}

/** The measured prices, and what they would come to for very many. */
export function priceTable(rows: readonly (readonly [string, ThreadPrice])[]): string {
  const far = farCount.toLocaleString('en')
  const table = new Table({
    head: ['', 'threads', 'reserved each', 'resident each', `${far}: reserved*`, `${far}: resident*`],
    style: { head: [], border: [] },
  })
  for (const [name, { threads, reservedBytes, residentBytes }] of rows) {
    const each = [reservedBytes, residentBytes]
    table.push([name, `${threads}`, ...each.map(formatBytes), ...each.map(bytes => formatBytes(bytes * farCount))])
  }
  return `${table}\n* Extrapolated from what was measured, not measured. Reserved is address space, which costs nothing until it is used.`
}
