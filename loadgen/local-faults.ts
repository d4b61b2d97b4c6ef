// Failures of this machine rather than of the server: no port or descriptor left. Counting them as refusals would blame
// the server, so they end the run.
import { InvalidRunError } from '../core/errors.ts'

const codes = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'EADDRINUSE', 'ENOBUFS', 'ENOMEM', 'EACCES', 'EPERM'])

/** The fault behind a failed connection attempt, or null when the other side is to blame. */
export function localFault(error: { code?: string | undefined; message?: string | undefined }): InvalidRunError | null {
  const code = error.code ?? ''
  if (!codes.has(code)) return null
  const advice = code === 'EMFILE' ? '; raise the limit of open files (ulimit -n)' : ''
  return new InvalidRunError(`the load generator could not open a connection: ${error.message ?? code}${advice}`)
}
