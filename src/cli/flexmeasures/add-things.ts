/** `add`: the first structure, assets and their kinds, sensors, sources. */
import { addAssetType } from '#ems'
import { Problem } from '#kernel'
import { migrate } from '#store'
import type { Desk } from './desk.ts'
import { GENERATORS } from './generators.ts'
import type { FmVerb } from './verb.ts'

/** The name of sources that compute (FLEXMEASURES_DEFAULT_DATASOURCE); schedules carry the name of the platform. */
const authorOf = ({ config }: Desk, kind: string): string =>
  kind === 'scheduler' ? config.platform.name : config.flexmeasures.defaultDatasource

export const ADD_THINGS: readonly FmVerb[] = [
  {
    name: 'add initial-structure',
    summary: 'Makes sure that the kinds of assets and the roles are there; Cariflex brings them along.',
    options: [],
    async run(_, open, { show }) {
      const desk = await open()
      await migrate(desk.store)
      const types = await desk.assets.types()
      const roles = await desk.users.roles()
      show(
        { assetTypes: types.length, roles: roles.length },
        () => `Successfully initialized: ${types.length} asset types and ${roles.length} user roles are there.`,
      )
      return undefined
    },
  },
  {
    name: 'add asset-type',
    summary: 'Creates a kind of asset.',
    options: [
      { name: 'name', required: true, what: 'of the kind' },
      { name: 'description', what: 'in a few words' },
    ],
    async run(given, desk, { show }) {
      const id = await addAssetType((await desk()).store, given.need('name'), given.text('description'))
      show({ id, name: given.need('name') }, () => `Successfully created asset type with ID ${id}.\nYou can now assign assets to it.`)
      return undefined
    },
  },
  {
    name: 'add asset',
    summary: 'Creates an asset.',
    options: [
      { name: 'name', required: true, what: 'unlike any other at its place of the tree' },
      { name: 'latitude', kind: 'number', what: 'degrees north' },
      { name: 'longitude', kind: 'number', what: 'degrees east' },
      { name: 'account', also: ['account-id'], kind: 'whole', what: 'id of its account; without one the asset is public' },
      { name: 'asset-type', also: ['asset-type-id'], kind: 'whole', required: true, what: 'id of its kind' },
      { name: 'parent-asset', kind: 'whole', what: 'id of the asset above it' },
    ],
    async run(given, desk, { show }) {
      const number = (name: string, field: string) => (given.has(name) ? { [field]: given.number(name) } : {})
      const asset = await (await desk()).ask<{ id: number; name: string }>('POST', '/assets', {
        name: given.need('name'),
        generic_asset_type_id: given.id('asset-type'),
        account_id: given.number('account') ?? null,
        ...number('latitude', 'latitude'),
        ...number('longitude', 'longitude'),
        ...number('parent-asset', 'parent_asset_id'),
      })
      show(
        { id: asset.id, name: asset.name },
        () => `Successfully created asset with ID:${asset.id}.\nYou can access it at its ID ${asset.id}`,
      )
      return undefined
    },
  },
  {
    name: 'add sensor',
    summary: 'Creates a sensor.',
    options: [
      { name: 'name', required: true, what: 'unlike any other of its asset' },
      { name: 'unit', required: true, what: 'such as kW or EUR/MWh' },
      { name: 'event-resolution', required: true, what: 'how often it has a value: ISO 8601, such as PT15M, or minutes' },
      { name: 'timezone', required: true, what: 'such as Europe/Paris' },
      { name: 'asset', kind: 'whole', required: true, what: 'id of its asset' },
      { name: 'attributes', what: 'an object in JSON' },
    ],
    async run(given, desk, { show }) {
      const resolution = given.need('event-resolution')
      const sensor = await (await desk()).ask<{ id: number; name: string }>('POST', '/sensors', {
        name: given.need('name'),
        unit: given.need('unit'),
        event_resolution: /^\d+$/.test(resolution) ? `PT${resolution}M` : resolution,
        timezone: given.need('timezone'),
        generic_asset_id: given.id('asset'),
        attributes: given.text('attributes') ?? '{}',
      })
      show(
        { id: sensor.id, name: sensor.name },
        () => `Successfully created sensor with ID ${sensor.id}.\nYou can access it at its ID ${sensor.id}`,
      )
      return undefined
    },
  },
  {
    name: 'add source',
    summary: 'Adds a data source.',
    options: [
      { name: 'name', required: true, what: 'usually an organisation' },
      { name: 'type', required: true, what: 'forecaster, scheduler, reporter, gateway, market, or any other word' },
      { name: 'model', what: 'such as the name of a class or an address' },
      { name: 'version', what: 'such as 1.0' },
      { name: 'account', kind: 'whole', what: 'id of the account it belongs to' },
    ],
    async run(given, open, { show }) {
      const desk = await open()
      const account = given.number('account')
      if (account !== undefined && !(await desk.accounts.get(account)))
        throw new Problem('unknown-account', `No account found with id ${account}.`, { hint: 'See show accounts.' })
      const [model, version] = [given.text('model'), given.text('version')]
      const id = await desk.sources.of({
        name: given.need('name'),
        type: given.need('type'),
        ...(model !== undefined && { model }),
        ...(version !== undefined && { version }),
        ...(account !== undefined && { account }),
      })
      show({ id }, () => `Added source ${given.need('name')} (ID: ${id})`)
      return undefined
    },
  },
  {
    name: 'add sources-for-generators',
    summary: 'Creates the data sources of reporters, schedulers or forecasters.',
    options: [{ name: 'kind', many: true, choices: ['reporter', 'scheduler', 'forecaster'], what: 'of which kinds; default reporter' }],
    async run(given, open, { show }) {
      const desk = await open()
      const kinds = (given.has('kind') ? given.texts('kind') : ['reporter']) as (keyof typeof GENERATORS)[]
      const made: { type: string; model: string; id: number }[] = []
      for (const type of new Set(kinds))
        for (const model of GENERATORS[type])
          made.push({ type, model, id: await desk.sources.of({ name: authorOf(desk, type), type, model, version: '1' }) })
      show(made, () => made.map(({ id, type, model }) => `Source of the ${type} ${model}: ID ${id}`).join('\n'))
      return undefined
    },
  },
]
