/** `show`: what there is. */
import { type Asset, listPlans } from '#ems'
import { Problem } from '#kernel'
import { table } from '../terminal.ts'
import { GENERATORS } from './generators.ts'
import type { FmVerb, Talk } from './verb.ts'

const ID = { name: 'id', kind: 'whole', required: true, what: 'which' } as const

const rows = ({ show }: Talk, data: readonly object[], columns: readonly string[], none: string): void =>
  show(data, () =>
    data.length === 0
      ? none
      : table([columns.map((name) => name.toUpperCase()), ...data.map((one) => columns.map((name) => cell(one, name)))]),
  )

const cell = (row: object, name: string): string => {
  const value = (row as Record<string, unknown>)[name]
  return value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const assetLine = ({ id, name, type, parent, latitude, longitude }: Asset) => ({
  ...{ id, name, type: type.name, parent },
  location: latitude === null || longitude === null ? '' : `${latitude}, ${longitude}`,
})

const generators = (kind: keyof typeof GENERATORS): FmVerb => ({
  name: `show ${kind}s`,
  summary: `Lists the ${kind}s that are there.`,
  options: [],
  async run(_, __, talk) {
    const all = GENERATORS[kind].map((name) => ({ name, version: '1', author: 'Cariflex' }))
    rows(talk, all, ['name', 'version', 'author'], 'None.')
    return undefined
  },
})

export const SHOW_THINGS: readonly FmVerb[] = [
  {
    name: 'show accounts',
    summary: 'Lists all accounts.',
    options: [],
    async run(_, open, talk) {
      const all = await (await open()).accounts.list({ accounts: 'all' })
      const lines = all.map(({ id, name, account_roles, user_count, asset_count }) => ({
        ...{ id, name, assets: asset_count, users: user_count },
        roles: account_roles.map((role) => role.name).join(','),
      }))
      rows(talk, lines, ['id', 'name', 'assets', 'users', 'roles'], 'No accounts created yet.')
      return undefined
    },
  },
  {
    name: 'show plans',
    summary: 'Lists all plans with their limits.',
    options: [],
    async run(_, open, talk) {
      const columns = [
        'id',
        'name',
        'default_rate_limit',
        'trigger_rate_limit',
        'rate_limit_key',
        'max_users',
        'max_assets',
        'max_clients',
        'legacy',
      ]
      rows(talk, await listPlans((await open()).store), columns, 'No plans created yet.')
      return undefined
    },
  },
  {
    name: 'show roles',
    summary: 'Lists the roles of accounts and of users.',
    options: [],
    async run(_, open, talk) {
      const { store } = await open()
      const [accounts, users] = [
        await store.query<{ id: number; name: string; description: string | null }>(
          'select id, name, description from account_role order by id',
        ),
        await store.query<{ id: number; name: string; description: string | null }>('select id, name, description from role order by id'),
      ]
      const lines = (list: typeof users) =>
        table([['ID', 'NAME', 'DESCRIPTION'], ...list.map(({ id, name, description }) => [String(id), name, description ?? ''])])
      talk.show(
        { account_roles: accounts, user_roles: users },
        () => `Account roles:\n\n${lines(accounts)}\n\nUser roles:\n\n${lines(users)}`,
      )
      return undefined
    },
  },
  {
    name: 'show account',
    summary: 'Shows an account with its users and assets.',
    options: [ID],
    async run(given, open, talk) {
      const desk = await open()
      const account = await desk.accounts.get(given.id('id'))
      if (!account) throw new Problem('unknown-account', `No account found with id ${given.id('id')}.`, { hint: 'See show accounts.' })
      const users = await desk.users.list({ accounts: [account.id], inactive: true })
      const assets = (await desk.assets.list({ accounts: [account.id] })).map(assetLine)
      talk.show({ ...account, users, assets }, () =>
        [
          `Account ${account.name} (ID: ${account.id})`,
          `Roles: ${account.account_roles.map(({ name }) => name).join(', ') || 'none'}`,
          users.length === 0
            ? 'No users in account ...'
            : `All users:\n\n${table([['ID', 'NAME', 'EMAIL', 'ROLES', 'ACTIVE'], ...users.map((user) => [String(user.id), user.username, user.email, user.roles.map(({ name }) => name).join(','), String(user.active)])])}`,
          assets.length === 0
            ? 'No assets in account ...'
            : `All assets:\n\n${table([['ID', 'NAME', 'TYPE', 'PARENT', 'LOCATION'], ...assets.map((asset) => ['id', 'name', 'type', 'parent', 'location'].map((name) => cell(asset, name)))])}`,
        ].join('\n\n'),
      )
      return undefined
    },
  },
  {
    name: 'show assets',
    summary: 'Lists the assets of an account; without one the public assets.',
    options: [{ name: 'account', kind: 'whole', what: 'id of the account' }],
    async run(given, open, talk) {
      const desk = await open()
      const account = given.number('account') ?? null
      if (account !== null && !(await desk.accounts.get(account)))
        throw new Problem('unknown-account', `No account found with id ${account}.`)
      rows(
        talk,
        (await desk.assets.list({ accounts: [account] })).map(assetLine),
        ['id', 'name', 'type', 'parent', 'location'],
        'No assets ...',
      )
      return undefined
    },
  },
  {
    name: 'show asset-types',
    summary: 'Lists the kinds of assets.',
    options: [],
    async run(_, open, talk) {
      rows(talk, await (await open()).assets.types(), ['id', 'name', 'description'], 'No asset types created yet.')
      return undefined
    },
  },
  {
    name: 'show asset',
    summary: 'Shows an asset, what lies below it, and its sensors.',
    options: [ID],
    async run(given, open, talk) {
      const desk = await open()
      const asset = await desk.assets.get(given.id('id'))
      if (!asset) throw new Problem('unknown-asset', `No asset found with ID ${given.id('id')}.`, { hint: 'See show assets.' })
      const { sensors } = await desk.sensors.list({ asset: asset.id })
      const lines = sensors.map(({ id, name, unit, resolution, timezone, attributes }) => [
        String(id),
        name,
        unit,
        `${resolution / 60_000} min`,
        timezone,
        JSON.stringify(attributes),
      ])
      talk.show({ ...asset, sensors }, () =>
        [
          `Asset ${asset.name} (ID: ${asset.id})`,
          table([
            ['Type', asset.type.name],
            ['Account', asset.accountName ?? 'public'],
            ['Parent', String(asset.parent ?? '')],
            ['Children', asset.children.map(({ id, name }) => `${name} (ID: ${id})`).join(', ')],
            ['Flex-context', JSON.stringify(asset.flexContext)],
            ['Flex-model', JSON.stringify(asset.flexModel)],
            ['Attributes', JSON.stringify(asset.attributes)],
          ]),
          lines.length === 0
            ? 'No sensors in asset ...'
            : table([['ID', 'NAME', 'UNIT', 'RESOLUTION', 'TIMEZONE', 'ATTRIBUTES'], ...lines]),
        ].join('\n\n'),
      )
      return undefined
    },
  },
  {
    name: 'show data-sources',
    summary: 'Lists the data sources.',
    options: [
      { name: 'id', kind: 'whole', what: 'only this one' },
      { name: 'show-attributes', kind: 'flag', what: 'with their attributes, such as the config of a forecaster' },
      { name: 'show-sensors', kind: 'flag', what: 'with the sensors that it recorded; needs --id' },
    ],
    async run(given, open, talk) {
      const { store } = await open()
      const id = given.number('id') ?? null
      if (given.flag('show-sensors') && id === null) throw new Problem('usage', '--show-sensors requires --id.')
      const sources = await store.query<{ id: number; attributes: unknown }>(
        `select id, name, type, model, version, user_id as "user", account_id as account, attributes from data_source
         where $1::int is null or id = $1 order by type, id`,
        [id],
      )
      if (id !== null && sources.length === 0) throw new Problem('unknown-source', `No source found with ID ${id}.`)
      const columns = ['id', 'name', 'type', 'user', 'model', 'version', ...(given.flag('show-attributes') ? ['attributes'] : [])]
      const shown = sources.map(({ attributes, ...rest }) => (given.flag('show-attributes') ? { ...rest, attributes } : rest))
      const sensors = given.flag('show-sensors')
        ? await store.query<{ id: number; name: string }>(
            'select id, name from sensor s where exists (select from timed_belief b where b.sensor_id = s.id and b.source_id = $1) order by id',
            [id],
          )
        : []
      if (given.flag('show-sensors'))
        talk.show(
          { sources: shown, sensors },
          () =>
            `${table([columns, ...shown.map((one) => columns.map((name) => cell(one, name)))])}\n\n${table([['ID', 'SENSOR'], ...sensors.map((one) => [String(one.id), one.name])])}`,
        )
      else rows(talk, shown, columns, 'No data sources created yet.')
      return undefined
    },
  },
  generators('forecaster'),
  generators('reporter'),
  generators('scheduler'),
]
