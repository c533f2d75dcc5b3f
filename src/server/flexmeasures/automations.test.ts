import assert from 'node:assert/strict'
import test from 'node:test'
import { after } from '#kernel'
import { type Door, openDoor } from '../door.fixture.ts'
import { automationWork } from './automation-work.ts'

const HOUR = 3_600_000

async function place(t: Parameters<typeof openDoor>[0]) {
  const door = await openDoor(t)
  const [power, out] = [await door.sensor({ resolution: HOUR }), await door.sensor({ resolution: HOUR })]
  const path = `/api/v3_0/assets/${door.asset}/automations`
  const report = {
    name: 'net of yesterday',
    cron: '0 5 * * *',
    type: 'reporting',
    timezone: 'Europe/Paris',
    parameters: {
      reporter: 'AggregatorReporter',
      config: { method: 'sum', weights: { a: 2 } },
      input: [{ name: 'a', sensor: power }],
      output: [{ sensor: out }],
      'start-offset': 'DB,-1D',
      'end-offset': 'DB',
    },
  }
  return { ...door, power, out, path, report }
}

async function finished({ server, store }: Door, id: string) {
  for (let tries = 0; tries < 500; tries++) {
    const job = await server.queue.get(id)
    if (job?.endedAt) return job
    await store.query('select pg_sleep(0.01)')
  }
  assert.fail('the job does not end')
}

test('an automation is made, listed, renamed, paused, run and deleted, with the fields that clients know', async (t) => {
  const door = await place(t)
  const { ask, path, report, power, out, asset, clock, server } = door
  const made = await ask('POST', path, { as: 'mel', body: report })
  assert.equal(made.status, 201)
  const { id, 'created-at': createdAt, cursor, ...rest } = made.body
  assert.equal(createdAt, '2026-11-24T13:00:00+01:00')
  assert.equal(cursor, createdAt)
  assert.deepEqual(rest, {
    name: 'net of yesterday',
    type: 'reporting',
    asset,
    cron: '0 5 * * *',
    timezone: 'Europe/Paris',
    active: true,
    'next-run': '2026-11-25T05:00:00+01:00',
    'recurrence-description': 'At 05:00, every day',
    'input-sensors': [power],
    'output-sensors': [out],
    'n-jobs': 0,
    problem: null,
    parameters: report.parameters,
  })
  const french = await ask('GET', path, { as: 'ann', headers: { 'accept-language': 'fr-FR,fr' } })
  assert.equal((french.body as unknown as Record<string, unknown>[])[0]!['recurrence-description'], 'À 05:00, tous les jours')
  const paused = await ask('PATCH', `${path}/${id}`, { as: 'mel', body: { active: false, name: 'net' } })
  assert.deepEqual([paused.body['active'], paused.body['next-run'], paused.body['name']], [false, null, 'net'])
  assert.equal((await ask('PATCH', `${path}/${id}`, { as: 'mel', body: { active: true } })).body['active'], true)

  // Values of yesterday, and the clock of the next morning.
  const { beliefs } = server
  const source = await beliefs.source({ name: 'meter', type: 'gateway' })
  const start = clock.now() - 2 * HOUR
  await beliefs.record([{ sensor: power, source, starts: [start, start + HOUR] as never, values: [3, 4], beliefTime: 'event-end' }])
  clock.set(after(clock.now(), 17 * HOUR))
  const [ran] = await server.automations.runDue(automationWork(server))
  assert.equal(ran?.problem, undefined)
  assert.equal((await finished(door, ran!.job!)).status, 'FINISHED')
  const one = await ask('GET', `${path}/${id}`, { as: 'ann' })
  assert.equal(one.body['n-jobs'], 1)
  assert.deepEqual(
    (one.body['jobs'] as { job: string; due: string }[]).map(({ due }) => due),
    ['2026-11-25T05:00:00+01:00'],
  )
  const query = new URLSearchParams({ start: '2026-11-24T10:00:00Z', duration: 'PT2H', unit: 'kW' })
  assert.deepEqual((await ask('GET', `/api/v3_0/sensors/${out}/data?${query}`, { as: 'ann' })).body['values'], [6, 8])
  const jobs = await ask('GET', `/api/v3_0/assets/${asset}/jobs`, { as: 'ann' })
  assert.equal((jobs.body['jobs'] as { queue: string }[])[0]!.queue, 'reporting')

  assert.equal((await ask('DELETE', `${path}/${id}`, { as: 'mel' })).status, 204)
  assert.equal((await ask('GET', `${path}/${id}`, { as: 'mel' })).status, 404)
})

test('forecasts and schedules are automated too, and begin when they run', async (t) => {
  const door = await place(t)
  const { ask, path, power, server, clock, asset } = door
  const forecast = await ask('POST', path, {
    as: 'mel',
    body: {
      name: 'f',
      cron: '*/30 * * * *',
      type: 'forecasting',
      parameters: { sensor: power, duration: 'PT6H', config: { model: 'Persistence' } },
    },
  })
  if (forecast.status !== 201) {
    const again = await ask('POST', path, {
      as: 'mel',
      body: { name: 'f', cron: '*/30 * * * *', type: 'forecasting', parameters: { sensor: power, duration: 'PT6H' } },
    })
    assert.equal(again.status, 201, JSON.stringify(again.body))
    assert.deepEqual(again.body['output-sensors'], [power])
  }
  const device = { sensor: power, 'soc-at-start': '5 kWh', 'soc-max': '10 kWh', 'soc-min': '0 kWh', 'power-capacity': '2 kW' }
  const plan = await ask('POST', path, {
    as: 'mel',
    body: {
      name: 's',
      cron: '0 * * * *',
      type: 'scheduling',
      parameters: { duration: 'PT4H', 'flex-model': [device], 'flex-context': { 'consumption-price': '0.2 EUR/kWh' } },
    },
  })
  assert.equal(plan.status, 201, JSON.stringify(plan.body))
  assert.deepEqual(plan.body['output-sensors'], [power])
  clock.set(after(clock.now(), HOUR))
  const ran = await server.automations.runDue(automationWork(server))
  assert.deepEqual(
    ran.map(({ problem }) => problem),
    [undefined, undefined],
  )
  const schedule = await finished(door, ran.find(({ automation }) => automation === plan.body['id'])!.job!)
  assert.equal(schedule.status, 'FINISHED', schedule.exc ?? '')
  assert.equal((await server.schedules.get(schedule.id))?.schedule?.start, clock.now())
  assert.equal((await ask('GET', `/api/v3_0/assets/${asset}/automations`, { as: 'ann' })).status, 200)
})

test('bad automations are refused with their field: cron strings that never fire, strangers’ sensors, parameters of nothing', async (t) => {
  const { ask, path, report, server } = await place(t)
  const post = async (more: object, as: 'mel' | 'bob' = 'mel') => {
    const { status, body } = await ask('POST', path, { as, body: { ...report, ...more } })
    return [status, JSON.stringify(body['message'])] as const
  }
  assert.deepEqual(await post({ cron: '0 0 30 2 *' }), [422, `{"json":{"cron":["'0 0 30 2 *' never fires."]}}`])
  assert.match((await post({ cron: 'at dawn' }))[1], /not a cron string/)
  assert.match((await post({ type: 'dreaming' }))[1], /Must be one of: forecasting, scheduling, reporting/)
  assert.match((await post({ timezone: 'Mars/Olympus' }))[1], /doesn't exist/)
  assert.match((await post({ colour: 'red' }))[1], /Unknown field/)
  const { parameters } = report
  assert.match((await post({ parameters: { ...parameters, reporter: 'X' } }))[1], /Must be one of: AggregatorReporter/)
  assert.match((await post({ parameters: { ...parameters, input: [{ sensor: 999_999 }] } }))[1], /No sensor found with ID 999999/)
  assert.match((await post({ parameters: { ...parameters, 'start-offset': 'soon' } }))[1], /'soon' is not an offset/)
  assert.match((await post({ type: 'forecasting', parameters: {} }))[1], /sensor: Missing data/)
  assert.match((await post({ type: 'scheduling', parameters: { 'flex-model': [{ sensor: 'x' }] } }))[1], /"sensor":\["Not a valid integer/)
  assert.equal((await post({}, 'bob'))[0], 403)
  // A sensor of somebody else, as input and as output.
  const accounts = await server.accounts.list({ accounts: 'all' })
  const theirs = await server.assets.create({ name: 'theirs', type: 6, account: accounts.find(({ name }) => name === 'B')!.id })
  const hidden = await server.sensors.create({ name: 'hidden', unit: 'kW', resolution: HOUR, asset: theirs.id, timezone: 'UTC' })
  assert.equal((await post({ parameters: { ...parameters, input: [{ sensor: hidden.id }] } }))[0], 403)
  assert.equal((await post({ parameters: { ...parameters, output: [{ sensor: hidden.id }] } }))[0], 403)
  assert.equal((await post({ type: 'forecasting', parameters: { sensor: hidden.id } }))[0], 422)
  assert.deepEqual((await ask('GET', path, { as: 'mel' })).body, [], 'nothing was half made')
  assert.equal((await ask('GET', path, { as: 'bob' })).status, 403)
})

test('what an automation does is not editable, and it runs with the rights of its maker only', async (t) => {
  const { ask, path, report, server, clock, store } = await place(t)
  const { id } = (await ask('POST', path, { as: 'mel', body: report })).body
  const refused = await ask('PATCH', `${path}/${id}`, { as: 'mel', body: { parameters: {} } })
  assert.deepEqual(
    [refused.status, JSON.stringify(refused.body['message'])],
    [422, '{"json":{"parameters":["Not editable: make another automation."]}}'],
  )
  assert.match(JSON.stringify((await ask('PATCH', `${path}/${id}`, { as: 'mel', body: { cron: '0 0 31 6 *' } })).body), /never fires/)
  assert.equal((await ask('PATCH', `${path}/${id}`, { as: 'bob', body: { active: false } })).status, 403)
  assert.equal((await ask('DELETE', `${path}/${id}`, { as: 'bob' })).status, 403)
  await store.query("update fm_user set active = false where email = 'mel@example.com'")
  clock.set(after(clock.now(), 24 * HOUR))
  const [ran] = await server.automations.runDue(automationWork(server))
  assert.match(ran?.problem ?? '', /no active user/)
  assert.match(String((await ask('GET', `${path}/${id}`, { as: 'ann' })).body['problem']), /no active user/)
})

test('a report is asked for as a job of its asset, as newer clients do; what it must not touch is refused', async (t) => {
  const door = await place(t)
  const { ask, asset, report, power, out, clock } = door
  const { beliefs } = door.server
  const path = `/api/v3_0/assets/${asset}/reports/trigger`
  const start = Math.floor(clock.now() / HOUR) * HOUR - 3 * HOUR
  const source = await beliefs.source({ name: 'meter', type: 'gateway' })
  await beliefs.record([{ sensor: power, source, starts: [start, start + HOUR] as never, values: [1, 2] }])
  const { 'start-offset': _, 'end-offset': __, reporter, config, ...sensors } = report.parameters
  const parameters = { ...sensors, start: new Date(start).toISOString(), end: new Date(start + 2 * HOUR).toISOString() }
  const asked = await ask('POST', path, { as: 'mel', body: { reporter, config, parameters } })
  assert.deepEqual([asked.status, asked.body.status], [202, 'ACCEPTED'])
  const job = await finished(door, String(asked.body.job))
  assert.equal(job.status, 'FINISHED', job.exc ?? '')
  const [first] = await beliefs.events({ sensor: out, from: start as never, until: (start + HOUR) as never })
  assert.equal(first?.value, 2)
  const refusals = await Promise.all(
    [
      { reporter: 'Nobody', parameters },
      { reporter, config, parameters: { ...parameters, output: [{ sensor: 999 }] } },
      { reporter, config, parameters: { ...parameters, output: 'x' } },
      { reporter, config },
      [],
    ].map(async (body) => (await ask('POST', path, { as: 'mel', body })).status),
  )
  assert.deepEqual(refusals, [422, 422, 422, 422, 422])
  assert.equal((await ask('POST', path, { as: 'bob', body: { reporter, config, parameters } })).status, 403)
})
