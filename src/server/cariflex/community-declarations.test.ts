import assert from 'node:assert/strict'
import test from 'node:test'
import { importInventory, planInThread, startRounds } from '#community'
import { after, ceilTo, HOUR, MINUTE, silentLog, systemClock } from '#kernel'
import { communityDeclarationRoutes } from './community-declarations.ts'
import { yard } from './yard.fixture.ts'

const CSV = `id,equipement_domotique_type_id,equipement_domotique_usage_id,id_materiel,utilisateur,equipement_pilote_ou_mesure_id,equipement_pilote_ou_mesure_type_id,typologie_installation_domotique_id
A101,111,11,shellyplug-s-890CA6,R004,4001,112,120
`
interface Told {
  id: number
  home: string
  type: number
  planned: unknown
  feasibility: { possible: boolean; says: string[]; earliestEnd: string }
}

test('a wish is told whether it can be kept, declared, listed, cancelled and started by those who may steer', async (t) => {
  const { ask, nobody, store } = await yard(t, (server, account) =>
    server.register(communityDeclarationRoutes({ account, zone: 'Europe/Paris', rooms: server }), '/api/cariflex/v1'),
  )
  await importInventory(store, CSV, false)
  const path = '/community/declarations'
  const wish = { kind: 'machine', done: { time: '18:00', days: [1, 2, 3, 4, 5, 6, 7] }, durationMinutes: 60 }
  const late = { ...wish, done: { at: '2020-01-01T00:00:00Z' } }
  assert.equal((await nobody('POST', path, { appliance: 4001, wish })).status, 403)
  assert.equal((await ask('POST', path, { appliance: 4002, wish })).body.code, 'unknown-appliance')
  assert.equal((await ask('POST', path, { appliance: 4001, wish: { ...wish, kind: 'rocket' } })).status, 422)
  assert.equal((await ask('POST', path, { appliance: 4001, wish: { ...wish, done: { at: '2026-02-31T00:00:00Z' } } })).status, 422)
  const dry = await ask<Told>('POST', path, { appliance: 4001, wish: late, dryRun: true })
  assert.deepEqual([dry.status, dry.body.data.feasibility.possible], [200, false])
  assert.match(dry.body.data.feasibility.says[0]!, /^It cannot be done by .*; the earliest end is/)
  assert.deepEqual((await ask<Told[]>('GET', path)).body.data, [])

  const made = await ask<Told>('POST', path, { appliance: 4001, wish })
  const { home, type, feasibility } = made.body.data
  assert.deepEqual([made.status, home, type, feasibility.possible], [201, 'R004', 112, true])
  const listed = (await nobody<Told[]>('GET', `${path}?home=R004`)).body.data
  assert.deepEqual(
    listed.map(({ id, planned }) => [id, planned]),
    [[made.body.data.id, null]],
  )
  assert.equal((await ask('DELETE', `${path}/${made.body.data.id}`)).status, 200)
  assert.equal((await ask('POST', `${path}/${made.body.data.id}/start`, {})).body.code, 'unknown-declaration')
  const again = await ask<Told>('POST', path, { appliance: 4001, wish })
  assert.equal((await ask('GET', '/community/plan/latest')).body.code, 'no-community-plan')
  const rounds = startRounds({
    ...{
      store,
      clock: systemClock,
      log: silentLog,
      plan: planInThread(systemClock),
      zone: 'Europe/Paris',
      objective: 'import',
      groups: [],
    },
    ...{ forecast: async () => new Array<number>(96).fill(-1000), profileOf: async () => [500] },
  })
  t.after(() => rounds.close())
  await rounds.round(after(ceilTo(systemClock.now(), HOUR), -15 * MINUTE))
  const { body } = await nobody<{ plan: { placements: { id: string }[] } }>('GET', '/community/plan/latest')
  assert.deepEqual(
    body.data.plan.placements.map(({ id }) => id),
    ['4001'],
  )
  assert.notEqual((await ask<Told[]>('GET', path)).body.data[0]!.planned, null)
  assert.equal((await ask('POST', `${path}/${again.body.data.id}/start`, {})).status, 200)
})
