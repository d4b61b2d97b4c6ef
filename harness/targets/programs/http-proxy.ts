// A reverse proxy made with http-proxy, as its documentation shows it: an agent that keeps connections, X-Forwarded
// headers, and 502 when an origin fails.
import { type IncomingMessage, ServerResponse } from 'node:http'
import httpProxy from 'http-proxy'
import { originAgent, originChoice, readConfig, serve } from './origin-choice.ts'

const config = readConfig()
const choose = originChoice(config)
const proxy = httpProxy.createProxyServer({ agent: originAgent(config), xfwd: true })

proxy.on('error', (_error: Error, _request: IncomingMessage, response: unknown) => {
  if (!(response instanceof ServerResponse)) return
  if (response.headersSent) response.destroy()
  else response.writeHead(502).end()
})

serve(config, (request, response) => proxy.web(request, response, { target: choose(response) }))
