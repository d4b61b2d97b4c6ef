// The rules of the house, checked: which folder may import which, no cycles, no barrels, no clock or chance in a policy.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = ['core', 'simulation', 'proxy', 'loadgen', 'fault-injection', 'harness', 'scenarios', 'reports']

interface Source {
  readonly path: string
  readonly text: string
  /** Paths from the root for our own files; the bare names of packages and node: modules. */
  readonly imports: readonly { target: string; typeOnly: boolean }[]
}

const sources: Source[] = folders
  .flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(file => join(folder, file)),
  )
  .filter(path => path.endsWith('.ts'))
  .map(path => {
    const text = readFileSync(join(root, path), 'utf8')
    const statements = [...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?from\s+)?'([^']+)'/gm)]
    const dynamic = [...text.matchAll(/import\('([^']+)'\)/g)]
    const resolve = (target: string) =>
      target.startsWith('.') ? relative(root, join(root, dirname(path), target)) : target
    return {
      path,
      text,
      imports: [
        ...statements.map(match => ({ target: resolve(match[2]!), typeOnly: match[1] !== undefined })),
        ...dynamic.map(match => ({ target: resolve(match[1]!), typeOnly: false })),
      ],
    }
  })

const isTest = (source: Source) => /\.(test|fixture)\.ts$|\/fixture/.test(source.path)
const product = sources.filter(source => !isTest(source))
const policyFolders = [
  'proxy/balancers/',
  'proxy/combinators/',
  'proxy/pools/',
  'proxy/buffering/',
  'proxy/limiters/',
  'proxy/health/',
  'proxy/retries/',
  'proxy/filters/',
  'proxy/accept/',
  'loadgen/profiles/',
  'fault-injection/service-times/',
  'fault-injection/faults/',
]
const isPolicy = (source: Source) => policyFolders.some(folder => source.path.startsWith(folder))

/** Imports of the files under `from` that are not allowed by `allowed`, as "file imports target". */
function offences(from: (source: Source) => boolean, allowed: (target: string, source: Source) => boolean): string[] {
  return product
    .filter(from)
    .flatMap(source =>
      source.imports
        .filter(({ target }) => !allowed(target, source))
        .map(({ target }) => `${source.path} imports ${target}`),
    )
}

const isPackage = (target: string) =>
  !folders.some(folder => target.startsWith(`${folder}/`)) && !target.startsWith('node:')
const inside =
  (...allowed: string[]) =>
  (target: string) =>
    allowed.some(folder => target.startsWith(`${folder}/`))
const under = (folder: string) => (source: Source) => source.path.startsWith(`${folder}/`)

test('there is something to check', () => {
  expect(product.length).toBeGreaterThan(60)
  expect(product.filter(isPolicy).length).toBeGreaterThan(7)
  expect(product.flatMap(source => source.imports).length).toBeGreaterThan(150)
})

test('policies import core only, and know no clock, timer, chance or platform', () => {
  expect(offences(isPolicy, inside('core'))).toEqual([])
  const forbidden =
    /Math\.random|Date\.now|new Date|performance\.|setTimeout|setInterval|setImmediate|process\.|Promise|async /
  expect(
    product
      .filter(isPolicy)
      .filter(source => forbidden.test(source.text))
      .map(source => source.path),
  ).toEqual([])
})

test('core is browser-safe: only the registry reads the disk, and no other core file imports it', () => {
  const browserSafe = (source: Source) => under('core')(source) && source.path !== 'core/registry.ts'
  expect(
    offences(browserSafe, target => (inside('core')(target) && target !== 'core/registry.ts') || isPackage(target)),
  ).toEqual([])
})

test('folders depend on what they may and on nothing else', () => {
  const node = (target: string) => target.startsWith('node:')
  const allow =
    (...allowed: string[]) =>
    (target: string) =>
      node(target) || isPackage(target) || inside(...allowed)(target)
  expect(offences(under('proxy'), allow('core', 'proxy'))).toEqual([])
  expect(offences(under('loadgen'), allow('core', 'loadgen'))).toEqual([])
  expect(offences(under('fault-injection'), allow('core', 'fault-injection', 'loadgen'))).toEqual([])
  expect(offences(under('simulation'), inside('core', 'simulation'))).toEqual([])
  expect(offences(under('reports'), allow('core', 'reports'))).toEqual([])
  expect(offences(under('scenarios'), target => inside('core')(target))).toEqual([])
})

test('no file imports itself by a detour', () => {
  const graph = new Map(product.map(source => [source.path, source.imports.map(({ target }) => target)]))
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (done.has(path) || trail.includes(path)) return
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  expect(cycles).toEqual([])
})

test('no barrels: nothing is exported from somewhere else', () => {
  expect(product.filter(source => /^export .* from '/m.test(source.text)).map(source => source.path)).toEqual([])
})

test('every file says at its top what it is', () => {
  expect(product.filter(source => !source.text.startsWith('// ')).map(source => source.path)).toEqual([])
})

test('nothing is left undone or switched off in silence', () => {
  const unfinished =
    /\bTODO\b|\bFIXME\b|\bXXX\b|@ts-ignore|@ts-nocheck|biome-ignore(?!.*:)|\b(?:test|describe|it)\.(?:only|todo)\b/
  expect(sources.filter(source => unfinished.test(source.text)).map(source => source.path)).toEqual([])
})
