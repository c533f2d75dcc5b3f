import assert from 'node:assert/strict'
import test from 'node:test'
import type { Appliance, Device, ImportedLine } from '#community'
import { communityRegistryRoutes } from './community-registry.ts'
import { yard } from './yard.fixture.ts'

const CSV = `id,equipement_domotique_type_id,equipement_domotique_usage_id,id_materiel,utilisateur,equipement_pilote_ou_mesure_id,equipement_pilote_ou_mesure_type_id,typologie_installation_domotique_id
A101,111,11,shellyplug-s-890CA6,R004,4001,112,120
A102,112,11,,R005,4002,113,120
x,112,11,,R005,4003,113,120
`

test('an inventory is imported over the API by those who may steer, read by those who may read, and a coordination database is taken over', async (t) => {
  const { ask, nobody, store } = await yard(t, (server, account) =>
    server.register(communityRegistryRoutes({ account, zone: 'Europe/Paris', rooms: server }), '/api/cariflex/v1'),
  )
  const path = '/community/devices/import'
  assert.equal((await nobody('POST', path, { csv: CSV })).status, 403)
  assert.equal((await ask('POST', path, { csv: 3, dryRun: 'perhaps' })).status, 422)
  assert.deepEqual((await ask('POST', path, { csv: 'a,b\n1,2\n' })).body.code, 'invalid-inventory')
  const told = await ask<ImportedLine[]>('POST', path, { csv: CSV, dryRun: true })
  assert.deepEqual([told.status, told.body.data.map(({ outcome }) => outcome)], [200, ['made', 'made', 'refused']])
  assert.deepEqual((await ask<Device[]>('GET', '/community/devices')).body.data, [])
  await ask('POST', path, { csv: CSV })
  const devices = (await nobody<Device[]>('GET', '/community/devices')).body.data
  assert.deepEqual(
    devices.map(({ id }) => id),
    ['A101', 'A102'],
  )
  assert.equal(devices[0]!.topics.command, 'shellies/shellyplug-s-890CA6/relay/0/command')
  const own = await ask<Appliance[]>('GET', '/community/appliances?participant=R004')
  assert.deepEqual(
    own.body.data.map(({ id, type, mode }) => [id, type, mode]),
    [[4001, 112, 20]],
  )

  const appliance = { ...own.body.data[0]!, mode: 30, startedAt: '2026-11-24T12:00:00+01:00', powerW: 2100 }
  const adoption = {
    appliances: [appliance, { ...appliance, id: 4009, participant: null }],
    devices: [{ ...devices[1]!, appliance: 4009 }],
  }
  const adopt = (given: object) =>
    ask<{ appliances: { outcome: string }[]; devices: { outcome: string }[] }>('POST', '/community/adoption', given)
  const taken = await adopt(adoption)
  assert.deepEqual(
    [taken.body.data.appliances.map(({ outcome }) => outcome), taken.body.data.devices[0]!.outcome],
    [['updated', 'made'], 'updated'],
  )
  assert.deepEqual((await ask<Appliance[]>('GET', '/community/appliances?participant=R004')).body.data, [appliance])
  assert.equal((await adopt({ ...adoption, appliances: [appliance, appliance] })).body.code, 'invalid-adoption')
  assert.equal((await adopt({ appliances: [], devices: [{ ...devices[1]!, appliance: 77 }] })).body.code, 'invalid-adoption')
  assert.equal((await adopt({ ...adoption, devices: [{ ...devices[1]!, type: 999 }] })).status, 422)
  assert.equal((await adopt({ ...adoption, appliances: [{ ...appliance, name: 'a\u0000b' }] })).status < 500, true, 'no fault of ours')
  const notes = await store.query<{ event: string }>("select event from audit_log where event ~ '^(Imported|Took)' order by id")
  assert.deepEqual(
    notes.map(({ event }) => event),
    ['Imported 2 devices of an inventory', 'Took 2 appliances and 1 devices of a coordination database over'],
  )
})
