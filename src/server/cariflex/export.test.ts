// Export over HTTP: a sensor's data as a file that can be uploaded again, an asset's as a wide table, safe for spreadsheets.
import assert from 'node:assert/strict'
import test from 'node:test'
import { DAY, instant, MINUTE } from '#kernel'
import { openDoor } from '../door.fixture.ts'

const HOUR = 60 * MINUTE
const TEN = Date.parse('2026-11-24T10:00:00Z')

test('data comes as CSV in local time and UTC, resampled and converted on request, streamed', async (t) => {
  const door = await openDoor(t)
  const { server } = door
  const source = await server.sources.of({ name: 'meter', type: 'gateway' })
  const record = (sensor: number, from: number, step: number, values: number[], horizon = 0) =>
    server.beliefs.record([{ sensor, source, starts: values.map((_, i) => instant(from + i * step)), values, horizon }])
  const get = async (path: string, as: 'mel' | 'bob' = 'mel') => {
    const answer = await fetch(`${door.url}/api/cariflex/v1${path}`, { headers: { authorization: `Bearer ${door.tokens[as]}` } })
    return {
      status: answer.status,
      headers: answer.headers,
      lines: new TextDecoder('utf-8', { ignoreBOM: true }).decode(await answer.arrayBuffer()).split('\r\n'),
    }
  }
  const power = await door.sensor({ timezone: 'America/Martinique' })
  await record(power, TEN, HOUR / 4, [1, -2.5, 3, 4, 5])
  const window = 'start=2026-11-24T10:00:00Z&duration=PT2H'
  const file = await get(`/sensors/${power}/export.csv?${window}`)
  assert.equal(file.status, 200)
  assert.deepEqual(
    [file.headers.get('content-type'), file.headers.get('content-disposition')],
    ['text/csv; charset=utf-8', 'attachment; filename="s0-house-2026-11-24.csv"'],
  )
  assert.deepEqual(file.lines.slice(0, 3), [
    'event_start,event_start_utc,event_value,unit',
    '2026-11-24T06:00:00-04:00,2026-11-24T10:00:00Z,1,kW',
    '2026-11-24T06:15:00-04:00,2026-11-24T10:15:00Z,-2.5,kW',
  ])
  assert.equal(file.lines.length, 7)
  // What was exported is known when it is uploaded again.
  const form = new FormData()
  form.append('belief-time-measured-instantly', 'on')
  form.append('uploaded-files', new Blob([file.lines.join('\r\n')], { type: 'text/csv' }), 'd.csv')
  const other = await door.sensor()
  const sent = await fetch(`${door.url}/api/v3_0/sensors/${other}/data/upload`, {
    method: 'POST',
    headers: { authorization: door.tokens.mel },
    body: form,
  })
  assert.equal(sent.status, 200)
  assert.deepEqual(
    (await get(`/sensors/${other}/export.csv?${window}`)).lines.map((line) => line.split(',')[2]),
    file.lines.map((line) => line.split(',')[2]),
  )

  const values = async (path: string) => (await get(path)).lines.slice(1, -1).map((line) => line.split(',').slice(1, 3).join(' '))
  assert.deepEqual(await values(`/sensors/${power}/export.csv?${window}&resolution=PT1H&unit=W`), [
    '2026-11-24T10:00:00Z 1375',
    '2026-11-24T11:00:00Z 5000',
  ])
  assert.deepEqual(await values(`/sensors/${power}/export.csv?${window}&resolution=PT1H&unit=kWh`), [
    '2026-11-24T10:00:00Z 1.375',
    '2026-11-24T11:00:00Z 5',
  ])
  const energy = await door.sensor({ unit: 'kWh', resolution: DAY, timezone: 'Europe/Paris' })
  // Days of 23, 24 and 25 hours; a month adds them up, half a day has half of each.
  await record(energy, Date.parse('2026-10-23T22:00:00Z'), DAY, [10, 20])
  await record(energy, Date.parse('2026-10-25T23:00:00Z'), DAY, [30, 40, 50, 60, 70, 80, 90])
  const months = await values(`/sensors/${energy}/export.csv?start=2026-09-30T22:00:00Z&until=2026-11-30T23:00:00Z&resolution=P1M`)
  assert.deepEqual(months, ['2026-09-30T22:00:00Z 360', '2026-10-31T23:00:00Z 90'])
  assert.deepEqual(await values(`/sensors/${energy}/export.csv?start=2026-10-24T22:00:00Z&duration=P1D&resolution=PT12H30M`), [
    '2026-10-24T22:00:00Z 10',
    '2026-10-25T10:30:00Z 10',
  ])

  await server.sensors.update(power, { name: '=HYPERLINK("http://x";"é")' })
  const stock = await door.sensor({ unit: '%', resolution: 0 })
  await record(stock, TEN + MINUTE, MINUTE, [50, 60])
  const wide = await get(`/assets/${door.asset}/export.csv?${window}&sensors=${power},${stock}&decimal=comma`)
  assert.equal(wide.status, 200)
  const name = `s${stock - power}`
  assert.deepEqual(wide.lines.slice(0, 3), [
    `\ufeffevent_start;event_start_utc;"'=HYPERLINK(""http://x"";""é"") (house) [kW]";${name} (house) [%]`,
    '2026-11-24T06:00:00-04:00;2026-11-24T10:00:00Z;1;50',
    '2026-11-24T06:15:00-04:00;2026-11-24T10:15:00Z;-2,5;',
  ])
  await server.assets.update(door.asset, { sensorsToShow: [stock] })
  assert.deepEqual((await get(`/assets/${door.asset}/export.csv?${window}`)).lines[0], `event_start,event_start_utc,${name} (house) [%]`)

  const code = async (path: string, as: 'mel' | 'bob' = 'mel') => {
    const { status, lines } = await get(path, as)
    return `${status} ${(JSON.parse(lines[0]!) as { code: string }).code}`
  }
  const of = `/sensors/${power}/export.csv`
  assert.equal(await code(`${of}?${window}&unit=bananas`), '422 unknown-unit')
  assert.equal(await code(`${of}?${window}&unit=m`), '422 incompatible-units')
  assert.equal(await code(`${of}?start=yesterday`), '422 invalid-datetime')
  assert.equal(await code(`${of}?start=2026-11-24T10:00:00Z&until=2026-11-24T09:00:00Z`), '422 invalid-window')
  assert.equal(await code(`${of}?start=0001-01-01T00:00:00Z&duration=P9000Y`), '422 too-many-rows')
  assert.equal(await code(`${of}?resolution=-PT1H`), '422 invalid-resolution')
  assert.equal(await code(`${of}?colour=red`), '422 invalid-request')
  assert.equal(await code(`/assets/${door.asset}/export.csv?sensors=a`), '422 invalid-sensors')
  assert.equal(await code(`/assets/${door.asset}/export.csv?sensors=999999`), '404 unknown-sensor')
  assert.equal(await code(of, 'bob'), '403 forbidden')
  assert.equal(await code(`/assets/${door.asset}/export.csv`, 'bob'), '403 forbidden')
  assert.equal(await code('/sensors/999999/export.csv'), '404 unknown-sensor')
})
