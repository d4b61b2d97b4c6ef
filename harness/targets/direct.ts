// No proxy at all: the generator asks the first origin itself. What is measured then is the instrument, and whatever a
// proxy shows beyond it is the proxy's. Nothing is started, so there is no process whose cost could be counted.
import { defineTarget } from '../target.ts'

const never = new Promise<never>(() => {})

export default defineTarget({
  about: 'No proxy: the generator asks an origin itself, to show what the instrument contributes.',
  source: 'harness/',
  find: () => ({ path: '', version: 'no program' }),
  refuses: () => null,
  start: async ({ originPorts }) => ({ port: originPorts[0]!, pid: 0, stats: [], exited: never, stop: async () => {} }),
})
