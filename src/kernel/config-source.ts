/** Where settings come from besides the file: environment, command line, and the names of other products. */
import type { SchemaNode } from './config-schema.ts'
import { type ForeignSetting, fromFlexMeasures, fromText, isFlexMeasuresName } from './flexmeasures-names.ts'
import type { Given } from './given.ts'
import { nearest } from './nearest.ts'
import { Problem } from './problem.ts'

/** Short names of the environment, and what they set. A name further down wins over one further up. */
const SHORT: Record<string, string> = {
  PORT: 'server.port',
  DATABASE_URL: 'database.url',
  CARIFLEX_PORT: 'server.port',
  CARIFLEX_HOST: 'server.host',
  CARIFLEX_PUBLIC_URL: 'server.publicUrl',
  CARIFLEX_DATABASE_URL: 'database.url',
  CARIFLEX_DATA: 'database.folder',
  CARIFLEX_ADMIN_EMAIL: 'admin.email',
  CARIFLEX_ADMIN_PASSWORD: 'admin.password',
  CARIFLEX_SECRET_KEY: 'security.secretKey',
  CARIFLEX_LOG_LEVEL: 'log.level',
  CARIFLEX_LOG_FORMAT: 'log.format',
}

const PARTNERS = { OCPI_: 'ocpi', GIREVE_: 'gireve' } as const

/** Command-line options that set something; others are the verb's own. */
const FLAGS: Record<string, string> = {
  port: 'server.port',
  host: 'server.host',
  data: 'database.folder',
  'database-url': 'database.url',
  'log-level': 'log.level',
  'log-format': 'log.format',
  simulation: 'simulation.enabled',
}

/**
 * Settings of the environment, weakest first: names of other products, then generic `CARIFLEX_SERVER__PORT`, then short names. `notes`
 * says what foreign names became.
 * @throws Problem `config-invalid` on a generic name that means nothing
 */
export function fromEnvironment(env: Record<string, string | undefined>, schema: SchemaNode): { given: Given[]; notes: string[] } {
  const partners: Given[] = []
  const notes: string[] = []
  const generic: Given[] = []
  const flexMeasures: ForeignSetting[] = []
  for (const [name, text] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (text === undefined || text === '') continue
    const partner = Object.entries(PARTNERS).find(([prefix]) => name.startsWith(prefix))
    if (isFlexMeasuresName(name, env)) flexMeasures.push({ name, value: fromText(name, text), where: name })
    else if (partner) {
      partners.push({ path: ['partners', partner[1], name], value: text, where: name })
      notes.push(`${name} has no home yet; it is kept in partners.${partner[1]}`)
    } else if (name.startsWith('CARIFLEX_') && name.includes('__'))
      generic.push({ path: pathOf(name.slice('CARIFLEX_'.length).split('__'), schema, name), value: text, where: name })
  }
  const foreign = fromFlexMeasures(flexMeasures)
  const short = Object.entries(SHORT).flatMap(([name, path]) =>
    env[name] ? [{ path: path.split('.'), value: env[name], where: name }] : [],
  )
  return { given: [...foreign.given, ...partners, ...generic, ...short], notes: [...foreign.notes, ...notes] }
}

/** Settings of the command line; `set` takes `section.key=value`, once or several times. */
export function fromFlags(args: Record<string, unknown>, schema: SchemaNode): Given[] {
  const named = Object.entries(FLAGS).flatMap(([flag, path]) => {
    const value = args[flag]
    return value === undefined ? [] : [{ path: path.split('.'), value, where: `--${flag}` }]
  })
  const set = args['set'] === undefined ? [] : [args['set']].flat()
  const free = set.map((text) => {
    const [key = '', ...rest] = String(text).split('=')
    if (rest.length === 0)
      throw new Problem('config-invalid', `--set ${text}: there is no value.`, { hint: "Write it like '--set ems.horizon=PT48H'." })
    return { path: pathOf(key.split('.'), schema, `--set ${key}`), value: rest.join('='), where: `--set ${key}` }
  })
  return [...named, ...free]
}

/** What a text of the environment or the command line is for this setting: a number, a flag, a list, or the text. */
export function coerce(value: unknown, schema: SchemaNode | undefined): unknown {
  if (typeof value !== 'string' || !schema) return value
  const kind = schema.type ?? (schema.enum?.every((item) => typeof item === 'number') ? 'number' : undefined)
  if ((kind === 'integer' || kind === 'number') && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value)
  if (kind === 'boolean' && /^(true|yes|on|1)$/i.test(value)) return true
  if (kind === 'boolean' && /^(false|no|off|0)$/i.test(value)) return false
  if (kind === 'array')
    return (value.startsWith('[') ? parseJson(value) : value.split(',').map((item) => coerce(item.trim(), schema.items))) ?? value
  if (kind === 'object' && value.startsWith('{')) return parseJson(value) ?? value
  return value
}

/** The schema below a path; undefined where everything is allowed or nothing is known. */
export function schemaAt(path: readonly string[], schema: SchemaNode): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((at, key) => {
    const extra = typeof at?.additionalProperties === 'object' ? at.additionalProperties : undefined
    return at?.properties?.[key] ?? (at?.type === 'array' ? at.items : undefined) ?? Object.values(at?.patternProperties ?? {})[0] ?? extra
  }, schema)
}

/** `BODY_LIMIT`, `bodylimit` and `bodyLimit` are the same key. */
function pathOf(words: string[], schema: SchemaNode, where: string): string[] {
  const path: string[] = []
  for (const word of words) {
    const known = Object.keys(schemaAt(path, schema)?.properties ?? {})
    const plain = word.replaceAll('_', '').toLowerCase()
    const key = known.find((candidate) => candidate.toLowerCase() === plain) ?? (known.length === 0 ? word : undefined)
    if (key === undefined) {
      const meant = nearest(plain, known)
      throw new Problem('config-invalid', `${where}: there is no setting '${word}'${path.length > 0 ? ` in ${path.join('.')}` : ''}.`, {
        hint: meant ? `Did you mean '${meant}'?` : `Known: ${known.join(', ')}.`,
      })
    }
    path.push(key)
  }
  return path
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
