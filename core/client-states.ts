// What a limiter remembers of each client, or of all together. Bounded: whoever has not come for longest is forgotten first,
// so that a flood of addresses costs memory up to a limit and no more. In core because limiters import nothing else.
// Source: NGINX ngx_http_limit_req_module.c, which also looks at two old entries for each new one.
import { choice } from './parameters.ts'

/** The parameter of limiters that can keep clients apart. */
export const perParameter = {
  per: choice({
    default: 'proxy',
    choices: ['proxy', 'client'],
    doc: 'One limit for all, or one per client address.',
  }),
} as const

/** Clients remembered; at some 100 bytes each. */
const maxClients = 65_536

export class ClientStates<S> {
  private readonly states = new Map<string, S>()
  private readonly perClient: boolean
  private readonly fresh: () => S
  private readonly isFresh: (state: S, now: number) => boolean

  /** `isFresh`: is the state, by now, as good as a new one? Then nothing is lost by forgetting it. */
  constructor(per: 'proxy' | 'client', fresh: () => S, isFresh: (state: S, now: number) => boolean) {
    this.perClient = per === 'client'
    this.fresh = fresh
    this.isFresh = isFresh
  }

  /** How many states are kept. */
  get size(): number {
    return this.states.size
  }

  /** The state of this client, who is now the one who came last. */
  of(client: string, now: number): S {
    const key = this.perClient ? client : ''
    const known = this.states.get(key)
    if (known !== undefined) {
      if (this.perClient) {
        this.states.delete(key)
        this.states.set(key, known)
      }
      return known
    }
    this.forgetSome(now)
    const state = this.fresh()
    this.states.set(key, state)
    return state
  }

  /** Two for one, so that the table shrinks when clients come once only. A Map keeps the order in which keys were set. */
  private forgetSome(now: number): void {
    let looked = 0
    for (const [key, state] of this.states) {
      if (looked++ === 2) return
      if (this.states.size >= maxClients || this.isFresh(state, now)) this.states.delete(key)
    }
  }
}
