// A reverse proxy made with fast-proxy, with Node's own HTTP agent behind it. It adds X-Forwarded-Host by itself; the rest
// of those headers is added here, and Host is left as the client sent it, like everywhere else in this testbed.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import fastProxy from 'fast-proxy'
import { originChoice, readConfig, serve } from './origin-choice.ts'

const config = readConfig()
const choose = originChoice(config)
// What its types do not know it hands on to the agent.
const agentOptions = { keepAlive: config.keepAlive, maxSockets: 2048 }
const { proxy } = fastProxy(agentOptions)

function rewriteRequestHeaders(request: IncomingMessage, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  headers.host = request.headers.host
  const before = headers['x-forwarded-for']
  const client = request.socket.remoteAddress ?? ''
  headers['x-forwarded-for'] = before ? `${before}, ${client}` : client
  headers['x-forwarded-proto'] = 'http'
  return headers
}

serve(config, (request, response) =>
  proxy(request, response, request.url ?? '/', { base: choose(response), rewriteRequestHeaders }),
)
