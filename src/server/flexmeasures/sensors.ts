/** Sensors: list, create, read, change, delete; figures and state of their data. */
import { type Static, type TSchema, Type } from 'typebox'
import { type Action, auditAsset, demand, type Principal, readableAccounts, type Sensor } from '#ems'
import { nearest, parseDurationLength } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { accountFor, objectField } from './accounts.ts'
import { sensorChange } from './asset-history.ts'
import { namingOf, sensorView } from './asset-view.ts'
import { assetNamed } from './assets.ts'
import { failed, invalid, noContent } from './envelope.ts'
import { canonical, flag, flagOf, IdPath, idOf, paged, pageOf, paging } from './query.ts'
import { dropSensorReferences } from './references.ts'
import { check, findErrors } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const ListQuery = Type.Object(
  {
    ...paging('id', 'name', 'resolution'),
    account: Type.Optional(Type.Integer({ description: "Id of the account whose sensors are wanted; one's own unless said." })),
    asset: Type.Optional(Type.Integer({ description: 'Id of an asset: its sensors and those of all assets below it.' })),
    'include-consultancy-clients': Type.Optional(flagOf('Sensors of the accounts one advises as well.')),
    'include-public-assets': Type.Optional(flagOf('Sensors of public assets as well.')),
    unit: Type.Optional(Type.String({ description: 'Only sensors of exactly this unit.', examples: ['kW'] })),
  },
  closed,
)
const fields = {
  name: Type.String({ minLength: 1, maxLength: 120, description: 'Name, unlike that of any other sensor of the asset.' }),
  unit: Type.String({
    format: 'unit',
    maxLength: 80,
    description: 'Unit of the values: SI or currency.',
    examples: ['kW', 'EUR/MWh', '°C'],
  }),
  event_resolution: Type.String({
    format: 'iso-duration',
    description: 'Length of time that a value is about, ISO 8601; PT0M = moments.',
    examples: ['PT15M'],
  }),
  timezone: Type.Optional(Type.String({ format: 'timezone', description: 'IANA time zone in which answers are given and days begin.' })),
  attributes: Type.Optional(
    Type.Unknown({
      description:
        'Anything else about the sensor: an object, or JSON in a string. consumption_is_positive: sign of stored power; floor_datetimes_to_resolution; frequency of moments.',
    }),
  ),
}
const NewSensorBody = Type.Object(
  { ...fields, generic_asset_id: Type.Integer({ description: 'Id of the asset the sensor is on.' }) },
  closed,
)
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
  const place = namingOf(rooms.flexMeasures)
  const view = (sensor: Sensor) => sensorView(sensor, place)
  app.get('/sensors', { schema: { tags, summary: 'Sensors', querystring: ListQuery } }, async (request) => {
    const who = request.principal!
    const query = check(ListQuery, canonical(request.query), 'query') as Static<typeof ListQuery>
    if (query.account !== undefined) await accountFor(rooms, who, 'read', query.account)
    const asset = query.asset === undefined ? undefined : await assetNamed(rooms, who, 'read', query.asset, 'asset')
    if (asset && query.account !== undefined && asset.account !== query.account)
      throw invalid('query', { asset: [`Asset ${asset.id} does not belong to account ${query.account}.`] })
    const clients = flag(query['include-consultancy-clients'], false) && (query.account ?? who.account) === who.account ? who.clients : []
    const own: readonly number[] | 'all' = asset ? readableAccounts(who) : [query.account ?? who.account, ...clients]
    const open = flag(query['include-public-assets'], false) || asset?.account === null
    const page = pageOf(query)
    const everything = {
      accounts: own === 'all' ? own : open ? [...own, null] : own,
      ...(asset && { under: asset.id }),
      ...(query.unit !== undefined && { unit: query.unit }),
    }
    const found = await sensors.list({ ...everything, terms: page.terms }, page.page)
    if (!page.paged) return found.sensors.map(view)
    const all = await sensors.list(everything, { limit: 1 })
    return paged(found.sensors.map(view), all.total, found.total)
  })

  app.post('/sensors', { schema: { tags, summary: 'A new sensor', body: NewSensorBody } }, async (request, reply) => {
    const who = request.principal!
    const body = readSensorBody(NewSensorBody, request.body)
    const asset = await assets.get(body.generic_asset_id)
    if (!asset) throw invalid('json', { generic_asset_id: [`Generic asset with id ${body.generic_asset_id} doesn't exist.`] })
    demand(who, 'create-children', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
    const attributes = body.attributes === undefined ? {} : objectField(body.attributes, 'attributes')
    await refuseTakenName(rooms, body.name, asset.id)
    const sensor = await sensors.create({
      name: body.name,
      unit: body.unit,
      resolution: resolutionOf(body.event_resolution),
      asset: asset.id,
      timezone: body.timezone ?? config.timezone,
      attributes,
    })
    await auditAsset(store, clock.now(), who, `Created sensor '${sensor.name}': ${sensor.id}`, asset.id)
    return reply.code(201).send(view(sensor))
  })

  app.get('/sensors/:id', { schema: { tags, summary: 'One sensor', params: IdPath } }, async (request) => ({
    ...view(await sensorFor(rooms, request.principal!, 'read', idOf(request.params))),
    status: 200,
  }))

  app.patch('/sensors/:id', { schema: { tags, summary: 'Changes a sensor', params: IdPath, body: ChangeBody } }, async (request) => {
    const who = request.principal!
    const before = await sensorFor(rooms, who, 'update', idOf(request.params))
    const { event_resolution: resolution, attributes, ...body } = readSensorBody(ChangeBody, request.body)
    const change = {
      ...body,
      ...(resolution !== undefined && { resolution: resolutionOf(resolution) }),
      ...(attributes !== undefined && { attributes: objectField(attributes, 'attributes') }),
    }
    if (change.name !== undefined) await refuseTakenName(rooms, change.name, before.asset, before.id)
    const after = await sensors.update(before.id, change)
    const event = sensorChange(before, after)
    if (event) await auditAsset(store, clock.now(), who, event, before.asset)
    return { ...view(after), status: 200 }
  })

  app.delete('/sensors/:id', { schema: { tags, summary: 'Deletes a sensor with its data', params: IdPath } }, async (request, reply) => {
    const who = request.principal!
    const sensor = await sensorFor(rooms, who, 'delete', idOf(request.params))
    await dropSensorReferences(rooms, who, sensor)
    await sensors.remove(sensor.id)
    await auditAsset(store, clock.now(), who, `Deleted sensor '${sensor.name}': ${sensor.id}`, sensor.asset)
    return noContent(reply)
  })
}

/** The body of a new or changed sensor, with FlexMeasures' words for units and time zones it does not know. @throws 422 */
function readSensorBody<T extends TSchema>(schema: T, given: unknown): Static<T> {
  const errors = findErrors(schema, given ?? {}, false)
  if (!errors) return given as Static<T>
  const { unit, timezone } = (given ?? {}) as Record<string, unknown>
  if (typeof unit === 'string' && errors['unit']) errors['unit'] = [`Unit '${unit}' cannot be handled.`]
  if (typeof timezone === 'string' && errors['timezone']) {
    const meant = nearest(timezone, Intl.supportedValuesOf('timeZone'))
    errors['timezone'] = [`Invalid timezone '${timezone}'.${meant === undefined ? '' : ` Did you mean '${meant}'?`}`]
  }
  throw invalid('json', errors)
}

/** @throws 422 when another sensor of the asset has the name */
async function refuseTakenName({ assets }: Rooms, name: string, asset: number, except?: number): Promise<void> {
  const known = (await assets.get(asset))?.sensors ?? []
  if (known.some((sensor) => sensor.name === name && sensor.id !== except))
    throw invalid('json', { name: [`A sensor with the name '${name}' already exists on asset ${asset}.`] })
}

function resolutionOf(text: string): number {
  const length = parseDurationLength(text)
  if (length < 0) throw invalid('json', { event_resolution: ['Must be greater than or equal to 0.'] })
  return length
}
