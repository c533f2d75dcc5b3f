import assert from 'node:assert/strict'
import test from 'node:test'
import { isProblem } from '#kernel'
import { type Store, scratchStore } from '#store'
import type { ApplianceType, DeviceType, Mode } from './codes.ts'
import { DEVICE_TYPES } from './codes.ts'
import { importInventory } from './inventory.ts'
import { findDevice, keepAppliances, listAppliances, listDevices } from './registry.ts'

const HEAD =
  'id,equipement_domotique_type_id,equipement_domotique_usage_id,id_materiel,marque,utilisateur,equipement_pilote_ou_mesure_id,equipement_pilote_ou_mesure_type_id,nom_humain,typologie_installation_domotique_id,equipement_pilote_ou_mesure_mode_id,puissance_w,topic_mqtt_controle,topic_mqtt_commande,topic_mqtt_lwt'
const GOOD = [
  'A101,111,11,shellyplug-s-890CA6,Shelly,R004,4001,112,Lave-linge,120,30,2000,,,',
  'A102,112,11,,Nous,R004,4002,111,"Lave-vaisselle, cuisine",120,,1900,,,',
  'D103,411,12,,Shelly,R005,4003,131,Ballon,190,30,2400,,,',
  'C104,311,31,,SwitchBot,R004,4001,112,,130,,,switchbot/C104/bot/C104/attributes,switchbot/C104/bot/C104/set,switchbot/C104/lastwill',
]
const outcomes = (told: Awaited<ReturnType<typeof importInventory>>) => told.map(({ line, id, outcome }) => `${line} ${id} ${outcome}`)
const taken = async (store: Store, lines: string[], dryRun = false) => importInventory(store, [HEAD, ...lines].join('\n'), dryRun)

test('an inventory registers devices with the topics of their families and their appliances; a second import changes only what differs', async (t) => {
  const store = await scratchStore(t)
  const first = `\ufeff${[HEAD, ...GOOD.slice(0, 3)].join('\r\n')}\r\n\r\n`
  assert.deepEqual(outcomes(await importInventory(store, first, true)), ['2 A101 made', '3 A102 made', '4 D103 made'])
  assert.deepEqual(await listDevices(store), [], 'a dry run writes nothing')
  assert.deepEqual(outcomes(await importInventory(store, first, false)), ['2 A101 made', '3 A102 made', '4 D103 made'])
  assert.deepEqual(outcomes(await importInventory(store, first, false)), ['2 A101 known', '3 A102 known', '4 D103 known'])

  const shelly = 'shellies/shellyplug-s-890CA6'
  assert.deepEqual(await findDevice(store, 'A101'), {
    ...{ id: 'A101', appliance: 4001, type: 111, usage: 11, hardware: 'shellyplug-s-890CA6', brand: 'Shelly', participant: 'R004' },
    topics: { control: `${shelly}/relay/0`, command: `${shelly}/relay/0/command`, will: `${shelly}/online` },
    coordinationId: null,
  })
  assert.deepEqual(
    (await listDevices(store)).slice(1).map(({ topics }) => topics),
    [
      { control: 'stat/A102/RESULT', command: 'cmnd/A102/POWER', will: 'tele/A102/LWT' },
      { control: 'controle/D103/rpc', command: 'D103/rpc', will: 'D103/online' },
    ],
  )
  const [machine, dishwasher] = await listAppliances(store, 'R004')
  assert.deepEqual([machine!.mode, machine!.powerW, machine!.control, machine!.command], [30, 2000, 70, 1])
  assert.deepEqual([dishwasher!.name, dishwasher!.mode], ['Lave-vaisselle, cuisine', 20])

  await keepAppliances(store, [{ ...dishwasher!, mode: 30 as Mode, wantedOn: true }])
  const changed = GOOD[1]!.replace('1900', '2100.5').replace('Nous', 'Gosund')
  assert.deepEqual(outcomes(await taken(store, [GOOD[0]!, changed])), ['2 A101 known', '3 A102 updated'])
  const [, after] = await listAppliances(store, 'R004')
  assert.deepEqual([after!.powerW, after!.mode, after!.wantedOn], [2100.5, 30, true], 'an empty mode and the state stay as they are')
  await assert.rejects(findDevice(store, 'Z1'), (error) => isProblem(error) && error.code === 'unknown-device' && error.status === 404)
})

test('all faults of an inventory are told at once with their lines, and the good lines are kept', async (t) => {
  const store = await scratchStore(t)
  const told = await taken(store, [
    GOOD[0]!,
    'a1,111,11,shellyplug-s-1,Shelly,R004,4010,112,x,120,,,,,',
    'A12345,999,13,,,R004,x,999,x,121,40,-5,,,',
    'A101,112,11,,,R004,4012,112,x,120,,,,,',
    'A113,112,11,,,R009,4001,113,x,120,20,1,,,',
    'A114,112,11,,,R004,4014,112,x,120,,,stat/+/RESULT,#,',
    'A115,111,11,,,R004,4015,112,x,120,,,,,',
    'A116,111,11,a/b,,R004,4016,112,x,120,,,,,',
    'A117,112,11,,,R004,99999999999,112,x,120,,,,,',
    'A118,112,11',
    'A119,112,11,x"y,,R004,4019,112,x,120,,,,,',
    'A120,112,11,,"open,R004,4020,112,x,120,,,,,',
    'A121,112,11,,"two\nlines",R004,4021,112,x,120,,,,,',
    'A122,112,11,,,R004,4022,,x,,,,,,',
    'A123,112,11,,,R004,4023,112,x,120,,,,,',
  ])
  assert.deepEqual(
    told.filter(({ outcome }) => outcome !== 'refused').map(({ line, id }) => `${line} ${id}`),
    ['2 A101', '14 A121', '17 A123'],
  )
  const faults = new Map(told.map(({ line, faults }) => [line, faults]))
  assert.match(faults.get(3)!.join(), /'a1' is not the id of a device/)
  assert.equal(faults.get(4)!.length, 8, faults.get(4)!.join(' '))
  assert.match(faults.get(4)!.join(), /equipement_domotique_type_id has no code 999: there are 111, 112, 211,/)
  assert.deepEqual(faults.get(5), ['The device A101 stands in line 2 already.'])
  assert.equal(faults.get(6)!.length, 5, 'type, name, participant, power and mode differ')
  assert.equal(faults.get(7)!.length, 2)
  assert.deepEqual(faults.get(8), ['id_materiel is empty.'])
  assert.match(faults.get(9)!.join(), /cannot stand in a topic/)
  assert.match(faults.get(10)!.join(), /whole number above zero, not '99999999999'/)
  assert.deepEqual(faults.get(11), ['There are 3 cells, and 15 columns.'])
  for (const line of [12, 13]) assert.match(faults.get(line)!.join(), /quote/, `line ${line}`)
  assert.equal(faults.get(16)!.length, 2)
  assert.deepEqual(
    (await listDevices(store)).map(({ id }) => id),
    ['A101', 'A121', 'A123'],
  )
})

test('several devices share an appliance: what one line leaves empty another may say', async (t) => {
  const store = await scratchStore(t)
  const finger = GOOD[3]!.replace(',130,', ',120,')
  assert.deepEqual(outcomes(await taken(store, [finger, GOOD[0]!])), ['2 C104 made', '3 A101 made'])
  const [machine] = await listAppliances(store)
  assert.deepEqual([machine!.name, machine!.mode, machine!.powerW], ['Lave-linge', 30, 2000])
  assert.equal((await listDevices(store, { appliance: 4001 })).length, 2)
})

test('a file that is no inventory is refused as a whole, with the columns that it wants', async (t) => {
  const store = await scratchStore(t)
  for (const text of ['', '\n\n', 'name,price\nx,1\n', HEAD.replace('id,', 'id,id,')])
    await assert.rejects(
      importInventory(store, text, false),
      (error) => isProblem(error) && error.code === 'invalid-inventory' && error.status === 422,
    )
})

test('a code of devices is no code of appliances, for the compiler too', () => {
  const plug: DeviceType = DEVICE_TYPES.of(111)!
  // @ts-expect-error 111 is a plug here and a dishwasher there
  const dishwasher: ApplianceType = plug
  assert.equal(dishwasher, 111)
  assert.equal(DEVICE_TYPES.of(113), undefined)
})
