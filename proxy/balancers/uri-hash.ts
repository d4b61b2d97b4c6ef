// The same path to the same upstream, so that each caches its own part of a site. The plain table: exact in its shares, but
// when an upstream joins or leaves, nearly every path moves and every cache is cold.
import { type Balancer, defineBalancer } from '../../core/contracts.ts'
import { ModuloTable } from '../../core/modulo-table.ts'
import { choice, count } from '../../core/parameters.ts'
import { hashText } from '../../core/random.ts'

export default defineBalancer({
  about: 'Hashes the path into a table by weight: a path keeps its upstream until the set of them changes.',
  source: 'HAProxy lb_map.c (balance uri, hash-type map-based)',
  params: {
    part: choice({
      default: 'path',
      choices: ['path', 'whole'],
      doc: 'what is hashed: the path, or the query with it.',
    }),
    depth: count({ default: 0, min: 0, max: 100, unit: 'directories', doc: 'of the path that count; 0: all of it' }),
  },
  make({ part, depth }): Balancer {
    let table = new ModuloTable([])
    const keyOf = (target: string) => {
      const query = part === 'path' ? target.indexOf('?') : -1
      return directories(query < 0 ? target : target.slice(0, query), depth)
    }
    return {
      onEligible(upstreams) {
        table = new ModuloTable(upstreams)
      },
      pick: ({ target }, avoid) => table.at(hashText(keyOf(target)), avoid),
    }
  },
})

/** The first `depth` directories of a path; all of it when it has no more, or when `depth` is 0. */
function directories(path: string, depth: number): string {
  if (depth === 0) return path
  let end = 0
  for (let left = depth; left > 0; left--) {
    end = path.indexOf('/', end + 1)
    if (end < 0) return path
  }
  return path.slice(0, end)
}
