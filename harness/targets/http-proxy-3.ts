// http-proxy-3 as a target; its program is programs/http-proxy-3.ts.
import { nodeProxyTarget } from '../node-proxy.ts'

export default nodeProxyTarget(
  'http-proxy-3',
  'http-proxy-3',
  'The package http-proxy-3, a rewrite of http-proxy that is kept up, one process.',
)
