// Where a client connection comes from: address and port. A socket bound to an address with the port left to Linux costs
// some 300 µs once a few thousand connections of that address are in TIME_WAIT (the kernel looks through them), which at
// a hundred new connections per second is soon. Ports chosen here in turn cost nothing, and TIME_WAIT ones are usable.

const firstPort = 10_000
const portCount = 51_000
/** Ports another socket has are passed over; so many in a row means that there are none. */
export const maxPortTries = 200

/** Of this process, by address, so that loads that follow each other do not meet in their ports. */
const nextPorts = new Map<string, number>()

/** Options of `net.connect`; empty where the system would take this address anyway and finds a port quickly itself. */
export function sourceOptions(address: string): { localAddress?: string; localPort?: number } {
  if (address === '127.0.0.1' || address === '::1') return {}
  // Processes start at different places, for the same reason.
  const port = nextPorts.get(address) ?? (process.pid * 7919) % portCount
  nextPorts.set(address, (port + 1) % portCount)
  return { localAddress: address, localPort: firstPort + port }
}

/** Whether a connection failed only because its port is taken, so that another may do. */
export function isPortTaken(code: string | undefined): boolean {
  return code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL'
}
