// `npm run profile NAME tool=…`: one more run of a scenario with our proxy under a profiler. It stands beside measured runs
// and is never mixed with them: a profiler costs a proxy up to twice its CPU, so nothing of this run is judged.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { exitStatus, InvalidRunError, UsageError } from '../../core/errors.ts'
import { extraFolder } from '../../core/registry.ts'
import type { Variant } from '../../core/scenario.ts'
import { readRecord } from '../../reports/read-record.ts'
import { Children } from '../children.ts'
import { interruptible } from '../interruptible.ts'
import { choosePinning } from '../pinning.ts'
import { planOf, type RunPlan, scenarioKeys } from '../plan.ts'
import { doctorProfiler } from '../profiling/doctor.ts'
import { linkProfiles, type ProfileTool } from '../profiling/links.ts'
import type { Findings, Profiler, ProfilerOptions } from '../profiling/profiler.ts'
import { v8Profiler } from '../profiling/v8.ts'
import { ProgressDisplay } from '../progress.ts'
import { runVariant } from '../run-variant.ts'
import { oneOf, parseWords } from '../words.ts'

/** How each tool's profile is made; profiling/links.ts says what it shows. */
const tools: Record<ProfileTool, (options: ProfilerOptions) => Profiler> = {
  doctor: doctorProfiler,
  flame: options => v8Profiler('flame', options),
  cpu: options => v8Profiler('cpu', options),
  heap: options => v8Profiler('heap', options),
}
/** Keys of a scenario that mean nothing for a single run that is not judged. */
const meaningless = ['repeats', 'strict', 'throttle', 'engine']
const keys = [...Object.keys(scenarioKeys).filter(key => !meaningless.includes(key)), 'tool', 'beside']
/** A profiler sees one process with one event loop. */
const threadings = ['single', 'prefork']

export interface ProfilePlan {
  readonly tool: ProfileTool
  /** The plan of the scenario; its `out` is the folder of the profile. */
  readonly run: RunPlan
  readonly variant: Variant
  /** The folder of the measured run that gets the profile, or null. */
  readonly beside: string | null
  readonly command: string
}

/** Decodes the words of `npm run profile`. @throws UsageError in one sentence. */
export async function profilePlanOf(words: readonly string[], startedAt: Date): Promise<ProfilePlan> {
  const { names, values } = parseWords(words, keys, 'profile')
  if (names.length !== 1) {
    throw new UsageError(`profile: ${names.length} names given; allowed: one scenario and tool=${toolNames.join(', ')}`)
  }
  if (values.tool === undefined) throw new UsageError(`profile: tool= is missing; allowed: ${toolNames.join(', ')}`)
  const tool = oneOf(values.tool, 'tool', toolNames)
  const beside = values.beside === undefined ? null : resolve(values.beside)
  const seed = beside === null ? [] : [`seed=${recordBeside(beside, names[0]!).seed}`]
  const given = words.filter(word => !/^(tool|beside)=/.test(word))
  const defaults = ['effort=quick', ...seed].filter(word => values[word.split('=')[0]!] === undefined)
  const run = await planOf([...given, ...defaults], startedAt)
  if (beside !== null && values.out !== undefined) {
    throw new UsageError('profile: out= and beside= given; allowed: one of them')
  }
  const out =
    beside === null ? (values.out === undefined ? `${run.out}-profile` : run.out) : join(beside, 'profiles', tool)
  const extra = extraFolder()
  const asked = words.filter(word => !/^(out|beside|seed)=/.test(word))
  const command = ['npm run profile', ...asked, ...(extra === null ? [] : [`extra=${extra}`]), `seed=${run.seed}`].join(
    ' ',
  )
  return { tool, run: { ...run, out }, variant: variantOf(run), beside, command }
}

const toolNames = Object.keys(tools) as ProfileTool[]

/** The record of the run in `folder`. @throws UsageError when there is none, or of another scenario. */
function recordBeside(folder: string, name: string) {
  const record = readRecord(join(folder, 'record.json'))
  if (record.scenario === name) return record
  throw new UsageError(`beside=${folder} is a run of ${record.scenario}; allowed: a run of ${name}`)
}

/** The one variant of ours that was asked for, else the scenario's first. */
function variantOf({ scenario, variants, name }: RunPlan): Variant {
  const ours = variants.filter(variant => variant.target === 'windtunnel')
  const variant = ours[0]
  if (!variant) throw new UsageError(`profile: ${name} as given has no windtunnel; allowed: target=windtunnel`)
  if (variants !== scenario.variants && variants.length > 1) {
    throw new UsageError(`profile: ${variants.length} variants given; allowed: one at a time`)
  }
  const threading = variant.settings.threading.split(':')[0]!
  if (threadings.includes(threading)) return variant
  throw new UsageError(`profile: threading=${threading} of ${variant.name}; allowed: ${threadings.join(', ')}`)
}

/** Runs and writes the profile. @returns the exit status. @throws UsageError, InvalidRunError. */
export async function profile(words: readonly string[]): Promise<number> {
  const plan = await profilePlanOf(words, new Date())
  const { run, beside } = plan
  if (beside === null && existsSync(run.out)) {
    throw new UsageError(`out=${run.out} is there already; allowed: a new folder`)
  }
  rmSync(run.out, { recursive: true, force: true })
  mkdirSync(run.out, { recursive: true })
  const children = new Children()
  const discard = () => rmSync(run.out, { recursive: true, force: true })
  const findings = await interruptible(children, discard, () => runUnder(plan, children))
  writeFileSync(join(run.out, 'README.md'), readmeOf(plan, findings))
  if (beside !== null) await linkProfiles(beside)
  const shown = relative(process.cwd(), run.out) || '.'
  if (findings.text !== '') process.stdout.write(`${findings.text}\n\n`)
  process.stdout.write(`${[...findings.files, 'README.md'].map(file => `${shown}/${file}`).join('  ')}\n`)
  return exitStatus.holds
}

/** The run itself, in a folder that exists. @throws InvalidRunError when it yields no profile. */
export async function runUnder({ tool, run, variant }: ProfilePlan, children: Children): Promise<Findings> {
  const title = `${run.name}: ${variant.name}`
  const profiler = tools[tool]({ folder: run.out, ...windowOf(run), title })
  const label = { variant: `${variant.name} under ${tool}`, repeat: 0, number: 1, runs: 1 }
  const display = new ProgressDisplay(process.stderr, 0)
  display.say(`  ${label.variant}: one run, not judged …`)
  try {
    const context = { plan: run, pinning: choosePinning(), children, target: profiler.target }
    const measured = await runVariant(context, variant, 0, progress => {
      profiler.onProgress(progress.elapsedMs)
      display.show(label, progress)
    })
    display.ended(label, measured)
    if (measured.generator.completed === 0)
      throw new InvalidRunError('the profiled proxy answered no request of the phases; is the machine busy?')
  } finally {
    display.close()
  }
  return profiler.finish()
}

/** When the measured phase begins and ends, ms from the start of the first. */
function windowOf({ phases, scenario }: RunPlan): Pick<ProfilerOptions, 'fromMs' | 'toMs'> {
  const at = phases.findIndex(({ name }) => name === scenario.measuredPhase)
  const fromMs = phases.slice(0, at).reduce((sum, { durationMs }) => sum + durationMs, 0)
  return { fromMs, toMs: fromMs + phases[at]!.durationMs }
}

function readmeOf({ run, tool, variant, command }: ProfilePlan, { files, text }: Findings): string {
  const settings = Object.entries(variant.settings).map(([key, value]) => `${key}=${value}`)
  const window =
    tool === 'doctor' ? 'The whole life of the proxy is covered.' : `Phase ${run.scenario.measuredPhase} is covered.`
  const lines = [
    `# ${run.name} under ${tool}`,
    `Variant ${variant.name} (${settings.join(' ')}), effort ${run.effort}. ${window} A profiled proxy is slower: no figure here is a measurement.`,
    files.map(file => `- [${file}](${file})`).join('\n'),
    `\`${command}\``,
  ]
  if (text !== '') lines.push(['```', text, '```'].join('\n'))
  return `${lines.join('\n\n')}\n`
}
