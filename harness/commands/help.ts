// `npm run help`: every command in one line each.

const commands = [
  ['npm run scenario', 'lists the scenarios'],
  ['npm run scenario NAME help', 'explains one: variants, phases, keys'],
  ['npm run scenario NAME [key=value …]', 'runs it and leaves a report in runs/'],
  ['npm run tournament [NAME …]', 'every balancer in every situation of the simulator'],
  ['npm run regress base=REF', 'is the proxy slower than that of a git ref? The CI gate'],
  ['npm run bench', 'nanoseconds per operation of the hot path'],
  ['npm run compare A B', 'two records of a scenario side by side'],
  ['npm run profile NAME tool=TOOL', 'one untimed run under doctor, flame, cpu or heap'],
  ['npm run threads [count=200]', 'what a thread costs in memory, and ten thousand of them'],
  ['npm run nightly', 'every scenario at length'],
  ['npm run list [seam [name]]', 'every strategy with its sentence, source and parameters'],
  ['npm run notebooks [preview]', 'builds the lessons into runs/notebooks; preview serves them'],
  ['npm run quiz [NAME]', 'asks for a prediction, runs the experiment, says who was right'],
  ['npm run proxy config=FILE', 'runs the proxy by itself'],
  ['npm run load url=… rate=… seconds=…', 'runs the load generator by itself'],
  ['npm test', 'the tests, at most five minutes'],
  ['npm run long [part …]', 'long checks with the real peers: every scenario, profiles, memory'],
  ['npm run check', 'everything that CI runs'],
] as const

const text = `Windtunnel: a testbed for reverse-proxy architectures.

${commands.map(([command, does]) => `  ${command.padEnd(38)}${does}`).join('\n')}

extra=DIR adds a folder with strategies of your own to any command (docs/adding.md).
Exit status: 0 every claim holds, 1 some claim does not, 2 usage error, 3 invalid run,
4 undecided (only with strict=yes). Of regress, 1 means a slow-down that a second batch confirmed.
`

export async function help(): Promise<number> {
  process.stdout.write(text)
  return 0
}
