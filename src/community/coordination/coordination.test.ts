import assert from 'node:assert/strict'
import test from 'node:test'
import { isProblem, parseInstant } from '#kernel'
import { type Store, scratchStore } from '#store'
import { placeableOf } from '../declarations/placeable.ts'
import type { Mode } from '../registry/codes.ts'
import { importInventory } from '../registry/inventory.ts'
import { listAppliances, listDevices } from '../registry/registry.ts'
import { adoptCoordination } from './adopt.ts'
import { readCoordination } from './read.ts'
import { createCoordination, SCHEMA } from './schema.ts'
import { wishOf } from './wish.ts'
import { writeCoordination } from './write.ts'

/** A small community as ELFE's own tools keep it: a washing machine, a water heater, a car, a heater, a meter, and their devices. */
const COMMUNITY = `
  set search_path to ${SCHEMA};
  insert into equipement_pilote_ou_mesure values
    (1, 10, 120, 'Lave-linge', 'aucun', 112, 30, 25, 11, false, 1795000000, 1795600000, 'R004'),
    (2, 20, 190, 'Ballon', 'aucun', 131, 30, 15, 12, true, 0, 0, 'R004'),
    (3, 30, 120, 'Voiture', 'aucun', 221, 30, 70, 1, false, 0, 0, 'R005'),
    (4, 40, 190, 'Chauffage', 'aucun', 151, 20, 60, 30, false, 0, 0, 'R005'),
    (5, 50, 200, 'Compteur', 'aucun', 410, 1, 15, 99, false, 0, 0, 'non renseigné');
  insert into equipement_pilote_machine_generique values (10, 1, 1795633200, 7200, 100, 4711);
  insert into equipement_pilote_machine_generique_cycle values (100, 10, 9000, 'Coton', 'aucun', 0), (101, 10, 5400, 'Court', 'aucun', 0);
  insert into equipement_pilote_ballon_ecs values (20, 2, 200, 2200, 4712);
  insert into equipement_pilote_ballon_ecs_heures_creuses values
    (200, 20, 'hc1', 'aucun', true, 79200, 108000), (201, 20, 'hc2', 'aucun', false, 43200, 50400);
  insert into equipement_pilote_vehicule_electrique_generique values (30, 3, 70, 90, 14400, 1795633200, 2000, 40000, 4713);
  insert into equipement_pilote_chauffage_non_asservi values (40, 4, true, 21600, 32400, true, 61200, 79200, true, 25200, 82800, false, 1, 2, 300, 1200, 25, 4714);
  insert into equipement_mesure_compteur_electrique values (50, 5, '01234567890123', 4715);
  insert into equipement_domotique values
    ('A101', 1, 111, 11, 'shellyplug-s-890CA6', 'Shelly', 'R004', true, 1),
    ('A102', 3, 112, 11, null, 'Nous', 'R005', true, 1),
    ('D101', 2, 411, 12, 'non renseigné', 'Shelly', 'R004', true, 1),
    ('B101', 5, 211, 21, 'non renseigné', 'non renseigné', 'non renseigné', false, 1);
  insert into equipement_domotique_shellyplugs_shellycloud_v1 values
    (1, 'A101', 'shellies/shellyplug-s-890CA6/relay/0', 'shellies/shellyplug-s-890CA6/relay/0/command', 'shellies/shellyplug-s-890CA6/online');
  insert into equipement_domotique_nous_a1t_tasmota_v12 values (1, 'A102', 'stat/A102/RESULT', 'cmnd/A102/POWER', 'tele/A102/LWT');
  insert into equipement_domotique_shellyplus1pm_shellycloud_v1 values (1, 'D101', 'controle/D101/rpc', 'D101/rpc', 'aucun');
  insert into equipement_domotique_teleinfo_tasmota_v12 values (1, 'B101', 'tele/B101/SENSOR', 'cmnd/B101/POWER', 'tele/B101/LWT');
  set search_path to default;`

async function community(t: Parameters<typeof scratchStore>[0]): Promise<Store> {
  const theirs = await scratchStore(t, { migrated: false })
  await createCoordination(theirs)
  await theirs.query(COMMUNITY)
  return theirs
}

/** Every row of every table as text, with the transaction that wrote it last. */
async function everything(store: Store): Promise<Map<string, string>> {
  const tables = await store.query<{ name: string }>('select tablename as name from pg_tables where schemaname = $1 order by 1', [SCHEMA])
  const rows = new Map<string, string>()
  for (const { name } of tables)
    for (const { key, row } of await store.query<{ key: string; row: string }>(
      `select one.id::text as key, one.xmin::text || ' ' || one::text as row from ${SCHEMA}.${name} as one order by 1`,
    ))
      rows.set(`${name} ${key}`, row)
  return rows
}
const withoutWriter = (rows: Map<string, string>) => [...rows].map(([key, row]) => [key, row.slice(row.indexOf(' '))])

test('a coordination database is adopted into the registry and written back: what nobody changed stays byte for byte', async (t) => {
  const theirs = await community(t)
  const store = await scratchStore(t)
  const before = await everything(theirs)
  const read = await readCoordination(theirs)
  assert.deepEqual(read.leftOut, [])

  assert.equal((await adoptCoordination(store, read, true)).devices.length, 4)
  assert.deepEqual(await listDevices(store), [], 'a dry run writes nothing')
  const { appliances, devices } = await adoptCoordination(store, read, false)
  assert.deepEqual(new Set([...appliances, ...devices].map(({ outcome }) => outcome)), new Set(['made']))
  const again = await adoptCoordination(store, read, false)
  assert.deepEqual(new Set([...again.appliances, ...again.devices].map(({ outcome }) => outcome)), new Set(['known']))

  const ours = { appliances: await listAppliances(store), devices: await listDevices(store) }
  assert.deepEqual(ours.appliances.map(({ type, mode, powerW }) => [type, mode, powerW])[1], [131, 30, 2200])
  assert.equal(ours.devices.find(({ id }) => id === 'A101')!.type, 111, 'a plug, on a washing machine')
  assert.equal(ours.appliances[4]!.details!.row['numero_pdl'], '01234567890123')
  const told = await writeCoordination(theirs, ours, false)
  assert.deepEqual(
    [told.appliances, told.devices, told.leftOut],
    [{ made: 0, updated: 0, known: 5 }, { made: 0, updated: 0, known: 4 }, []],
  )
  assert.deepEqual(await everything(theirs), before)

  const machine = ours.appliances[0]!
  const changed = {
    ...machine,
    mode: 20 as Mode,
    details: { ...machine.details!, row: { ...machine.details!.row, timestamp_de_fin_souhaite: 1795719600 } },
  }
  const change = { appliances: [changed, ...ours.appliances.slice(1)], devices: ours.devices }
  assert.equal((await writeCoordination(theirs, change, true)).appliances.updated, 1)
  assert.deepEqual(await everything(theirs), before, 'a dry run writes nothing there')
  await writeCoordination(theirs, change, false)
  const after = await everything(theirs)
  assert.deepEqual(
    [...after].filter(([key, row]) => before.get(key) !== row).map(([key]) => key),
    ['equipement_pilote_machine_generique 10', 'equipement_pilote_ou_mesure 1'],
  )
  assert.match(after.get('equipement_pilote_machine_generique 10')!, /\(10,1,1795719600,7200,100,4711\)/)
  assert.deepEqual((await readCoordination(theirs)).appliances[0], changed)
})

test('an empty coordination database is filled from the registry with the same rows, and its own tools count on behind them', async (t) => {
  const theirs = await community(t)
  const empty = await scratchStore(t, { migrated: false })
  await createCoordination(empty)
  const read = await readCoordination(theirs)
  const told = await writeCoordination(empty, read, false)
  assert.deepEqual([told.appliances.made, told.devices.made, told.leftOut], [5, 4, []])
  assert.deepEqual(
    withoutWriter(await everything(empty)),
    withoutWriter(await everything(theirs)).map(([key, row]) => [key, row!.replace('11,,Nous', '11,"non renseigné",Nous')]),
  )
  const next = await empty.first<{ id: number }>(
    `insert into ${SCHEMA}.equipement_pilote_ballon_ecs (equipement_pilote_ou_mesure_id, volume_ballon, puissance_chauffe, mesures_puissance_elec_id)
     values (1, 1, 1, 1) returning id`,
  )
  assert.equal(next!.id, 21)
})

test('devices of an inventory join their appliances there; what the tables want and nobody knows is told', async (t) => {
  const theirs = await community(t)
  const store = await scratchStore(t)
  await adoptCoordination(store, await readCoordination(theirs), false)
  const inventory = `id,equipement_domotique_type_id,equipement_domotique_usage_id,id_materiel,equipement_pilote_ou_mesure_id,equipement_pilote_ou_mesure_type_id,typologie_installation_domotique_id
A103,112,11,,1,112,120
C104,311,31,,1,112,120
A105,112,11,,77,113,120
`
  assert.deepEqual(
    (await importInventory(store, inventory, false)).map(({ outcome }) => outcome),
    ['made', 'made', 'made'],
  )
  const ours = { appliances: await listAppliances(store), devices: await listDevices(store) }
  const told = await writeCoordination(theirs, ours, false)
  assert.deepEqual(told.devices, { made: 1, updated: 0, known: 4 })
  assert.deepEqual(
    told.leftOut.map(({ what }) => what),
    ['77', 'A105', 'C104'],
  )
  const row = await theirs.first<{ topic: string }>(
    `select topic_mqtt_commande_text as topic from ${SCHEMA}.equipement_domotique
     join ${SCHEMA}.equipement_domotique_nous_a1t_tasmota_v12 as own on own.id = equipement_domotique_specifique_id where equipement_domotique.id = 'A103'`,
  )
  assert.equal(row!.topic, 'cmnd/A103/POWER')
})

test('what is declared there is what the planner places: deadlines, off-peak hours of the wall clock, comfort', async (t) => {
  const { appliances } = await readCoordination(await community(t))
  const declared = appliances.map(wishOf)
  const machine = { kind: 'machine', done: { at: '2026-11-25T19:00:00+00:00' }, delayMinutes: 120, durationMinutes: 150 }
  assert.deepEqual(declared[0], machine)
  const offPeak = [{ startSecond: 79_200, endSecond: 108_000 }]
  assert.deepEqual(declared[1], { kind: 'water-heater', volumeL: 200, powerW: 2200, offPeak })
  const charge = { capacityWh: 40_000, nowPercent: 70, leastPercent: 90, powersW: [2000] }
  assert.deepEqual(declared[2], { kind: 'vehicle', done: machine.done, charging: 'continuous', ...charge })
  assert.deepEqual(declared.slice(3), [undefined, undefined], 'not piloted')
  const heater = wishOf({ ...appliances[3]!, mode: 30 as Mode })
  assert.deepEqual(heater?.kind === 'heating' && [heater.week.length, heater.weekend.length, heater.ecoPercent], [2, 1, 25])
  // The night of 25 October in which the clock goes back: 22:00 is UTC+2, 06:00 is UTC+1.
  const night = { start: parseInstant('2026-10-24T18:00:00+02:00'), zone: 'Europe/Paris' }
  const placed = placeableOf({ appliance: 2 as never, type: 131, wish: declared[1]! }, night).appliance as {
    earliestStart: number
    latestEnd: number
  }
  assert.deepEqual(
    [placed.earliestStart, placed.latestEnd],
    [parseInstant('2026-10-24T22:00:00+02:00'), parseInstant('2026-10-25T06:00:00+01:00')],
  )
})

test('a database without the schema is named as such; rows with strange codes are left out with the reason', async (t) => {
  const bare = await scratchStore(t, { migrated: false })
  await assert.rejects(readCoordination(bare), (error) => isProblem(error) && error.code === 'no-coordination-database')
  const theirs = await community(t)
  await theirs.query(`insert into ${SCHEMA}.equipement_domotique_type values (212, 'xky_tasmota_v12', '', '')`)
  await theirs.query(`update ${SCHEMA}.equipement_domotique set equipement_domotique_type_id = 212 where id = 'B101'`)
  const { leftOut, devices } = await readCoordination(theirs)
  assert.deepEqual(leftOut, [{ what: 'B101', why: 'equipement_domotique_type_id has the code 212, which is not known.' }])
  assert.equal(devices.length, 3)
})
