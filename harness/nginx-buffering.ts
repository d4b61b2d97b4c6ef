// Our buffering policies in the directives of NGINX, as far as it has their like.
// Source: nginx documentation of ngx_http_core_module (client_body_*, client_max_body_size), ngx_http_proxy_module (proxy_*).

import { decodeParameters, type ParameterTable, type Values } from '../core/parameters.ts'
import { parseSpec } from '../core/registry.ts'
import type { StrategySpec } from '../core/scenario.ts'
import fullRequest from '../proxy/buffering/full-request.ts'
import fullResponse from '../proxy/buffering/full-response.ts'
import spool from '../proxy/buffering/spool.ts'

/** The smallest unit in which NGINX sends on what it buffers: a page, where it runs. */
const pageBytes = 4096
const bodyLimit = 'client_max_body_size 1g;'
const requestsPass = `proxy_request_buffering off; ${bodyLimit}`
const responsesPass = 'proxy_buffering off;'

const valuesOf = <P extends ParameterTable>(strategy: { readonly params: P }, spec: StrategySpec): Values<P> =>
  decodeParameters(strategy.params, parseSpec(spec, 'buffering').given, 'buffering')

/** Null, or why NGINX has nothing like this policy. */
export function refusesBuffering(spec: StrategySpec): string | null {
  const { name } = parseSpec(spec, 'buffering')
  if (!['streaming', 'full-request', 'full-response', 'spool'].includes(name)) {
    return `nginx buffers whole bodies or nothing, and has no buffering=${spec}`
  }
  const tooFine =
    (name === 'full-response' && valuesOf(fullResponse, spec).flushBytes < pageBytes) ||
    (name === 'spool' && valuesOf(spool, spec).flushBytes < pageBytes)
  if (tooFine) {
    return `nginx sends on whole buffers of ${pageBytes} bytes or more (buffering=${spec})`
  }
  return null
}

/** The directives of the location, two lines: of requests, of responses. Only for what is not refused. */
export function bufferingDirectives(spec: StrategySpec): readonly [requests: string, responses: string] {
  const { name } = parseSpec(spec, 'buffering')
  if (name === 'full-request') {
    const { maxBytes } = valuesOf(fullRequest, spec)
    return [collected(maxBytes, maxBytes), responsesPass]
  }
  if (name === 'full-response') {
    const { maxBytes, flushBytes } = valuesOf(fullResponse, spec)
    return [requestsPass, held(maxBytes, flushBytes, 0)]
  }
  if (name === 'spool') {
    const { bodies, memoryBytes, maxFileBytes, flushBytes } = valuesOf(spool, spec)
    return [
      bodies === 'responses' ? requestsPass : collected(memoryBytes, Math.max(memoryBytes, maxFileBytes)),
      bodies === 'requests' ? responsesPass : held(memoryBytes, flushBytes, maxFileBytes),
    ]
  }
  return [requestsPass, responsesPass]
}

function collected(memoryBytes: number, largestBytes: number): string {
  // To NGINX a limit of 0 means none.
  const limit = Math.max(1, largestBytes)
  return `proxy_request_buffering on; client_body_buffer_size ${Math.max(1, memoryBytes)}; client_max_body_size ${limit};`
}

function held(memoryBytes: number, unitBytes: number, fileBytes: number): string {
  const buffers = Math.max(4, Math.ceil(memoryBytes / unitBytes))
  const sizes = `proxy_buffer_size ${unitBytes}; proxy_buffers ${buffers} ${unitBytes}; proxy_busy_buffers_size ${2 * unitBytes};`
  // A file smaller than one buffer is none.
  return `proxy_buffering on; ${sizes} proxy_max_temp_file_size ${fileBytes < unitBytes ? 0 : fileBytes};`
}
