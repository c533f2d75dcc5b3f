import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR } from '#kernel'
import { openDoor } from '../door.fixture.ts'
import { automationWork } from '../flexmeasures/automation-work.ts'

interface Shown {
  id: number
  name: string
  asset: number
  assetName: string
  words: string
  next: string | null
  active: boolean
  mayChange: boolean
  outputs: { sensor: number; name: string }[]
  last: { job: string; due: string; status: string | null; problem: string | null } | null
}

test('automations of every asset one may read stand in one list, with how they ended', async (t) => {
  const door = await openDoor(t)
  const { ask, asset, clock, server, store } = door
  await server.store.query(`update generic_asset set attributes = '{"timezone": "America/Martinique"}' where id = $1`, [asset])
  const list = async (as: 'ann' | 'mel' | 'bob', query = '') => {
    const { status, body } = await ask('GET', `/api/cariflex/v1/automations${query}`, { as })
    assert.equal(status, 200, JSON.stringify(body))
    return body as unknown as { data: Shown[]; total: number }
  }
  const make = async (body: object) =>
    (await ask('POST', `/api/v3_0/assets/${asset}/automations`, { as: 'mel', body })).body['id'] as number
  const id = await make({ name: 'cost of yesterday', cron: '0 5 * * *', type: 'reporting', parameters: { report: 'self-consumption' } })
  const resting = await make({ name: 'at rest', cron: '*/15 * * * *', type: 'reporting', active: false, parameters: { report: 'cost' } })
  const power = await door.sensor()
  const forecast = await make({ name: 'load', cron: '@hourly', type: 'forecasting', parameters: { sensor: power, duration: 'PT24H' } })
  const [other] = (await list('ann', '?offset=2')).data
  assert.deepEqual([other?.id, other?.outputs], [forecast, [{ sensor: power, name: 's0' }]])
  assert.equal((await ask('DELETE', `/api/v3_0/assets/${asset}/automations/${forecast}`, { as: 'mel' })).status, 204)
  const { data, total } = await list('ann', '?language=fr')
  assert.equal(total, 2)
  assert.deepEqual(
    data.map(({ id, assetName, words, next, active, last, mayChange }) => ({ id, assetName, words, next, active, last, mayChange })),
    [
      {
        ...{ id, assetName: 'house', words: 'À 05:00, tous les jours', next: '2026-11-25T05:00:00-04:00', active: true, last: null },
        mayChange: true,
      },
      { id: resting, assetName: 'house', words: 'Toutes les 15 minutes', next: null, active: false, last: null, mayChange: true },
    ],
  )
  assert.deepEqual(
    (await list('ann', `?active=false&asset=${asset}`)).data.map(({ id }) => id),
    [resting],
  )
  assert.deepEqual(
    (await list('ann', '?limit=1&offset=1')).data.map(({ id }) => id),
    [resting],
  )
  assert.equal((await list('ann', '?asset=987654')).total, 0)
  assert.deepEqual(await list('bob'), { data: [], total: 0 })
  assert.equal((await ask('GET', '/api/cariflex/v1/automations?limit=0', { as: 'ann' })).status, 422)
  assert.equal((await ask('GET', '/api/cariflex/v1/automations')).status, 401)

  clock.set(after(clock.now(), 22 * HOUR))
  const [ran] = await server.automations.runDue(automationWork(server))
  assert.equal(ran?.problem, undefined)
  for (let tries = 0; tries < 500 && !(await server.queue.get(ran!.job!))?.endedAt; tries++) await store.query('select pg_sleep(0.01)')
  const { last } = (await list('ann')).data[0]!
  assert.deepEqual([last?.job, last?.due], [ran!.job, '2026-11-25T05:00:00-04:00'])
  assert.deepEqual([last?.status, last?.problem], ['FINISHED', null])
  await store.query(`update cariflex.job set status = 'FAILED', exc = 'No flow.' where id = $1`, [last!.job])
  assert.equal((await list('ann')).data[0]!.last?.problem, 'No flow.')
  await store.query('delete from cariflex.job where id = $1', [last!.job])
  assert.deepEqual((await list('ann')).data[0]!.last, { ...last, status: null, problem: null })
  const reports = await ask('GET', `/api/cariflex/v1/assets/${asset}/reports`, { as: 'ann' })
  const [report] = reports.body['data'] as { report: string; start: string; end: string }[]
  assert.equal(report?.report, 'self-consumption')
  // The day before, as the site counts days.
  assert.deepEqual(
    [Date.parse(report!.start), Date.parse(report!.end)],
    [Date.parse('2026-11-24T04:00:00Z'), Date.parse('2026-11-25T04:00:00Z')],
  )
})

test('a cron string is looked at before it is kept', async (t) => {
  const { ask, asset } = await openDoor(t)
  const preview = (query: Record<string, string>, as: 'ann' | 'bob' = 'ann') =>
    ask('GET', `/api/cariflex/v1/automations/preview?${new URLSearchParams({ asset: String(asset), ...query })}`, { as })
  const { status, body } = await preview({ cron: '30 6 * * mon-fri', timezone: 'America/Martinique', count: '3', language: 'fr' })
  assert.equal(status, 200)
  assert.deepEqual(body['data'], {
    words: 'À 06:30, du lundi au vendredi',
    timezone: 'America/Martinique',
    next: ['2026-11-25T06:30:00-04:00', '2026-11-26T06:30:00-04:00', '2026-11-27T06:30:00-04:00'],
  })
  for (const cron of ['0 0 30 2 *', '* * *', 'every day', '']) {
    const refused = await preview({ cron })
    assert.equal(refused.status, 422, cron)
    assert.equal(refused.body['code'], 'invalid-cron')
  }
  assert.equal((await preview({ cron: '@daily', timezone: 'Nowhere/At-all' })).status, 422)
  assert.equal((await preview({ cron: '@daily' }, 'bob')).status, 404)
})

test('an automation of a ready report names one, and nothing but its period', async (t) => {
  const { ask, asset } = await openDoor(t)
  const make = (parameters: object) =>
    ask('POST', `/api/v3_0/assets/${asset}/automations`, {
      as: 'mel',
      body: { name: 'r', cron: '@daily', type: 'reporting', parameters },
    })
  for (const wrong of [
    { report: 'weather' },
    { report: 'cost', config: {} },
    { report: 'cost', start: 7 },
    { report: 'cost', 'start-offset': 'DB', 'end-offset': 'DB,-1D' },
    { report: 'cost', 'start-offset': 'tomorrow' },
    { report: 'cost', start: 'yesterday' },
  ]) {
    const { status, body } = await make(wrong)
    assert.equal(status, 422, JSON.stringify(wrong))
    assert.match(JSON.stringify(body), /parameters/, JSON.stringify(wrong))
  }
  const week = await make({ report: 'cost', 'start-offset': 'DB,-7D', 'end-offset': 'DB' })
  assert.equal(week.status, 201)
  assert.deepEqual(week.body['output-sensors'], [])
})

test('an automation is run at once by those who may, also when it rests, and comes next when it would have', async (t) => {
  const { ask, asset, server } = await openDoor(t)
  const make = async (more: object) =>
    (
      await ask('POST', `/api/v3_0/assets/${asset}/automations`, {
        as: 'mel',
        body: { name: 'r', cron: '0 5 * * *', type: 'reporting', active: false, parameters: { report: 'cost' }, ...more },
      })
    ).body['id'] as number
  const id = await make({})
  const run = (of: number | string, as?: 'ann' | 'mel' | 'bob') =>
    ask('POST', `/api/cariflex/v1/automations/${of}/run`, { ...(as && { as }), body: {} })
  const ran = await run(id, 'ann')
  assert.equal(ran.status, 202, JSON.stringify(ran.body))
  const { job } = ran.body['data'] as { job: string }
  assert.equal((await server.queue.get(job))?.queue, 'reporting')
  const [shown] = (await ask('GET', '/api/cariflex/v1/automations', { as: 'ann' })).body['data'] as Shown[]
  assert.deepEqual([shown!.last?.job, shown!.next, shown!.active], [job, null, false])
  assert.equal(Date.parse(shown!.last!.due), Date.parse('2026-11-24T12:00:00Z'))
  assert.deepEqual(
    [(await run(id)).status, (await run(id, 'bob')).status, (await run(987_654, 'ann')).status, (await run('x', 'ann')).status],
    [401, 404, 404, 422],
  )
  // Its maker is gone: it makes no job, and says why to whoever asks and in the list.
  await server.store.query('update cariflex.automation set made_by = null where id = $1', [id])
  const orphan = await run(id, 'ann')
  assert.deepEqual([orphan.status, orphan.body['code']], [403, 'automation-orphan'])
  const [left] = (await ask('GET', '/api/cariflex/v1/automations', { as: 'ann' })).body['data'] as (Shown & { problem: string | null })[]
  assert.match(left!.problem ?? '', /./)
})
