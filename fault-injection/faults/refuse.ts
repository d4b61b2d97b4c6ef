// An origin that no longer listens, as when it drains before a restart or its accept queue is closed: whoever has a
// connection is served, whoever needs a new one is not.
import { defineFault } from '../../core/contracts.ts'

export default defineFault({
  about: 'The origin refuses new connections; those that are open live on.',
  source: 'RFC 9293 section 3.10.7.1 (a closed port answers RST)',
  simulated: true,
  params: {},
  make: () => ({ origin: 'refusing' }),
})
