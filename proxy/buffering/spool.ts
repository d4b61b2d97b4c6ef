// Memory first, then a temporary file: bodies of any reasonable size wait for the slower side without holding the quicker
// one, and memory stays small. What it costs is the disk, and that nothing is forwarded before there is enough of it.
import { type BodyFlow, type BufferingPolicy, defineBuffering, type Intake } from '../../core/contracts.ts'
import { choice, count } from '../../core/parameters.ts'

export default defineBuffering({
  about:
    'Holds bodies in memory, then in a temporary file: requests until they are whole, answers until they are read.',
  source: 'NGINX ngx_http_proxy_module: client_body_temp_path, proxy_temp_path; Traefik middlewares/buffering',
  params: {
    bodies: choice({ default: 'both', choices: ['both', 'requests', 'responses'], doc: 'Which bodies are held.' }),
    memoryBytes: count({
      default: 65_536,
      min: 1,
      max: 1_073_741_824,
      unit: 'bytes',
      doc: 'What of one body is held in memory; beyond it, it moves to the file.',
    }),
    maxFileBytes: count({
      default: 1_073_741_824,
      min: 0,
      max: 68_719_476_736,
      unit: 'bytes',
      doc: 'The largest file: a larger request gets 413, a larger answer waits at the origin.',
    }),
    totalBytes: count({
      default: 268_435_456,
      min: 0,
      max: 68_719_476_736,
      unit: 'bytes',
      doc: 'Memory for all bodies of a worker together; beyond it every body goes to its file.',
    }),
    totalFileBytes: count({
      default: 4_294_967_296,
      min: 0,
      max: 1_099_511_627_776,
      unit: 'bytes',
      doc: 'Disk for all bodies of a worker together; beyond it requests get 503 and answers wait at the origin.',
    }),
    flushBytes: count({
      default: 8192,
      min: 1,
      max: 1_073_741_824,
      unit: 'bytes',
      doc: 'An answer goes on in units of this size (of memoryBytes, if that is less), its rest when it is complete.',
    }),
  },
  make({ bodies, memoryBytes, maxFileBytes, totalBytes, totalFileBytes, flushBytes }): BufferingPolicy {
    const unitBytes = Math.min(flushBytes, memoryBytes)
    const largestRequest = Math.max(memoryBytes, maxFileBytes)
    const fits = (flow: BodyFlow) => flow.memoryBytes <= memoryBytes && flow.totalMemoryBytes <= totalBytes
    const fileHasRoom = (flow: BodyFlow) =>
      flow.fileBytes + flow.memoryBytes <= maxFileBytes && flow.totalFileBytes + flow.memoryBytes <= totalFileBytes
    const request = {
      mayDial: (flow: BodyFlow) => flow.complete,
      mayForward: (flow: BodyFlow) => flow.waitingBytes,
      intake(flow: BodyFlow): Intake {
        if (flow.receivedBytes > largestRequest || (flow.lengthBytes ?? 0) > largestRequest) return 'too-large'
        if (fits(flow)) return 'read'
        return fileHasRoom(flow) ? 'spill' : 'no-room'
      },
    }
    const response = {
      mayForward(flow: BodyFlow) {
        const { complete, waitingBytes, fileBytes } = flow
        return complete || fileBytes > 0 || !fits(flow) ? waitingBytes : waitingBytes - (waitingBytes % unitBytes)
      },
      intake(flow: BodyFlow): Intake {
        if (flow.memoryBytes === 0 || fits(flow)) return 'read'
        return fileHasRoom(flow) ? 'spill' : 'pause'
      },
      mayHold: (header: (name: string) => string | undefined) => header('x-accel-buffering')?.toLowerCase() !== 'no',
    }
    return {
      mayRead: heldBytes => heldBytes === 0,
      ...(bodies === 'responses' ? {} : { request }),
      ...(bodies === 'requests' ? {} : { response }),
    }
  },
})
