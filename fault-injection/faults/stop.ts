// An origin that is stopped but not dead: the kernel goes on completing connections and taking bytes, so that nothing
// fails and nobody answers. Only a time-out tells.
import { defineFault } from '../../core/contracts.ts'

export default defineFault({
  about: 'The origin is stopped: connections open and requests are taken, but nothing is answered until it goes on.',
  source: 'Jepsen nemesis, hammer-time (SIGSTOP and SIGCONT)',
  simulated: true,
  params: {},
  make: () => ({ origin: 'frozen' }),
})
