/** Sensors: list, create, read, change, delete; figures and state of their data. */
import { type Static, Type } from 'typebox'
import { type Action, auditAsset, demand, type Principal, readableAccounts, type Sensor } from '#ems'
import { parseDurationLength } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { accountFor, objectField } from './accounts.ts'
import { sensorView } from './asset-view.ts'
import { assetFor } from './assets.ts'
import { failed, invalid, noContent } from './envelope.ts'
import { pythonText } from './format.ts'
import { canonical, Flag, flag, idOf, paged, pageOf, paging } from './query.ts'
import { dropSensorReferences } from './references.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const ListQuery = Type.Object(
  {
    ...paging('id', 'name', 'resolution'),
    account: Type.Optional(Type.Integer()),
    asset: Type.Optional(Type.Integer()),
    'include-consultancy-clients': Type.Optional(Flag),
    'include-public-assets': Type.Optional(Flag),
    unit: Type.Optional(Type.String()),
  },
  closed,
)
const fields = {
  name: Type.String({ minLength: 1, maxLength: 120 }),
  unit: Type.String({ format: 'unit', maxLength: 80 }),
  event_resolution: Type.String({ format: 'iso-duration' }),
  timezone: Type.Optional(Type.String({ format: 'timezone' })),
  attributes: Type.Optional(Type.Unknown({ description: 'Object, or JSON in a string.' })),
}
const NewSensorBody = Type.Object({ ...fields, generic_asset_id: Type.Integer() }, closed)
const ChangeBody = Type.Partial(Type.Object(fields), closed)

/** The sensor, when the one who asks may do the action. @throws 404, 403 */
export async function sensorFor(rooms: Rooms, who: Principal, action: Action, id: number): Promise<Sensor> {
  const sensor = await rooms.sensors.get(id)
  if (!sensor) throw failed(404, `No sensor found with ID ${id}.`)
  demand(who, action, { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
  return sensor
}

export function sensorRoutes(app: App, rooms: Rooms): void {
  const { sensors, assets, store, clock, config } = rooms
  app.get('/sensors', { schema: { tags, summary: 'Sensors', querystring: ListQuery } }, async (request) => {
    const who = request.principal!
    const query = check(ListQuery, canonical(request.query), 'query') as Static<typeof ListQuery>
    if (query.account !== undefined) await accountFor(rooms, who, 'read', query.account)
    const asset = query.asset === undefined ? undefined : await assetFor(rooms, who, 'read', query.asset)
    if (asset && query.account !== undefined && asset.account !== query.account)
      throw invalid('query', { asset: [`Asset ${asset.id} does not belong to account ${query.account}.`] })
    const own: readonly number[] | 'all' =
      query.account !== undefined
        ? [query.account]
        : asset
          ? readableAccounts(who)
          : flag(query['include-consultancy-clients'], false)
            ? [who.account, ...who.clients]
            : [who.account]
    const open = flag(query['include-public-assets'], false) || asset?.account === null
    const page = pageOf(query)
    const everything = {
      accounts: own === 'all' ? own : open ? [...own, null] : own,
      ...(asset && { under: asset.id }),
      ...(query.unit !== undefined && { unit: query.unit }),
    }
    const found = await sensors.list({ ...everything, terms: page.terms }, page.page)
    if (!page.paged) return found.sensors.map(sensorView)
    const all = await sensors.list(everything, { limit: 1 })
    return paged(found.sensors.map(sensorView), all.total, found.total)
  })

  app.post('/sensors', { schema: { tags, summary: 'A new sensor', body: NewSensorBody } }, async (request, reply) => {
    const who = request.principal!
    const body = check(NewSensorBody, request.body ?? {}, 'json') as Static<typeof NewSensorBody>
    const asset = await assets.get(body.generic_asset_id)
    if (!asset) throw invalid('json', { generic_asset_id: [`Generic asset with id ${body.generic_asset_id} doesn't exist.`] })
    demand(who, 'create-children', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
    const attributes = body.attributes === undefined ? {} : objectField(body.attributes, 'attributes')
    if (asset.sensors.some((sensor) => sensor.name === body.name))
      throw invalid('json', { name: [`A sensor with the name '${body.name}' already exists on asset ${asset.id}.`] })
    const sensor = await sensors.create({
      name: body.name,
      unit: body.unit,
      resolution: resolutionOf(body.event_resolution),
      asset: asset.id,
      timezone: body.timezone ?? config.timezone,
      attributes,
    })
    await auditAsset(store, clock.now(), who, `Created sensor '${sensor.name}': ${sensor.id}`, asset.id)
    return reply.code(201).send(sensorView(sensor))
  })

  app.get('/sensors/:id', { schema: { tags, summary: 'One sensor' } }, async (request) => ({
    ...sensorView(await sensorFor(rooms, request.principal!, 'read', idOf(request.params))),
    status: 200,
  }))

  app.patch('/sensors/:id', { schema: { tags, summary: 'Changes a sensor', body: ChangeBody } }, async (request) => {
    const who = request.principal!
    const before = await sensorFor(rooms, who, 'update', idOf(request.params))
    const { event_resolution: resolution, attributes, ...body } = check(ChangeBody, request.body ?? {}, 'json') as Static<typeof ChangeBody>
    const change = {
      ...body,
      ...(resolution !== undefined && { resolution: resolutionOf(resolution) }),
      ...(attributes !== undefined && { attributes: objectField(attributes, 'attributes') }),
    }
    const after = await sensors.update(before.id, change)
    const [was, is] = [sensorView(before), sensorView(after)]
    for (const field of ['name', 'unit', 'timezone', 'event_resolution', 'attributes'] as const)
      if (was[field] !== is[field])
        await auditAsset(
          store,
          clock.now(),
          who,
          `Updated sensor '${before.name}': ${before.id}; Updated: ${field}, From: ${pythonText(was[field])}, To: ${pythonText(is[field])}`,
          before.asset,
        )
    return { ...is, status: 200 }
  })

  app.delete('/sensors/:id', { schema: { tags, summary: 'Deletes a sensor with its data' } }, async (request, reply) => {
    const who = request.principal!
    const sensor = await sensorFor(rooms, who, 'delete', idOf(request.params))
    await dropSensorReferences(rooms, who, sensor)
    await sensors.remove(sensor.id)
    await auditAsset(store, clock.now(), who, `Deleted sensor '${sensor.name}': ${sensor.id}`, sensor.asset)
    return noContent(reply)
  })
}

function resolutionOf(text: string): number {
  const length = parseDurationLength(text)
  if (length < 0) throw invalid('json', { event_resolution: ['Must be greater than or equal to 0.'] })
  return length
}
