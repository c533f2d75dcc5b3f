import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import type { ChargingConfig } from '#charging'
import { scratchStore } from '#store'
import { makeTables } from '../../../test/interop/citrineos-peer.ts'
import type { Verb } from '../../cli/verb.ts'
import { chargingBridge } from '../../cli/verbs/charging-bridge.ts'
import { chargingImport } from '../../cli/verbs/charging-import.ts'
import { chargingSync } from '../../cli/verbs/charging-sync.ts'
import { citrineosBridgeRoutes } from './citrineos-bridge.ts'
import { stationImportRoutes } from './station-import.ts'
import { stationSyncRoutes } from './station-sync.ts'
import { yard } from './yard.fixture.ts'

/** A yard beside a CitrineOS whose broker is away, with the verbs of the command line on it. */
async function beside(t: TestContext) {
  const tables = await scratchStore(t, { migrated: false })
  await makeTables(tables)
  await tables.query(`
    insert into "Locations" (id, name, coordinates) values (1, 'Port', point(-61.07, 14.60));
    insert into "ChargingStations" (id, "locationId", protocol) values ('CP1', 1, 'ocpp1.6'), ('CP2', 1, 'ocpp2.0.1'), ('CP3', null, null);
    insert into "Connectors" ("stationId", "connectorId", status, "powerType", "maximumPowerWatts") values
      ('CP1', 1, 'Available', 'AC_3_PHASE', 11000), ('CP2', 1, 'Available', 'AC_1_PHASE', 7400), ('CP3', 1, 'Available', null, null);
    insert into "Authorizations" ("idToken", "idTokenType", status) values ('THEIRS-1', 'Central', 'Accepted'), ('', 'Central', 'Accepted');`)
  const citrineos: ChargingConfig['citrineos'] = {
    ...{ version: '1.8', amqp: 'amqp://127.0.0.1:1', exchange: 'citrineos', queue: 'cariflex', tenant: 1, database: tables.url },
    ...{ orders: 'inject', firstProfile: 7000, reconcile: 300_000 },
  }
  const house = await yard(
    t,
    (server, _, { charging, established, site }) => {
      const parts = { charging, established, site, rooms: server, assets: server.assets }
      for (const routes of [citrineosBridgeRoutes, stationImportRoutes, stationSyncRoutes])
        server.register(routes(parts), '/api/cariflex/v1')
    },
    { config: { citrineos } },
  )
  const { url } = await house.server.listen()
  const run = async (verb: Verb, words: string[], options = {}) => {
    let data: unknown
    let text = ''
    const show = (shown: unknown, render: () => string) => {
      data = shown
      text = render()
    }
    const env = { CARIFLEX_URL: url, CARIFLEX_TOKEN: house.token }
    const code = await verb.run({ words, options, env, show, say: () => undefined, progress: () => undefined })
    return { code: code ?? 0, text, data }
  }
  return { ...house, tables, run }
}

test('stations of a table become known: good rows are kept, of the others every fault is told with its line', async (t) => {
  const { run, charging } = await beside(t)
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-import-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  const file = join(folder, 'stations.csv')
  const rows = [
    'identity;power_kw;latitude;longitude;phases',
    'CP1;22;14,6;-61,07;3',
    'CP 9;22;;;3',
    '',
    'CP2;much;;;1',
    'CP1;22;;;',
    'CP4;7,4;14;;1',
  ]
  writeFileSync(file, rows.join('\n'))
  const tried = await run(chargingImport, [file], { 'dry-run': true })
  assert.deepEqual([tried.code, charging.stations().length], [1, 0])
  const { code, text } = await run(chargingImport, [file])
  assert.equal(code, 1)
  for (const line of [3, 5, 6, 7]) assert.match(text, new RegExp(`stations.csv:${line}: `))
  assert.match(text, /1 made, 0 known already, 4 refused\./)
  assert.equal(charging.station('CP1').record.nominal, 22_000)
  writeFileSync(file, 'identity,pover\nCP1,1')
  await assert.rejects(run(chargingImport, [file]), /no column 'pover'[\s\S]*'power_kw' is missing/)
  await assert.rejects(run(chargingImport, [join(folder, 'none.csv')]), /cannot be read/)
  await assert.rejects(run(chargingImport, []), /Say which file/)
})

test('the file itself is taken as the body: tried first, then kept; one that is no table is refused whole', async (t) => {
  const { ask, nobody, charging } = await beside(t)
  const file = Buffer.from('identity;power_kw;name\nCP7;7,4;Quai n° 2\nCP8;much;', 'latin1')
  const tried = await ask<{ line: number; outcome: string }[]>('POST', '/charging/import/table?dryRun=true', file)
  assert.deepEqual([tried.status, charging.stations().length], [200, 0])
  assert.deepEqual(
    tried.body.data.map(({ line, outcome }) => [line, outcome]),
    [
      [2, 'made'],
      [3, 'refused'],
    ],
  )
  assert.equal((await ask('POST', '/charging/import/table', file)).status, 200)
  assert.equal(charging.station('CP7').record.name, 'Quai n° 2')
  for (const odd of ['', 'identity,pover\nCP1,1', 'a\0b', 'identity\n"'])
    assert.deepEqual([(await ask('POST', '/charging/import/table', Buffer.from(odd))).body.code, odd], ['invalid-upload', odd])
  assert.equal((await nobody('POST', '/charging/import/table', file)).status, 403)
})

test('stations and badges of a CitrineOS become known by its tables', async (t) => {
  const { run, charging, tables } = await beside(t)
  const { code, text } = await run(chargingImport, [], { citrineos: tables.url })
  assert.deepEqual([code, charging.stations().map(({ identity }) => identity)], [1, ['CP1', 'CP2']])
  assert.match(text, /station 3: CP3: power_kw is empty\.\nbadge 2: —: token is empty\.\n3 made/)
  assert.deepEqual([charging.station('CP2').record.nominal, charging.station('CP2').record.phases], [7400, 1])
  assert.ok(
    (await charging.badges.list()).some(({ token }) => token === 'THEIRS-1'),
    'its badge is ours',
  )
})

test('assets and stations are compared by count, power and place; mended is what needs no person', async (t) => {
  const { run, ask, nobody, charging, server } = await beside(t)
  assert.equal((await ask('POST', '/stations', { identity: 'CP1', nominalKw: 22 })).status, 201)
  const dry = await run(chargingSync, [])
  const told = (dry.data as { differences: { station: string; kind: string; mendable: boolean }[] }).differences
  assert.deepEqual(
    told.map(({ station, kind, mendable }) => [station, kind, mendable]),
    [
      ['CP1', 'power', true],
      ['CP1', 'location', true],
      ['CP2', 'unknown-station', true],
      ['CP3', 'unknown-station', false],
    ],
  )
  assert.deepEqual([dry.code, charging.station('CP1').record.nominal], [1, 22_000])
  assert.match((await run(chargingSync, [], { mend: true })).text, /CP1 +power .*\(mended\)/)
  assert.equal(charging.station('CP1').record.nominal, 11_000)
  const asset = await server.assets.get(charging.station('CP1').record.asset!)
  assert.deepEqual([asset!.latitude, asset!.longitude], [14.6, -61.07])
  const after = (await run(chargingSync, [])).data as { stations: number; citrineos: number; differences: { station: string }[] }
  assert.deepEqual([after.stations, after.citrineos, after.differences.map(({ station }) => station)], [2, 3, ['CP3']])
  assert.equal((await nobody('POST', '/charging/sync', {})).status, 403)
})

test('the bridge says how it is, and a platform without one says so', async (t) => {
  const { run, ask } = await beside(t)
  const status = await run(chargingBridge, [])
  assert.equal(status.code, 1)
  assert.match(status.text, /its broker is away/)
  const check = await run(chargingBridge, ['check'])
  assert.match(check.text, /failed {2}broker[\s\S]*ok {4} {2}database {2}3 stations/)
  assert.equal((await run(chargingBridge, ['reconcile'])).code, 0)
  assert.equal((await ask('GET', '/charging/bridge')).status, 200)
  const plain = await yard(t, (server, _, { charging, established }) =>
    server.register(citrineosBridgeRoutes({ charging, established, rooms: server }), '/api/cariflex/v1'),
  )
  assert.equal((await plain.ask('GET', '/charging/bridge')).body.code, 'no-bridge')
})
