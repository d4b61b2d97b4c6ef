// `npm run help`: every command in one line each.

const commands = [
  ['npm run scenario', 'lists the scenarios'],
  ['npm run scenario NAME help', 'explains one: variants, phases, keys'],
  ['npm run scenario NAME [key=value …]', 'runs it and leaves a report in runs/'],
  ['npm run regress base=REF', 'is the proxy slower than that of a git ref? The CI gate'],
  ['npm run bench', 'nanoseconds per operation of the hot path'],
  ['npm run compare A B', 'two records of a scenario side by side'],
  ['npm run profile NAME tool=TOOL', 'one untimed run under doctor, flame, cpu or heap'],
  ['npm run nightly', 'every scenario at length'],
  ['npm run list [seam]', 'every strategy with its sentence, source and parameters'],
  ['npm run proxy config=FILE', 'runs the proxy by itself'],
  ['npm run load url=… rate=… seconds=…', 'runs the load generator by itself'],
  ['npm test', 'the tests, at most five minutes'],
  ['npm run check', 'everything that CI runs'],
] as const

const text = `Windtunnel: a testbed for reverse-proxy architectures.

${commands.map(([command, does]) => `  ${command.padEnd(38)}${does}`).join('\n')}

Exit status: 0 every claim holds, 1 some claim does not, 2 usage error, 3 invalid run,
4 undecided (only with strict=yes).
`

export async function help(): Promise<number> {
  process.stdout.write(text)
  return 0
}
