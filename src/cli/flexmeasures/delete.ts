/** `delete`: what goes for good. Each asks for a yes, on the terminal or on standard input, unless `--force` says it. */
import { auditAccount, countSweep, OPERATOR, offspring, removeAccount, removeAccountRole, removeUser, type Sweep, sweepBeliefs } from '#ems'
import { Problem } from '#kernel'
import { clock } from '../settings.ts'
import type { Desk } from './desk.ts'
import type { Given, Option } from './option.ts'
import type { FmVerb, Talk } from './verb.ts'

const FORCE: Option = { name: 'force', kind: 'flag', off: 'no-force', what: 'ask nothing' }
const SENSOR: Option = { name: 'sensor', also: ['sensor-id'], kind: 'whole', what: 'id of the sensor; without it all sensors' }
const SOURCES: Option = { name: 'source', kind: 'whole', many: true, what: 'only of this source; several times for several' }
const FROM: Option = { name: 'start', kind: 'moment', what: 'of events that start at or after this moment' }
const UNTIL: Option = { name: 'end', kind: 'moment', what: 'of events that end at or before this moment' }

const agree = async (given: Given, talk: Talk, question: string): Promise<void> => {
  if (!given.flag('force')) await talk.confirm(question)
}

export const DELETE: readonly FmVerb[] = [
  {
    name: 'delete account-role',
    summary: 'Deletes an account role; accounts that have it lose it.',
    options: [{ name: 'name', required: true, what: 'which' }],
    async run(given, open, { show }) {
      const held = await removeAccountRole((await open()).store, given.need('name'))
      show(
        { name: given.need('name'), accounts: held },
        () =>
          `Account role '${given.need('name')}' has been deleted${held.length > 0 ? `; these accounts had it: ${held.join(', ')}` : ''}.`,
      )
      return undefined
    },
  },
  {
    name: 'delete account',
    summary: 'Deletes an account with its users, assets and data.',
    options: [{ name: 'id', kind: 'whole', required: true, what: 'see show accounts' }, FORCE],
    async run(given, open, talk) {
      const desk = await open()
      const account = await desk.accounts.get(given.id('id'))
      if (!account) throw new Problem('unknown-account', `No account found with id ${given.id('id')}.`)
      await agree(given, talk, `Delete account '${account.name}', including all its users, assets and data?`)
      const gone = await removeAccount(desk.store, account.id)
      await auditAccount(desk.store, clock.now(), OPERATOR, `Deleted account ${account.name}`, { account: account.id })
      talk.show(
        { id: account.id, ...gone },
        () => `Account ${account.name} has been deleted, with ${gone.users} users and ${gone.assets} assets.`,
      )
      return undefined
    },
  },
  {
    name: 'delete user',
    summary: 'Deletes a user; what the user recorded stays.',
    options: [{ name: 'email', required: true, what: 'of the user' }, FORCE],
    async run(given, open, talk) {
      const desk = await open()
      const known = await desk.users.credentials(given.need('email'))
      const user = known && (await desk.users.get(known.id))
      if (!user) throw new Problem('unknown-user', `Could not find user with email '${given.need('email')}' ...`, { status: 422 })
      await agree(given, talk, `Delete user '${user.email}'?`)
      await removeUser(desk.store, user.id)
      await auditAccount(desk.store, clock.now(), OPERATOR, `User ${user.username} deleted`, { account: user.account, user: user.id })
      talk.show({ id: user.id, email: user.email }, () => `User ${user.email} has been deleted.`)
      return undefined
    },
  },
  {
    name: 'delete asset',
    summary: 'Deletes an asset with all below it, sensors and data.',
    options: [{ name: 'id', kind: 'whole', required: true, what: 'see show assets' }, FORCE],
    async run(given, open, talk) {
      const desk = await open()
      const asset = await desk.assets.get(given.id('id'))
      if (!asset) throw new Problem('unknown-asset', `No asset found with ID ${given.id('id')}.`)
      await agree(given, talk, `Delete asset '${asset.name}' (ID: ${asset.id}), including everything below it and all its data?`)
      await desk.ask('DELETE', `/assets/${asset.id}`)
      talk.show({ id: asset.id }, () => `Asset ${asset.name} has been deleted.`)
      return undefined
    },
  },
  {
    name: 'delete sensor',
    summary: 'Deletes sensors with their data.',
    options: [{ name: 'id', kind: 'whole', many: true, required: true, what: 'which; several times for several' }, FORCE],
    async run(given, open, talk) {
      const desk = await open()
      const sensors = await Promise.all(given.numbers('id').map((id) => desk.sensors.need(id)))
      const names = sensors.map(({ id, name }) => `'${name}' (ID: ${id})`).join(', ')
      await agree(given, talk, `Delete ${names}, along with any data that belongs to them?`)
      for (const { id } of sensors) await desk.ask('DELETE', `/sensors/${id}`)
      talk.show({ ids: sensors.map(({ id }) => id) }, () => `Deleted sensor(s): ${names}.`)
      return undefined
    },
  },
  {
    name: 'delete secret',
    summary: 'Deletes a secret of an account or asset, which FlexMeasures had stored.',
    options: [
      { name: 'account', kind: 'whole', what: 'id of the account' },
      { name: 'asset', kind: 'whole', what: 'or of the asset' },
      { name: 'secret', what: 'its name, or platform.name' },
      { name: 'secret-path', many: true, what: 'the same, part by part' },
      FORCE,
    ],
    async run(given, open, talk) {
      if (given.has('account') === given.has('asset')) throw new Problem('usage', 'Pass exactly one of --account or --asset.')
      const path = given.has('secret-path')
        ? given.texts('secret-path')
        : (given.text('secret') ?? '').split('.').filter((part) => part !== '')
      if (path.length === 0 || path.length > 2) throw new Problem('usage', 'Name the secret with --secret, by one or two parts.')
      const { store } = await open()
      await agree(given, talk, `Delete secret '${path.join('.')}'?`)
      const table = given.has('account') ? 'account' : 'generic_asset'
      const done = await store.query(
        `update ${table} set secrets = secrets #- $2::text[] where id = $1 and secrets #> $2::text[] is not null returning 1`,
        [given.number('account') ?? given.id('asset'), path],
      )
      if (done.length === 0) throw new Problem('unknown-secret', `There is no secret '${path.join('.')}' there.`, { status: 422 })
      talk.show({ secret: path.join('.') }, () => 'Successfully deleted secret.')
      return undefined
    },
  },
  {
    name: 'delete measurements',
    summary: 'Deletes measurements: beliefs of a horizon of zero or less.',
    options: [SENSOR, FORCE],
    run: (given, open, talk) => sweep(given, open, talk, 'measurements', { horizon: 'ex-post' }),
  },
  {
    name: 'delete prognoses',
    summary: 'Deletes forecasts and schedules: beliefs of a horizon above zero.',
    options: [SENSOR, FORCE],
    run: (given, open, talk) => sweep(given, open, talk, 'prognoses', { horizon: 'ex-ante' }),
  },
  {
    name: 'delete beliefs',
    summary: 'Deletes all beliefs of sensors, or of the sensors of assets.',
    options: [
      { name: 'asset', kind: 'whole', many: true, what: 'all sensors of this asset' },
      { name: 'sensor', kind: 'whole', many: true, what: 'id of a sensor' },
      SOURCES,
      FROM,
      UNTIL,
      FORCE,
      { name: 'offspring', kind: 'flag', what: 'also of the assets below' },
    ],
    async run(given, open, talk) {
      if (!given.has('asset') && !given.has('sensor') && !given.has('source'))
        throw new Problem('usage', 'Must pass at least one of --asset, --sensor or --source.')
      const desk = await open()
      return sweep(given, open, talk, 'beliefs', await sensorsMeant(desk, given))
    },
  },
  {
    name: 'delete unchanged-beliefs',
    summary: 'Deletes beliefs that say what the same source had already said of the same event.',
    options: [
      SENSOR,
      SOURCES,
      { name: 'delete-forecasts', kind: 'flag', off: 'keep-forecasts', what: 'also forecasts and schedules (usual)' },
      { name: 'delete-measurements', kind: 'flag', off: 'keep-measurements', what: 'also measurements (usual)' },
      FROM,
      UNTIL,
      FORCE,
    ],
    async run(given, open, talk) {
      const [forecasts, measurements] = [given.flag('delete-forecasts', true), given.flag('delete-measurements', true)]
      if (!forecasts && !measurements) throw new Problem('usage', 'Nothing is left to delete.')
      const horizon = forecasts && measurements ? {} : { horizon: forecasts ? ('ex-ante' as const) : ('ex-post' as const) }
      return sweep(given, open, talk, 'unchanged beliefs', { only: 'unchanged', ...horizon })
    },
  },
  {
    name: 'delete nan-beliefs',
    summary: 'Deletes beliefs whose value is no number.',
    options: [SENSOR, SOURCES, FORCE],
    run: (given, open, talk) => sweep(given, open, talk, 'NaN beliefs', { only: 'nan' }),
  },
]

async function sensorsMeant(desk: Desk, given: Given): Promise<Pick<Sweep, 'sensors'>> {
  if (!given.has('asset') && !given.has('sensor')) return {}
  const assets: number[] = []
  for (const id of given.numbers('asset')) assets.push(...(given.flag('offspring') ? await offspring(desk.store, id) : [id]))
  const of = await Promise.all(assets.map(async (asset) => (await desk.sensors.list({ asset })).sensors.map(({ id }) => id)))
  return { sensors: [...new Set([...given.numbers('sensor'), ...of.flat()])] }
}

async function sweep(given: Given, open: () => Promise<Desk>, talk: Talk, what: string, wanted: Sweep): Promise<undefined> {
  const { store, sensors } = await open()
  for (const id of given.numbers('sensor')) await sensors.need(id)
  const meant: Sweep = {
    ...(given.has('sensor') && { sensors: given.numbers('sensor') }),
    ...(given.has('source') && { sources: given.numbers('source') }),
    ...(given.has('start') && { from: given.moment('start')! }),
    ...(given.has('end') && { until: given.moment('end')! }),
    ...wanted,
  }
  const { measurements, forecasts } = await countSweep(store, meant)
  const total = measurements + forecasts
  if (total === 0) {
    talk.show({ deleted: 0 }, () => `0 ${what} found.`)
    return undefined
  }
  await agree(given, talk, `Delete ${total} ${what} (${measurements} measurements and ${forecasts} forecasts)?`)
  const deleted = await sweepBeliefs(store, meant, clock.now())
  talk.show({ deleted }, () => `Deleted ${deleted} ${what}.`)
  return undefined
}
