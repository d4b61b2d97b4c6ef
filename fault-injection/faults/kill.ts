// An origin whose process dies and is started again when the fault ends. What it was working on is lost, and everybody
// who was talking to it knows at once: a reset is the kindest way to fail.
import { defineFault } from '../../core/contracts.ts'

export default defineFault({
  about: 'The origin dies: its connections are reset, and new ones are refused until it is started again.',
  source: 'Jepsen nemesis, node-start-stopper; Toxiproxy, proxy with enabled=false',
  simulated: true,
  params: {},
  make: () => ({ origin: 'dead' }),
})
