// Every scenario by name with effort=quick, as the registry lists them: it ends with status 0, says something, and no
// claim is false. Or only some of them, by name. A claim that rests on timing and met a busy machine may be undecided:
// that is reported and is no failure; a claim that fails must do so twice.
import { exitStatus } from '../../core/errors.ts'
import { namesOf } from '../../core/registry.ts'
import type { Checks } from './checks.ts'

/** Scenarios that another check runs at length. */
const elsewhere = ['slowloris', 'steady']
/** What `effort=quick` promises on two quiet cores. */
const promisedSeconds = 45

const othersOf = () => namesOf('scenario').filter(name => !elsewhere.includes(name))

export async function everyScenario(checks: Checks, names: readonly string[] = othersOf()): Promise<void> {
  const table: string[] = []
  for (const name of names) {
    let { status, record } = await checks.scenario(name, 'effort=quick')
    if (status !== exitStatus.holds) {
      process.stdout.write(`${name}: status ${status}; once more, since a busy machine may do that once\n`)
      ;({ status, record } = await checks.scenario(name, 'effort=quick'))
    }
    checks.that(status === 0, `${name} ends with status ${status}`)
    if (record === null) continue
    checks.that(record.claims.length > 0, `${name} makes ${record.claims.length} claims`)
    checks.claims(record)
    const seconds = Math.round(record.tookMs / 1000)
    const undecided = record.claims.filter(claim => claim.holds === 'undecided').length
    const late = seconds > promisedSeconds ? `, more than the ${promisedSeconds} s promised on two quiet cores` : ''
    table.push(`${name.padEnd(20)} ${record.claims.length} claims, ${undecided} undecided, ${seconds} s${late}`)
  }
  process.stdout.write(`\n${table.join('\n')}\n`)
}
