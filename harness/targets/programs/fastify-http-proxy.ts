// A reverse proxy made with @fastify/http-proxy. It asks origins with undici, where no pipelining means no kept
// connections. By itself it would ask again up to ten times after a 503; this testbed asks for no retries.
import proxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { originChoice, readConfig, serverOptions } from './origin-choice.ts'

const config = readConfig()
const choose = originChoice(config)
const anyOrigin = `http://127.0.0.1:${config.originPorts[0]}`
const { headersTimeout, keepAliveTimeout, requestTimeout, ...http } = serverOptions(config)
const app = fastify({ keepAliveTimeout: keepAliveTimeout!, requestTimeout: requestTimeout!, http })

app.server.headersTimeout = headersTimeout!
app.server.maxConnections = config.maxConnections
await app.register(proxy, {
  upstream: '',
  undici: { pipelining: config.keepAlive ? 1 : 0, keepAliveTimeout: 600_000 },
  // The package asks for an origin here, too early to know the answer that the choice belongs to.
  handler: (_request, reply, path, options) => reply.from(path, { ...options, getUpstream: () => choose(reply.raw) }),
  replyOptions: {
    getUpstream: () => anyOrigin,
    retryDelay: () => null,
    rewriteRequestHeaders: (request, headers) => {
      const before = headers['x-forwarded-for']
      return {
        ...headers,
        host: request.headers.host,
        'x-forwarded-for': before ? `${before}, ${request.ip}` : request.ip,
        'x-forwarded-proto': 'http',
        'x-forwarded-host': request.headers.host,
      }
    },
  },
})
await app.listen({ port: config.port, host: '127.0.0.1', backlog: 511 })
