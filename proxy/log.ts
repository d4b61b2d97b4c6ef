// Log lines as JSON, gathered and written a few times a second so that an attack does not turn into a system call per line.
// Access lines go to standard output, refusals and upstream failures to standard error.

interface LogLine {
  /** Wall-clock time, ISO 8601. */
  at: string
  [field: string]: string | number
}

const flushMs = 100
/** Above this, lines are dropped and counted: a log must not become the memory leak. */
const maxPendingBytes = 1_048_576

export class Log {
  private readonly stream: { write(text: string): unknown }
  private pending = ''
  private dropped = 0
  private timer: NodeJS.Timeout | null = null

  constructor(stream: { write(text: string): unknown }) {
    this.stream = stream
  }

  line(fields: Record<string, string | number>): void {
    if (this.pending.length > maxPendingBytes) {
      this.dropped++
      return
    }
    this.pending += `${JSON.stringify({ at: new Date().toISOString(), ...fields } satisfies LogLine)}\n`
    this.timer ??= setTimeout(() => this.flush(), flushMs).unref()
  }

  flush(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    if (this.dropped > 0) this.pending += `${JSON.stringify({ at: new Date().toISOString(), dropped: this.dropped })}\n`
    this.dropped = 0
    if (this.pending !== '') this.stream.write(this.pending)
    this.pending = ''
  }
}
