// Tasks and callers that stop are told of: an alarm while they are late, one mail each time it begins.
import assert from 'node:assert/strict'
import test from 'node:test'
import { HOUR, inProcessBus, instant, MINUTE, manualClock, parseInstant, silentLog } from '#kernel'
import { asTimestamp, scratchStore } from '#store'
import { openAccounts } from '../accounts.ts'
import { openAlarms } from '../alarms.ts'
import { openAssets } from '../assets.ts'
import type { News } from '../news.ts'
import { openUsers } from '../users.ts'
import { absentUsers, newlyAbsent } from './absence.ts'
import { judgeTasks, latestTaskRun, noteTaskRun } from './task-runs.ts'
import { startMonitor } from './watch.ts'

const START = parseInstant('2026-11-24T12:00:00Z')
const ago = (minutes: number) => instant(START - minutes * MINUTE)

test('tasks and callers are judged by the time that passed, as the monitors of FlexMeasures do', async (t) => {
  const store = await scratchStore(t)
  await noteTaskRun(store, 'import-prices', true, ago(30))
  await noteTaskRun(store, 'import-weather', false, ago(30))
  const limits = { 'import-prices': 60 * MINUTE, 'import-weather': 60 * MINUTE, reports: HOUR }
  assert.deepEqual(
    (await judgeTasks(store, limits, START)).map(({ name, code, at }) => [name, code, at]),
    [
      ['import-prices', 'ok', ago(30)],
      ['import-weather', 'failed', ago(30)],
      ['reports', 'never-ran', null],
    ],
  )
  assert.equal((await judgeTasks(store, { 'import-prices': 20 * MINUTE }, START))[0]?.code, 'late')
  assert.deepEqual([await latestTaskRun(store, 'import-prices'), await latestTaskRun(store, 'x')], [{ at: ago(30), ok: true }, undefined])

  const accounts = openAccounts(store)
  const [advisor, client] = [await accounts.create({ name: 'Advisor' }), await accounts.create({ name: 'Client', consultancy: 1 })]
  const users = openUsers(store)
  const people = [
    ['new@example.com', client.id, 10, []],
    ['old@example.com', client.id, 90, ['account-admin']],
    ['older@example.com', advisor.id, 200, []],
    ['never@example.com', client.id, undefined, []],
    ['gone@example.com', client.id, 500, []],
  ] as const
  for (const [email, account, seen, roles] of people) {
    const { id } = await users.create({ email, account, roles: [...roles], active: email !== 'gone@example.com' })
    if (seen !== undefined)
      await store.query('update fm_user set last_seen_at = $2 where id = $1', [id, asTimestamp(ago(seen)).replace('Z', '')])
  }
  const absent = async (more: object = {}) =>
    (await absentUsers(store, { limit: HOUR, ...more }, START)).map(({ email }) => email.split('@')[0])
  assert.deepEqual(await absent(), ['older', 'old'])
  assert.deepEqual(await absent({ neverSeen: true }), ['never', 'older', 'old'])
  assert.deepEqual(await absent({ accounts: [client.id] }), ['old'])
  assert.deepEqual(await absent({ consultancy: advisor.id }), ['old'])
  assert.deepEqual(await absent({ userRole: 'account-admin' }), ['old'])
  assert.deepEqual(await absent({ accountRole: 'Prosumer' }), [])
  assert.deepEqual(await absent({ emails: ['OLDER@example.com'] }), ['older'])
  const all = await absentUsers(store, { limit: HOUR }, START)
  assert.deepEqual(
    newlyAbsent(all, HOUR, ago(60)).map(({ email }) => email),
    ['old@example.com'],
  )
  assert.equal(newlyAbsent(all, HOUR, undefined).length, 2)
})

test('a watched task or caller that stops raises an alarm and one mail, and both end when it is back', async (t) => {
  const store = await scratchStore(t)
  const clock = manualClock(START)
  const bus = inProcessBus<News>(() => {})
  const account = (await openAccounts(store).create({ name: 'A' })).id
  const asset = (await openAssets(store).create({ name: 'site', type: 6, account })).id
  const bridge = (await openUsers(store).create({ email: 'bridge@example.com', account, roles: [] })).id
  const alarms = openAlarms({ store, clock, bus })
  const mails: { to: readonly string[]; subject: string; text: string; key: string | undefined }[] = []
  const monitor = startMonitor({
    ...{ store, clock, log: silentLog, alarms, asset },
    mails: {
      mailNotice: async (to, subject, text, key) => void (mails.some((one) => one.key === key) || mails.push({ to, subject, text, key })),
    },
    tasks: { 'import-prices': HOUR },
    users: { 'bridge@example.com': 10 * MINUTE },
    recipients: ['ops@example.com'],
    ...{ platform: 'Cariflex', language: 'fr', zone: 'America/Martinique' },
  })
  t.after(() => monitor.stop())
  const active = async () => (await alarms.views('UTC')).filter((alarm) => alarm.active).map(({ code, message }) => `${code}: ${message}`)
  await monitor.look()
  assert.deepEqual(await active(), [], 'at first nobody is late: nobody could call before')
  clock.set(instant(START + 11 * MINUTE))
  assert.deepEqual(
    (await monitor.look()).users.map(({ email }) => email),
    ['bridge@example.com'],
  )
  await monitor.look()
  assert.deepEqual(await active(), ['users-silent: Not heard of for too long: bridge@example.com.'])
  assert.deepEqual([mails.length, mails[0]?.to, mails[0]?.subject], [1, ['ops@example.com'], 'Cariflex : un appelant ne répond plus'])
  await store.query('update fm_user set last_seen_at = $2 where id = $1', [bridge, asTimestamp(clock.now()).replace('Z', '')])
  await monitor.look()
  assert.deepEqual(await active(), [])
  clock.set(instant(START + 61 * MINUTE))
  await monitor.look()
  assert.deepEqual((await active()).sort(), [
    'tasks-late: Tasks did not run in time, or failed: import-prices.',
    'users-silent: Not heard of for too long: bridge@example.com.',
  ])
  assert.deepEqual(mails.map(({ subject }) => subject).slice(1), [
    'Cariflex : une tâche ne tourne pas',
    'Cariflex : un appelant ne répond plus',
  ])
  assert.match(mails[1]!.text, /- import-prices n'a jamais tourné/)
  assert.match(mails[2]!.text, /2026-11-24T08:11:00-04:00/)
  await noteTaskRun(store, 'import-prices', false, clock.now())
  await monitor.look()
  assert.match(mails[3]!.text, /import-prices a échoué/)
})
