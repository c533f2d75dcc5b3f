/** Assets: list, create, read, change, delete; their sensors, audit log and jobs. */
import { type Static, Type } from 'typebox'
import {
  type Action,
  type Asset,
  type AssetFields,
  auditAsset,
  copyAsset,
  demand,
  forbidden,
  isAdmin,
  offspring,
  type Principal,
  readableAccounts,
} from '#ems'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { AuditQuery, accountFor, auditAnswer } from './accounts.ts'
import { AssetChangeBody, demandDepth, NewAssetBody, readAssetBody } from './asset-body.ts'
import { assetChanges } from './asset-history.ts'
import { ASSET_FIELDS, assetView, namingOf, sensorView } from './asset-view.ts'
import { failed, invalid, noContent } from './envelope.ts'
import { pythonText } from './format.ts'
import { canonical, flag, flagOf, IdPath, idOf, paged, pageOf, paging } from './query.ts'
import { dropAssetReferences } from './references.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const fields = Type.Optional(
  Type.String({ description: 'Which fields the answer shows, separated by |; all unless said.', examples: ['id|name|flex_model'] }),
)
const ListQuery = Type.Object(
  {
    ...paging('id', 'name', 'owner'),
    account: Type.Optional(Type.Integer({ description: "Id of the account whose assets are wanted; one's own unless said." })),
    root: Type.Optional(Type.Integer({ description: 'Only this asset and what lies below it, of all accounts one may read.' })),
    depth: Type.Optional(Type.Integer({ minimum: 0, description: 'Levels below the root; 0 = the root only.' })),
    'all-accessible': Type.Optional(flagOf('Assets of all accounts one may read, and public ones.')),
    'include-public': Type.Optional(flagOf('Public assets as well.')),
    'asset-type': Type.Optional(Type.Integer({ description: 'Only assets of this kind (id).' })),
    fields,
  },
  closed,
)
const CopyQuery = Type.Object(
  {
    account: Type.Optional(
      Type.Integer({ description: 'Id of the account that gets the copy; without a parent it lands at the top there.' }),
    ),
    parent: Type.Optional(
      Type.Integer({ description: 'Id of the asset under which the copy goes; without an account it belongs to that one.' }),
    ),
  },
  closed,
)
const SensorsQuery = Type.Object(paging('id', 'name', 'resolution'), closed)
const PublicQuery = Type.Object({ fields }, closed)

/** The asset, when the one who asks may do the action. @throws 404, 403 */
export async function assetFor(rooms: Rooms, who: Principal, action: Action, id: number): Promise<Asset> {
  const asset = await rooms.assets.get(id)
  if (!asset) throw failed(404, `No asset found with ID ${id}.`)
  demand(who, action, { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
  return asset
}

/** The same for an asset that a query names: that it is not there is a fault of the query. @throws 422, 403 */
export async function assetNamed(rooms: Rooms, who: Principal, action: Action, id: number, field: string): Promise<Asset> {
  if (!(await rooms.assets.get(id))) throw invalid('query', { [field]: [`No asset found with ID ${id}.`] })
  return assetFor(rooms, who, action, id)
}

export function assetRoutes(app: App, rooms: Rooms): void {
  const { assets, sensors, store, clock } = rooms
  const place = namingOf(rooms.flexMeasures)
  // What lists show unless told otherwise shrinks with the sunset of the old ways.
  const usual = rooms.flexMeasures.sunset.active ? ['id', 'name', 'account_id', 'generic_asset_type'] : undefined
  app.get('/assets', { schema: { tags, summary: 'Assets', querystring: ListQuery } }, async (request) => {
    const who = request.principal!
    const query = check(ListQuery, canonical(request.query), 'query') as Static<typeof ListQuery>
    if (query.account !== undefined) await accountFor(rooms, who, 'read', query.account)
    if (query.root !== undefined) await assetNamed(rooms, who, 'read', query.root, 'root')
    const type = query['asset-type']
    if (type !== undefined && !(await assets.types()).some(({ id }) => id === type))
      throw invalid('query', { asset_type: [`No generic asset type found with id ${type}.`] })
    const wide = query.account === undefined && (flag(query['all-accessible'], false) || query.root !== undefined)
    const own = query.account !== undefined ? [query.account] : wide ? readableAccounts(who) : [who.account]
    const open = flag(query['include-public'], false) || wide
    const shown = fieldsOf(query.fields) ?? usual
    const accounts = await scopeOf(rooms, own, open)
    const page = pageOf(query)
    const everything = {
      accounts,
      ...(query.root !== undefined && { root: query.root }),
      ...(query.depth !== undefined && { depth: query.depth }),
      ...(query['asset-type'] !== undefined && { type: query['asset-type'] }),
    }
    const filter = { ...everything, terms: page.terms }
    const rows = (await assets.list(filter, page.page)).map((row) => pick(assetView(row), shown))
    return page.paged ? paged(rows, await assets.count(everything), await assets.count(filter)) : rows
  })

  app.post('/assets', { schema: { tags, summary: 'A new asset', body: NewAssetBody } }, async (request, reply) => {
    const who = request.principal!
    const fields = await readAssetBody(rooms, who, request.body)
    if (fields.parent) await assetFor(rooms, who, 'create-children', fields.parent)
    else if (fields.account === null) {
      if (!isAdmin(who)) throw forbidden()
    } else await accountFor(rooms, who, 'create-children', fields.account!)
    await rooms.accountPlans.demandRoom(fields.account ?? null, 'assets')
    const asset = await assets.create(fields as AssetFields & { name: string; type: number })
    await auditAsset(store, clock.now(), who, `Created asset '${asset.name}': ${asset.id}`, asset.id)
    return reply.code(201).send(assetView(asset))
  })

  app.get('/assets/public', { schema: { tags, summary: 'Assets of nobody', querystring: PublicQuery } }, async (request) => {
    const { fields } = check(PublicQuery, canonical(request.query), 'query') as Static<typeof PublicQuery>
    const shown = fieldsOf(fields) ?? usual
    return (await assets.list({ accounts: [null] })).map((row) => pick(assetView(row), shown))
  })

  app.get('/assets/types', { schema: { tags, summary: 'Kinds of assets' } }, async () => assets.types())

  app.get('/assets/:id', { schema: { tags, summary: 'One asset', params: IdPath } }, async (request) => ({
    ...assetView(await assetFor(rooms, request.principal!, 'read', idOf(request.params))),
    status: 200,
  }))

  app.patch('/assets/:id', { schema: { tags, summary: 'Changes an asset', params: IdPath, body: AssetChangeBody } }, async (request) => {
    const who = request.principal!
    const before = await assetFor(rooms, who, 'update', idOf(request.params))
    const { account, ...fields } = await readAssetBody(rooms, who, request.body, before)
    if (fields.parent && fields.parent !== before.parent) await assetFor(rooms, who, 'create-children', fields.parent)
    const moved = account === undefined ? [] : await transfer(rooms, before, account)
    await assets.update(before.id, fields)
    sensors.forget()
    for (const event of assetChanges(before, fields)) await auditAsset(store, clock.now(), who, event, before.id)
    const event = `Updated: account_id, From: ${pythonText(before.account)}, To: ${pythonText(account)}`
    for (const id of moved) await auditAsset(store, clock.now(), who, event, id)
    return { ...assetView((await assets.get(before.id))!), status: 200 }
  })

  app.delete('/assets/:id', { schema: { tags, summary: 'Deletes an asset with all below it', params: IdPath } }, async (request, reply) => {
    const who = request.principal!
    const asset = await assetFor(rooms, who, 'delete', idOf(request.params))
    await dropAssetReferences(rooms, who, asset)
    await assets.remove(asset.id)
    sensors.forget()
    await auditAsset(store, clock.now(), who, `Deleted asset '${asset.name}': ${asset.id}`, null)
    return noContent(reply)
  })

  app.post(
    '/assets/:id/copy',
    { schema: { tags, summary: 'Copies an asset with all below it', params: IdPath, querystring: CopyQuery } },
    async (request, reply) => {
      const who = request.principal!
      const asset = await assetFor(rooms, who, 'read', idOf(request.params))
      const query = check(CopyQuery, canonical(request.query), 'query') as Static<typeof CopyQuery>
      const parent = query.parent === undefined ? undefined : await assetNamed(rooms, who, 'create-children', query.parent, 'parent')
      const tree = await offspring(store, asset.id)
      if (parent && tree.includes(parent.id))
        throw invalid('json', 'Invalid copy target parent: cannot copy an asset to itself or any of its descendants.')
      const account = query.account ?? (parent ? parent.account : asset.account)
      const above = parent ? parent.id : query.account === undefined ? asset.parent : null
      if (!parent && above !== null) await assetFor(rooms, who, 'create-children', above)
      if (above === null && account === null && !isAdmin(who)) throw forbidden()
      if (account !== null && (above === null || query.account !== undefined)) await accountFor(rooms, who, 'create-children', account)
      await demandDepth(rooms, above, asset.id)
      await rooms.accountPlans.demandRoom(account, 'assets', tree.length)
      const copy = (await assets.get(await copyAsset(store, asset, { account, parent: above })))!
      await auditAsset(store, clock.now(), who, `Copied asset '${asset.name}': ${asset.id} to '${copy.name}': ${copy.id}`, copy.id)
      return reply.code(201).send({ message: copyMessage(asset, copy, query), asset: copy.id, status: 201 })
    },
  )

  app.get(
    '/assets/:id/sensors',
    { schema: { tags, summary: 'Sensors of an asset', params: IdPath, querystring: SensorsQuery } },
    async (request) => {
      const asset = await assetFor(rooms, request.principal!, 'read', idOf(request.params))
      const query = check(SensorsQuery, canonical(request.query), 'query') as Static<typeof SensorsQuery>
      const page = pageOf(query, true)
      const found = await sensors.list({ asset: asset.id, terms: page.terms }, page.page)
      return paged(
        found.sensors.map((sensor) => sensorView(sensor, place)),
        asset.sensors.length,
        found.total,
      )
    },
  )

  app.get(
    '/assets/:id/auditlog',
    { schema: { tags, summary: 'Who changed the asset', params: IdPath, querystring: AuditQuery } },
    async (request) => {
      const asset = await assetFor(rooms, request.principal!, 'read', idOf(request.params))
      return auditAnswer(rooms, { asset: asset.id }, request.query, true)
    },
  )
}

/** Hands an asset with all below it to another account. Resolves to the ids of those that changed hands. @throws 422 when an external id is taken */
async function transfer(rooms: Rooms, asset: Asset, account: number | null): Promise<number[]> {
  const tree = await offspring(rooms.store, asset.id)
  await rooms.accountPlans.demandRoom(account, 'assets', tree.length)
  const taken = await rooms.store.first<{ id: string }>(
    `select g.external_id as id from generic_asset g join generic_asset o on o.external_id = g.external_id and o.account_id = $2
     where g.id = any($1::int[]) and not o.id = any($1::int[])`,
    [tree, account],
  )
  if (taken) throw invalid('json', { external_id: [`An asset with the external id '${taken.id}' already exists.`] })
  const moved = await rooms.store.query<{ id: number }>(
    'update generic_asset set account_id = $2 where id = any($1::int[]) and account_id is not distinct from $3::int returning id',
    [tree, account, asset.account],
  )
  return moved.map(({ id }) => id)
}

/** With the administrators' scope 'all', public assets still come only when they were asked for. */
async function scopeOf(rooms: Rooms, own: readonly number[] | 'all', open: boolean): Promise<(number | null)[] | 'all'> {
  if (own === 'all') return open ? 'all' : everyAccount(rooms)
  return open ? [...own, null] : [...own]
}

const everyAccount = async ({ accounts }: Rooms): Promise<number[]> => (await accounts.list({ accounts: 'all' })).map((one) => one.id)

/** Names of fields: 'id|name'. @throws 422 for what is no field of an asset */
function fieldsOf(text: string | undefined): string[] | undefined {
  const wanted = text?.split('|').filter((name) => name.trim() !== '')
  const unknown = wanted?.find((name) => !ASSET_FIELDS.has(name))
  if (unknown !== undefined) throw invalid('query', { fields: [`Parameter '${unknown}' is not a valid asset field.`] })
  return wanted
}

const pick = (view: ReturnType<typeof assetView>, wanted: string[] | undefined): object =>
  wanted === undefined ? view : Object.fromEntries(Object.entries(view).filter(([name]) => wanted.includes(name)))

/** How FlexMeasures says where a copy went. */
function copyMessage(asset: Asset, copy: Asset, { account, parent }: Static<typeof CopyQuery>): string {
  const told = `Successfully copied asset ${asset.id}`
  if (account === undefined) return parent === undefined ? `${told}.` : `${told} to parent asset ${copy.parent}.`
  return parent === undefined ? `${told} to account ${copy.account}.` : `${told} to account ${copy.account} under parent ${copy.parent}.`
}
