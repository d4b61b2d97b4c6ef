// Which group of upstreams a request goes to, and the balancer that knows the group.
import type { Balancer, Upstream } from '../../core/contracts.ts'
import { make } from '../../core/registry.ts'
import type { ProxyConfig } from '../config.ts'
import type { RequestHead } from '../http1/head.ts'

export interface Route {
  readonly prefix: string
  readonly balancer: Balancer
  readonly upstreams: readonly Upstream[]
}

/** One balancer per route; the health keeper tells it of its upstreams. `worker` keeps the random streams of workers apart. */
export function makeRoutes(config: ProxyConfig, upstreams: readonly Upstream[], worker: number): readonly Route[] {
  return config.routes.map(route => {
    const balancer = make(config.balancer, config.seed, `balancer${route.prefix}/${worker}`)
    return { prefix: route.prefix, balancer, upstreams: route.upstreams.map(index => upstreams[index]!) }
  })
}

/** The index of the route that takes the request, or -1. Routes come longest prefix first. */
export function routeOf(routes: readonly Route[], head: RequestHead): number {
  // The usual configuration has one route, which takes everything.
  if (routes.length === 1 && routes[0]!.prefix === '/') return 0
  const { target } = head
  return routes.findIndex(route => target.startsWith(route.prefix))
}
