// What a hash-based balancer hashes: one parameter and one reading of it for all of them.
import type { PolicyRequest } from './contracts.ts'
import { choice } from './parameters.ts'

/** The parameter `key` of every balancer that hashes whatever the user likes. */
export const keyParameter = choice({
  default: 'target',
  choices: ['target', 'client', 'header'],
  doc: 'what is hashed: path and query, the client address, or the header x-hash-key (the target where it is absent).',
})

/** The text that is hashed for a request. */
export function keyOf(request: PolicyRequest, key: (typeof keyParameter.choices)[number]): string {
  if (key === 'client') return request.client
  return (key === 'header' ? request.header('x-hash-key') : undefined) ?? request.target
}
