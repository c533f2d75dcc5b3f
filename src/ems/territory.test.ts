import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { parse } from 'yaml'
import { instant, manualClock, type Territory } from '#kernel'
import { openSecrets, scratchStore } from '#store'
import { flexibleNominal } from './site.ts'
import { keepPasswords, sealPasswords, withPasswords } from './station-passwords.ts'
import { establishTerritory, findTerritory, isVirgin, siteOf } from './territory.ts'

const clock = manualClock(instant(Date.UTC(2026, 10, 24)))
const martinique = (parse(readFileSync('examples/martinique.yaml', 'utf8')) as { territory: Territory }).territory

test('the island has the sensors of the product documents, and new ones start at 1000', async (t) => {
  const store = await scratchStore(t)
  assert.equal(await isVirgin(store), true)
  const island = await establishTerritory(store, clock, martinique, true)
  assert.equal(await isVirgin(store), false)
  const shown = async () =>
    (await store.first<{ shown: unknown }>('select sensors_to_show as shown from generic_asset where id = $1', [island.site]))!.shown
  assert.deepEqual(
    (await shown()) as unknown,
    [[84], [81, 82]].map((group) => ({ title: '', plots: [{ sensors: group }] })),
  )
  await store.query("update generic_asset set sensors_to_show = '[]' where id = $1", [island.site])
  await establishTerritory(store, clock, martinique, true)
  assert.deepEqual(await shown(), [], 'what was taken away stays away')
  const sensors = await store.query<{ id: number; unit: string; asset: string }>(
    'select s.id, s.unit, g.name as asset from sensor s join generic_asset g on g.id = s.generic_asset_id',
  )
  const byId = new Map(sensors.map((sensor) => [sensor.id, `${sensor.asset} ${sensor.unit}`]))
  assert.deepEqual(
    [41, 50, 51, 61, 71, 81, 82, 84, 85, 86, 87, 151].map((id) => byId.get(id)),
    [
      'PV001 kW',
      'PV010 kW',
      'BAT001 kWh',
      'CP001 kW',
      'V2G001 kWh',
      'Weather station W/m²',
      'Weather station °C',
      'Grid EUR/MWh',
      'Grid EUR/MWh',
      'Grid %',
      'Grid ',
      'BAT001 kW',
    ],
  )
  const next = await store.first<{ id: number }>(`select nextval(pg_get_serial_sequence('sensor', 'id'))::int as id`)
  assert.equal(next?.id, 1000)
  const placed = await store.first<{ n: number }>(
    'select count(*) as n from generic_asset where latitude between 14.3 and 14.95 and longitude between -61.3 and -60.7',
  )
  assert.ok((placed?.n ?? 0) >= 40)
  const site = siteOf(island, { author: 'Cariflex', demandResponseLevels: [100, 75, 50, 0] })
  assert.equal(flexibleNominal(site), 665_000)
})

test('establishing twice changes nothing, and the territory is found again', async (t) => {
  const store = await scratchStore(t)
  const first = await establishTerritory(store, clock, martinique, true)
  const count = () =>
    store.first(
      'select (select count(*) from generic_asset) as assets, (select count(*) from sensor) as sensors, (select count(*) from cariflex.device) as devices',
    )
  const before = await count()
  const second = await establishTerritory(store, clock, martinique, false)
  assert.deepEqual(await count(), before)
  assert.equal(second.demo, true)
  const found = await findTerritory(store)
  assert.deepEqual([found?.site, found?.demo, found?.assets], [first.site, true, first.assets])
})

test('a device that names no asset is refused before anything is written', async (t) => {
  const store = await scratchStore(t)
  const broken = { ...martinique, devices: [{ ...martinique.devices[0]!, asset: 'PV999' }] }
  await assert.rejects(establishTerritory(store, clock, broken, true), { code: 'config-territory' })
  assert.equal(await isVirgin(store), true)
})

test('passwords of stations lie sealed: not in the territory, nor in the registry, and found again at the next start', async (t) => {
  const store = await scratchStore(t)
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-territory-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const secrets = await openSecrets({ store, clock, folder })
  const devices = martinique.devices.map((device) => (device.bus === 'ocpp' ? { ...device, password: `hush-hush-${device.id}` } : device))
  await keepPasswords(secrets, { ...martinique, devices })
  await establishTerritory(store, clock, { ...martinique, devices }, true)
  const clear = async () =>
    JSON.stringify(await store.query('select definition from cariflex.territory union all select definition from cariflex.device'))
  assert.doesNotMatch(await clear(), /hush-hush/)
  const passwordOf = async () => {
    const { territory } = (await findTerritory(store))!
    return (await withPasswords(secrets, territory)).devices.find(({ id }) => id === 'CP001')?.password
  }
  assert.equal(await passwordOf(), 'hush-hush-CP001')

  // As an earlier version left it: in the clear.
  await secrets.remove('station/CP001')
  await store.query('update cariflex.territory set definition = $1', [JSON.stringify({ ...martinique, devices })])
  await store.query("update cariflex.device set definition = definition || jsonb_build_object('password', 'hush-hush')")
  await sealPasswords(store, secrets)
  assert.doesNotMatch(await clear(), /hush-hush/)
  assert.equal(await passwordOf(), 'hush-hush-CP001')
})
