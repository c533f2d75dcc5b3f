/** The configuration in force: defaults, then the settings file of a FlexMeasures, then our file, then the environment, then the command line; each value knows where it came from. */
import { existsSync } from 'node:fs'
import { checkConfig } from './config-check.ts'
import { type ConfigFile, escapeKey, readConfigFile, readText } from './config-file.ts'
import {
  type Config,
  ConfigSchema,
  type FlexMeasuresSettings,
  type MailSettings,
  type SchemaNode,
  type SecuritySettings,
} from './config-schema.ts'
import { coerce, fromEnvironment, fromFlags, schemaAt } from './config-source.ts'
import { parseDurationLength } from './duration.ts'
import { fromFlexMeasures } from './flexmeasures-names.ts'
import type { Given } from './given.ts'
import { readPythonSettings } from './python-settings.ts'

export interface ConfigInput {
  /** Path of the file; without it CARIFLEX_CONFIG, else `./cariflex.yaml` when there is one. */
  file?: string
  env?: Record<string, string | undefined>
  /** Options of the command line: port, host, data, database-url, log-level, set, …; others are passed over. */
  args?: Record<string, unknown>
}

export interface LoadedConfig {
  config: Config
  /** The file that was read. */
  file: string | undefined
  /** Where a setting came from: `originOf('server.port')` → 'CARIFLEX_PORT', 'cariflex.yaml:3:5', '--port' or 'default'. */
  originOf(path: string): string
  /** What names of other products became, one sentence each, for the log. */
  notes: string[]
}

const SCHEMA: SchemaNode = ConfigSchema as object
const DEFAULT_FILE = 'cariflex.yaml'
const FLEXMEASURES_FILE = 'flexmeasures.cfg'

/**
 * Loads the configuration.
 *
 *     const { config } = loadConfig({ env: process.env, args: { port: '8080' } })
 *     config.server.port // 8080
 *
 * @throws Problem `config-unreadable`, `config-invalid` (every fault with its place and, for unknown keys, what may have been meant)
 */
export function loadConfig({ file, env = {}, args = {} }: ConfigInput = {}): LoadedConfig {
  const path = file ?? env['CARIFLEX_CONFIG'] ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined)
  const read = path === undefined ? undefined : readConfigFile(path, env)
  const flexMeasures = readFlexMeasuresFile(args, env)
  const { given, notes } = fromEnvironment(env, SCHEMA)
  const origins = new Map<string, string>()
  const values = fileValues(read, origins)
  // What cariflex.yaml says itself is meant more than what a FlexMeasures left behind.
  const inherited = flexMeasures.given.filter(({ path: keys }) => !origins.has(pointerOf(keys)))
  for (const { path: keys, value, where } of [...inherited, ...given, ...fromFlags(args, SCHEMA)]) {
    put(values, keys, coerce(value, schemaAt(keys, SCHEMA)))
    origins.set(pointerOf(keys), where)
  }
  const whole = withDefaults(values, SCHEMA)
  checkConfig(whole, (pointer) => originAt(pointer, origins))
  return {
    config: inMilliseconds(whole, SCHEMA) as Config,
    file: path,
    originOf: (key) => originAt(pointerOf(key.split('.')), origins) ?? 'default',
    notes: [...flexMeasures.notes, ...notes],
  }
}

/** The settings file of a FlexMeasures: --flexmeasures-config, FLEXMEASURES_CONFIG, or `./flexmeasures.cfg` when there is one. It is data, never run. */
function readFlexMeasuresFile(args: Record<string, unknown>, env: Record<string, string | undefined>): { given: Given[]; notes: string[] } {
  const named = args['flexmeasures-config'] ?? env['FLEXMEASURES_CONFIG']
  const path = named !== undefined ? String(named) : existsSync(FLEXMEASURES_FILE) ? FLEXMEASURES_FILE : undefined
  if (path === undefined) return { given: [], notes: [] }
  const { values, unread } = readPythonSettings(readText(path, path))
  const settings = [...values].map(([name, { value, line }]) => ({ name, value, where: `${name} (${path}:${line})` }))
  const { given, notes } = fromFlexMeasures(settings)
  return { given, notes: [...notes, ...unread.map(({ line, text }) => `${path}:${line} is no plain setting and was passed over: ${text}`)] }
}

/** Every setting by its path with value and origin, secrets hidden: for `config show`. */
export function listConfig({ config, originOf }: LoadedConfig): { path: string; value: unknown; origin: string }[] {
  const rows: { path: string; value: unknown; origin: string }[] = []
  const walk = (value: unknown, path: string[]) => {
    if (path[0] !== 'territory' && value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 0)
      for (const [key, item] of Object.entries(value)) walk(item, [...path, key])
    else rows.push({ path: path.join('.'), value: hide(value, path), origin: originOf(path.join('.')) })
  }
  walk(config, [])
  return rows
}

const hide = (value: unknown, path: string[]): unknown => {
  const name = path.at(-1) ?? ''
  if (/password|secret|salt|token(?!Header|Length)|api_?key/i.test(name)) return '[redacted]'
  return typeof value === 'string' ? value.replace(/(\w+:\/\/[^\s:/@]+:)[^\s@/]+@/g, '$1[redacted]@') : value
}

const pointerOf = (keys: readonly string[]): string => keys.map((key) => `/${escapeKey(key)}`).join('')

/** The origin of a setting, or of what it is part of. */
function originAt(pointer: string, origins: Map<string, string>): string | undefined {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const origin = origins.get(at)
    if (origin !== undefined || at === '') return origin
  }
}

function fileValues(file: ConfigFile | undefined, origins: Map<string, string>): Record<string, unknown> {
  if (!file) return {}
  origins.set('', `${file.path}:1:1`)
  for (const [pointer, { line, column }] of file.spots) origins.set(pointer, `${file.path}:${line}:${column}`)
  const mend = (value: unknown, path: string[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => mend(item, [...path, String(index)]))
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mend(item, [...path, key])]))
    return file.texts.has(pointerOf(path)) ? coerce(value, schemaAt(path, SCHEMA)) : value
  }
  return mend(file.value, []) as Record<string, unknown>
}

function put(values: Record<string, unknown>, keys: string[], value: unknown): void {
  const [last = ''] = keys.slice(-1)
  let at = values
  for (const key of keys.slice(0, -1)) {
    const below = at[key]
    at[key] = typeof below === 'object' && below !== null && !Array.isArray(below) ? below : {}
    at = at[key] as Record<string, unknown>
  }
  at[last] = value
}

/** A copy with the defaults of the schema where nothing was said; what is of the wrong kind stays for the check to find. */
function withDefaults(value: unknown, schema: SchemaNode): unknown {
  const start = value === undefined ? structuredClone(schema.default) : value
  if (typeof start !== 'object' || start === null || Array.isArray(start)) return start
  if (!schema.properties) {
    const [each] = Object.values(schema.patternProperties ?? {})
    return each ? Object.fromEntries(Object.entries(start).map(([key, item]) => [key, withDefaults(item, each)])) : start
  }
  const known = Object.entries(schema.properties).flatMap(([key, part]) => {
    const item = withDefaults((start as Record<string, unknown>)[key], part)
    return item === undefined ? [] : [[key, item] as const]
  })
  return { ...start, ...Object.fromEntries(known) }
}

function inMilliseconds(value: unknown, schema: SchemaNode): unknown {
  if (schema.format === 'duration') return parseDurationLength(String(value))
  if (!schema.properties && !schema.patternProperties) return value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const part = schemaAt([key], schema)
      return [key, part ? inMilliseconds(item, part) : item]
    }),
  )
}

const sectionDefaults = (name: string): unknown => {
  const section = SCHEMA.properties?.[name] ?? {}
  return inMilliseconds(withDefaults({}, section), section)
}

/** What holds where nothing was configured. */
export const FLEXMEASURES_DEFAULTS = sectionDefaults('flexmeasures') as FlexMeasuresSettings
export const SECURITY_DEFAULTS = sectionDefaults('security') as SecuritySettings
export const MAIL_DEFAULTS = sectionDefaults('mail') as MailSettings
