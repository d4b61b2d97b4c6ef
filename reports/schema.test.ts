import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, describe, expect, test } from 'vitest'
import { UsageError } from '../core/errors.ts'
import { recordSchema, type ScenarioRecord } from '../core/record.ts'
import { failingRecord, faultRecord, invalidRecord, slowlorisRecord, steadyRecord, undecidedRecord } from './fixture.ts'
import { readRecord } from './read-record.ts'
import { schemaPath, schemaText } from './schema.ts'

const records = { slowlorisRecord, undecidedRecord, failingRecord, steadyRecord, faultRecord, invalidRecord }
const published = readFileSync(schemaPath, 'utf8')
const validate = new Ajv2020({ validateFormats: false, allowUnionTypes: true }).compile(JSON.parse(published))

describe('the published schema', () => {
  test('is what core/record.ts says now (else run node reports/schema.ts)', () => {
    expect(published).toBe(schemaText())
  })

  test.each(Object.entries(records))('accepts the fixture %s, and so does zod', (_name, make) => {
    const record = JSON.parse(JSON.stringify(make()))
    expect(recordSchema.parse(record)).toEqual(record)
    validate(record)
    expect(validate.errors).toBeNull()
  })

  test('refuses what zod refuses', () => {
    const record = { ...slowlorisRecord(), effort: 'heroic' }
    expect(recordSchema.safeParse(record).success).toBe(false)
    expect(validate(record)).toBe(false)
  })
})

describe('reading a record', () => {
  const directory = mkdtempSync(join(tmpdir(), 'windtunnel-record-'))
  const path = join(directory, 'record.json')
  afterAll(() => rmSync(directory, { recursive: true }))

  /** Writes a record after `spoil` has had its way with it, and returns the message of the refusal. */
  function refusalOf(spoil: (record: Record<string, unknown> & ScenarioRecord) => void): string {
    const record = JSON.parse(JSON.stringify(slowlorisRecord()))
    spoil(record)
    writeFileSync(path, JSON.stringify(record))
    return messageOf(path)
  }

  function messageOf(file: string): string {
    try {
      readRecord(file)
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError)
      return (error as Error).message
    }
    throw new Error('the record was accepted')
  }

  test('gives back what was written', () => {
    writeFileSync(path, JSON.stringify(slowlorisRecord()))
    expect(readRecord(path)).toEqual(slowlorisRecord())
  })

  test('names the place of what is wrong', () => {
    const message = refusalOf(record => {
      record.runs[3]!.latency.p50Ms = 'fast' as never
    })
    expect(message).toContain('runs[3].latency.p50Ms')
    expect(message).toContain(path)
  })

  test('names at most three places and counts the rest', () => {
    const message = refusalOf(record => {
      for (const run of record.runs) run.seed = 'x' as never
    })
    expect(message).toMatch(/runs\[0\]\.seed.*runs\[1\]\.seed.*runs\[2\]\.seed.*\(and 7 more\)/)
  })

  test('refuses another schema by name', () => {
    expect(refusalOf(record => void (record.schema = 'windtunnel.record/9' as never))).toMatch(
      /schema: "windtunnel\.record\/9" given; allowed: "windtunnel\.record\/1"/,
    )
    expect(refusalOf(record => void delete (record as Partial<ScenarioRecord>).schema)).toContain('nothing given')
  })

  test('refuses a file that is missing, no JSON, or no object', () => {
    expect(messageOf(join(directory, 'absent.json'))).toContain('ENOENT')
    writeFileSync(path, '{"schema":')
    expect(messageOf(path)).toContain('no JSON')
    writeFileSync(path, 'null')
    expect(messageOf(path)).toContain('nothing given')
  })
})
