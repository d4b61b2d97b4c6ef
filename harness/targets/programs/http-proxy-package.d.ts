// The part of http-proxy that its program uses; the package has no types of its own.
declare module 'http-proxy' {
  import type { EventEmitter } from 'node:events'
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http'

  interface ProxyServer extends EventEmitter {
    web(request: IncomingMessage, response: ServerResponse, options: { target: string }): void
  }

  const httpProxy: {
    createProxyServer(options: { agent: Agent; xfwd: boolean }): ProxyServer
  }
  export default httpProxy
}
