// Does this very process listen on this port? An answer to a connect would not tell: the port may be a stranger's while
// the program that lost it keeps trying. Linux says which process owns a listening socket; elsewhere a connect must do.
// Source: proc(5), /proc/net/tcp and /proc/PID/fd.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { resourcesAvailable } from './probes/process-tree.ts'

const listenState = '0A'

/** The inodes of IPv4 sockets that listen on `port`. */
function listeningInodes(port: number): Set<string> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)
  const fields = rows.map(row => row.trim().split(/\s+/))
  return new Set(
    fields
      .filter(([, local = '', , state]) => state === listenState && local.endsWith(`:${hexPort}`))
      .map(row => row[9]!),
  )
}

function ownsListener(pid: number, port: number): boolean {
  const inodes = listeningInodes(port)
  try {
    return readdirSync(`/proc/${pid}/fd`).some(descriptor => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1]
      return inode !== undefined && inodes.has(inode)
    })
  } catch {
    // The process, or a descriptor between two looks, is gone.
    return false
  }
}

/** Whether anybody accepts connections on the loopback port `port`. */
export function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Whether the process `pid` accepts connections on the loopback port `port`. */
export async function listens(pid: number, port: number): Promise<boolean> {
  return resourcesAvailable ? ownsListener(pid, port) : answers(port)
}
