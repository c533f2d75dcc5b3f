/** Compares answers with those recorded from FlexMeasures, after masking what differs from run to run (../shared/data/flexmeasures/ORIGIN.md). */

export interface Probe {
  id: string
  as?: string
  method: string
  path: string
  query?: Record<string, unknown>
  json?: unknown
  raw?: string
  files?: { name: string; content: string; mime: string }[]
  form?: Record<string, string>
  headers?: Record<string, string>
  keep?: string
  poll?: boolean
  pick?: string[]
  answer: Answer
}

export interface Answer {
  status: number
  content_type: string
  headers: Record<string, string>
  body: unknown
}

type Json = Record<string, unknown>

const ID_KEYS = new Set(['id', 'user', 'account', 'asset', 'sensor', 'source', 'parent', 'sid'])
const COUNTS = new Set(['num-records', 'asset_count', 'user_count', 'total_records'])

/** Masks ids, run-time moments, uuids, hosts and the run's tag. `key` is the name of the field the value stands in. */
export function mask(value: unknown, tag: string, key = ''): unknown {
  if (Array.isArray(value)) return maskList(value, tag, key)
  if (typeof value === 'object' && value !== null) return maskObject(value as Json, tag, key)
  if (typeof value === 'string') return maskText(value, tag)
  return value
}

function maskObject(value: Json, tag: string, key: string): Json {
  const out: Json = {}
  for (const [name, item] of Object.entries(value)) {
    const isId = Number.isInteger(item) && (ID_KEYS.has(name) || (name.endsWith('_id') && !name.endsWith('type_id')))
    out[name.replace(/\(ID: \d+\)/, '(ID: <id>)')] =
      isId && key !== 'generic_asset_type' ? '<id>' : COUNTS.has(name) ? '<count>' : mask(item, tag, name)
  }
  return out
}

function maskList(value: unknown[], tag: string, key: string): unknown[] {
  let list = value
  const named = list.length > 0 && list.every((item) => typeof item === 'object' && item !== null && ('name' in item || 'email' in item))
  if (named && (key === 'sensors' || key === 'unsorted')) list = [...list].sort((a, b) => nameOf(a).localeCompare(nameOf(b)))
  if (list.length > 1 && list.every((item) => typeof item === 'object' && item !== null && 'start' in item && 'content' in item))
    list = list.slice(0, 1)
  return list.map((item) =>
    Number.isInteger(item) && (key === 'sensors' || key === 'flexmeasures_roles' || key === 'ids') ? '<id>' : mask(item, tag, key),
  )
}

const nameOf = (item: unknown): string => String((item as Json)['email'] ?? (item as Json)['name'])

const maskText = (text: string, tag: string): string =>
  text
    .replaceAll(tag, '<tag>')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/202[67]-(0[7-9]|1[0-2])-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)?/g, '<time>')
    .replace(/ea1\.\d{4}-\d\d\.[^\s"]*?:fm1\.\d+/g, '<entity address>')
    .replace(/https?:\/\/[^/\s"']+/g, '<host>')
    .replace(/((?:\bids?|sensor|asset|account|user|source|fm1)(?: \w*id\w*)?[ :='"]{1,4})(\d+)/gi, '$1<id>')
    .replace(/(')(: )(\d+)/g, '$1$2<id>')
    .replace(/(No \w+ found with \w+ )(\d+)/g, '$1<id>')
    .replace(/\/(sensors|assets|accounts|users|jobs)\/(\d+)/g, '/$1/<id>')

/** What differs, one line each: 'path: recorded -> got'. */
export function differences(was: unknown, is: unknown, path = ''): string[] {
  if (Array.isArray(was) && Array.isArray(is)) {
    if (was.length !== is.length) return [`${path}: ${was.length} items -> ${is.length}`]
    return was.flatMap((item, i) => differences(item, is[i], `${path}/${i}`))
  }
  if (isObject(was) && isObject(is)) {
    return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((key) =>
      !(key in is)
        ? [`${path}/${key}: missing`]
        : !(key in was)
          ? [`${path}/${key}: extra (${JSON.stringify(is[key])})`]
          : differences(was[key], is[key], `${path}/${key}`),
    )
  }
  if (typeof was === 'number' && typeof is === 'number')
    return Math.abs(was - is) <= 1e-6 * Math.max(1, Math.abs(was)) ? [] : [`${path}: ${was} -> ${is}`]
  if (typeof was === 'string' && typeof is === 'string' && was !== is && /^[[{]/.test(was)) {
    try {
      return differences(JSON.parse(was), JSON.parse(is), `${path}(json)`)
    } catch {}
  }
  return was === is ? [] : [`${path}: ${JSON.stringify(was)} -> ${JSON.stringify(is)}`]
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fills `{name}` with what earlier answers gave; a text that is only a name becomes the id itself. */
export function fill(value: unknown, ids: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, ids))
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, ids)]))
  if (typeof value !== 'string') return value
  const whole = /^\{(\w+)\}$/.exec(value)
  if (whole && whole[1]! in ids) return ids[whole[1]!]
  return value.replace(/\{(\w+)\}/g, (text, name: string) => (name in ids ? String(ids[name]) : text))
}
