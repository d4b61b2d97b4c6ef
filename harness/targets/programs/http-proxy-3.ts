// A reverse proxy made with http-proxy-3, as its documentation shows it: an agent that keeps connections, X-Forwarded
// headers, and 502 when an origin fails.
import { ServerResponse } from 'node:http'
import { createProxyServer } from 'http-proxy-3'
import { originAgent, originChoice, readConfig, serve } from './origin-choice.ts'

const config = readConfig()
const choose = originChoice(config)
const proxy = createProxyServer({ agent: originAgent(config), xfwd: true })

proxy.on('error', (_error, _request, response) => {
  if (!(response instanceof ServerResponse)) return
  if (response.headersSent) response.destroy()
  else response.writeHead(502).end()
})

serve(config, (request, response) => proxy.web(request, response, { target: choose(response) }))
