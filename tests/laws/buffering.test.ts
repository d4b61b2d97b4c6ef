// What every buffering policy must do. Runs over every file in proxy/buffering: each direction that holds bodies is driven by
// a small model of the engine, with pieces and receivers of every speed.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, BodyFlow, BufferingPolicy, DirectionBuffering, Intake } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { type Rng, randomStream } from '../../core/random.ts'
import { load, namesOf } from '../../core/registry.ts'

async function make(name: string, given: Record<string, unknown> = {}): Promise<BufferingPolicy> {
  const strategy = await load<AnyStrategy<BufferingPolicy>>('buffering', name, 'test')
  return strategy.make(decodeParameters(strategy.params, given, name) as never, { rng: randomStream(1, 'buffering') })
}

interface Story {
  readonly bodyBytes: number
  /** Unknown to the policy beforehand, as with chunks. */
  readonly announced?: boolean
  readonly pieceBytes: number
  /** What the receiver takes in one step, 0 for one that takes nothing. */
  readonly takesBytes: (rng: Rng) => number
  /** What all other bodies take. */
  readonly othersMemory?: number
  readonly othersFile?: number
  /** What has been forwarded is kept for another attempt until the policy pauses. */
  readonly keeps?: boolean
}

interface Ending {
  readonly how: 'delivered' | 'stuck' | Extract<Intake, 'too-large' | 'no-room'>
  readonly memoryPeakBytes: number
  readonly filePeakBytes: number
  /** Bytes that had come when the upstream could be dialled; -1 when it never could. */
  readonly dialledAt: number
  readonly intakes: ReadonlySet<Intake>
}

/** Cheaper than an expectation, and asked a million times. */
function must(holds: boolean, what: string): void {
  if (!holds) expect.fail(what)
}

/** One body through one policy, as the engine would move it. */
class Model implements BodyFlow {
  readonly lengthBytes: number | null
  receivedBytes = 0
  memoryBytes = 0
  fileBytes = 0
  waitingBytes = 0
  private fileWaiting = 0
  private kept: number | null
  private dialledAt: number
  private readonly peaks = { memory: 0, file: 0 }
  private readonly intakes = new Set<Intake>()
  private readonly policy: DirectionBuffering
  private readonly story: Story
  private readonly rng = randomStream(7, 'receiver')

  constructor(policy: DirectionBuffering, story: Story) {
    this.policy = policy
    this.story = story
    this.lengthBytes = story.announced === false ? null : story.bodyBytes
    this.kept = story.keeps ? 0 : null
    this.dialledAt = policy.mayDial?.(this) === false ? -1 : 0
  }

  get complete(): boolean {
    return this.receivedBytes === this.story.bodyBytes
  }
  get totalMemoryBytes(): number {
    return this.memoryBytes + (this.story.othersMemory ?? 0)
  }
  get totalFileBytes(): number {
    return this.fileBytes + (this.story.othersFile ?? 0)
  }

  run(): Ending {
    let idleTurns = 0
    let intake = this.ask()
    while (!this.isRefusal(intake)) {
      const before = `${this.receivedBytes} ${this.waitingBytes} ${this.memoryBytes} ${this.fileBytes}`
      if (intake === 'read' && !this.complete) {
        this.receive()
        intake = this.ask()
        if (this.isRefusal(intake)) break
      }
      this.forward()
      if (this.complete && this.waitingBytes === 0) return this.ending('delivered')
      if (!this.complete) intake = this.ask()
      const after = `${this.receivedBytes} ${this.waitingBytes} ${this.memoryBytes} ${this.fileBytes}`
      idleTurns = before === after ? idleTurns + 1 : 0
      if (idleTurns === 20) return this.ending('stuck')
    }
    return this.ending(intake as 'too-large' | 'no-room')
  }

  private isRefusal(intake: Intake): boolean {
    return intake === 'too-large' || intake === 'no-room'
  }

  private ending(how: Ending['how']): Ending {
    const { peaks, dialledAt, intakes } = this
    return { how, memoryPeakBytes: peaks.memory, filePeakBytes: peaks.file, dialledAt, intakes }
  }

  private receive(): void {
    const size = Math.min(this.story.pieceBytes, this.story.bodyBytes - this.receivedBytes)
    this.receivedBytes += size
    this.memoryBytes += size
    this.waitingBytes += size
    if (this.dialledAt < 0 && this.policy.mayDial!(this)) this.dialledAt = this.receivedBytes
  }

  private ask(): Intake {
    this.peaks.memory = Math.max(this.peaks.memory, this.memoryBytes)
    let intake = this.policy.intake(this)
    this.intakes.add(intake)
    if (intake === 'pause' && this.kept !== null) {
      this.memoryBytes -= this.kept
      this.kept = null
      intake = this.policy.intake(this)
    }
    if (intake === 'pause' || intake === 'spill') must(this.memoryBytes > 0, `${intake} with nothing in memory`)
    if (intake === 'spill') {
      this.fileWaiting = this.waitingBytes
      this.fileBytes += this.memoryBytes
      this.memoryBytes = 0
      if (this.kept !== null) this.kept = 0
      this.peaks.file = Math.max(this.peaks.file, this.fileBytes)
      intake = this.complete ? intake : this.policy.intake(this)
    }
    return intake
  }

  private forward(): void {
    if (this.dialledAt < 0) return
    const allowed = this.policy.mayForward(this)
    must(allowed >= 0 && allowed <= this.waitingBytes, `${allowed} of ${this.waitingBytes} bytes may go`)
    must(!this.complete || allowed === this.waitingBytes, 'the rest of a complete body is held back')
    let left = Math.min(allowed, this.story.takesBytes(this.rng))
    this.waitingBytes -= left
    const fromFile = Math.min(left, this.fileWaiting)
    this.fileWaiting -= fromFile
    left -= fromFile
    if (this.kept === null) this.memoryBytes -= left
    else this.kept += left
    if (this.kept === null && this.fileWaiting === 0) this.fileBytes = 0
  }
}

const everything = () => 1e12
const nothing = () => 0
const anything = (rng: Rng) => Math.floor(rng.uniform() * 50_000)
const story: Story = { bodyBytes: 700_001, pieceBytes: 65_536, takesBytes: everything }

const directions = ['request', 'response'] as const
const cases = (
  await Promise.all(
    namesOf('buffering').map(async name => {
      const policy = await make(name)
      return directions.flatMap(direction => (policy[direction] ? [[name, direction] as const] : []))
    }),
  )
).flat()

describe.each(namesOf('buffering'))('buffering %s', name => {
  test('reads while nothing waits, and not while a socket has 64 MiB to give away', async () => {
    const { mayRead } = await make(name)
    expect(mayRead(0)).toBe(true)
    expect(mayRead(67_108_864)).toBe(false)
  })
})

describe.each(cases)('buffering %s, %s', (name, direction) => {
  const through = async (more: Partial<Story>): Promise<Ending> =>
    new Model((await make(name))[direction]!, { ...story, ...more }).run()

  test.each([1, 700, 65_536])('delivers every byte that comes in pieces of %i, at whatever speed', async pieceBytes => {
    const bodyBytes = Math.min(700_001, pieceBytes * 3000 + 1)
    for (const takesBytes of [everything, anything]) {
      for (const announced of [true, false]) {
        for (const keeps of direction === 'request' ? [true, false] : [false]) {
          expect((await through({ bodyBytes, pieceBytes, takesBytes, announced, keeps })).how).toBe('delivered')
        }
      }
    }
  })

  test('holds no more of a larger body: it waits for the receiver, or refuses', async () => {
    const [large, larger] = await Promise.all(
      [4e9, 8e9].map(bodyBytes =>
        through({ bodyBytes, pieceBytes: 1_048_576, takesBytes: nothing, announced: false, keeps: false }),
      ),
    )
    expect(large!.how).not.toBe('delivered')
    expect(larger).toEqual(large)
  })

  test('takes memory from no other body when there is none left', async () => {
    const full = { othersMemory: 1e15, othersFile: 1e15 }
    const held = await through({ ...full, takesBytes: nothing, announced: false })
    expect(held.memoryPeakBytes).toBeLessThanOrEqual(65_536)
    // Who has no room for it may refuse a request; an answer goes on at the speed of the client.
    if (direction === 'response') expect((await through({ ...full, takesBytes: anything })).how).toBe('delivered')
  })

  test('never refuses an answer', async () => {
    if (direction === 'request') return
    for (const takesBytes of [everything, anything, nothing]) {
      const { intakes } = await through({ bodyBytes: 3e8, pieceBytes: 1_048_576, takesBytes })
      expect([...intakes].filter(intake => intake === 'too-large' || intake === 'no-room')).toEqual([])
    }
  })
})

test('one-buffer takes only what fits, and dials when it has that', async () => {
  const policy = await make('one-buffer', { bufferBytes: 10_000, waitFor: 'body' })
  const pieces = { pieceBytes: 1000, takesBytes: nothing }
  expect(new Model(policy.request!, { ...pieces, bodyBytes: 50_000 }).run()).toMatchObject({
    how: 'stuck',
    memoryPeakBytes: 10_000,
    dialledAt: 10_000,
  })
  expect(new Model(policy.request!, { ...pieces, bodyBytes: 3000 }).run()).toMatchObject({ dialledAt: 3000 })
})

test('full-request dials with the whole body, and refuses a larger one before it has come', async () => {
  const { request } = await make('full-request', { maxBytes: 100_000 })
  const whole = new Model(request!, { ...story, bodyBytes: 100_000 }).run()
  expect(whole).toMatchObject({ how: 'delivered', dialledAt: 100_000 })
  const announced = new Model(request!, { ...story, bodyBytes: 100_001 }).run()
  expect(announced).toMatchObject({ how: 'too-large', memoryPeakBytes: 0 })
  expect(new Model(request!, { ...story, bodyBytes: 100_001, announced: false }).run().how).toBe('too-large')
})

test('full-response forwards whole units, and the rest at the end', async () => {
  const { response } = await make('full-response', { flushBytes: 1000 })
  const flow = { lengthBytes: null, fileBytes: 0, totalMemoryBytes: 0, totalFileBytes: 0 }
  const allowed = (waitingBytes: number, complete: boolean) =>
    response!.mayForward({ ...flow, waitingBytes, receivedBytes: 5000, memoryBytes: waitingBytes, complete })
  expect([allowed(999, false), allowed(2500, false), allowed(2500, true)]).toEqual([0, 2000, 2500])
})

test('spool moves to its file what does not fit into memory', async () => {
  const { request, response } = await make('spool', { memoryBytes: 10_000, maxFileBytes: 100_000 })
  const slow = { ...story, pieceBytes: 5000, takesBytes: nothing }
  const upload = new Model(request!, { ...slow, bodyBytes: 90_000 }).run()
  expect([upload.dialledAt, upload.memoryPeakBytes]).toEqual([90_000, 15_000])
  expect(upload.filePeakBytes).toBeGreaterThanOrEqual(80_000)
  const answer = new Model(response!, { ...slow, bodyBytes: 900_000 }).run()
  expect(answer.how).toBe('stuck')
  expect(answer.filePeakBytes).toBeGreaterThan(80_000)
  expect(answer.filePeakBytes).toBeLessThanOrEqual(100_000)
})

test('a policy that pauses for what it does not let go is found out', () => {
  const jammed: DirectionBuffering = { mayForward: () => 0, intake: flow => (flow.memoryBytes > 0 ? 'pause' : 'read') }
  expect(new Model(jammed, story).run().how).toBe('stuck')
})
