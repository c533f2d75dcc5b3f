import assert from 'node:assert/strict'
import { get } from 'node:http'
import test from 'node:test'
import { formatInstant, instant } from '#kernel'
import { NOON } from '../door.fixture.ts'
import { joined } from './assets.ts'
import { island, MIN } from './site.fixture.ts'

test('the site and what its assets do now are shown to its account and hidden from others', async (t) => {
  const { ask, line, clock } = await island(t)
  const site = (await ask('/site')).body.data as Record<string, unknown>
  assert.deepEqual(
    [site['name'], site['now'], site['demo'], site['maxConsumptionKw'], site['maxProductionKw']],
    ['Island', '2026-11-24T08:00:00-04:00', true, 600, null],
  )
  await line.watch.look(clock.now())
  const battery = async () => ((await ask('/assets')).body.data as Record<string, unknown>[]).find((asset) => asset['device'] === 'BAT001')!
  const fresh = await battery()
  assert.deepEqual(
    [fresh['kind'], fresh['town'], fresh['nominalKw'], fresh['capacityKwh'], fresh['sensors']],
    ['battery', 'Le Marin', 50, 100, { power: 151, soc: 51 }],
  )
  const live = fresh['live'] as Record<string, unknown>
  assert.deepEqual(
    [live['powerKw'], live['socKwh'], live['freshness'], live['controllable'], live['simulated']],
    [-12.5, 40, 'fresh', true, true],
  )
  clock.forward(2 * MIN)
  assert.equal(((await battery())['live'] as { freshness: string }).freshness, 'late')
  clock.forward(10 * MIN)
  assert.equal(((await battery())['live'] as { freshness: string }).freshness, 'silent')
  for (const path of ['/site', '/assets', '/assets/2/series', '/stream']) assert.equal((await ask(path, 'bob')).status, 403, path)
  assert.equal((await ask('/assets/99/series')).status, 404)
})

test('levels planned for quarter-hours are drawn as a line in steps of five minutes, and no line crosses a longer gap', () => {
  assert.deepEqual(joined([null, 10, null, null, 40, null], 12), [null, 10, 20, 30, 40, null])
  assert.deepEqual(joined([10, null, null, 40], 2), [10, null, null, 40])
  assert.deepEqual(joined([], 12), [])
})

test('the series of an asset say what was measured, foretold and planned, now or as believed at a moment', async (t) => {
  const { ask, beliefs } = await island(t)
  const planner = await beliefs.source({ name: 'planner', type: 'scheduler' })
  const meter = await beliefs.source({ name: 'meter', type: 'gateway' })
  const starts = [0, 5, 10].map((at) => instant(NOON + at * MIN))
  await beliefs.record([
    { sensor: 151, source: planner, starts, values: [5, 5, 5], beliefTime: instant(NOON - 60 * MIN) },
    { sensor: 151, source: planner, starts, values: [9, 9, 9], beliefTime: instant(NOON - 30 * MIN) },
    { sensor: 151, source: meter, starts: starts.slice(0, 1), values: [4], beliefTime: 'event-end' },
    { sensor: 51, source: meter, starts, values: [40, 41, 42], beliefTime: 'event-end' },
  ])
  const series = async (at?: string) => {
    const query = new URLSearchParams({ start: formatInstant(NOON), duration: 'PT15M', ...(at !== undefined && { at }) })
    const { data } = (await ask(`/assets/2/series?${query}`)).body as unknown as {
      data: { step: string; series: { key: string; values: unknown }[] }
    }
    assert.equal(data.step, 'PT5M')
    return Object.fromEntries(data.series.map(({ key, values }) => [key, values]))
  }
  const nothing = [null, null, null]
  assert.deepEqual(await series(), {
    measured: [4, null, null],
    forecast: nothing,
    plan: [9, 9, 9],
    soc: [40, 41, 42],
    'soc-plan': nothing,
  })
  const before = await series(formatInstant(instant(NOON - 45 * MIN)))
  assert.deepEqual([before['plan'], before['measured']], [[5, 5, 5], nothing])
  assert.equal((await ask('/assets/2/series?resolution=PT1S')).status, 422)
  assert.equal((await ask('/assets/2/series?duration=P10000D&resolution=PT1M')).status, 422)
  assert.equal((await ask('/assets/2/series?start=2026-11-24T10:00:00')).body.code, 'naive-datetime')
})

test('what devices tell, and alarms of what one may read, are on the stream a second later', async (t) => {
  const { url, tokens, line, clock, server } = await island(t)
  await line.store.query(
    "insert into generic_asset (id, name, account_id, generic_asset_type_id, parent_asset_id, attributes) values (7, 'Elsewhere', 2, 6, null, '{}')",
  )
  const heard = new Promise<string>((resolve) => {
    const request = get(`${url}/api/cariflex/v1/stream`, { headers: { authorization: tokens['ann']! } }, (response) => {
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (part: string) => {
        text += part
        if (text.includes('event: live') && text.includes('ours')) resolve(text)
      })
    })
    request.on('error', () => {})
    t.after(() => request.destroy())
  })
  while (server.hub.clients === 0) await new Promise((resolve) => setImmediate(resolve))
  for (const [asset, message] of [
    [7, "somebody else's"],
    [2, 'ours'],
  ] as const)
    await line.alarms.raise(asset, 'schedule-wish', message)
  await line.watch.look(clock.now())
  const again = setInterval(() => clock.forward(1000), 5)
  const text = await heard
  clearInterval(again)
  assert.doesNotMatch(text, /somebody else/, 'an alarm of another account is not told here')
  assert.match(
    text,
    /event: live\ndata: \{"assets":\[\{"asset":2,"powerKw":-12.5,"at":"2026-11-24T08:00:00-04:00","freshness":"fresh","socKwh":40\}\]\}/,
  )
})
