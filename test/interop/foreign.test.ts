// Unmodified foreign programs against the running island: a FlexMeasures client, a Modbus battery of another brand, an OCPP 2.0.1 station.
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { EMAIL, freePort, PASSWORD, startTerritory, until } from '../journeys/territory.ts'
import { foreign } from './foreign.ts'

test('the FlexMeasures client signs in, posts data, gets schedules and forecasts, updates and deletes, with every method it has', async (t) => {
  const island = await startTerritory(t)
  const client = foreign('flexmeasures_client_story.py', [island.url.replace('http://', ''), EMAIL, PASSWORD])
  t.after(() => client.kill())
  assert.equal(await client.ended, 0, client.stderr())
  const said = Object.fromEntries(client.lines.map((line) => [line['step'], line]))
  assert.equal(said['asset types']?.['battery'], 'battery')
  assert.equal(said['who am I']?.['email'], EMAIL)
  assert.equal(said['data']?.['equal'], true)
  const schedule = said['schedule']!
  assert.deepEqual([schedule['n'], schedule['unit']], [48, 'kW'])
  assert.ok(Number(schedule['charged']) > 80, 'the battery fills while power is cheap')
  assert.ok(Number(schedule['dear_charge']) <= 1e-6 && Number(schedule['cheap_discharge']) >= -50, 'nothing is bought while power is dear')
  assert.ok(Number(schedule['discharged']) > 90, 'and sells while it is dear')
  const byHand = said['schedule by hand']!
  assert.deepEqual([byHand['status'], byHand['n'], byHand['custom']], ['FINISHED', 24, 'StorageScheduler'])
  assert.deepEqual([said['signed in again']?.['name'], said['signed in again']?.['renewed']], ['power of the battery', true])
  const forecast = said['forecast']!
  assert.deepEqual([forecast['n'], forecast['unit'], forecast['kept']], [6, 'kW', 239])
  assert.equal(said['data deleted']?.['kept'], 215)
  assert.equal(said['updated']?.['name'], 'Interop battery renamed')
  assert.deepEqual([said['listed']?.['there'], said['listed']?.['sensors'], said['deleted']?.['gone']], [true, 3, true])
})

test('a battery of another brand is steered with one YAML file', async (t) => {
  const port = await freePort()
  const battery = foreign('foreign_battery.py', [String(port)])
  t.after(() => battery.kill())
  await battery.line((line) => line['listening'] === port)
  const config = foreignTerritory(mkdtempSync(join(tmpdir(), 'cariflex-foreign-')), port)
  const island = await startTerritory(t, { args: ['--config', config] })
  const told = await battery.line((line) => line['enabled'] === 1 && Number(line['told_kw']) > 0, 90_000)
  assert.ok(Number(told['told_kw']) > 0 && Number(told['told_kw']) <= 20, 'charges while power is cheap, within its nominal power')
  interface Orders {
    data: { device: string; powerKw: number; because: string; receipt: { outcome: string } | null }[]
  }
  const { body } = await until(
    'an obeyed order',
    () => island.ask<Orders>('GET', '/api/cariflex/v1/setpoints'),
    ({ body }) => body.data.some((order) => order.device === 'FB001' && order.receipt?.outcome === 'obeyed'),
    60_000,
  )
  assert.ok(body.data[0]!.because.length > 10)
})

test('a foreign OCPP station boots, charges and obeys the profile it is given', async (t) => {
  const island = await startTerritory(t)
  const { body } = await island.ask<{ data: { identity: string; password: string; token: string } }>('POST', '/api/cariflex/v1/stations', {
    identity: 'FOREIGN-1',
    nominalKw: 11,
    phases: 3,
  })
  const station = foreign('foreign_station.py', [
    `${island.url.replace('http', 'ws')}/ocpp`,
    body.data.identity,
    body.data.password,
    body.data.token,
  ])
  t.after(() => station.kill())
  await station.line((line) => line['event'] === 'boot' && line['status'] === 'Accepted')
  await station.line((line) => line['event'] === 'authorize' && line['status'] === 'Accepted')
  await station.line((line) => line['event'] === 'started')
  const profile = await station.line((line) => line['event'] === 'profile' && line['purpose'] === 'TxProfile', 60_000)
  assert.ok(Number(profile['watts']) <= 11_040)
  await island.ask('POST', '/api/v3_0/sensors/86/data', {
    start: new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString(),
    duration: 'PT1H',
    values: [0],
    unit: '%',
  })
  await station.line((line) => line['event'] === 'profile' && line['purpose'] === 'TxProfile' && line['watts'] === 0, 30_000)
  await station.line((line) => line['event'] === 'drawing' && line['watts'] === 0, 30_000)
  assert.equal(await station.ended, 0, station.stderr())
  const { body: listed } = await island.ask<{ data: { identity: string; online: boolean }[] }>('GET', '/api/cariflex/v1/stations')
  assert.ok(listed.data.some((entry) => entry.identity === 'FOREIGN-1'))
})

/** What a stranger writes to add a battery of another brand: one template and one territory that names it. */
function foreignTerritory(folder: string, port: number): string {
  writeFileSync(join(folder, 'foreign-brand.yaml'), FOREIGN_BRAND)
  const config = join(folder, 'cariflex.yaml')
  writeFileSync(
    config,
    `territory:
  account: Strangers
  site:
    name: Workshop
    timezone: America/Martinique
    currency: EUR
    latitude: 14.6
    longitude: -61.0
    roles: { consumptionPrice: 84 }
    sensors: [{ id: 84, name: consumption_price, unit: EUR/MWh, resolution: PT1H }]
    tariff: [${tariff()}]
  assets:
    - name: Foreign battery
      type: battery
      sensors:
        - { id: 1001, name: soc, unit: kWh, resolution: PT0S }
        - { id: 1002, name: power, unit: kW, resolution: PT5M, attributes: { consumption_is_positive: true } }
  devices:
    - { id: FB001, kind: battery, asset: Foreign battery, bus: modbus, template: ${join(folder, 'foreign-brand.yaml')}, host: 127.0.0.1, port: ${port}, unit: 1, nominalKw: 20, capacityKwh: 100, minSocKwh: 5, maxSocKwh: 95, sensors: { power: 1002, soc: 1001 } }
`,
  )
  return config
}

/** A day's tariff, local time of Martinique: cheap from this hour on for four hours, dear otherwise. */
function tariff(): string {
  const hour = ((Date.now() / 3_600_000 - 4) % 24) | 0
  const steps = [
    { from: hour, price: 100 },
    { from: (hour + 4) % 24, price: 400 },
  ].sort((a, b) => a.from - b.from)
  const night = steps[1]!.price
  return [{ from: 0, price: night }, ...steps.filter((step) => step.from > 0 || step.price !== night)]
    .filter((step, index, all) => all.findLastIndex((other) => other.from === step.from) === index)
    .map((step) => `{ from: '${String(step.from).padStart(2, '0')}:00', price: ${step.price} }`)
    .join(', ')
}

const FOREIGN_BRAND = `template: 1
kind: battery
name: Foreign brand
identify: [{ register: 13, type: u16, is: 0x4246 }]
nominal: { consumption: 20 kW, production: 20 kW, capacity: { register: 12, type: u16, scale: 0.1, unit: kWh }, minSoc: 5 %, maxSoc: 95 % }
readings:
  power: { register: 10, type: i16, scale: 0.1, unit: kW }
  soc: { register: 11, type: u16, scale: 0.1, unit: "%" }
orders:
  writes:
    - { register: 0, type: i16, from: power, unit: kW, scale: 0.1 }
    - { register: 1, type: u16, value: 1 }
  safe: { writes: [{ register: 1, type: u16, value: 0 }] }
`
