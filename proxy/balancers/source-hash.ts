// The same client to the same upstream, without anything to remember. The plain table: exact in its shares, but when an
// upstream joins or leaves, nearly every client moves. Many users behind one address are one client.
import { type Balancer, defineBalancer } from '../../core/contracts.ts'
import { ModuloTable } from '../../core/modulo-table.ts'
import { choice } from '../../core/parameters.ts'
import { hashText } from '../../core/random.ts'

export default defineBalancer({
  about: 'Hashes the client address into a table by weight: a client keeps its upstream until the set of them changes.',
  source: 'HAProxy lb_map.c (balance source); NGINX ngx_http_upstream_ip_hash_module.c',
  params: {
    hash: choice({
      default: 'address',
      choices: ['address', 'nginx'],
      doc: 'the whole address; or as NGINX ip_hash has it: the first three numbers of an IPv4 address, into 6271 values, so that a /24 network stays together.',
    }),
  },
  make({ hash }): Balancer {
    let table = new ModuloTable([])
    const hashOf = hash === 'nginx' ? networkHash : hashText
    return {
      onEligible(upstreams) {
        table = new ModuloTable(upstreams)
      },
      pick: ({ client }, avoid) => table.at(hashOf(client), avoid),
    }
  },
})

/** NGINX's hash of an IPv4 address; other addresses are hashed character by character in the same way. */
function networkHash(client: string): number {
  let hash = 89
  const last = client.lastIndexOf('.')
  if (last < 0 || client.includes(':')) {
    for (let i = 0; i < client.length; i++) hash = (hash * 113 + client.charCodeAt(i)) % 6271
    return hash
  }
  let number = 0
  for (let i = 0; i <= last; i++) {
    const code = client.charCodeAt(i)
    if (code !== 46) {
      number = number * 10 + code - 48
      continue
    }
    hash = (hash * 113 + number) % 6271
    number = 0
  }
  return hash
}
