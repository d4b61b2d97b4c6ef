// Loaded into the proxy before its own code: on SIGUSR2 it starts V8's profiler, on the next one, or when the process
// ends, it stops it and writes the profile. So a profile holds the phase asked for and neither the start nor the warm-up.
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'

const path = process.env.WINDTUNNEL_PROFILE
const sampleEveryUs = 500
const sampleEveryBytes = 16_384

const session = new Session()
let state: 'before' | 'running' | 'written' = 'before'

function start(): void {
  session.connect()
  if (path?.endsWith('.heapprofile')) {
    // What was allocated and collected again counts: garbage is what a proxy pays for, not what is left at the end.
    session.post('HeapProfiler.startSampling', {
      samplingInterval: sampleEveryBytes,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    })
  } else {
    session.post('Profiler.enable')
    session.post('Profiler.setSamplingInterval', { interval: sampleEveryUs })
    session.post('Profiler.start')
  }
  state = 'running'
}

/** A session in its own thread answers before `post` returns, so this also works while the process exits. */
function write(): void {
  const save = (error: Error | null, answer?: { profile: object }) => {
    if (path && !error && answer) writeFileSync(path, JSON.stringify(answer.profile))
  }
  if (path?.endsWith('.heapprofile')) session.post('HeapProfiler.stopSampling', save)
  else session.post('Profiler.stop', save)
  session.disconnect()
  state = 'written'
}

function onSignal(): void {
  if (state === 'before') start()
  else if (state === 'running') write()
}

process.on('SIGUSR2', onSignal)
process.on('exit', () => state === 'running' && write())
