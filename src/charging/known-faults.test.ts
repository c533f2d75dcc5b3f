// The eight measured faults of another CSMS (charging reference 1.7), each as a test by name, and bad days: clocks, a database
// that is away. The sixth, a flat price times the energy, is held by tariff/price.test.ts.
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, formatInstant, type Instant, MINUTE, Problem, watts } from '#kernel'
import type { Payload } from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import { measured, NOW, rig, setpoint, started } from './rig.fixture.ts'

const accept = { config: { unknownStations: 'accept' as const } }

test('fault 1: a call of a station that crosses one of ours is answered at once, not after the time-out', async (t) => {
  const house = await rig(t)
  let release: (() => void) | undefined
  const station = await house.station('CP001', {
    on: {
      ClearCache: () =>
        new Promise<Payload>((resolve) => {
          release = () => resolve({ status: 'Accepted' })
        }),
    },
  })
  const ours = house.charging.call('CP001', 'ClearCache', {})
  await station.called('ClearCache')
  // The clock stands still: an answer that waited for anything would never come.
  const answer = await station.say('Heartbeat', {})
  assert.equal(typeof answer['currentTime'], 'string')
  release!()
  assert.equal((await ours).status, 'Accepted')
})

test('fault 2: a storm of reconnections whose old sockets still stand loses no station and no event', async (t) => {
  const house = await rig(t, accept)
  const names = Array.from({ length: 20 }, (_, index) => `STORM-${index}`)
  const first = await Promise.all(names.map((name) => house.station(name)))
  const second = await Promise.all(names.map((name) => house.station(name, { boot: false })))
  const third = await Promise.all(names.map((name) => house.station(name, { boot: false })))
  await Promise.all(third.map((station) => station.event('Started', 0, started())))
  for (const station of [...first, ...second]) await station.session.closed
  const listed = house.charging.stations().filter(({ identity }) => identity.startsWith('STORM'))
  assert.deepEqual([listed.length, listed.filter(({ online }) => online).length], [20, 20])
  assert.equal(listed.filter(({ evses }) => evses[0]?.transaction).length, 20)
})

test('faults 3 and 4: four times more stations than connections report at once; they share commits and none holds another up', async (t) => {
  let commits = 0
  const wrap = (store: Store): Store => ({
    ...store,
    transact(work) {
      commits++
      return store.transact(work)
    },
  })
  const house = await rig(t, { ...accept, wrap })
  const stations = await Promise.all(Array.from({ length: 20 }, (_, index) => house.station(`BUSY-${index}`)))
  await Promise.all(stations.map((station) => station.event('Started', 0, started())))
  const before = commits
  const rounds = 10
  await Promise.all(
    stations.flatMap((station) =>
      Array.from({ length: rounds }, (_, index) =>
        station.event('Updated', index + 1, { meterValue: [measured(NOW, ['Energy.Active.Import.Register', 1000 + index])] }),
      ),
    ),
  )
  const rows = await house.store.query<{ complete: boolean }>(
    "select events = 11 and max_seq = 10 as complete from cariflex.charging_transaction where station like 'BUSY%'",
  )
  assert.deepEqual([rows.length, rows.every(({ complete }) => complete)], [20, true])
  assert.ok(commits - before < 100, `${commits - before} commits for ${20 * rounds} events`)
  const idle = await house.store.query(
    "select 1 from pg_stat_activity where state = 'idle in transaction' and datname = current_database()",
  )
  assert.deepEqual(idle, [])
})

test('fault 5: every profile has a beginning, a length in seconds, and a limit in the unit that it names', async (t) => {
  const house = await rig(t)
  const station = await house.station('CP001', { model: { 'SmartChargingCtrlr.RateUnit': 'A' } })
  await station.event('Started', 0, started())
  await house.devices.get('CP001')!.apply(setpoint(house.clock, watts(7360)))
  const profiles = station.calls.flatMap(({ action, payload }) =>
    action === 'SetChargingProfile' ? [payload['chargingProfile'] as Payload] : [],
  )
  assert.ok(profiles.length >= 3)
  for (const profile of profiles)
    for (const schedule of profile['chargingSchedule'] as Payload[]) {
      assert.equal(schedule['chargingRateUnit'], 'A')
      if (profile['chargingProfileKind'] === 'Absolute') assert.equal(typeof schedule['startSchedule'], 'string')
      const { duration } = schedule as { duration?: number }
      assert.ok(duration === undefined || (duration > 60 && duration <= 86_400), String(duration))
      for (const { limit } of schedule['chargingSchedulePeriod'] as { limit: number }[]) assert.ok(limit >= 0 && limit <= 32, `${limit} A`)
    }
})

test('fault 7: what one station sends in a row is kept and answered in that row', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 30 }, async (_, seqNo) => {
      await station.event(seqNo === 0 ? 'Started' : 'Updated', seqNo, seqNo === 0 ? started() : {})
      order.push(seqNo)
    }),
  )
  assert.deepEqual(order, [...Array(30).keys()])
  const rows = await house.store.query<{ seq_no: number }>('select seq_no from cariflex.transaction_event order by ctid')
  assert.deepEqual(
    rows.map(({ seq_no }) => seq_no),
    order,
  )
})

test('fault 8: what stations fetch and bring lies in the database and nowhere else', async (t) => {
  const house = await rig(t)
  const { files } = house.charging.blocks
  async function* content() {
    yield Buffer.from('a'.repeat(600_000))
    yield Buffer.from('b'.repeat(600_000))
  }
  const { id, size } = await files.add('../../etc/passwd', content())
  assert.equal(size, 1_200_000)
  const parts = await house.store.query<{ bytes: number }>(
    'select length(bytes) as bytes from cariflex.station_file_part where file = $1',
    [id],
  )
  assert.equal(
    parts.reduce((sum, { bytes }) => sum + bytes, 0),
    1_200_000,
  )
  assert.match(await files.offer(id), /^\/station-files\/[\w-]{32}\/[\w.+-]+$/)
})

for (const days of [-2, 2])
  test(`a station whose clock is ${days} days off: its session is kept at our time, and people are told`, async (t) => {
    const house = await rig(t)
    const station = await house.station()
    const wrong = () => formatInstant(after(house.clock.now(), days * DAY))
    const value = (at: string, register: number) => [{ timestamp: at, sampledValue: [{ value: register }] }]
    await station.event('Started', 0, started({ timestamp: wrong(), meterValue: value(wrong(), 1000) }))
    for (let seqNo = 1; seqNo <= 5; seqNo++) {
      house.clock.forward(MINUTE)
      await station.event('Updated', seqNo, { timestamp: wrong(), meterValue: value(wrong(), 1000 + 100 * seqNo) })
    }
    const row = await house.store.first<{ last_at: Instant; wh: number }>(
      'select last_at, import_last - import_begin as wh from cariflex.charging_transaction',
    )
    assert.ok(Math.abs(row!.last_at - house.clock.now()) < MINUTE)
    assert.ok(row!.wh >= 300, String(row!.wh))
    assert.ok(house.news.some((one) => one.kind === 'alarm' && one.code === 'station-clock' && one.active))
    const ahead = await house.store.query('select 1 from cariflex.charging_sample where at > $1', [
      asTimestamp(after(house.clock.now(), 2 * MINUTE)),
    ])
    assert.deepEqual(ahead, [])
  })

test('a database that is away for a minute: nothing is acknowledged that is not kept, and afterwards everything is there once', async (t) => {
  let away = false
  const gone = () => new Problem('database-unavailable', 'The database is away.', { status: 503, retry: 'later' })
  const wrap = (store: Store): Store => ({ ...store, transact: (work) => (away ? Promise.reject(gone()) : store.transact(work)) })
  const house = await rig(t, { ...accept, wrap })
  const stations = await Promise.all(Array.from({ length: 10 }, (_, index) => house.station(`AWAY-${index}`)))
  await Promise.all(stations.map((station) => station.event('Started', 0, started())))
  away = true
  const refused = await Promise.allSettled(stations.map((station) => station.event('Updated', 1, {})))
  assert.ok(refused.every(({ status }) => status === 'rejected'))
  house.clock.forward(MINUTE)
  assert.equal(typeof (await stations[0]!.say('Heartbeat', {}))['currentTime'], 'string')
  away = false
  await Promise.all(stations.map((station) => station.event('Updated', 1, {})))
  const rows = await house.store.query<{ events: number }>("select events from cariflex.charging_transaction where station like 'AWAY%'")
  assert.deepEqual(
    rows.map(({ events }) => events),
    Array(10).fill(2),
  )
})
