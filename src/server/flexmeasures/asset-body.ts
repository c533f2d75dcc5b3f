/** Reads the body of a new or changed asset: fields that are JSON in strings, place in the tree, owner, names that are taken. */
import { Type } from 'typebox'
import { type Asset, type AssetFields, isAdmin, type Principal, permits } from '#ems'
import type { Rooms } from '../rooms.ts'
import { type FieldErrors, invalid } from './envelope.ts'
import { jsonOf } from './format.ts'
import { add, findErrors } from './validate.ts'

const nullable = <T>(schema: object) => Type.Unsafe<T | null>(schema)
const fields = {
  name: Type.String({ minLength: 1, maxLength: 80 }),
  generic_asset_type_id: Type.Integer(),
  account_id: Type.Optional(nullable<number>({ type: ['integer', 'null'] })),
  parent_asset_id: Type.Optional(nullable<number>({ type: ['integer', 'null'] })),
  description: Type.Optional(nullable<string>({ type: ['string', 'null'] })),
  latitude: Type.Optional(nullable<number>({ type: ['number', 'null'] })),
  longitude: Type.Optional(nullable<number>({ type: ['number', 'null'] })),
  attributes: Type.Optional(Type.Unknown({ description: 'Object, or JSON in a string.' })),
  flex_context: Type.Optional(Type.Unknown({ description: 'Object, or JSON in a string.' })),
  flex_model: Type.Optional(Type.Unknown({ description: 'Object, or JSON in a string.' })),
  sensors_to_show: Type.Optional(Type.Unknown({ description: 'List, or JSON in a string.' })),
  sensors_to_show_as_kpis: Type.Optional(Type.Unknown({ description: 'List, or JSON in a string.' })),
  external_id: Type.Optional(nullable<string>({ type: ['string', 'null'], maxLength: 80 })),
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
    if (typeof value === 'number' && Math.abs(value) > most)
      add(
        errors,
        [field],
        `${capital(field)} ${value} exceeds the ${value > 0 ? 'maximum' : 'minimum'} ${field} of ${value > 0 ? '' : '-'}${most} deg.`,
      )
    else read[field] = value as number | null
  }
  if (fine('name')) read.name = body.name!
  if (fine('description')) read.description = body.description as string | null
  if (fine('external_id')) read.externalId = body.external_id as string | null
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
  await refuseUnknownSensors(rooms, read, errors)
  if (Object.keys(errors).length > 0) throw invalid('json', errors)
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
    else read[key] = value
  }
}

async function readParent(
  rooms: Rooms,
  who: Principal,
  id: number | null,
  before: Asset | undefined,
  errors: FieldErrors,
): Promise<Asset | undefined> {
  if (id === null) return undefined
  const parent = await rooms.assets.get(id)
  if (!parent || !permits(who, 'read', { kind: 'asset', account: parent.account, consultancy: parent.consultancy })) {
    add(errors, ['parent_asset_id'], `Parent GenericAsset with id ${id} doesn't exist.`)
    return undefined
  }
  if (before) {
    for (let at: Asset | undefined = parent; at; at = at.parent === null ? undefined : await rooms.assets.get(at.parent))
      if (at.id === before.id) {
        add(errors, ['parent_asset_id'], 'An asset cannot be its own parent or the child of its own offspring.')
        return undefined
      }
  }
  return parent
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

/** Numbers of sensors inside `sensors_to_show` must be sensors: lists of ids, or entries with `sensor`, `sensors` or `plots`. */
async function refuseUnknownSensors(rooms: Rooms, read: AssetFields, errors: FieldErrors): Promise<void> {
  const legacy = read.attributes?.['sensors_to_show']
  const shown = read.sensorsToShow ?? (Array.isArray(legacy) ? legacy : [])
  const field = read.sensorsToShow ? 'sensors_to_show' : 'attributes'
  for (const id of sensorIds(shown)) if (!(await rooms.sensors.get(id))) return add(errors, [field], `No sensor found with ID ${id}.`)
}

function sensorIds(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  if (Array.isArray(value)) return value.flatMap(sensorIds)
  if (typeof value !== 'object' || value === null) return []
  const entry = value as Record<string, unknown>
  return [...sensorIds(entry['sensor']), ...sensorIds(entry['sensors']), ...sensorIds(entry['plots'])]
}
