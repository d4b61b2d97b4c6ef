// Reads of accepted sockets into one buffer that all of them share, instead of a fresh Buffer and a 'data' event per read.
// Node documents `onread` for outgoing sockets only; for accepted ones the same fields are set by hand. That is beyond the
// documented API, so it is tried out on loopback at start-up, and what fails falls back to 'data' events by itself.
import net from 'node:net'

export interface ReadAdapter {
  /** True: one buffer for all sockets, so body bytes must be copied before they are written on. */
  readonly shared: boolean
  /**
   * Starts delivering reads of a socket that came from a server with `pauseOnConnect`. `onRead` has the socket as `this`;
   * its bytes are valid only during the call when reads are shared.
   */
  attach(socket: net.Socket, onRead: (this: net.Socket, bytes: Buffer, length: number) => void): void
}

const readBytes = 65_536

/** The documented way. */
export const dataEvents: ReadAdapter = {
  shared: false,
  attach(socket, onRead) {
    socket.on('data', function (this: net.Socket, bytes: Buffer) {
      onRead.call(this, bytes, bytes.length)
    })
    socket.resume()
  },
}

interface OnreadFields {
  buffer: symbol
  callback: symbol
}

function onreadFields(): OnreadFields | null {
  const outgoing = new net.Socket({ onread: { buffer: Buffer.alloc(1), callback: () => true } })
  const symbols = Object.getOwnPropertySymbols(outgoing)
  outgoing.destroy()
  const buffer = symbols.find(symbol => symbol.description === 'kBuffer')
  const callback = symbols.find(symbol => symbol.description === 'kBufferCb')
  return buffer && callback ? { buffer, callback } : null
}

function sharedReads(fields: OnreadFields): ReadAdapter {
  const shared = Buffer.allocUnsafeSlow(readBytes)
  return {
    shared: true,
    attach(socket, onRead) {
      const inside = socket as unknown as Record<symbol, unknown> & { _handle: { useUserBuffer(buffer: Buffer): void } }
      inside[fields.buffer] = shared
      inside[fields.callback] = function (this: net.Socket, length: number): boolean {
        onRead.call(this, shared, length)
        return true
      }
      inside._handle.useUserBuffer(shared)
      // A socket from another process has been read from since it was made; what came is delivered first.
      if (socket.readableLength > 0) process.nextTick(deliverBuffered, socket, onRead)
      else socket.resume()
    },
  }
}

function deliverBuffered(socket: net.Socket, onRead: (this: net.Socket, bytes: Buffer, length: number) => void): void {
  const bytes: Buffer | null = socket.read()
  if (bytes !== null) onRead.call(socket, bytes, bytes.length)
  socket.resume()
}

/** Shared reads when this Node can do them (proved by an exchange on loopback), 'data' events otherwise. */
export async function chooseReadAdapter(): Promise<ReadAdapter> {
  const fields = onreadFields()
  if (!fields) return dataEvents
  const adapter = sharedReads(fields)
  return (await proves(adapter)) ? adapter : dataEvents
}

/** Sends two messages and an end through an accepted socket and checks that all three arrive. */
function proves(adapter: ReadAdapter): Promise<boolean> {
  return new Promise(resolve => {
    let received = ''
    const finish = (result: boolean) => {
      clearTimeout(giveUp)
      client.destroy()
      server.close()
      resolve(result)
    }
    const giveUp = setTimeout(finish, 2_000, false)
    const server = net.createServer({ pauseOnConnect: true }, socket => {
      socket.on('error', () => finish(false)).on('end', () => finish(received === 'firstsecond'))
      try {
        adapter.attach(socket, (bytes, length) => {
          received += bytes.toString('latin1', 0, length)
          if (received === 'first') socket.write('more')
        })
      } catch {
        finish(false)
      }
    })
    const client = new net.Socket()
    client.on('error', () => finish(false)).on('data', () => client.end('second'))
    server.on('error', () => finish(false))
    server.listen(0, '127.0.0.1', () => {
      client.connect((server.address() as net.AddressInfo).port, '127.0.0.1', () => client.write('first'))
    })
  })
}
