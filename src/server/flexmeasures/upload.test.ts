// Files sent to POST /sensors/{id}/data/upload: what is stored, what is answered, and that a bad file leaves nothing behind.
import assert from 'node:assert/strict'
import test from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { utils, type WorkSheet, write } from '@e965/xlsx'
import { type Answer, type Door, openDoor } from '../door.fixture.ts'

const MIN = 60_000
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

interface Sent {
  name?: string
  type?: string
  bytes: string | Uint8Array<ArrayBuffer>
}

async function upload(
  door: Door,
  sensor: number,
  files: Sent[],
  fields: Record<string, string> = {},
  as: 'ann' | 'mel' | 'bob' = 'mel',
): Promise<Answer> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  for (const { name = 'd.csv', type = 'text/csv', bytes } of files) form.append('uploaded-files', new Blob([bytes], { type }), name)
  const answer = await fetch(`${door.url}/api/v3_0/sensors/${sensor}/data/upload`, {
    method: 'POST',
    headers: { authorization: door.tokens[as] },
    body: form,
  })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer['body'] }
}

const stored = async (door: Door, sensor: number): Promise<[time: string, value: number, horizon: number][]> => {
  const rows = await door.store.query<{ start: number; value: number; horizon: number }>(
    `select event_start as start, event_value as value, belief_horizon as horizon from timed_belief where sensor_id = $1
     order by event_start, belief_horizon desc`,
    [sensor],
  )
  return rows.map((row) => [new Date(row.start).toISOString().slice(5, 16), row.value, row.horizon / MIN])
}
const errors = (answer: Answer): Record<string, unknown> =>
  (answer.body['message'] as Record<string, Record<string, unknown>>)['combined_sensor_data_upload']!

/** Rows as a workbook; `mend` changes cells by hand. */
function workbook(rows: unknown[][], type: 'xlsx' | 'biff8' | 'xlsm' = 'xlsx', mend: (sheet: WorkSheet) => void = () => {}) {
  const book = utils.book_new()
  const sheet = utils.aoa_to_sheet(rows, { UTC: true })
  mend(sheet)
  utils.book_append_sheet(book, sheet, 'data')
  utils.book_append_sheet(book, utils.aoa_to_sheet([['more']]), 'other')
  return new Uint8Array(write(book, { type: 'buffer', bookType: type }) as Uint8Array) as Uint8Array<ArrayBuffer>
}

const CSV =
  'event_start,event_value\n2026-11-24T08:00:00+00:00,1\n2026-11-24T08:15:00+00:00,2\n2026-11-24T08:30:00+00:00,\n2026-11-24T08:45:00+00:00,4\n'

test('a CSV becomes beliefs, sent again it is known, changed it is refused', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  const instantly = { 'belief-time-measured-instantly': 'on' }
  const first = await upload(door, sensor, [{ bytes: CSV }], instantly)
  assert.deepEqual([first.status, first.body], [200, { status: 'PROCESSED', message: 'Request has been processed.' }])
  const expected = [
    ['11-24T08:00', 1, 0],
    ['11-24T08:15', 2, 0],
    ['11-24T08:45', 4, 0],
  ]
  assert.deepEqual(await stored(door, sensor), expected)
  const again = await upload(door, sensor, [{ bytes: CSV }], instantly)
  assert.deepEqual([again.status, again.body['status']], [200, 'ALREADY_RECEIVED_AND_SUCCESSFULLY_PROCESSED'])
  // One value more and one that contradicts: neither is stored.
  const changed = await upload(door, sensor, [{ bytes: CSV.replace(',4\n', ',5\n2026-11-24T09:00:00+00:00,6\n') }], instantly)
  assert.deepEqual([changed.status, changed.body['status']], [403, 'INVALID_REPLACEMENT'])
  assert.deepEqual(await stored(door, sensor), expected)
  // Without the flag each value is believed now, at noon.
  const later = await upload(door, sensor, [{ bytes: CSV.replace(',4\n', ',5\n') }], { 'belief-time-measured-instantly': '' })
  assert.equal(later.status, 200)
  assert.deepEqual((await stored(door, sensor)).at(-1), ['11-24T08:45', 5, -180])
  const audit = await door.store.query<{ event: string }>('select event from asset_audit_log where affected_asset_id = $1 order by id', [
    door.asset,
  ])
  assert.deepEqual([audit.length, audit[0]?.event], [3, `Data from d.csv uploaded to sensor 's0': ${sensor}`])
})

test('workbooks are read as well: dates, texts, cached formulas; several files make one upload', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor({ timezone: 'Europe/Paris' })
  const day = (hour: number, minute: number) => new Date(Date.UTC(2026, 10, 20, hour, minute))
  const xlsx = workbook(
    [
      ['start', 'kW'],
      [day(10, 0), 1.5],
      [day(10, 15), 99],
    ],
    'xlsx',
    (sheet) => {
      sheet['B3'] = { t: 'n', v: 2.5, f: 'B2+1' }
    },
  )
  const xls = workbook(
    [
      ['start', 'kW'],
      [day(11, 0), 3],
      ['2026-11-20T10:15:00Z', '4'],
    ],
    'biff8',
  )
  const files = [
    { name: 'a.xlsx', type: XLSX, bytes: xlsx },
    { name: 'b.XLS', type: 'application/vnd.ms-excel', bytes: xls },
    { name: 'c.csv', type: 'text/plain', bytes: 't;v\n20.11.2026 12:00;5,5\n' },
    { name: 'd.xlsm', type: 'application/octet-stream', bytes: workbook([[day(12, 15), 6]], 'xlsm') },
  ]
  const answer = await upload(door, sensor, files, { 'belief-time-measured-instantly': 'True' })
  assert.deepEqual([answer.status, answer.body['status']], [200, 'PROCESSED'])
  assert.deepEqual(
    (await stored(door, sensor)).map(([time, value]) => [time.slice(6), value]),
    [
      ['09:00', 1.5],
      ['09:15', 2.5],
      ['10:00', 3],
      ['10:15', 4],
      ['11:00', 5.5],
      ['11:15', 6],
    ],
  )
  const { event } = (await door.store.first<{ event: string }>('select event from asset_audit_log order by id desc limit 1'))!
  assert.match(event, /^Data from a\.xlsx, b\.XLS, c\.csv and d\.xlsm uploaded/)
  // A later file that cannot be read takes the good one with it.
  const half = await upload(door, sensor, [{ bytes: 't,v\n2026-11-20T20:00Z,1\n' }, { name: 'e.csv', bytes: 'not,a\ncsv,at all\n' }])
  assert.equal(half.status, 422)
  assert.deepEqual(errors(half)['_schema'], [
    "Invalid content in file: e.csv. Failed with: Row 2: 'csv' is no date and time. Write it like 2026-11-24T10:00:00-04:00.",
  ])
  const torn = await upload(door, sensor, [{ bytes: 't,v\n2026-11-20T20:00Z,1\n' }, { bytes: 't,v\n2026-11-20T20:00Z,2\n' }])
  assert.match(String(errors(torn)['_schema']), /two values for 2026-11-20T20:00:00/)
  assert.equal((await stored(door, sensor)).length, 6)
})

test('belief times in the file, units and special units are stored as they say', async (t) => {
  const door = await openDoor(t)
  const energy = await door.sensor({ unit: 'kWh', resolution: 60 * MIN })
  const halves = 't,v\n2026-11-20T10:00Z,10\n2026-11-20T10:30Z,20\n'
  assert.equal((await upload(door, energy, [{ bytes: halves }], { unit: 'Wh' })).status, 200)
  assert.deepEqual(
    (await stored(door, energy)).map(([, value]) => value),
    [0.03],
  )
  const flow = await upload(door, energy, [{ bytes: halves }], { unit: 'kW' })
  assert.deepEqual(
    [flow.status, flow.body['status'], errors(flow)['_schema']],
    [422, 'UNPROCESSABLE_ENTITY', ["Provided unit 'kW' is not convertible to sensor unit 'kWh'"]],
  )
  const power = await door.sensor()
  const forecast = 'event_start,belief_time,event_value\n2026-11-24T18:00Z,2026-11-24T06:00Z,1\n2026-11-24T18:00Z,2026-11-24T12:00Z,2\n'
  assert.equal((await upload(door, power, [{ bytes: forecast }])).status, 200)
  assert.deepEqual(await stored(door, power), [
    ['11-24T18:00', 1, 12 * 60 + 15],
    ['11-24T18:00', 2, 6 * 60 + 15],
  ])
  const moment = await door.sensor({ unit: 's', resolution: 0 })
  assert.equal((await upload(door, moment, [{ bytes: 't,v\n2026-11-20T10:00Z,02-05-2023\n' }], { unit: 'dayfirst datetime' })).status, 200)
  assert.deepEqual(
    (await stored(door, moment)).map(([, value]) => value),
    [Date.parse('2023-05-02T00:00Z') / 1000],
  )
})

test('bad uploads get a clear answer and store nothing', async (t) => {
  const door = await openDoor(t, { config: { ingestLimit: 200_000, uploadRows: 2000 } })
  const sensor = await door.sensor()
  const refused = async (files: Sent[], fields: Record<string, string>, where: string, text: RegExp) => {
    const answer = await upload(door, sensor, files, fields)
    assert.equal(answer.status, 422, JSON.stringify(answer.body))
    assert.match(JSON.stringify(errors(answer)[where]), text)
  }
  await refused([], {}, 'uploaded-files', /Missing data for required field/)
  await refused([{ bytes: CSV, name: 'd.pdf' }], {}, 'uploaded-files', /\{"0":\["Invalid filename: d\.pdf/)
  await refused([{ bytes: CSV, type: 'image/png' }], {}, 'uploaded-files', /Invalid content type: image\/png/)
  await refused([{ bytes: CSV }], { 'belief-time-measured-instantly': 'maybe' }, 'belief-time-measured-instantly', /Not a valid boolean/)
  await refused([{ bytes: CSV }], { unit: 'bananas' }, '_schema', /'bananas' is not convertible/)
  await refused([{ bytes: new Uint8Array(500) }], {}, '_schema', /It is no text/)
  await refused([{ bytes: CSV.slice(0, 24) }], {}, '_schema', /no rows of data/)
  await refused([{ bytes: `t,v\n${'2026-11-20T10:00Z,1\n'.repeat(2002)}` }], {}, '_schema', /more than 2000 rows/)
  const book = (bytes: Uint8Array<ArrayBuffer>, name = 'd.xlsx') => [{ name, type: XLSX, bytes }]
  await refused(book(new TextEncoder().encode('<html>')), {}, '_schema', /damaged, or it is no workbook/)
  await refused(book(workbook([['a']]).slice(0, 3000)), {}, '_schema', /damaged, or it is no workbook/)
  const formula = workbook(
    [
      ['t', 'v'],
      ['2026-11-20T10:00Z', 1],
    ],
    'xlsx',
    (sheet) => {
      sheet['B2'] = { t: 's', v: 'WEBSERVICE', f: 'WEBSERVICE("http://example.com")' }
    },
  )
  await refused(book(formula), {}, '_schema', /Row 2: the formula '=WEBSERVICE.*' has no computed number/)
  await refused(book(bomb(400, 300_000)), {}, '_schema', /larger than 100 MB/)
  await refused(book(bomb(400, 300_000, 100)), {}, '_schema', /larger than 100 MB/)
  await refused(book(bomb(1001, 1)), {}, '_schema', /more than 1000 parts/)
  const large = await upload(door, sensor, [{ bytes: 'x'.repeat(300_000) }])
  assert.deepEqual([large.status, large.body['status']], [413, 'PAYLOAD_TOO_LARGE'])
  assert.equal((await upload(door, sensor, [{ bytes: CSV }], {}, 'bob')).status, 403)
  assert.equal((await upload(door, 999_999, [{ bytes: CSV }])).status, 404)
  const plain = await door.ask('POST', `/api/v3_0/sensors/${sensor}/data/upload`, { as: 'mel', body: { unit: 'kW' } })
  assert.equal(plain.status, 422)
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  const broken = await door.ask('POST', `/api/v3_0/sensors/${sensor}/data/upload`, {
    as: 'mel',
    raw: '--x\r\nContent-Disposition: form-data; na',
    headers,
  })
  assert.ok(broken.status >= 400 && broken.status < 500, String(broken.status))
  assert.deepEqual(await stored(door, sensor), [])
})

/** A ZIP of many parts of zeros; `declared` is what its directory says of each. */
function bomb(parts: number, size: number, declared = size): Uint8Array<ArrayBuffer> {
  const data = deflateRawSync(Buffer.alloc(size))
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50)
  local.writeUInt16LE(8, 8)
  local.writeUInt32LE(data.length, 18)
  local.writeUInt32LE(declared, 22)
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50)
  central.writeUInt16LE(8, 10)
  central.writeUInt32LE(data.length, 20)
  central.writeUInt32LE(declared, 24)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt16LE(parts, 8)
  end.writeUInt16LE(parts, 10)
  end.writeUInt32LE(46 * parts, 12)
  end.writeUInt32LE((30 + data.length) * parts, 16)
  const locals = Array.from({ length: parts }, () => Buffer.concat([local, data]))
  const centrals = Array.from({ length: parts }, (_, i) => {
    const entry = Buffer.from(central)
    entry.writeUInt32LE(i * (30 + data.length), 42)
    return entry
  })
  return new Uint8Array(Buffer.concat([...locals, ...centrals, end]))
}
