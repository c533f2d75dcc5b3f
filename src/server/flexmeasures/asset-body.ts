/** Reads the body of a new or changed asset: fields that are JSON in strings, place in the tree, owner, names that are taken. */
import { Type } from 'typebox'
import { type Asset, type AssetFields, isAdmin, type Principal, permits } from '#ems'
import type { Rooms } from '../rooms.ts'
import { type FieldErrors, invalid } from './envelope.ts'
import { jsonOf } from './format.ts'
import { faultInGraphs, faultInKpis, sensorsInFlexConfig, sensorsShown } from './shown-sensors.ts'
import { refuseStoredFlex } from './stored-flex.ts'
import { add, findErrors } from './validate.ts'

/** Levels of an asset tree. */
const DEEPEST = 100
const TOO_DEEP = `An asset tree can have ${DEEPEST} levels at most.`

const nullable = <T>(schema: object) => Type.Unsafe<T | null>(schema)
const json = (what: string) => Type.Optional(Type.Unknown({ description: `${what}, or the same as JSON in a string.` }))
const fields = {
  name: Type.String({ minLength: 1, maxLength: 80, description: 'Name, unlike that of any other asset at the same place of the tree.' }),
  generic_asset_type_id: Type.Integer({ description: 'Id of the kind of asset, see GET /assets/types.' }),
  account_id: Type.Optional(
    nullable<number>({
      type: ['integer', 'null'],
      description: 'Id of the account that owns the asset; null = public, for administrators.',
    }),
  ),
  parent_asset_id: Type.Optional(
    nullable<number>({ type: ['integer', 'null'], description: 'Id of the asset above; null = top level. Trees have 100 levels at most.' }),
  ),
  description: Type.Optional(nullable<string>({ type: ['string', 'null'], description: 'Free text.' })),
  latitude: Type.Optional(nullable<number>({ type: ['number', 'null'], description: 'Degrees north, -90 to 90, 7 decimals at most.' })),
  longitude: Type.Optional(nullable<number>({ type: ['number', 'null'], description: 'Degrees east, -180 to 180, 7 decimals at most.' })),
  attributes: json('Anything else about the asset: an object'),
  flex_context: json('The site as schedulers see it (prices, capacities, inflexible devices): an object'),
  flex_model: json('The device as schedulers see it (state of charge, power, efficiency): an object'),
  sensors_to_show: json('Graphs of the asset: a list of {title, plots}, of sensor ids or of lists of them'),
  sensors_to_show_as_kpis: json('Figures of the asset: a list of {title, sensor, function: sum|min|max|mean}'),
  external_id: Type.Optional(
    nullable<string>({ type: ['string', 'null'], maxLength: 80, description: 'Id of the asset in another system; empty = none.' }),
  ),
}
export const NewAssetBody = Type.Object(fields, { additionalProperties: false })
export const AssetChangeBody = Type.Partial(NewAssetBody, { additionalProperties: false })

interface Body {
  name?: string
  generic_asset_type_id?: number
  account_id?: number | null
  parent_asset_id?: number | null
  description?: string | null
  latitude?: number | null
  longitude?: number | null
  external_id?: string | null
  [field: string]: unknown
}

const OBJECTS = { attributes: 'attributes', flex_context: 'flexContext', flex_model: 'flexModel' } as const
const LISTS = { sensors_to_show: 'sensorsToShow', sensors_to_show_as_kpis: 'kpis' } as const

/**
 * The fields of a body, checked. `before` is the asset that changes; absent for a new one.
 * @throws the 422 that names every wrong field
 */
export async function readAssetBody(rooms: Rooms, who: Principal, given: unknown, before?: Asset): Promise<AssetFields> {
  const errors = findErrors(before ? AssetChangeBody : NewAssetBody, given, false) ?? {}
  if (errors['_schema'] !== undefined) throw invalid('json', errors)
  const body = (given ?? {}) as Body
  const fine = (field: string) => body[field] !== undefined && errors[field] === undefined
  const read: AssetFields = {}
  readJson(body, read, errors)
  for (const [field, most] of [
    ['latitude', 90],
    ['longitude', 180],
  ] as const) {
    const value = body[field]
    if (!fine(field)) continue
    const bound = typeof value === 'number' && Math.abs(value) > most ? `${value > 0 ? 'maximum' : 'minimum'} ${field} of` : undefined
    if (bound) add(errors, [field], `${capital(field)} ${value} exceeds the ${bound} ${Number(value) > 0 ? most : -most} degrees.`)
    else if (typeof value === 'number' && Number(value.toFixed(7)) !== value)
      add(errors, [field], 'Latitudes and longitudes are limited to 7 decimal places.')
    else read[field] = value as number | null
  }
  if (fine('name')) read.name = body.name!
  if (fine('description')) read.description = body.description as string | null
  // An empty one is none.
  if (fine('external_id')) read.externalId = (body.external_id as string | null)?.trim() ? (body.external_id as string) : null
  if (fine('generic_asset_type_id')) {
    const types = await rooms.assets.types()
    if (types.some((type) => type.id === body.generic_asset_type_id)) read.type = body.generic_asset_type_id!
    else add(errors, ['generic_asset_type_id'], `GenericAssetType with id ${body.generic_asset_type_id} doesn't exist.`)
  }
  const parent = fine('parent_asset_id') ? await readParent(rooms, who, body.parent_asset_id!, before, errors) : undefined
  if (fine('parent_asset_id') && errors['parent_asset_id'] === undefined) read.parent = body.parent_asset_id!
  await readOwner(rooms, who, body, fine('account_id'), parent, before, read, errors)
  await refuseTakenName(rooms, read, before, errors)
  await refuseTakenExternalId(rooms, read, before, errors)
  await refuseUnknownSensors(rooms, who, read, before, errors)
  if (Object.keys(errors).length > 0) throw invalid('json', errors)
  if (before) await refuseStoredFlex(rooms, read, before)
  return read
}

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1)

function readJson(body: Body, read: AssetFields, errors: FieldErrors): void {
  const parsed = (field: string): unknown => {
    try {
      const value = jsonOf(body[field])
      if (value !== null) return value
      add(errors, [field], 'Field may not be null.')
    } catch {
      add(errors, [field], 'Not a valid JSON string.')
    }
    return undefined
  }
  for (const [field, key] of Object.entries(OBJECTS)) {
    if (body[field] === undefined) continue
    const value = parsed(field)
    if (value === undefined) continue
    if (typeof value !== 'object' || Array.isArray(value)) add(errors, [field], 'Not a valid mapping type.')
    else read[key] = value as Record<string, unknown>
  }
  for (const [field, key] of Object.entries(LISTS)) {
    if (body[field] === undefined) continue
    const value = parsed(field)
    if (value === undefined) continue
    if (!Array.isArray(value)) add(errors, [field], `${field} should be a list.`)
    else {
      const fault = field === 'sensors_to_show' ? faultInGraphs(value) : faultInKpis(value)
      if (fault) add(errors, [field], fault)
      else read[key] = value
    }
  }
  const legacy = read.attributes?.['sensors_to_show']
  const fault = Array.isArray(legacy) ? faultInGraphs(legacy) : undefined
  if (fault) add(errors, ['attributes'], fault)
}

/** The parent that is asked for: one that is there, of the same account, not below the asset, and not too deep. */
async function readParent(
  rooms: Rooms,
  who: Principal,
  id: number | null,
  before: Asset | undefined,
  errors: FieldErrors,
): Promise<Asset | undefined> {
  if (id === null) return undefined
  const refuse = (text: string) => void add(errors, ['parent_asset_id'], text)
  const parent = await rooms.assets.get(id)
  if (!parent || !permits(who, 'read', { kind: 'asset', account: parent.account, consultancy: parent.consultancy })) {
    refuse(`Parent GenericAsset with id ${id} doesn't exist.`)
    return undefined
  }
  const above = await rooms.assets.lineage(id)
  if (before) {
    if (above.includes(before.id)) refuse('An asset cannot be its own parent or the child of its own offspring.')
    else if (parent.account !== before.account && before.account !== null && parent.id !== before.parent)
      refuse('Parent asset must belong to the same account as the child asset.')
  }
  const below = before ? await rooms.assets.height(before.id) : 1
  if (above.length + below > DEEPEST && errors['parent_asset_id'] === undefined) refuse(TOO_DEEP)
  return parent
}

/** @throws 422 when the tree of `asset`, put under `parent`, would be too deep */
export async function demandDepth({ assets }: Rooms, parent: number | null, asset: number): Promise<void> {
  if (parent === null) return
  if ((await assets.lineage(parent)).length + (await assets.height(asset)) > DEEPEST) throw invalid('json', TOO_DEEP)
}

async function readOwner(
  rooms: Rooms,
  who: Principal,
  body: Body,
  given: boolean,
  parent: Asset | undefined,
  before: Asset | undefined,
  read: AssetFields,
  errors: FieldErrors,
): Promise<void> {
  if (!given) {
    // An administrator who names no account makes a public asset; others make assets of their own account (or of the parent's).
    if (!before) read.account = parent ? parent.account : isAdmin(who) ? null : who.account
    return
  }
  const wanted = body.account_id!
  if (before && wanted === before.account) return
  if (before && !isAdmin(who)) return add(errors, ['account_id'], 'User is not allowed to create assets for this account.')
  if (wanted !== null && !(await rooms.accounts.get(wanted))) return add(errors, ['account_id'], `Account with Id ${wanted} doesn't exist.`)
  if (!isAdmin(who) && wanted !== who.account && !(wanted !== null && who.clients.includes(wanted)))
    return add(errors, ['account_id'], 'User is not allowed to create assets for this account.')
  read.account = wanted
}

async function refuseTakenName(rooms: Rooms, read: AssetFields, before: Asset | undefined, errors: FieldErrors): Promise<void> {
  const name = read.name ?? before?.name
  if (name === undefined || (before && read.name === undefined && read.parent === undefined && read.account === undefined)) return
  const parent = read.parent !== undefined ? read.parent : (before?.parent ?? null)
  const account = read.account !== undefined ? read.account : (before?.account ?? null)
  if ((await rooms.assets.namesake(name, { parent, account }, before?.id)) === undefined) return
  const where =
    parent !== null
      ? `under parent asset ${parent}`
      : account === null
        ? 'as a public top-level asset'
        : `as a top-level asset in account ${account}`
  add(errors, ['name'], `An asset with the name '${name}' already exists ${where}`)
}

async function refuseTakenExternalId(rooms: Rooms, read: AssetFields, before: Asset | undefined, errors: FieldErrors): Promise<void> {
  if (!read.externalId) return
  const account = read.account !== undefined ? read.account : (before?.account ?? null)
  const taken = await rooms.store.first(
    'select 1 from generic_asset where external_id = $1 and account_id is not distinct from $2::int and id <> $3',
    [read.externalId, account, before?.id ?? 0],
  )
  if (taken) add(errors, ['external_id'], `An asset with the external id '${read.externalId}' already exists.`)
}

/** Sensors that graphs, KPIs and flex-configuration name must be there, for the one who names them: new ones, as old ones were checked. */
async function refuseUnknownSensors(
  rooms: Rooms,
  who: Principal,
  read: AssetFields,
  before: Asset | undefined,
  errors: FieldErrors,
): Promise<void> {
  const legacy = read.attributes?.['sensors_to_show']
  const named: [string, number[], number[]][] = [
    ['attributes', Array.isArray(legacy) ? sensorsShown(legacy) : [], []],
    ['sensors_to_show', sensorsShown(read.sensorsToShow), sensorsShown(before?.sensorsToShow)],
    ['sensors_to_show_as_kpis', sensorsShown(read.kpis), sensorsShown(before?.kpis)],
    ['flex_context', sensorsInFlexConfig(read.flexContext), sensorsInFlexConfig(before?.flexContext)],
    ['flex_model', sensorsInFlexConfig(read.flexModel), sensorsInFlexConfig(before?.flexModel)],
  ]
  for (const [field, now, old] of named)
    for (const id of new Set(now.filter((id) => !old.includes(id)))) {
      const sensor = await rooms.sensors.get(id)
      const known = sensor && permits(who, 'read', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
      if (!known) add(errors, [field], `No sensor found with ID ${id}.`)
    }
}
