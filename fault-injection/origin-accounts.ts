// What the origins count while they serve, and what of it is told: all of them together, and each by itself.

/** What reached the origins, all of them together. */
export interface OriginLedger {
  readonly connectionsOpened: number
  readonly connectionsOpen: number
  readonly connectionsOpenPeak: number
  /** Connections, closed or still open, on which no complete request head ever came. */
  readonly connectionsWithoutRequest: number
  /** Complete and well-formed request heads. */
  readonly requests: number
  /** Of these, requests without the generator's header: attackers, health checks, tests. */
  readonly requestsNotHonest: number
  /** How long these were here, all together: from the head until the answer had been written or the connection was gone. */
  readonly othersHeldMs: number
  /** Heads and bodies an origin must not trust, answered with 400: a proxy should never forward one. */
  readonly requestsMalformed: number
  readonly requestBodyBytes: number
  /** The most requests that were being served at one instant. */
  readonly inFlightPeak: number
}

export interface OriginTally {
  readonly requests: number
  readonly connectionsOpened: number
  /** The most requests that were here at one instant, waiting ones included. */
  readonly inFlightPeak: number
}

/** The counters while they run. */
export interface OriginCounts {
  connectionsOpened: number
  connectionsOpen: number
  connectionsOpenPeak: number
  connectionsWithRequest: number
  requests: number
  requestsNotHonest: number
  othersHeldMs: number
  requestsMalformed: number
  requestBodyBytes: number
  inFlight: number
  inFlightPeak: number
}

/** The counters of one origin while they run. */
export interface OriginTallying {
  requests: number
  connectionsOpened: number
  inFlight: number
  inFlightPeak: number
}

export function newCounts(): OriginCounts {
  return {
    connectionsOpened: 0,
    connectionsOpen: 0,
    connectionsOpenPeak: 0,
    connectionsWithRequest: 0,
    requests: 0,
    requestsNotHonest: 0,
    othersHeldMs: 0,
    requestsMalformed: 0,
    requestBodyBytes: 0,
    inFlight: 0,
    inFlightPeak: 0,
  }
}

export function ledgerOf({ connectionsWithRequest, inFlight: _, ...counts }: OriginCounts): OriginLedger {
  return { ...counts, connectionsWithoutRequest: counts.connectionsOpened - connectionsWithRequest }
}

export function newTally(): OriginTallying {
  return { requests: 0, connectionsOpened: 0, inFlight: 0, inFlightPeak: 0 }
}

export function tallyOf({ inFlight: _, ...tally }: OriginTallying): OriginTally {
  return tally
}
