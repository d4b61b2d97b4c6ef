// The two ways a command may fail on purpose. Everything else that is thrown is a defect and keeps its stack.

/** A mistake of the person at the keyboard or in a file: says where, what was given and what is allowed. Exit status 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The instrument could not do its work (a target died, a port was lost, the accounts do not add up). Exit status 3. */
export class InvalidRunError extends Error {
  override name = 'InvalidRunError'
}

/** Exit statuses of every command. `undecided` is used only when the user asked for it with `strict=yes`. */
export const exitStatus = { holds: 0, fails: 1, usage: 2, invalid: 3, undecided: 4 } as const

/** The one sentence about a name that is not known: what was given, where, and what is allowed. */
export function unknownName(what: string, given: string, allowed: readonly string[], where: string): UsageError {
  return new UsageError(`${where}: unknown ${what} "${given}"; allowed: ${[...allowed].sort().join(', ')}`)
}
