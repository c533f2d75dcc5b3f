// What people may tell the line of a site over HTTP, and what it tells them: limits, overrides, plans, orders, jobs, the simulated world.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Charging } from '#charging'
import { type ConversationLog, type Established, openConversationLog } from '#ems'
import { instant, Problem } from '#kernel'
import { NOON } from '../door.fixture.ts'
import { jobRoutes } from './jobs.ts'
import { orderRoutes } from './orders.ts'
import { island } from './site.fixture.ts'
import { stationRoutes } from './stations.ts'
import { type WorldLook, worldRoutes } from './world.ts'

const OURS = '/api/cariflex/v1'
const idOf = (answer: { body: { data: never } }): string => (answer.body.data as { id: string }).id

const withOrders = (t: Parameters<typeof island>[0]) =>
  island(t, ({ line, server }) => server.register(orderRoutes(line, 1, server.identity), OURS))

test('a limit is posted with its reason, holds until it is ended, and is nobody else’s business', async (t) => {
  const { ask, line } = await withOrders(t)
  const limit = { duration: 'PT1H', maxKw: 25, because: 'the transformer is hot' }
  const posted = await ask('/limits', 'ann', 'POST', limit)
  assert.equal(posted.status, 201)
  assert.equal((await ask('/limits', 'bob', 'POST', limit)).status, 403)
  assert.equal((await ask('/limits', 'bob')).status, 403)
  const shown = (await ask('/limits')).body.data as { because: string; maxKw: number; origin: string }[]
  assert.deepEqual(
    shown.map(({ because, maxKw, origin }) => [because, maxKw, origin]),
    [['the transformer is hot', 25, 'user ann@example.com']],
  )
  for (const [wrong, status] of [
    [{ duration: 'PT1H' }, 422],
    [{ maxKw: 5 }, 422],
    [{ ...limit, maxKw: '5' }, 422],
    [{ ...limit, rung: 'safety' }, 422],
    [{ ...limit, colour: 'red' }, 422],
  ] as const)
    assert.equal((await ask('/limits', 'ann', 'POST', wrong)).status, status, JSON.stringify(wrong))
  assert.equal((await ask(`/limits/${idOf(posted)}`, 'bob', 'DELETE')).status, 403)
  assert.equal((await ask(`/limits/${idOf(posted)}`, 'ann', 'DELETE')).status, 204)
  assert.deepEqual((await ask('/limits')).body.data, [])
  const log = await line.store.query<{ event: string }>('select event from asset_audit_log order by id')
  assert.deepEqual(
    log.map(({ event }) => event.replace(/: [^:]+$/, '')),
    ["Posted limit 'the transformer is hot'", 'Ended limit'],
  )
})

test('an owner orders a power by hand and takes it back', async (t) => {
  const { ask } = await withOrders(t)
  const override = { device: 'BAT001', powerKw: -10, duration: 'PT30M', because: 'a party' }
  const posted = await ask('/overrides', 'ann', 'POST', override)
  assert.equal(posted.status, 201)
  const [shown] = (await ask('/overrides')).body.data as { device: string; powerKw: number; owner: string; until: string }[]
  assert.deepEqual(
    [shown!.device, shown!.powerKw, shown!.owner, shown!.until],
    ['BAT001', -10, 'ann@example.com', '2026-11-24T08:30:00-04:00'],
  )
  assert.ok((await ask('/overrides', 'ann', 'POST', { ...override, device: 'nothing' })).status >= 400)
  assert.equal((await ask('/overrides', 'ann', 'POST', { device: 'BAT001', powerKw: 1 })).status, 422, 'until when?')
  assert.equal((await ask(`/overrides/${idOf(posted)}`, 'ann', 'DELETE')).status, 204)
  assert.deepEqual((await ask('/overrides')).body.data, [])
})

test('plans, orders and alarms are told to the account of the site', async (t) => {
  const { ask, line } = await withOrders(t)
  assert.deepEqual([(await ask('/plans/latest')).status, (await ask('/plans/latest')).body.code], [404, 'no-plan'])
  await line.plans.keep({
    id: '00000000-0000-4000-8000-000000000001',
    site: 1,
    madeAt: NOON,
    start: NOON,
    step: 900_000,
    slots: 1,
    devices: [],
    inflexibleKw: [0],
    consumptionPrice: [0.1],
    productionPrice: [0.05],
    currency: 'EUR',
    objective: 0,
    bound: 0,
    gap: 0,
    solver: 'none',
    solveMs: 0,
    brokenWishes: [],
    trigger: 'a test',
  })
  const plan = (await ask('/plans/latest')).body.data as { trigger: string; madeAt: string }
  assert.deepEqual([plan.trigger, plan.madeAt], ['a test', '2026-11-24T08:00:00-04:00'])
  for (const path of ['/setpoints', '/setpoints?device=BAT001&from=2026-11-24T00:00:00Z&limit=5', '/limits?ahead=true']) {
    assert.deepEqual((await ask(path)).body, { data: [] }, path)
    assert.equal((await ask(path, 'bob')).status, 403, path)
  }
  await line.alarms.raise(line.site.asset, 'planner', 'There is no plan.')
  const codes = async (as: 'ann' | 'bob') => ((await ask('/alarms', as)).body.data as { code: string }[]).map(({ code }) => code)
  assert.deepEqual([await codes('ann'), await codes('bob')], [['planner'], []])
})

test('a job is looked at and cancelled by those who steer', async (t) => {
  const { ask, server } = await island(t, ({ server }) => server.register(jobRoutes(server, 'America/Martinique', 1), OURS))
  const id = await server.queue.enqueue('sums', { what: 'sums' }, { runAt: instant(NOON + 3_600_000) })
  const job = (await ask(`/jobs/${id}`)).body.data as { status: string; enqueuedAt: string; runAt: string }
  assert.deepEqual([job.status, job.enqueuedAt, job.runAt], ['SCHEDULED', '2026-11-24T08:00:00-04:00', '2026-11-24T09:00:00-04:00'])
  assert.equal((await ask(`/jobs/${id}`, 'ann', 'DELETE')).status, 204)
  const listed = (await ask('/jobs?status=CANCELED&queue=sums')).body.data as { job: string }[]
  assert.deepEqual(
    listed.map((one) => one.job),
    [id],
  )
  assert.deepEqual((await ask('/jobs?status=FINISHED')).body, { data: [] })
  assert.equal((await ask('/jobs?status=DONE')).status, 422)
  assert.equal(((await ask(`/jobs/${id}/retry`, 'ann', 'POST')).body.data as { status: string }).status, 'QUEUED')
  assert.equal((await ask(`/jobs/${id}/retry`, 'ann', 'POST')).status, 409, 'it waits already')
  for (const path of ['/jobs', `/jobs/${id}`]) assert.equal((await ask(path, 'bob')).status, 403, 'another account steers elsewhere')
  assert.equal((await ask(`/jobs/${id}`, 'ann', 'DELETE')).status, 204)
  assert.equal((await ask(`/jobs/${id}`, 'ann', 'DELETE')).status, 404, 'once')
  assert.equal((await ask('/jobs/00000000-0000-4000-8000-000000000000')).status, 404)
})

test('the simulated world is looked at and commanded; what it refuses is said', async (t) => {
  const look: WorldLook = { now: NOON, cloudCover: 0, frozen: false, vehicles: [], devices: [], stations: [] }
  const commands: [string, object][] = []
  const world = {
    state: async () => look,
    command: async (name: string, body: Record<string, unknown>) => {
      commands.push([name, body])
      if (body['vehicle'] === 'ghost') throw new Problem('unknown-vehicle', 'There is no ghost.', { status: 404, hint: 'Take a car.' })
      return look
    },
  }
  const { ask } = await island(t, ({ server }) =>
    server.register(worldRoutes(world, { account: 1, zone: 'UTC', vehicles: new Map() }, server.identity), OURS),
  )
  assert.equal(((await ask('/world')).body.data as { now: string }).now, '2026-11-24T12:00:00+00:00')
  const wanted: [string, object][] = [
    ['plug', { vehicle: 'V1', station: 'CP1' }],
    ['unplug', { vehicle: 'V1' }],
    ['cloud', { cover: 0.5, minutes: 5 }],
    ['fault', { device: 'BAT001', on: true }],
    ['disconnect', { device: 'BAT001', seconds: 30 }],
    ['station', { identity: 'CP900', nominalKw: 7.4, phases: 1, version: '1.6' }],
    ['swipe', { station: 'CP900', token: '04AABB' }],
    ['remove', { station: 'CP900' }],
    ['freeze', { on: true }],
  ]
  for (const [name, body] of wanted) assert.equal((await ask(`/world/${name}`, 'ann', 'POST', body)).status, 200, name)
  assert.deepEqual(commands, wanted)
  assert.equal((await ask('/world/plug', 'ann', 'POST', { vehicle: 'ghost' })).status, 404)
  assert.equal((await ask('/world/cloud', 'ann', 'POST', { cover: 2 })).status, 422)
  assert.equal((await ask('/world/freeze', 'bob', 'POST', { on: true })).status, 403)
})

test('commands to stations are for those who steer, rights are looked at before bodies, and each is noted', async (t) => {
  const station = { identity: 'CP1', asset: 2, state: 'registered' }
  const charging = {
    stations: () => [station],
    call: async (_identity: string, action: string) => ({ status: action === 'Reset' ? 'Accepted' : 'Rejected' }),
  } as unknown as Charging
  const established = { account: 1, site: 1, territory: { site: { timezone: 'UTC' } } } as unknown as Established
  let conversation: ConversationLog | undefined
  const { ask, line } = await island(t, ({ line, server }) => {
    conversation = openConversationLog(line)
    server.register(stationRoutes({ charging, conversation, established, site: line.site, rooms: server }), OURS)
  })
  t.after(() => conversation?.close())
  assert.deepEqual((await ask('/stations')).body.data, [station])
  assert.deepEqual((await ask('/stations/CP1/conversation?search=Boot&limit=5')).body.data, [])
  const command = await ask('/stations/CP1/commands', 'ann', 'POST', { action: 'Reset', payload: { type: 'Immediate' } })
  assert.deepEqual(command.body, { data: { status: 'Accepted' } })
  const [note] = await line.store.query<{ event: string }>('select event from asset_audit_log')
  assert.equal(note!.event, "Sent Reset to station 'CP1': Accepted")
  assert.equal((await ask('/stations/CP1/commands', 'ann', 'POST', {})).status, 422)
  assert.equal((await ask('/stations/CP1/commands', 'bob', 'POST', {})).status, 403)
  assert.equal((await ask('/stations', 'bob', 'POST', { nonsense: true })).status, 403)
})
