import assert from 'node:assert/strict'
import test from 'node:test'
import { DAY, HOUR, type Instant, instant, type Millis, silentLog } from '#kernel'
import { AT, type BeliefHouse, house, MIN } from './beliefs.fixture.ts'
import { type BeliefPolicy, describePolicy, policiesOf, readThinnings, thinBeliefs } from './thin-beliefs.ts'

const days = (n: number) => (n * DAY) as Millis
const valuesOf = async ({ store }: BeliefHouse, sensor: number): Promise<number[]> =>
  (
    await store.query<{ value: number }>(
      'select event_value as value from timed_belief where sensor_id = $1 order by event_start, belief_horizon desc, source_id',
      [sensor],
    )
  ).map((row) => row.value)

const run = ({ store, clock }: BeliefHouse, policies: BeliefPolicy[], more: object = {}) => thinBeliefs({ store, clock, policies, ...more })

/** Three opinions (1, 2, 3) before the event and two (8, 9) after it. */
async function opinions({ beliefs }: BeliefHouse, sensor: number, source: number, start: Instant): Promise<void> {
  for (const [value, minutes] of [
    [1, -60],
    [2, -40],
    [3, -20],
    [8, 30],
    [9, 60],
  ] as const)
    await beliefs.record([{ sensor, source, starts: [start], values: [value], beliefTime: instant(start + minutes * MIN) }])
}

test('superseded beliefs go when their event is old enough, counted first, told after, other sources untouched', async (t) => {
  const rig = await house(t)
  const { beliefs, source, store, clock } = rig
  const sun = await beliefs.source({ name: 'Cariflex', type: 'forecaster' })
  const [id, other] = [await rig.sensor(), await rig.sensor()]
  const [old, young] = [instant(AT - 10 * DAY), instant(AT - 2 * DAY)]
  for (const start of [old, young]) await opinions(rig, id, sun, start)
  await opinions(rig, id, source, old)
  await opinions(rig, other, sun, old)
  const policies = policiesOf(undefined, 'Cariflex')
  const before = await valuesOf(rig, id)
  const dry = await run(rig, policies, { dryRun: true })
  assert.deepEqual(
    dry.map(({ sensor, removed, kept }) => [sensor, removed, kept]),
    [
      [id, 4, 1],
      [other, 4, 1],
    ],
  )
  assert.deepEqual(await valuesOf(rig, id), before, 'counting removes nothing')
  assert.deepEqual(await readThinnings(store, { accounts: 'all' }), [])
  const done = await run(rig, [{ ...policies[0]!, except: [other] }])
  assert.deepEqual(
    done.map(({ sensor, removed, kept }) => [sensor, removed, kept]),
    [[id, 4, 1]],
  )
  assert.deepEqual(await valuesOf(rig, id), [1, 2, 3, 8, 9, 9, 1, 2, 3, 8, 9], "of the platform's own the last, of the meter all")
  assert.deepEqual((await valuesOf(rig, other)).length, 5)
  const [told] = await readThinnings(store, { accounts: 'all' })
  assert.deepEqual([told!.policy, told!.sensors, told!.removed, told!.kept, told!.at], ['own opinions', 1, 4, 1, clock.now()])
  assert.deepEqual(await readThinnings(store, { accounts: [1] }), [], 'of assets of other accounts nothing is told')
  assert.equal((await readThinnings(store, { accounts: [null], sensor: id })).length, 1)
  assert.deepEqual(await readThinnings(store, { accounts: 'all', sensor: other }), [])
  const audit = await store.first<{ event: string }>('select event from audit_log order by id desc limit 1')
  assert.match(audit!.event, /^Thinned by retention policy 'own opinions': 4 beliefs of 1 sensors about events before 2026-11-17T12:00:00/)
  assert.deepEqual(
    await run(rig, policies, { log: silentLog }).then((again) => again.map((one) => one.sensor)),
    [other],
    'what is done is done',
  )
})

test('a policy may leave a forecast and a measurement, the first moment of an interval, or nothing', async (t) => {
  const rig = await house(t)
  const { beliefs, source } = rig
  const [a, b] = [await rig.sensor(), await rig.sensor()]
  const soc = await rig.sensor({ unit: 'kWh', resolution: 0 })
  const start = instant(AT - 40 * DAY)
  for (const id of [a, b]) await opinions(rig, id, source, start)
  const moments = [0, 5, 10, 15, 20, 50].map((minute) => instant(start + minute * MIN))
  await beliefs.record([{ sensor: soc, source, starts: moments, values: [0, 5, 10, 15, 20, 50], beliefTime: 'event-end' }])
  await run(rig, [
    { name: 'classes', after: days(30), keep: 'newest-by-class', sensors: [a] },
    { name: 'levels', after: days(30), keep: 'one-per', every: (15 * MIN) as Millis },
    { name: 'away', after: days(30), keep: 'nothing', sensors: [b] },
  ])
  assert.deepEqual([await valuesOf(rig, a), await valuesOf(rig, b), await valuesOf(rig, soc)], [[3, 9], [], [0, 15, 50]])
})

test('what comes late is thinned too, and a policy that says something else begins again', async (t) => {
  const rig = await house(t)
  const { beliefs, clock, source } = rig
  const id = await rig.sensor()
  const policy = { name: 'newest', after: days(7), keep: 'newest', sources: ['meter'] } as const
  await opinions(rig, id, source, instant(AT - 30 * DAY))
  await opinions(rig, id, source, instant(AT - 8 * DAY))
  await run(rig, [{ ...policy, after: days(20) }])
  assert.deepEqual((await valuesOf(rig, id)).length, 6)
  await run(rig, [policy])
  assert.deepEqual(await valuesOf(rig, id), [9, 9])
  await beliefs.record([{ sensor: id, source, starts: [instant(AT - 8 * DAY)], values: [7], horizon: 3 * HOUR }])
  clock.set(instant(AT + DAY))
  assert.deepEqual(
    (await run(rig, [policy])).map(({ removed }) => removed),
    [1],
  )
  assert.deepEqual(await valuesOf(rig, id), [9, 9])
})

test('kept figures follow what is thinned', async (t) => {
  const rig = await house(t)
  const id = await rig.sensor()
  await opinions(rig, id, rig.source, instant(AT - 10 * DAY))
  assert.equal((await rig.beliefs.figures({ sensor: id }))[0]!.count, 5)
  await run(rig, [{ name: 'newest', after: days(7), keep: 'newest' }])
  assert.equal((await rig.beliefs.figures({ sensor: id }))[0]!.count, 1)
})

test('policies that cannot be meant are refused, and each is told in a sentence', () => {
  const refuse = (policy: object, reason: RegExp) =>
    assert.throws(() => policiesOf({ odd: policy as Omit<BeliefPolicy, 'name'> }, 'Cariflex'), reason)
  refuse({ after: MIN, keep: 'newest' }, /'odd' thins what is younger than an hour/)
  refuse({ after: DAY, keep: 'one-per' }, /does not say 'every'/)
  refuse({ after: DAY, keep: 'newest', every: HOUR }, /no use for/)
  refuse({ after: DAY, keep: 'nothing' }, /would delete everything/)
  assert.deepEqual(policiesOf({}, 'Cariflex'), [], 'no policy, nothing thinned')
  const [own] = policiesOf(undefined, 'Cariflex')
  assert.equal(
    describePolicy({ ...own!, except: [7] }),
    'after P7D the newest belief of each event and source stays; sources of type forecaster, scheduler; sources named Cariflex; not sensors 7',
  )
})
