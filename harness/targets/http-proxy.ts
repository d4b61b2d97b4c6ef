// http-proxy as a target; its program is programs/http-proxy.ts.
import { nodeProxyTarget } from '../node-proxy.ts'

export default nodeProxyTarget('http-proxy', 'http-proxy', 'The package http-proxy, one process.')
