// What the long checks share: counting what held, and running the project's own commands as a user does.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ScenarioRecord } from '../../core/record.ts'
import { readRecord } from '../../reports/read-record.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** One command of the project to its end, output and all; resolves with its exit status. */
export function run(...words: string[]): Promise<number | null> {
  process.stdout.write(`\n> npm run ${words.join(' ')}\n`)
  const child = spawn(process.execPath, [join(root, 'harness/cli.ts'), ...words], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise(resolve => child.once('exit', resolve))
}

/** Counts what holds and what does not, and says each as it comes. */
export class Checks {
  /** An existing folder for results. */
  readonly scratch: string
  passed = 0
  failed = 0
  /** What could not be decided, in full sentences; it is reported and fails nothing. */
  readonly undecided: string[] = []

  constructor(scratch: string) {
    this.scratch = scratch
  }

  that(holds: boolean, what: string): void {
    process.stdout.write(`${holds ? 'ok    ' : 'FAILED'}  ${what}\n`)
    if (holds) this.passed++
    else this.failed++
  }

  /** Runs a scenario into `folder`; its record is null when it left none. */
  async scenario(name: string, ...words: string[]) {
    const folder = join(this.scratch, `${name}-${words.join('-').replaceAll(/[^a-z0-9-]/gi, '_')}`)
    const status = await run('scenario', name, ...words, `out=${folder}`)
    let record: ScenarioRecord | null = null
    try {
      record = readRecord(join(folder, 'record.json'))
    } catch (error) {
      this.that(false, `${name} leaves a record: ${error instanceof Error ? error.message : error}`)
    }
    return { status, record, folder }
  }

  /** No claim of the record is false; undecided ones are kept for the end. */
  claims({ scenario, claims }: ScenarioRecord): void {
    for (const { claim, holds, evidence } of claims) {
      this.that(holds !== false, `${holds}: ${claim} ${evidence}`)
      if (holds === 'undecided') this.undecided.push(`${scenario}: ${claim} ${evidence}`)
    }
  }
}
