// Faults that strike an origin as a whole, over real sockets: what a client sees at the start, in between and at the end.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RequestLog } from '../core/request-log.ts'
import type { OriginPlan } from '../core/scenario.ts'
import { type Origins, startOrigins } from './origin.ts'
import { placeFaults } from './origin-plan.ts'

const log = () => new RequestLog(10)
let rows: RequestLog
let origins: Origins
let clients: Socket[] = []

async function start(plan: Partial<OriginPlan> = {}): Promise<void> {
  rows = log()
  origins = await startOrigins({ count: 2, service: 'fixed:ms=0', responseBytes: 1, ...plan }, 1, rows)
}
beforeEach(() => start())
afterEach(async () => {
  for (const client of clients) client.destroy()
  clients = []
  await origins.close()
})

/** Puts `fault` on the first origin, now and until told otherwise. */
async function strike(fault: string): Promise<void> {
  const phases = [{ name: 'fault', durationMs: 3_600_000 }]
  origins.schedule(await placeFaults([{ fault, origin: 0, phase: 'fault' }], phases, 2, 1), performance.now())
}
const mend = () => origins.schedule([], performance.now())

async function dial(origin = 0): Promise<Socket> {
  const socket = connect({ port: origins.ports[origin]!, host: '127.0.0.1', noDelay: true })
  clients.push(socket)
  await once(socket, 'connect')
  return socket
}

const requestOf = (row: number) => `GET / HTTP/1.1\r\nHost: a\r\nx-request-index: ${row}\r\n\r\n`

/** Asks and resolves with the status, or with how the connection ended. */
function ask(socket: Socket, row: number): Promise<string> {
  return new Promise(resolve => {
    const settle = (how: string) => {
      socket.off('data', onData).off('error', onError).off('end', onEnd)
      resolve(how)
    }
    const onData = (bytes: Buffer) => settle(String(bytes).slice(9, 12))
    const onError = (error: NodeJS.ErrnoException) => settle(error.code!)
    const onEnd = () => settle('closed')
    socket.on('data', onData).on('error', onError).on('end', onEnd)
    socket.write(requestOf(row))
  })
}

/** Dials until the origin accepts: after a fault it listens again a moment later. */
async function dialAgain(): Promise<Socket> {
  for (;;) {
    try {
      return await dial()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
    }
  }
}

test('kill resets what is open and refuses what is new, at that origin only, and then it is back on its port', async () => {
  const [open, other] = [await dial(), await dial(1)]
  expect([await ask(open, 0), await ask(other, 1)]).toEqual(['200', '200'])
  const ended = once(open, 'error')
  await strike('kill')
  expect((await ended)[0]).toMatchObject({ code: 'ECONNRESET' })
  await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect(await ask(other, 2)).toBe('200')
  mend()
  expect(await ask(await dialAgain(), 3)).toBe('200')
})

test('kill loses what the origin was working on: it is not executed', async () => {
  await origins.close()
  await start({ service: 'fixed:ms=600000' })
  const answer = ask(await dial(), 0)
  await expect.poll(() => origins.ledger().requests).toBe(1)
  await strike('kill')
  expect(await answer).toBe('ECONNRESET')
  expect(rows.executions[0]).toBe(0)
})

test('stop answers nobody, old or new, until the origin goes on where it was', async () => {
  const [open, other] = [await dial(), await dial(1)]
  expect(await ask(open, 0)).toBe('200')
  await strike('stop')
  const onOpen = ask(open, 1)
  const onNew = ask(await dial(), 2)
  let answered = 0
  for (const answer of [onOpen, onNew]) void answer.then(() => answered++)
  // Fifty exchanges with its neighbour are ample time for an origin that lives.
  for (let k = 0; k < 50; k++) expect(await ask(other, 3)).toBe('200')
  expect([answered, rows.originInAt[1], rows.originInAt[2]]).toEqual([0, 0, 0])
  mend()
  expect(await Promise.all([onOpen, onNew])).toEqual(['200', '200'])
  expect([...rows.executions.slice(0, 3)]).toEqual([1, 1, 1])
})

test('stop holds back an answer whose time has come, and what is pipelined behind it', async () => {
  await origins.close()
  await start({ service: 'fixed:ms=50', each: { 0: { service: 'fixed:ms=200' } } })
  const [open, other] = [await dial(), await dial(1)]
  const both = Promise.withResolvers<void>()
  let text = ''
  open.on('data', bytes => {
    text += String(bytes)
    if (text.match(/HTTP/g)!.length === 2) both.resolve()
  })
  open.write(requestOf(0) + requestOf(1))
  await expect.poll(() => rows.originInAt[0], { interval: 5 }).toBeGreaterThan(0)
  await strike('stop')
  for (let k = 0; k < 5; k++) expect(await ask(other, 2)).toBe('200')
  expect(text).toBe('')
  mend()
  await both.promise
})

test('refuse refuses who is new and serves who is there', async () => {
  const open = await dial()
  await strike('refuse')
  await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect(await ask(open, 0)).toBe('200')
  mend()
  expect(await ask(await dialAgain(), 1)).toBe('200')
  expect(await ask(open, 2)).toBe('200')
})

test('lose-answer executes and resets, and the log counts executions by request', async () => {
  await strike('lose-answer')
  for (let k = 0; k < 2; k++) expect(await ask(await dial(), 0)).toBe('ECONNRESET')
  mend()
  expect(await ask(await dial(), 0)).toBe('200')
  expect(await ask(await dial(1), 1)).toBe('200')
  expect([...rows.executions.slice(0, 3)]).toEqual([3, 1, 0])
})

test('a status in place of the work is no execution', async () => {
  await strike('status:code=503')
  expect(await ask(await dial(), 0)).toBe('503')
  expect(rows.executions[0]).toBe(0)
})

test('faults come and go by themselves at the ends of their phases', async () => {
  const phases = ['calm', 'dead', 'stopped', 'mended'].map(name => ({ name, durationMs: 50 }))
  const faults = [
    { fault: 'kill', origin: 0, phase: 'dead' },
    { fault: 'stop', origin: 0, phase: 'stopped' },
  ]
  const open = await dial()
  const ended = once(open, 'error')
  const windows = await placeFaults(faults, phases, 2, 1)
  const phasesAt = performance.now()
  origins.schedule(windows, phasesAt)
  expect((await ended)[0]).toMatchObject({ code: 'ECONNRESET' })
  expect(await ask(await dialAgain(), 0)).toBe('200')
  // Whoever dialled while it was dead was refused, and while it was stopped (until 150 ms) got no answer. Timers may be early
  // by a millisecond each, and a busy machine only makes it later.
  expect(performance.now() - phasesAt).toBeGreaterThan(125)
})

test('idleMs closes a connection that waits too long for its next request, and no other', async () => {
  await origins.close()
  await start({ each: { 0: { idleMs: 30 } } })
  const [fresh, used, other] = [await dial(), await dial(), await dial(1)]
  expect([await ask(used, 0), await ask(other, 1)]).toEqual(['200', '200'])
  const answeredAt = rows.originOutAt[0]!
  await once(used.resume(), 'close')
  expect(performance.now() - answeredAt).toBeGreaterThan(15)
  expect([await ask(fresh, 2), await ask(other, 3)]).toEqual(['200', '200'])
})

test('two faults that each decide whether an origin lives are refused', async () => {
  const both = [
    { fault: 'kill', origin: 0, phase: 'a' },
    { fault: 'stop', origin: 0, phase: 'a' },
  ]
  const phases = [{ name: 'a', durationMs: 1 }]
  await expect(placeFaults(both, phases, 1, 1)).rejects.toThrow('two of o0 in phase "a" strike the whole origin')
  await expect(start({ idleMs: 0.5 })).rejects.toThrow('origins.0.idleMs: 0.5 given')
})
