/** What the audit log says of a changed asset or sensor, in the words FlexMeasures uses (reference 4.6 and Annex A.1). */
import type { Asset, AssetFields, Sensor } from '#ems'
import { formatClock, pythonText } from './format.ts'

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
}

/** One event per field that changes; attributes one by one and last. */
export function assetChanges(before: Asset, fields: AssetFields): string[] {
  const events: string[] = []
  const { attributes = {}, ...plain } = fields
  for (const [key, value] of Object.entries(plain)) {
    const known = NAMES[key as keyof AssetFields]
    if (known === undefined) continue
    const [name, read] = known
    const was = read(before)
    if (same(was, value)) continue
    if (key === 'sensorsToShow') events.push(`Updated ${name}:\n${numbered(graphChanges(was as unknown[], value as unknown[]))}`)
    else if (key === 'flexContext' || key === 'flexModel') events.push(`Updated ${name}:\n${numbered(nestedChanges(was, value, ''))}`)
    else events.push(`Updated: ${name}, From: ${pythonText(was)}, To: ${pythonText(value)}`)
  }
  for (const [name, value] of Object.entries(attributes))
    if (!same(before.attributes[name], value))
      events.push(`Updated Attr: ${name}, From: ${pythonText(before.attributes[name])}, To: ${pythonText(value)}`)
  return events
}

const SENSOR_FIELDS: [string, (sensor: Sensor) => string][] = [
  ['name', (sensor) => sensor.name],
  ['unit', (sensor) => sensor.unit],
  ['timezone', (sensor) => sensor.timezone],
  ['event_resolution', (sensor) => formatClock(sensor.resolution)],
  ['attributes', (sensor) => pythonText(sensor.attributes)],
]

/** The one event of a changed sensor, or undefined when nothing changed. */
export function sensorChange(before: Sensor, after: Sensor): string | undefined {
  const changed = SENSOR_FIELDS.map(([name, read]) => ({ name, was: read(before), is: read(after) })).filter(({ was, is }) => was !== is)
  if (changed.length === 0) return undefined
  const fields = changed.map(({ name, was, is }) => `Field name: ${name}, Old value: ${was}, New value: ${is}`)
  return `Updated sensor '${before.name}': ${before.id}. Updated fields: ${fields.join('; ')}`
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

const numbered = (changes: string[]): string =>
  changes.length === 0 ? 'No changes' : changes.map((change, i) => `${i + 1}. ${change}`).join('\n')

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What was added, changed and removed inside nested mappings and lists; places like `soc-usage[1].sensor`. */
function nestedChanges(was: unknown, is: unknown, place: string): string[] {
  if (isObject(was) && isObject(is)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()
    return keys.flatMap((key) => itemChange(was, is, key, place === '' ? key : `${place}.${key}`))
  }
  if (Array.isArray(was) && Array.isArray(is)) {
    const keys = [...(was.length > is.length ? was : is).keys()].map(String)
    return keys.flatMap((key) => itemChange({ ...was }, { ...is }, key, `${place}[${key}]`))
  }
  return same(was, is) ? [] : [`Changed ${place}: ${pythonText(was)} → ${pythonText(is)}`]
}

function itemChange(was: Json, is: Json, key: string, place: string): string[] {
  if (!(key in was)) return [`Added ${place}: ${pythonText(is[key])}`]
  if (!(key in is)) return [`Removed ${place} (was: ${pythonText(was[key])})`]
  return nestedChanges(was[key], is[key], place)
}

/** Graphs by their place in the list: added, removed, or what changed in them. */
function graphChanges(was: unknown[], is: unknown[]): string[] {
  return [...(was.length > is.length ? was : is).keys()].flatMap((i) => {
    if (i >= was.length) return [`Added graph ${i + 1}: ${graphLabel(is[i])}`]
    if (i >= is.length) return [`Removed graph ${i + 1}: ${graphLabel(was[i])}`]
    const changes = graphChange(was[i], is[i])
    return changes.length === 0 ? [] : [`Changed graph ${i + 1} (${titleOf(was[i]) ?? 'Untitled'}): ${changes.join('; ')}`]
  })
}

function graphChange(was: unknown, is: unknown): string[] {
  const [before, after] = [titleOf(was) ?? 'Untitled', titleOf(is) ?? 'Untitled']
  const changes = before === after ? [] : [`title: "${before}" → "${after}"`]
  const [old, now] = [plotsOf(was), plotsOf(is)]
  for (const i of (old.length > now.length ? old : now).keys()) {
    if (i >= old.length) changes.push(`added plot ${i + 1}: ${JSON.stringify(now[i])}`)
    else if (i >= now.length) changes.push(`removed plot ${i + 1}: ${JSON.stringify(old[i])}`)
    else changes.push(...plotChanges(old[i]!, now[i]!, i + 1))
  }
  return changes
}

function plotChanges(was: Json, is: Json, number: number): string[] {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort().filter((key) => !same(was[key], is[key]))
  return keys.map((key) => {
    if (was[key] === undefined) return `plot ${number}: set ${key} to "${pythonText(is[key])}"`
    if (is[key] === undefined) return `plot ${number}: removed ${key}`
    return `plot ${number}: ${key} "${pythonText(was[key])}" → "${pythonText(is[key])}"`
  })
}

const titleOf = (graph: unknown): string | undefined =>
  isObject(graph) && typeof graph['title'] === 'string' && graph['title'] !== '' ? graph['title'] : undefined

/** The plots of a graph, also of the older forms: a sensor, a list of them, an entry that names them itself. */
function plotsOf(graph: unknown): Json[] {
  if (typeof graph === 'number') return [{ sensor: graph }]
  if (Array.isArray(graph)) return [{ sensors: graph }]
  if (!isObject(graph)) return []
  if (Array.isArray(graph['plots'])) return graph['plots'].filter(isObject)
  if (graph['sensor'] !== undefined) return [{ sensor: graph['sensor'] }]
  return graph['sensors'] === undefined ? [] : [{ sensors: graph['sensors'] }]
}

function graphLabel(graph: unknown): string {
  const plots = plotsOf(graph)
  const sensors = plots.flatMap(({ sensor, sensors }) => [sensor ?? [], sensors ?? []].flat())
  const fields = plots.flatMap(({ asset, ...plot }) =>
    ['flex-context', 'flex-model'].filter((key) => key in plot).map((key) => `asset ${String(asset)}, ${key}: ${String(plot[key])}`),
  )
  const parts = [
    ...(sensors.length > 0 ? [`sensors [${sensors.join(', ')}]`] : []),
    ...(fields.length > 0 ? [`refs [${fields.join('; ')}]`] : []),
  ]
  return `"${titleOf(graph) ?? 'Untitled graph'}" (${parts.length > 0 ? parts.join(', ') : 'no sensors'})`
}
