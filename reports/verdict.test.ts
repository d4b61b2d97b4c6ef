import { describe, expect, test } from 'vitest'
import { failingRecord, invalidRecord, slowlorisRecord, steadyRecord, undecidedRecord } from './fixture.ts'
import { claimStatus, verdictOf } from './verdict.ts'

describe('the verdict', () => {
  test('holds when every claim holds, and says what tells the variants apart', () => {
    const { status, sentence } = verdictOf(slowlorisRecord())
    expect(status).toBe('holds')
    expect(sentence).toMatch(
      /^slowloris: all 4 claims hold; in phase attack, loop-defended answered 100 % .*, prefork 2\d %\.$/,
    )
  })

  test('fails when one claim fails, even beside an undecided one, and quotes it', () => {
    const record = failingRecord()
    record.claims.push(...undecidedRecord().claims.slice(-1))
    const { status, sentence } = verdictOf(record)
    expect(status).toBe('fails')
    expect(sentence).toContain('1 of 5 claims does not hold: “Every slow connection is gone')
  })

  test('is undecided when a claim is, and when there is none', () => {
    expect(verdictOf(undecidedRecord())).toMatchObject({ status: 'undecided' })
    expect(verdictOf(undecidedRecord()).sentence).toContain('4 of 5 claims hold, 1 undecided: “Recovery')
    expect(verdictOf({ ...steadyRecord(), claims: [] })).toEqual({
      status: 'undecided',
      sentence: 'steady: no claim had a run to rest on.',
    })
  })

  test('is invalid before anything else and gives the reason, no number of the variants', () => {
    const { status, sentence } = verdictOf({ ...invalidRecord(), claims: failingRecord().claims })
    expect(status).toBe('invalid')
    expect(sentence).toContain('3 of 6,400 requests have no fate')
    expect(sentence).not.toContain('%')
  })

  test('speaks of no difference where there is no attack', () => {
    expect(verdictOf(steadyRecord()).sentence).toBe('steady: the claim holds.')
  })

  test('gives each claim its status', () => {
    const claim = { claim: 'x', evidence: 'y' }
    expect([true, false, 'undecided' as const].map(holds => claimStatus({ ...claim, holds }))).toEqual([
      'holds',
      'fails',
      'undecided',
    ])
  })
})
