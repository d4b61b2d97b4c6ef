import { expect, test } from 'vitest'
import { UsageError } from '../core/errors.ts'
import { faultRecord, invalidRecord, slowlorisRecord, steadyRecord } from './fixture.ts'
import { sweepRecord } from './fixture-sweep.ts'
import { renderPicture } from './picture.ts'

test('the picture names every variant, follows light and dark, and is small', async () => {
  const svg = await renderPicture(slowlorisRecord())
  for (const name of ['prefork', 'loop-no-timeout', 'loop-defended', 'nginx', 'haproxy'])
    expect(svg).toContain(`${name}: `)
  expect(svg).toContain('26 % answered in phase attack')
  expect(svg).toContain('prefers-color-scheme:dark')
  expect(svg).toContain('var(--hostile)')
  expect(svg.length).toBeLessThan(120_000)
})

test('without an attack nothing is shaded', async () => {
  const svg = await renderPicture(steadyRecord())
  expect(svg).toContain('100 % answered')
  expect(svg).not.toContain('fill="var(--hostile)"')
})

test('broken origins are shaded and named', async () => {
  const svg = await renderPicture(faultRecord())
  expect(svg).toContain('shaded: broken origins')
  expect(svg).toContain('fill="var(--fault)"')
  expect(svg).toContain('kill at o0; stop at o1')
  expect(svg).not.toContain('fill="var(--hostile)"')
})

test('names stay text', async () => {
  const record = steadyRecord()
  record.variants[0]!.name = record.runs[0]!.variant = '<script>x</script> & $& $1'
  const svg = await renderPicture(record)
  expect(svg).not.toContain('<script')
  expect(svg).toContain('&lt;script&gt;x&lt;/script&gt; &amp; $&amp; $1: 100 %')
})

test('an invalid record is refused', async () => {
  await expect(renderPicture(invalidRecord())).rejects.toThrow(UsageError)
})

test('of a sweep the most telling metric is drawn over the axis, with a legend', async () => {
  const svg = await renderPicture(sweepRecord())
  for (const words of ['requests answered; along the axis: age', 'random', 'two looks', 'all looks', '100 ms', '50 %'])
    expect(svg).toContain(`>${words}<`)
  expect(svg.match(/var\(--series-[1-3]\)/g)!.length).toBeGreaterThan(9)
  await expect(renderPicture(sweepRecord({ points: [1] }))).rejects.toThrow(UsageError)
})
