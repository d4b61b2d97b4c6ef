// @fastify/http-proxy as a target; its program is programs/fastify-http-proxy.ts.
import { nodeProxyTarget } from '../node-proxy.ts'

export default nodeProxyTarget(
  'fastify-http-proxy',
  '@fastify/http-proxy',
  'The package @fastify/http-proxy in a Fastify server, asking origins with undici, one process.',
)
