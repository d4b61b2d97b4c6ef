// fast-proxy as a target; its program is programs/fast-proxy.ts.
import { nodeProxyTarget } from '../node-proxy.ts'

export default nodeProxyTarget(
  'fast-proxy',
  'fast-proxy',
  'The package fast-proxy on Node’s own HTTP agent, one process.',
)
