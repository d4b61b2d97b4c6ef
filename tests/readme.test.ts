// The README names every scenario and every command that there is, and none that there is not.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { namesOf } from '../core/registry.ts'
import packageFile from '../package.json' with { type: 'json' }

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
/** The text between a heading and the next one of its level. */
const section = (heading: string) => readme.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!

test('a question leads to every scenario', () => {
  const rows = section('Which question, which scenario')
    .split('\n')
    .filter(line => line.startsWith('| ') && line.includes('`'))
  const named = rows.flatMap(row => [...row.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!))
  expect(named.toSorted()).toEqual(namesOf('scenario'))
})

test('every script of package.json is a command of the table, but for those that are parts of check', () => {
  const commands = [...section('Commands').matchAll(/^\| `npm (?:run )?(\w+)/gm)].map(([, name]) => name!)
  const parts = ['lint', 'help']
  expect([...new Set([...commands, ...parts])].toSorted()).toEqual(Object.keys(packageFile.scripts).toSorted())
})

test('what it links in this repository is there', () => {
  const links = [...readme.matchAll(/\]\(([^):]+)\)/g)].map(([, path]) => path!)
  expect(links.length).toBeGreaterThan(5)
  for (const path of links)
    expect(() => readFileSync(new URL(`../${path}`, import.meta.url)), path).not.toThrow(/ENOENT/)
})
