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
import { accountFor, auditAnswer } from './accounts.ts'
import { AssetChangeBody, NewAssetBody, readAssetBody } from './asset-body.ts'
import { assetView, sensorView } from './asset-view.ts'
import { failed, invalid, noContent } from './envelope.ts'
import { pythonText } from './format.ts'
import { canonical, Flag, flag, idOf, paged, pageOf, paging } from './query.ts'
import { dropReferences } from './references.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const ListQuery = Type.Object(
  {
    ...paging('id', 'name', 'owner'),
    account: Type.Optional(Type.Integer()),
    root: Type.Optional(Type.Integer()),
    depth: Type.Optional(Type.Integer({ minimum: 0 })),
    'all-accessible': Type.Optional(Flag),
    'include-public': Type.Optional(Flag),
    'asset-type': Type.Optional(Type.Integer()),
    fields: Type.Optional(Type.String()),
  },
  closed,
)
const CopyQuery = Type.Object({ account: Type.Optional(Type.Integer()), parent: Type.Optional(Type.Integer()) }, closed)
const SensorsQuery = Type.Object(paging('id', 'name', 'resolution'), closed)
const PublicQuery = Type.Object({ fields: Type.Optional(Type.String()) }, closed)

/** The asset, when the one who asks may do the action. @throws 404, 403 */
export async function assetFor(rooms: Rooms, who: Principal, action: Action, id: number): Promise<Asset> {
  const asset = await rooms.assets.get(id)
  if (!asset) throw failed(404, `No asset found with ID ${id}.`)
  demand(who, action, { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
  return asset
}

export function assetRoutes(app: App, rooms: Rooms): void {
  const { assets, sensors, store, clock } = rooms
  app.get('/assets', { schema: { tags, summary: 'Assets', querystring: ListQuery } }, async (request) => {
    const who = request.principal!
    const query = check(ListQuery, canonical(request.query), 'query') as Static<typeof ListQuery>
    if (query.account !== undefined) await accountFor(rooms, who, 'read', query.account)
    if (query.root !== undefined) await assetFor(rooms, who, 'read', query.root)
    const accessible = flag(query['all-accessible'], false) || query.root !== undefined
    const own = query.account !== undefined ? [query.account] : accessible ? readableAccounts(who) : [who.account]
    const open = flag(query['include-public'], false) || (query.root !== undefined && query.account === undefined)
    const accounts = await scopeOf(rooms, own, open)
    const page = pageOf(query)
    const everything = {
      accounts,
      ...(query.root !== undefined && { root: query.root }),
      ...(query.depth !== undefined && { depth: query.depth }),
      ...(query['asset-type'] !== undefined && { type: query['asset-type'] }),
    }
    const filter = { ...everything, terms: page.terms }
    const rows = (await assets.list(filter, page.page)).map((row) => pick(assetView(row), query.fields))
    return page.paged ? paged(rows, await assets.count(everything), await assets.count(filter)) : rows
  })

  app.post('/assets', { schema: { tags, summary: 'A new asset', body: NewAssetBody } }, async (request, reply) => {
    const who = request.principal!
    const fields = await readAssetBody(rooms, who, request.body)
    if (fields.parent) await assetFor(rooms, who, 'create-children', fields.parent)
    else if (fields.account === null) {
      if (!isAdmin(who)) throw forbidden()
    } else await accountFor(rooms, who, 'create-children', fields.account!)
    const asset = await assets.create(fields as AssetFields & { name: string; type: number })
    await auditAsset(store, clock.now(), who, `Created asset '${asset.name}': ${asset.id}`, asset.id)
    return reply.code(201).send(assetView(asset))
  })

  app.get('/assets/public', { schema: { tags, summary: 'Assets of nobody', querystring: PublicQuery } }, async (request) => {
    const { fields } = check(PublicQuery, canonical(request.query), 'query') as Static<typeof PublicQuery>
    return (await assets.list({ accounts: [null] })).map((row) => pick(assetView(row), fields))
  })

  app.get('/assets/types', { schema: { tags, summary: 'Kinds of assets' } }, async () => assets.types())

  app.get('/assets/:id', { schema: { tags, summary: 'One asset' } }, async (request) => ({
    ...assetView(await assetFor(rooms, request.principal!, 'read', idOf(request.params))),
    status: 200,
  }))

  app.patch('/assets/:id', { schema: { tags, summary: 'Changes an asset', body: AssetChangeBody } }, async (request) => {
    const who = request.principal!
    const before = await assetFor(rooms, who, 'update', idOf(request.params))
    const fields = await readAssetBody(rooms, who, request.body, before)
    const after = await assets.update(before.id, fields)
    sensors.forget()
    for (const event of changesOf(before, fields)) await auditAsset(store, clock.now(), who, event, before.id)
    return { ...assetView(after), status: 200 }
  })

  app.delete('/assets/:id', { schema: { tags, summary: 'Deletes an asset with all below it' } }, async (request, reply) => {
    const who = request.principal!
    const asset = await assetFor(rooms, who, 'delete', idOf(request.params))
    await dropReferences(rooms, who, asset)
    await assets.remove(asset.id)
    sensors.forget()
    await auditAsset(store, clock.now(), who, `Deleted asset '${asset.name}': ${asset.id}`, null)
    return noContent(reply)
  })

  app.post(
    '/assets/:id/copy',
    { schema: { tags, summary: 'Copies an asset with all below it', querystring: CopyQuery } },
    async (request, reply) => {
      const who = request.principal!
      const asset = await assetFor(rooms, who, 'read', idOf(request.params))
      const query = check(CopyQuery, canonical(request.query), 'query') as Static<typeof CopyQuery>
      const parent = query.parent === undefined ? undefined : await assetFor(rooms, who, 'create-children', query.parent)
      if (parent && (await offspring(store, asset.id)).includes(parent.id))
        throw invalid('query', { parent: ['An asset cannot be copied into itself or into its own offspring.'] })
      const account = query.account ?? (parent ? parent.account : asset.account)
      const above = parent ? parent.id : query.account === undefined ? asset.parent : null
      if (!parent && above !== null) await assetFor(rooms, who, 'create-children', above)
      if (above === null && account === null && !isAdmin(who)) throw forbidden()
      if (account !== null && (above === null || query.account !== undefined)) await accountFor(rooms, who, 'create-children', account)
      const copy = await assets.get(await copyAsset(store, asset, { account, parent: above }))
      await auditAsset(store, clock.now(), who, `Created asset '${copy!.name}': ${copy!.id}`, copy!.id)
      return reply.code(201).send({ message: `Successfully copied asset ${asset.id}.`, asset: copy!.id })
    },
  )

  app.get('/assets/:id/sensors', { schema: { tags, summary: 'Sensors of an asset', querystring: SensorsQuery } }, async (request) => {
    const asset = await assetFor(rooms, request.principal!, 'read', idOf(request.params))
    const query = check(SensorsQuery, canonical(request.query), 'query') as Static<typeof SensorsQuery>
    const page = pageOf(query, true)
    const found = await sensors.list({ asset: asset.id, terms: page.terms }, page.page)
    return paged(found.sensors.map(sensorView), asset.sensors.length, found.total)
  })

  app.get('/assets/:id/auditlog', { schema: { tags, summary: 'Who changed the asset' } }, async (request) => {
    const asset = await assetFor(rooms, request.principal!, 'read', idOf(request.params))
    return auditAnswer(rooms, { asset: asset.id }, request.query, true)
  })
}

/** With the administrators' scope 'all', public assets still come only when they were asked for. */
async function scopeOf(rooms: Rooms, own: readonly number[] | 'all', open: boolean): Promise<(number | null)[] | 'all'> {
  if (own === 'all') return open ? 'all' : everyAccount(rooms)
  return open ? [...own, null] : [...own]
}

const everyAccount = async ({ accounts }: Rooms): Promise<number[]> => (await accounts.list({ accounts: 'all' })).map((one) => one.id)

/** Only the wanted fields: 'id|name'. */
function pick(view: ReturnType<typeof assetView>, fields: string | undefined): object {
  if (fields === undefined) return view
  const wanted = fields.split('|').map((field) => field.trim())
  const unknown = wanted.filter((field) => !(field in view))
  if (unknown.length > 0) throw invalid('query', { fields: [`Unknown fields: ${unknown.join(', ')}.`] })
  return Object.fromEntries(wanted.map((field) => [field, view[field as keyof typeof view]]))
}

const NAMES: Partial<Record<keyof AssetFields, [string, (asset: Asset) => unknown]>> = {
  name: ['name', (asset) => asset.name],
  description: ['description', (asset) => asset.description],
  latitude: ['latitude', (asset) => asset.latitude],
  longitude: ['longitude', (asset) => asset.longitude],
  flexContext: ['flex_context', (asset) => asset.flexContext],
  flexModel: ['flex_model', (asset) => asset.flexModel],
  sensorsToShow: ['sensors_to_show', (asset) => asset.sensorsToShow],
  kpis: ['sensors_to_show_as_kpis', (asset) => asset.kpis],
  externalId: ['external_id', (asset) => asset.externalId],
  parent: ['parent_asset_id', (asset) => asset.parent],
  type: ['generic_asset_type_id', (asset) => asset.type.id],
  account: ['account_id', (asset) => asset.account],
}

/** One audit event per field that changed; attributes key by key. */
function changesOf(before: Asset, fields: AssetFields): string[] {
  const events: string[] = []
  const inOrder = Object.entries(fields).sort(([a], [b]) => Number(a === 'attributes') - Number(b === 'attributes'))
  for (const [key, value] of inOrder) {
    if (key === 'attributes') {
      for (const [name, item] of Object.entries(value as Record<string, unknown>))
        if (JSON.stringify(before.attributes[name]) !== JSON.stringify(item))
          events.push(`Updated Attr: ${name}, From: ${pythonText(before.attributes[name])}, To: ${pythonText(item)}`)
      continue
    }
    const [name, was] = NAMES[key as keyof AssetFields]!
    const old = was(before)
    if (JSON.stringify(old) !== JSON.stringify(value)) events.push(`Updated: ${name}, From: ${pythonText(old)}, To: ${pythonText(value)}`)
  }
  return events
}
