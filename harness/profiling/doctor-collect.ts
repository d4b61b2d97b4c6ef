// A process between harness and proxy: starts the proxy under @clinic/doctor, says which process that is, and, when told
// to finish, interrupts it and writes the page. Apart, because doctor works in the current directory, hides its child, and
// needs 300 MB for the page. Words: the page, the program, the program's words. The working directory gets the samples.
import { readFileSync } from 'node:fs'
import ClinicDoctor from '@clinic/doctor'
import { exitStatus } from '../../core/errors.ts'
import { findProgram } from '../children.ts'

const [page = '', ...command] = process.argv.slice(2)
/** A sample walks over every open socket: at doctor's own 10 ms five thousand of them take the proxy most of a core. */
const sampleEveryMs = 50
// Doctor can tell the first port a program listens on, but the first of the proxy is that of a test it makes of itself.
const doctor = new ClinicDoctor({ dest: '.', name: 'proxy', sampleInterval: sampleEveryMs })
let proxyPid = 0
let finishing = false

/** Signals the proxy if it still lives. */
function signalProxy(signal: NodeJS.Signals): void {
  try {
    if (proxyPid > 0) process.kill(proxyPid, signal)
  } catch {
    // It has ended already; `collect` tells.
  }
}

function fail(reason: string): void {
  process.stderr.write(`${reason}\n`)
  signalProxy('SIGKILL')
  process.exit(exitStatus.invalid)
}

// Should this process be killed, the kernel ends the proxy with it.
const leash = findProgram('setpriv')
const leashed = [...(leash ? [leash, '--pdeathsig', 'SIGKILL'] : []), process.execPath, ...command]
doctor.collect(leashed, (error, folder) => {
  proxyPid = 0
  if (error || !finishing) return fail(error?.message ?? 'the proxy ended by itself')
  doctor.visualize(folder, page, failure => {
    if (failure) return fail(failure.message)
    if (process.connected) process.disconnect?.()
  })
})

// Doctor keeps its child to itself; it is the only one of this process.
proxyPid = Number(readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').trim().split(' ')[0])
process.send?.(proxyPid)
process.on('message', () => {
  finishing = true
  signalProxy('SIGINT')
})
process.on('SIGTERM', () => fail('stopped'))
process.on('disconnect', () => {
  if (!finishing) fail('the harness is gone')
})
