import assert from 'node:assert/strict'
import test from 'node:test'
import { formatInstant, isProblem, type ManualClock, manualClock, parseInstant, silentLog } from '#kernel'
import { scratchStore } from '#store'
import { describeCron, readCron } from './automating/cron.ts'
import { type Automation, openAutomations, startAutomations } from './automations.ts'

const NOON = parseInstant('2026-11-24T12:00:00Z')
const HOUR = 3_600_000

async function house(t: Parameters<typeof scratchStore>[0]) {
  const clock = manualClock(NOON)
  const store = await scratchStore(t)
  const asset = (await store.first<{ id: number }>(
    "insert into generic_asset (name, generic_asset_type_id, attributes) values ('house', 6, '{}') returning id",
  ))!.id
  const automations = openAutomations({ store, clock, log: silentLog })
  const make = (cron: string, more: object = {}) =>
    automations.create({
      ...{ asset, type: 'reporting', name: 'daily', cron, timezone: 'Europe/Paris', parameters: { a: 1 }, madeBy: null },
      ...{ inputSensors: [1], outputSensors: [2] },
      ...more,
    })
  const ran: [number, string][] = []
  const work = async ({ id }: Automation, due: number) => {
    ran.push([id, formatInstant(due as typeof NOON, 'Europe/Paris').slice(5, 16)])
    return crypto.randomUUID()
  }
  return { clock, store, automations, make, work, ran }
}
const later = (clock: ManualClock, hours: number) => clock.forward(hours * HOUR)

test('an automation runs at the hour of its zone, once however often it was missed', async (t) => {
  const { clock, automations, make, work, ran } = await house(t)
  const { id } = await make('0 5 * * *')
  assert.deepEqual(await automations.runDue(work), [], 'nothing is due before its first hour')
  later(clock, 24)
  assert.equal((await automations.runDue(work)).length, 1)
  assert.equal((await automations.runDue(work)).length, 0)
  // The program was away for a week.
  later(clock, 24 * 7)
  assert.equal((await automations.runDue(work)).length, 1)
  assert.deepEqual(ran, [
    [id, '11-25T05:00'],
    [id, '12-02T05:00'],
  ])
  const known = (await automations.get(id))!
  assert.equal(known.jobs, 2)
  assert.equal(formatInstant(automations.nextRun(known)!, 'Europe/Paris'), '2026-12-03T05:00:00+01:00')
})

test('a paused automation rests, and does not catch up with what it slept through', async (t) => {
  const { clock, automations, make, work } = await house(t)
  const { id } = await make('0 * * * *')
  const paused = await automations.update(id, { active: false })
  assert.equal(automations.nextRun(paused), undefined)
  later(clock, 5)
  assert.deepEqual(await automations.runDue(work), [])
  await automations.update(id, { active: true })
  assert.deepEqual(await automations.runDue(work), [])
  later(clock, 1)
  assert.equal((await automations.runDue(work)).length, 1)
})

test('two programs on one database run it once', async (t) => {
  const { clock, automations, make, work, store, ran } = await house(t)
  await make('0 * * * *')
  later(clock, 1)
  const other = openAutomations({ store, clock, log: silentLog })
  await Promise.all([automations.runDue(work), other.runDue(work), automations.runDue(work)])
  assert.equal(ran.length, 1)
})

test('one that makes no job says why, and the others go on', async (t) => {
  const { clock, automations, make } = await house(t)
  const [bad, good] = [await make('0 * * * *'), await make('0 * * * *')]
  later(clock, 1)
  const told = await automations.runDue(async ({ id }) => {
    if (id === bad.id) throw new Error('the sensor is gone')
    return crypto.randomUUID()
  })
  assert.deepEqual(
    told.map(({ automation, problem }) => [automation, problem]),
    [
      [bad.id, 'the sensor is gone'],
      [good.id, undefined],
    ],
  )
  assert.equal((await automations.get(bad.id))?.problem, 'the sensor is gone')
})

test('the worker catches up when it starts, looks again and again, and stops', async (t) => {
  const { clock, automations, make, work, ran } = await house(t)
  await make('*/15 * * * *')
  later(clock, 2)
  const worker = startAutomations({ clock, log: silentLog }, automations, work)
  await worker.stop()
  assert.deepEqual(
    ran.map(([, at]) => at),
    ['11-24T15:00'],
  )
})

test('a night on which the clock changes has its run once', () => {
  const daily = readCron('30 2 * * *', 'Europe/Paris', NOON)
  const at = (text: string) => formatInstant(daily.next(parseInstant(text)), 'Europe/Paris')
  // 02:30 is shown twice: the first one counts, the second is not another day.
  assert.equal(at('2026-10-24T12:00:00+02:00'), '2026-10-25T02:30:00+02:00')
  assert.equal(at('2026-10-25T02:30:00+02:00'), '2026-10-26T02:30:00+01:00')
  // 02:30 never comes: it is done as soon as the clock has skipped it.
  assert.equal(at('2027-03-27T12:00:00+01:00'), '2027-03-28T03:00:00+02:00')
  assert.equal(at('2027-03-28T03:00:00+02:00'), '2027-03-29T02:30:00+02:00')
  const half = readCron('*/30 * * * *', 'Europe/Paris', NOON)
  let [moment, count] = [parseInstant('2026-10-25T00:00:00+02:00'), 0]
  while (moment < parseInstant('2026-10-26T00:00:00+01:00')) [moment, count] = [half.next(moment), count + 1]
  assert.equal(count, 50, 'a day of 25 hours')
})

test('cron strings that are none, or never fire, are refused', () => {
  const refused = (text: string, zone = 'UTC') => {
    try {
      readCron(text, zone, NOON)
    } catch (error) {
      assert.ok(isProblem(error))
      assert.equal(error.status, 422)
      assert.equal(error.code, 'invalid-cron')
      return error.message
    }
    assert.fail(`${text} was taken`)
  }
  assert.equal(refused('0 0 30 2 *'), "'0 0 30 2 *' never fires.")
  assert.match(refused('0 0 31 4 *'), /never fires/)
  assert.match(refused('61 * * * *'), /Invalid value for minute: 61/)
  for (const text of ['', 'every day', '* * * * * *', '2026-01-01T00:00:00', '0 5 * *']) assert.match(refused(text), /not a cron string/)
  assert.match(refused('0 5 * * *', 'Mars/Olympus'), /doesn't exist/)
})

test('a recurrence is told in words, in both languages', () => {
  const told: [string, string, string][] = [
    ['0 5 * * *', 'At 05:00, every day', 'À 05:00, tous les jours'],
    ['*/15 * * * *', 'Every 15 minutes', 'Toutes les 15 minutes'],
    ['5 * * * *', 'Every hour at minute 5', 'Chaque heure à la minute 5'],
    ['0 */4 * * *', 'Every 4 hours', 'Toutes les 4 heures'],
    ['30 6,18 * * 1-5', 'At 06:30 and 18:30, from Monday to Friday', 'À 06:30 et 18:30, du lundi au vendredi'],
    ['0 0 1 1,7 *', 'At 00:00, on day 1 of the month, in January and July', 'À 00:00, le 1 du mois, en janvier et juillet'],
    ['@daily', 'At 00:00, every day', 'À 00:00, tous les jours'],
    ['* * * * *', 'Every minute', 'Chaque minute'],
    ['0 12 * * sun', 'At 12:00, on Sunday', 'À 12:00, le dimanche'],
  ]
  for (const [cron, english, french] of told) assert.deepEqual([describeCron(cron, 'en'), describeCron(cron, 'fr')], [english, french])
})
