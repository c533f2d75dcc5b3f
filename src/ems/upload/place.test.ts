// What rows of a file become on a sensor: Annex A.3 of the reference, clocks and zones, numbers and dates as people write them.
import assert from 'node:assert/strict'
import test from 'node:test'
import { formatInstant, instant, isProblem } from '#kernel'
import { readColumns } from './columns.ts'
import { placeOnSensor } from './place.ts'
import { readCsv } from './read-csv.ts'
import type { UploadReading, UploadTarget } from './target.ts'

const MIN = 60_000
const HOUR = 60 * MIN
const TEN = Date.parse('2025-01-01T10:00:00Z')

const target = (unit: string, resolution: number, more: Partial<UploadTarget> = {}): UploadTarget => ({
  unit,
  resolution,
  timezone: 'UTC',
  floors: true,
  ...more,
})
const reading = (more: Partial<UploadReading> = {}): UploadReading => ({ mostRows: 1000, ...more })
const readBytes = (bytes: Uint8Array, to: UploadTarget, how: Partial<UploadReading> = {}) =>
  placeOnSensor(readColumns(readCsv(bytes, reading(how).mostRows), to, reading(how)), to, reading(how))
const read = (text: string, to: UploadTarget, how: Partial<UploadReading> = {}) => readBytes(new TextEncoder().encode(text), to, how)

/** Rows from 10:00 on (or so many milliseconds later), and what is stored: minutes after 10:00 and value. */
const stored = (to: UploadTarget, unit: string, spacing: number, values: number[], late = 0): [number, number][] => {
  const rows = values.map((value, i) => `${new Date(TEN + late + i * spacing).toISOString()},${value}`)
  const { starts, values: got } = read(`event_start,event_value\n${rows.join('\n')}\n`, to, { unit })
  return [...starts].map((start, i) => [(start - TEN) / MIN, Math.round(got[i]! * 1e9) / 1e9])
}
const at = (step: number, values: number[]): [number, number][] => values.map((value, i) => [i * step, value])
const refusal = (work: () => unknown): { code: string; message: string } => {
  try {
    work()
  } catch (error) {
    if (isProblem(error)) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('it was taken')
}

test('rows are converted and resampled as FlexMeasures does (Annex A.3)', () => {
  const kwh = target('kWh', HOUR)
  const kw = target('kW', 15 * MIN)
  const of = (value: number, count: number): number[] => new Array(count).fill(value)
  assert.deepEqual(stored(kwh, 'kWh', HOUR, of(45.3, 4)), at(60, of(45.3, 4)))
  assert.deepEqual(stored(target('MW', 15 * MIN), 'kWh', HOUR, of(45.3, 4)), at(15, of(0.0453, 16)))
  assert.deepEqual(stored(kw, 'MW', HOUR, of(2, 6)), at(15, of(2000, 24)))
  assert.deepEqual(stored(kw, 'kWh', 30 * MIN, of(10, 12)), at(15, of(20, 24)))
  assert.deepEqual(stored(kwh, 'kWh', 30 * MIN, [10, 20, 20, 40]), at(60, [30, 60]))
  assert.deepEqual(stored(kw, 'kWh', 7.5 * MIN, [20, 40, 40, 80]), at(15, [240, 480]))
  assert.deepEqual(stored(kw, 'MW', 7.5 * MIN, [20, 40, 40, 80, 30, 60]), at(15, [30000, 60000, 45000]))
  assert.deepEqual(stored(target('kWh', 0), 'MWh', 7.5 * MIN, [10, 20, 40, 80]), at(7.5, [10000, 20000, 40000, 80000]))
  assert.deepEqual(stored(target('EUR/kWh', HOUR), 'EUR/MWh', 30 * MIN, [200, 300, 400, 500]), at(60, [0.25, 0.45]))
  assert.deepEqual(stored(target('EUR/kWh', HOUR), 'EUR/kWh', 2 * HOUR, [200, 300, 400]), at(60, [200, 200, 300, 300, 400, 400]))
  assert.deepEqual(stored(target('EUR', HOUR), 'kEUR', 30 * MIN, [2, 3, 4, 2]), at(60, [5000, 6000]))
  assert.deepEqual(stored(target('EUR', HOUR), 'kEUR', 2 * HOUR, [5, 6]), at(60, [2500, 2500, 3000, 3000]))
  assert.deepEqual(stored(target('EUR', HOUR), 'kEUR', HOUR, [5]), at(60, [5000]))
  assert.deepEqual(stored(kw, 'kW', 15 * MIN, [2, 3, 4], 40_000), at(15, [2, 3, 4]))
  assert.deepEqual(stored(kwh, 'kWh', 30 * MIN, [10, 20, 20, 40], 40_000), at(60, [30, 60]))
  assert.deepEqual(stored(kw, 'kW', 5 * MIN, [10, 20, 30, 40], 40_000), at(15, [20, 40]))
  assert.deepEqual(stored(target('m³/h', 10 * MIN), 'm³/h', 5 * MIN, [10, 20, 30, 40, 50, 60]), at(10, [15, 35, 55]))
  const cannot = (to: UploadTarget, unit: string, spacing: number) => refusal(() => stored(to, unit, spacing, [1, 2, 3])).message
  assert.equal(cannot(kw, 'm/s', 15 * MIN), "Provided unit 'm/s' is not convertible to sensor unit 'kW'")
  assert.equal(cannot(kwh, 'kW', 30 * MIN), "Provided unit 'kW' is not convertible to sensor unit 'kWh'")
  assert.equal(cannot(target('kWh', 0), 'kW', 30 * MIN), "Provided unit 'kW' is not convertible to sensor unit 'kWh'")
})

test('spacing that does not fit the sensor is shared out by overlap, gaps stay gaps, odd steps are refused', () => {
  // 10-minute values on a 15-minute clock: the middle one lies in both.
  assert.deepEqual(stored(target('kWh', 15 * MIN), 'kWh', 10 * MIN, [2, 4, 6]), at(15, [4, 8]))
  assert.deepEqual(stored(target('kW', 15 * MIN), 'kW', 10 * MIN, [3, 6, 9]), at(15, [4, 8]))
  const gap = read('t,v\n2025-01-01T10:00Z,1\n2025-01-01T10:15Z,2\n2025-01-01T11:00Z,3\n', target('kW', 15 * MIN))
  assert.deepEqual(
    [...gap.starts].map((start) => (start - TEN) / MIN),
    [0, 15, 60],
  )
  const odd = 't,v\n2025-01-01T10:00Z,1\n2025-01-01T10:15Z,2\n2025-01-01T10:30Z,2\n2025-01-01T10:40Z,3\n'
  assert.match(refusal(() => read(odd, target('kW', 15 * MIN))).message, /15 min apart, but not the one at 2025-01-01T10:40:00\+00:00/)
  assert.equal(read(odd, target('kW', 0)).rows, 4)
  // A logger that is some seconds late each time.
  const jitter = read('t,v\n2025-01-01T10:00:03Z,1\n2025-01-01T10:15:01Z,2\n2025-01-01T10:30:07Z,3\n', target('kW', 15 * MIN))
  assert.deepEqual(
    [...jitter.starts].map((start) => (start - TEN) / MIN),
    [0, 15, 30],
  )
  const crowded = 't,v\n2025-01-01T10:00:10Z,1\n2025-01-01T10:00:40Z,2\n2025-01-01T10:02:00Z,2\n2025-01-01T10:04:35Z,2\n'
  assert.match(refusal(() => read(crowded, target('kW', 15 * MIN))).message, /apart/)
  const unfloored = read('t,v\n2025-01-01T10:00:40Z,1\n2025-01-01T10:15:40Z,2\n', target('kW', 15 * MIN, { floors: false }))
  assert.equal(unfloored.starts[0], TEN + 40_000)
})

test('clock times without offset are read in the zone of the sensor, on both nights the clock changes', () => {
  const paris = target('kW', HOUR, { timezone: 'Europe/Paris' })
  const moments = (text: string, to = paris) => [...read(text, to).starts].map((start) => formatInstant(instant(start)))
  assert.deepEqual(moments('t,v\n2025-10-26 01:00,1\n2025-10-26 02:00,2\n2025-10-26 02:00,3\n2025-10-26 03:00,4\n'), [
    '2025-10-25T23:00:00+00:00',
    '2025-10-26T00:00:00+00:00',
    '2025-10-26T01:00:00+00:00',
    '2025-10-26T02:00:00+00:00',
  ])
  const halves = ['01:30', '02:00', '02:30', '02:00', '02:30', '03:00'].map((time, i) => `2025-10-26 ${time},${i}`)
  const half = target('kW', 30 * MIN, { timezone: 'Europe/Paris' })
  const expected = ['23:30', '00:00', '00:30', '01:00', '01:30', '02:00']
  assert.deepEqual(
    moments(`t,v\n${halves.join('\n')}\n`, half).map((text) => text.slice(11, 16)),
    expected,
  )
  // The newest row may come first.
  assert.deepEqual(
    moments(`t,v\n${halves.reverse().join('\n')}\n`, half).map((text) => text.slice(11, 16)),
    expected,
  )
  const spring = 't,v\n2025-03-30 01:00,1\n2025-03-30 03:00,2\n2025-03-30 04:00,3\n'
  assert.deepEqual(
    moments(spring).map((text) => text.slice(11, 16)),
    ['00:00', '01:00', '02:00'],
  )
  assert.match(
    refusal(() => read('t,v\n2025-03-30 01:00,1\n2025-03-30 02:30,2\n', paris)).message,
    /Row 3: the local time 2025-03-30 02:30 does not exist in Europe\/Paris/,
  )
  const lost = read('t,v\n2025-10-26 01:00,1\n2025-10-26 02:00,2\n2025-10-26 03:00,4\n', paris)
  assert.ok(lost.notes.some((note) => note.includes('occur twice on the night of 2025-10-26')))
  // Days of 23, 24 and 25 hours follow each other evenly.
  const daily = target('kWh', 24 * HOUR, { timezone: 'Europe/Paris' })
  assert.deepEqual(moments('t,v\n2025-10-25,1\n2025-10-26,2\n2025-10-27,3\n2025-10-28,4\n', daily), [
    '2025-10-24T22:00:00+00:00',
    '2025-10-25T22:00:00+00:00',
    '2025-10-26T23:00:00+00:00',
    '2025-10-27T23:00:00+00:00',
  ])
  const hours = Array.from({ length: 25 }, (_, i) => `${new Date(Date.parse('2025-10-25T22:00Z') + i * HOUR).toISOString()},1`)
  assert.deepEqual([...read(`t,v\n${hours.join('\n')}\n`, daily).values], [25])
  const martinique = target('kW', HOUR, { timezone: 'America/Martinique' })
  assert.deepEqual(moments('t,v\n2025-06-05 00:00,1\n', martinique), ['2025-06-05T04:00:00+00:00'])
})

test('delimiters, decimal commas, thousands, encodings and headers are found out', () => {
  const kw = target('kW', 15 * MIN)
  const values = (text: string, how: Partial<UploadReading> = {}) => [...read(text, kw, how).values]
  assert.deepEqual(values('début;valeur\r\n2025-01-01 10:00;1,5\r\n2025-01-01 10:15;-2,25\r\n'), [1.5, -2.25])
  assert.deepEqual(values('t;v\n2025-01-01 10:00;1.234,5\n2025-01-01 10:15;12 345,25\n'), [1234.5, 12345.25])
  assert.deepEqual(values('t,v\n2025-01-01 10:00,"1,234.5"\n2025-01-01 10:15,"1,000,000"\n'), [1234.5, 1000000])
  assert.deepEqual(values('t,v\n2025-01-01 10:00,"1,5"\n2025-01-01 10:15,"2,123"\n'), [1.5, 2.123])
  assert.deepEqual(values('t\tv\n2025-01-01 10:00\t1e3\n2025-01-01 10:15\t+.5\n'), [1000, 0.5])
  assert.deepEqual(values('t|v\n2025-01-01 10:00|1\n\n2025-01-01 10:15|NaN\n2025-01-01 10:30|\n2025-01-01 10:45|4\n'), [1, 4])
  assert.deepEqual(values('\ufefft,v\n2025-01-01 10:00,1\n'), [1])
  assert.deepEqual(values('2025-01-01 10:00,1\n2025-01-01 10:15,2\n'), [1, 2])
  assert.deepEqual(values('unit,event_value,Event Start,station\nkW,7,2025-01-01 10:00,x\n'), [7])
  const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('t\tv\r\n2025-01-01 10:00\t3\r\n', 'utf16le')])
  assert.deepEqual([...readBytes(bytes, kw).values], [3])
  const latin = Buffer.from('d\u00e9but;v\n2025-01-01 10:00;3\n', 'latin1')
  assert.deepEqual([...readBytes(latin, kw).values], [3])
})

test('dates with the year last are read in the order that makes sense, and refused when both do', () => {
  const kw = target('kW', HOUR)
  const first = (text: string, how: Partial<UploadReading> = {}) => formatInstant(instant(read(text, kw, how).starts[0]!)).slice(0, 10)
  assert.equal(first('t,v\n05/06/2025 00:00,1\n13/06/2025 00:00,1\n'), '2025-06-05')
  assert.equal(first('t,v\n06/05/2025 00:00,1\n06/13/2025 00:00,1\n'), '2025-06-05')
  assert.equal(first('t,v\n05.06.2025 00:00,1\n'), '2025-06-05')
  assert.equal(first('t,v\n31/05/2025 23:00,1\n01/06/2025 00:00,1\n'), '2025-05-31')
  assert.equal(first('t,v\n04/06/2025 23:00,1\n05/06/2025 00:00,1\n'), '2025-06-04')
  assert.equal(first('t,v\n6/4/2025 11:00 PM,1\n6/5/2025 12:00 AM,1\n'), '2025-06-04')
  const both = 't,v\n05/06/2025 00:00,1\n05/06/2025 01:00,1\n'
  assert.match(refusal(() => read(both, kw)).message, /'05\/06\/2025 00:00' may be day first or month first/)
  assert.equal(first(both, { dayFirst: true }), '2025-06-05')
  assert.equal(first(both, { dayFirst: false }), '2025-05-06')
})

test('a third column says when each value was believed', () => {
  const kw = target('kW', HOUR)
  const times = (text: string) => [...read(text, kw).beliefTimes!].map((at) => formatInstant(instant(at)).slice(11, 16))
  const expected = ['08:00', '09:00', '09:00']
  const rows: [string, string, string][] = [
    ['2025-01-01T10:00Z', '1', '2025-01-01T08:00Z'],
    ['2025-01-01T10:00Z', '2', '2025-01-01T09:00Z'],
    ['2025-01-01T11:00Z', '3', '2025-01-01T09:00Z'],
  ]
  assert.deepEqual(times(`event_start,event_value,belief_time\n${rows.map((row) => row.join()).join('\n')}\n`), expected)
  assert.deepEqual(times(`a,b,c\n${rows.map((row) => row.join()).join('\n')}\n`), expected)
  assert.deepEqual(times(`a,b,c\n${rows.map(([start, value, believed]) => [start, believed, value].join()).join('\n')}\n`), expected)
  // Resampled, only the most recent belief about each event counts.
  const coarse = read(`a,b,c\n${rows.map((row) => row.join()).join('\n')}\n`, target('kW', 2 * HOUR))
  assert.deepEqual([[...coarse.values], coarse.beliefTimes!.length], [[2.5], 1])
  assert.match(refusal(() => read('a,b,c,d\n2025-01-01T10:00Z,1,2,3\n', kw)).message, /4 columns/)
})

test('moments and lengths of time can be the values', () => {
  const seconds = target('s', 0, { timezone: 'Europe/Paris' })
  const values = (text: string, unit: string, to = seconds) => [...read(`t,v\n${text}\n`, to, { unit }).values]
  assert.deepEqual(values('2025-01-01T10:00Z,2023-05-02 05:14:49 +02:00', 'datetime'), [Date.parse('2023-05-02T03:14:49Z') / 1000])
  assert.deepEqual(values('2025-01-01T10:00Z,2023-05-02', 'datetime'), [Date.parse('2023-05-01T22:00:00Z') / 1000])
  assert.deepEqual(values('2025-01-01T10:00Z,02-05-2023', 'dayfirst datetime'), [Date.parse('2023-05-01T22:00:00Z') / 1000])
  assert.deepEqual(values('2025-01-01T10:00Z,0 days 01:18:25\n2025-01-01T11:00Z,-1 days +23:00:00', 'timedelta'), [4705, -3600])
  assert.deepEqual(values('2025-01-01T10:00Z,PT90M', 'timedelta', target('h', 0)), [1.5])
  assert.match(refusal(() => values('2025-01-01T10:00Z,PT90M', 'timedelta', target('kW', 0))).message, /'timedelta' is not convertible/)
  assert.match(refusal(() => values('2025-01-01T10:00Z,soon', 'timedelta')).message, /'soon' is no length of time/)
})

test('what cannot be read is refused with its row', () => {
  const kw = target('kW', 15 * MIN)
  const said = (text: string) => refusal(() => read(text, kw)).message
  assert.equal(said('not,a\ncsv,at all\n'), "Row 2: 'csv' is no date and time.")
  assert.equal(said(''), 'The file holds no rows of data.')
  assert.equal(said('t,v\n'), 'The file holds no rows of data.')
  assert.equal(said('t,v\n2025-01-01T10:00Z,\n'), 'The file holds no rows of data.')
  assert.match(said('t\n2025-01-01T10:00Z\n'), /one column/)
  assert.equal(said('t,v\n2025-01-01T10:00Z,=1+1\n'), "Row 2: '=1+1' is no number.")
  assert.equal(said('t,v\n2025-01-01T10:00Z,0x10\n'), "Row 2: '0x10' is no number.")
  assert.equal(said('t,v\n2025-01-01T10:00Z,Infinity\n'), "Row 2: 'Infinity' is no number.")
  assert.equal(said('t,v\n2025-02-31T10:00Z,1\n'), "Row 2: '2025-02-31T10:00Z' is no date and time.")
  assert.equal(said('t,v\n2025-01-01T10:00Z,1\n,2\n'), 'Row 3 has a value but no date and time.')
  assert.match(said('t,v\n2025-01-01T10:00Z,1\n2025-01-01T10:00Z,2\n'), /two values for 2025-01-01T10:00:00/)
  assert.equal(read('t,v\n2025-01-01T10:00Z,1\n2025-01-01T10:00Z,1\n', kw).rows, 1)
  assert.match(said(`t,v\n${'2025-01-01T10:00Z,1\n'.repeat(1002)}`), /more than 1000 rows/)
  assert.match(said(`t,v\n"2025-01-01T10:00Z,1\n${'x'.repeat(30_000)}`), /cannot be read as CSV/)
  assert.match(refusal(() => readBytes(new Uint8Array(2000), kw)).message, /It is no text/)
  assert.match(refusal(() => read('t,v\n2025-01-01,1\n2026-01-01,1\n', target('kW', MIN))).message, /more than 1000 events/)
})
