// Runs the proxy by itself: `npm run proxy config=FILE`, or as a child of the harness, which gets `ready` and `stats`
// messages.
import { pathToFileURL } from 'node:url'
import { exitStatus, UsageError, unknownName } from '../core/errors.ts'
import { readConfig } from './config.ts'
import { launch } from './threading.ts'

const reportMs = 200

/**
 * Serves until SIGTERM or SIGINT, then drains. Resolves with the exit status.
 * @throws UsageError for a bad argument, a bad configuration or a port that is taken.
 */
export async function proxy(args: Readonly<Record<string, string>>): Promise<number> {
  for (const key of Object.keys(args)) if (key !== 'config') throw unknownName('key', key, ['config'], 'proxy')
  if (!args.config) throw new UsageError('proxy: config=FILE is missing; docs/configuration.md shows one')
  const config = await readConfig(args.config)
  const running = await launch(config, args.config)
  const stopped = stopSignal()
  const report = setInterval(() => process.send?.({ type: 'stats', ...running.takeStatistics() }), reportMs)
  if (process.send) process.send({ type: 'ready', port: running.port })
  else process.stderr.write(`windtunnel: listening on http://${config.listen.host}:${running.port}/\n`)
  try {
    await Promise.race([stopped, running.failed])
    return exitStatus.holds
  } finally {
    clearInterval(report)
    await running.drain()
    process.send?.({ type: 'stats', ...running.takeStatistics() })
    if (process.connected) process.disconnect?.()
  }
}

/** Resolves on SIGTERM, SIGINT, or when the parent process is gone. */
function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    const stop = () => resolve()
    process.once('SIGTERM', stop).once('SIGINT', stop)
    if (process.send) process.once('disconnect', stop)
  })
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const args = Object.fromEntries(
    process.argv.slice(2).map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  )
  try {
    process.exitCode = await proxy(args)
  } catch (error) {
    const expected = error instanceof UsageError
    process.stderr.write(`windtunnel: ${expected ? error.message : (error as Error).stack}\n`)
    process.exitCode = expected ? exitStatus.usage : exitStatus.invalid
  }
}
