// Two indexes wander over the workers, one after the other. The better of the two takes the connection and the other one
// moves on: round robin while all are alike, least connections when they are not, and only two looks each time.
import { defineAccept } from '../../core/contracts.ts'

export default defineAccept({
  about: 'Compares two workers per connection and moves on from the busier one.',
  source: 'HAProxy src/listener.c, tune.listener.multi-queue on',
  params: {},
  make() {
    let first = 0
    let second = 1
    return {
      choose(connections) {
        const workers = connections.length
        if (workers === 1) return 0
        first %= workers
        second %= workers
        if (first === second) second = (second + 1) % workers
        if (connections[second]! < connections[first]!) {
          const chosen = second
          first = (first + 1) % workers
          return chosen
        }
        const chosen = first
        if (connections[first]! < connections[second]!) second = (second + 1) % workers
        else first = (first + 1) % workers
        return chosen
      },
    }
  },
})
