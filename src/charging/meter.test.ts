import assert from 'node:assert/strict'
import test from 'node:test'
import { instant, MINUTE } from '#kernel'
import { meanPower } from './measurements.ts'
import { readMeter } from './meter.ts'

const AT = instant(Date.parse('2026-11-24T12:00:00Z'))
const read = (sampledValue: object[], timestamp = '2026-11-24T12:00:00Z', phases = 3) =>
  readMeter([{ timestamp, sampledValue } as never], AT, phases)

test('units, multipliers and phases come out as watts, watt-hours and percent', () => {
  const cases: [string, object[], object][] = [
    ['nothing said: an import register in Wh', [{ value: 1234 }], { imported: 1234 }],
    ['kWh', [{ value: 1.5, unitOfMeasure: { unit: 'kWh' } }], { imported: 1500 }],
    ['a multiplier', [{ measurand: 'Power.Active.Import', value: 7, unitOfMeasure: { unit: 'W', multiplier: 3 } }], { power: 7000 }],
    ['power labelled Wh', [{ measurand: 'Power.Active.Import', value: 7000, unitOfMeasure: { unit: 'Wh' } }], { power: 7000 }],
    ['phases are summed', ['L1', 'L2', 'L3'].map((phase) => ({ measurand: 'Power.Active.Import', value: 1000, phase })), { power: 3000 }],
    [
      'a total beside the phases is the total',
      [
        { measurand: 'Power.Active.Import', value: 3100 },
        { measurand: 'Power.Active.Import', value: 1000, phase: 'L1' },
      ],
      { power: 3100 },
    ],
    [
      'export counts negative',
      [
        { measurand: 'Power.Active.Import', value: 0 },
        { measurand: 'Power.Active.Export', value: 5000 },
      ],
      { power: -5000 },
    ],
    [
      'current per phase and its voltage stand in for power',
      [
        { measurand: 'Current.Import', value: 10, phase: 'L1' },
        { measurand: 'Current.Import', value: 10, phase: 'L2' },
        { measurand: 'Voltage', value: 240, phase: 'L1-N' },
      ],
      { power: 10 * 240 + 10 * 230 },
    ],
    ['a current without phase flows in every phase', [{ measurand: 'Current.Import', value: 16 }], { power: 11_040 }],
    ['state of charge', [{ measurand: 'SoC', value: 41, unitOfMeasure: { unit: 'Percent' } }], { soc: 41 }],
    [
      'the outlet counts, not the car side',
      [
        { measurand: 'Power.Active.Import', value: 5000, location: 'Inlet' },
        { measurand: 'Power.Active.Import', value: 4900, location: 'Outlet' },
      ],
      { power: 4900 },
    ],
    ['frequency is of no use', [{ measurand: 'Frequency', value: 50 }], {}],
  ]
  for (const [what, values, expected] of cases) {
    const { samples, oddities } = read(values)
    assert.deepEqual(samples, [{ at: AT, context: 'Sample.Periodic', ...expected }], what)
    assert.deepEqual(oddities, [], what)
  }
})

test('odd values are left out one by one and named', () => {
  const { samples, oddities } = read([
    { measurand: 'SoC', value: 101 },
    { measurand: 'Power.Active.Import', value: 1, unitOfMeasure: { unit: 'V' } },
    { measurand: 'Energy.Active.Import.Register', value: -1 },
    { measurand: 'Energy.Active.Export.Register', value: 5 },
  ])
  assert.deepEqual(samples, [{ at: AT, context: 'Sample.Periodic', exported: 5 }])
  assert.equal(oddities.length, 3)
})

test('a timestamp that cannot be read is replaced by the moment of the message', () => {
  const { samples, oddities } = read([{ value: 1 }], 'yesterday')
  assert.equal(samples[0]?.at, AT)
  assert.equal(oddities.length, 1)
})

test('a timestamp ahead of its message is replaced too, one that clocks explain is not', () => {
  assert.equal(read([{ value: 1 }], '2026-11-24T12:00:30Z').samples[0]?.at, AT + 30_000)
  const { samples, oddities } = read([{ value: 1 }], '9999-12-31T23:59:59Z')
  assert.equal(samples[0]?.at, AT)
  assert.match(oddities[0]!, /lies ahead/)
})

test('a mean holds each sample for a while only, and leaves unknown moments out', () => {
  const minute = (count: number) => instant(AT + count * MINUTE)
  const until = minute(5)
  const hold = 90_000
  assert.equal(meanPower([], AT, until, hold), undefined)
  assert.equal(meanPower([{ at: minute(-1), power: 600 }], AT, until, hold), 600, 'the sample before the event holds into it')
  assert.equal(meanPower([{ at: minute(-2), power: 600 }], AT, until, hold), undefined, 'but not for ever')
  const gap = [
    { at: minute(0), power: 1000 },
    { at: minute(1), power: 3000 },
  ]
  assert.equal(meanPower(gap, AT, until, hold), (60 * 1000 + 90 * 3000) / 150)
  assert.equal(meanPower([{ at: AT, power: 0 }], AT, until, hold), 0, 'no power holds for the whole event')
})
