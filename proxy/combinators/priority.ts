// Upstreams in levels: the first level serves as long as enough of it is healthy, and what it cannot bear spills over to
// the next. When too much of everything is down, a level sends to all its members, healthy or not: some that are taken for
// dead may answer, and the few that are left are not crushed.
import { passedOn } from '../../core/combination.ts'
import { type Balancer, defineCombinator, type Upstream } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

interface Level {
  readonly balancer: Balancer
  members: Upstream[]
  eligible: Upstream[]
  /** Its part of all requests, in percent. */
  load: number
}

export default defineCombinator({
  about:
    'Uses upstreams by level of priority; load spills over as a level loses upstreams, and to all when too few are left.',
  source: 'Envoy priority levels, overprovisioning factor and panic threshold (load_balancer_impl.cc)',
  params: {
    overprovisioning: number({
      default: 1.4,
      min: 1,
      max: 100,
      unit: 'times',
      doc: 'a level bears everything while its healthy share times this is at least 1',
    }),
    panicShare: number({
      default: 0.5,
      min: 0,
      max: 1,
      unit: 'share',
      doc: 'a level with a smaller healthy share sends to all its members, when the levels together cannot bear the load; 0: never',
    }),
  },
  make({ overprovisioning, panicShare }, newInner, { rng }): Balancer {
    /** By priority; a priority that nobody has stays empty. */
    const levels: Level[] = []
    let told = false
    const levelOf = ({ priority = 0 }: Upstream): Level => {
      while (levels.length <= priority) {
        levels.push({ balancer: newInner(), members: [], eligible: [], load: 0 })
      }
      return levels[priority]!
    }
    levelOf({ index: 0, id: '', weight: 1, inFlight: 0 })

    /** Each level bears its healthy percentage times the factor; in order, the load goes to whoever can bear it. */
    function spread(): void {
      const health = levels.map(({ members, eligible }) =>
        members.length === 0 ? 0 : Math.min(100, (overprovisioning * 100 * eligible.length) / members.length),
      )
      const total = Math.min(
        100,
        health.reduce((sum, one) => sum + one, 0),
      )
      let left = 100
      levels.forEach((level, i) => {
        level.load = total === 0 ? 0 : Math.min(left, (health[i]! * 100) / total)
        left -= level.load
      })
      if (!told || total === 100) return
      const populated = levels.filter(({ members }) => members.length > 0)
      const panicking = populated.filter(({ members, eligible }) => eligible.length / members.length < panicShare)
      for (const level of panicking) level.eligible = level.members
      // When all panic nobody knows who can bear what: each level gets its part by its size.
      const size = populated.reduce((sum, { members }) => sum + members.length, 0)
      if (panicking.length < populated.length) return
      for (const level of levels) level.load = size === 0 ? 0 : (100 * level.members.length) / size
    }

    return {
      ...passedOn(
        () => levels.map(({ balancer }) => balancer),
        upstream => levelOf(upstream).balancer,
      ),
      onMembers(all, now) {
        told = true
        for (const level of levels) level.members = []
        for (const upstream of all) levelOf(upstream).members.push(upstream)
        for (const { balancer, members } of levels) balancer.onMembers?.(members, now)
      },
      onEligible(eligible, version, now) {
        for (const level of levels) level.eligible = []
        for (const upstream of eligible) levelOf(upstream).eligible.push(upstream)
        // Who is not told of members knows of no other than the eligible ones.
        if (!told) for (const level of levels) level.members = level.eligible
        spread()
        for (const level of levels) level.balancer.onEligible(level.eligible, version, now)
      },
      pick(request, avoid, now) {
        let at = 0
        let point = levels.length === 1 ? 0 : rng.uniform() * 100
        while (at < levels.length - 1 && (point -= levels[at]!.load) >= 0) at++
        const picked = levels[at]!.balancer.pick(request, avoid, now)
        if (picked !== null) return picked
        for (const { balancer } of levels) {
          const other = balancer.pick(request, avoid, now)
          if (other !== null) return other
        }
        return null
      },
    }
  },
})
