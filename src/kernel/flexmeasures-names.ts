/** Settings by the names of FlexMeasures (and of the Flask parts it is made of): what each is here. */
import type { Given } from './given.ts'
import { Problem } from './problem.ts'
import { type PythonValue, parsePython } from './python-settings.ts'

type Reading = (value: PythonValue) => unknown

/** Where a name goes and how its value is read; a path ending in `=` sets what the reading returns by key. */
interface Home {
  path: string
  read?: Reading
}

/** For ever, where FlexMeasures writes a negative length. */
const FOR_EVER = 'P36500D'

const length: Reading = (value) => {
  if (typeof value === 'string' && /^P/.test(value)) return value
  const milliseconds = typeof value === 'object' && value !== null && 'milliseconds' in value ? value.milliseconds : Number(value) * 1000
  if (!Number.isFinite(milliseconds)) return undefined
  return milliseconds < 0 ? FOR_EVER : `PT${milliseconds / 1000}S`
}
const text: Reading = (value) => (value === null || typeof value === 'object' ? undefined : String(value))
const words: Reading = (value) =>
  Array.isArray(value) ? value.map(String) : typeof value === 'string' ? value.split(',').map((word) => word.trim()) : undefined
const byName =
  (read: Reading): Reading =>
  (value) =>
    typeof value === 'object' && value !== null && 'pairs' in value
      ? Object.fromEntries(value.pairs.map(([key, item]) => [String(key), read(item)]))
      : undefined
/** A name, or the first of a list of names by host. */
const firstName: Reading = (value) => (Array.isArray(value) ? firstName(value[0] ?? null) : text(value))
/** A number of steps, or a length. None: no limit. */
const planningLimit: Reading = (value) =>
  value === null
    ? { maxPlanningSteps: 0 }
    : typeof value === 'number'
      ? { maxPlanningSteps: value }
      : { maxPlanningHorizon: length(value), maxPlanningSteps: 0 }
/** An address, or a name and an address. */
const sender: Reading = (value) => (Array.isArray(value) && value.length === 2 ? `${value[0]} <${value[1]}>` : text(value))
/** SQLAlchemy names the driver with the kind of database. */
const databaseUrl: Reading = (value) => (typeof value === 'string' ? value.replace(/^postgres(ql)?(\+\w+)?:/, 'postgres:') : undefined)
const rateKey: Reading = (value) => (typeof value === 'string' ? value.toLowerCase().replace(/\s/g, '') : undefined)
const whole: Reading = (value) => (typeof value === 'number' ? Math.floor(value) : text(value))
/** Paths as regular expressions: only `.*` and a star at the end mean anything here. */
const resources: Reading = (value) => {
  const names = typeof value === 'object' && value !== null && 'pairs' in value ? value.pairs.map(([key]) => key) : value
  const list = words(names) as string[] | undefined
  return list?.map((path) => path.replaceAll('.*', '*').replace(/^r(?=\/)|^\^|\$$/g, ''))
}

const HOMES: Record<string, Home> = {
  SQLALCHEMY_DATABASE_URI: { path: 'database.url', read: databaseUrl },
  SECRET_KEY: { path: 'security.passwordSalt' },
  SECURITY_PASSWORD_SALT: { path: 'security.passwordSalt' },
  SECURITY_TOKEN_AUTHENTICATION_HEADER: { path: 'security.tokenHeader' },
  SECURITY_TOKEN_MAX_AGE: { path: 'security.tokenLength', read: length },
  SECURITY_TWO_FACTOR: { path: 'security.twoFactor' },
  TRUSTED_HOSTS: { path: 'security.trustedHosts', read: words },
  FLEXMEASURES_TASK_CHECK_AUTH_TOKEN: { path: 'security.taskToken' },
  FLEXMEASURES_PLATFORM_NAME: { path: 'platform.name', read: firstName },
  FLEXMEASURES_TIMEZONE: { path: 'platform.timezone' },
  FLEXMEASURES_ALLOW_DATA_OVERWRITE: { path: 'ems.allowOverwrite' },
  FLEXMEASURES_MAX_SENSOR_DATA_INGESTION_BYTES: { path: 'server.ingestLimit', read: whole },
  FLEXMEASURES_DIALECT: { path: 'flexmeasures.dialect' },
  FLEXMEASURES_MODE: { path: 'flexmeasures.mode' },
  FLEXMEASURES_API_DEFAULT_RATE_LIMIT: { path: 'flexmeasures.rateLimit' },
  FLEXMEASURES_API_TRIGGER_RATE_LIMIT: { path: 'flexmeasures.triggerRateLimit' },
  FLEXMEASURES_API_RATE_LIMIT_KEY: { path: 'flexmeasures.rateLimitKey', read: rateKey },
  FLEXMEASURES_PLANNING_HORIZON: { path: 'flexmeasures.planningHorizon', read: length },
  FLEXMEASURES_MAX_PLANNING_HORIZON: { path: 'flexmeasures.=', read: planningLimit },
  FLEXMEASURES_PLANNING_TTL: { path: 'retention.jobs', read: length },
  FLEXMEASURES_JOB_CACHE_TTL: { path: 'flexmeasures.jobCacheTtl', read: length },
  FLEXMEASURES_DEFAULT_JOB_TIMEOUT: { path: 'flexmeasures.jobTimeout', read: length },
  FLEXMEASURES_JOB_TIMEOUT: { path: 'flexmeasures.jobTimeouts', read: byName(length) },
  FLEXMEASURES_API_SUNSET_ACTIVE: { path: 'flexmeasures.sunset.active' },
  FLEXMEASURES_API_SUNSET_DATE: { path: 'flexmeasures.sunset.date' },
  FLEXMEASURES_API_SUNSET_LINK: { path: 'flexmeasures.sunset.link' },
  FLEXMEASURES_DEFAULT_DATASOURCE: { path: 'flexmeasures.defaultDatasource' },
  FLEXMEASURES_HOSTS_AND_AUTH_START: { path: 'flexmeasures.hostsAndAuthStart', read: byName(text) },
  FLEXMEASURES_CREATE_TEMPLATE_ASSETS_ON_STARTUP: { path: 'flexmeasures.templateAssets' },
  CORS_RESOURCES: { path: 'flexmeasures.corsResources', read: resources },
  CORS_ORIGINS: { path: 'flexmeasures.corsOrigins', read: words },
  CORS_SUPPORTS_CREDENTIALS: { path: 'flexmeasures.corsCredentials' },
  MAIL_SERVER: { path: 'mail.server' },
  MAIL_PORT: { path: 'mail.port' },
  MAIL_USE_TLS: { path: 'mail.useTls' },
  MAIL_USE_SSL: { path: 'mail.useSsl' },
  MAIL_USERNAME: { path: 'mail.username' },
  MAIL_PASSWORD: { path: 'mail.password' },
  MAIL_DEFAULT_SENDER: { path: 'mail.sender', read: sender },
  FLEXMEASURES_MONITORING_MAIL_RECIPIENTS: { path: 'mail.monitoring', read: words },
}

/** Names that mean nothing here, with the reason. */
const NEEDLESS: [RegExp, string][] = [
  [/^FLEXMEASURES_REDIS_/, 'jobs and caches are in the database, no Redis is needed'],
  [/^FLEXMEASURES_JOB_TTL$/, 'all jobs are kept as long as schedules, see FLEXMEASURES_PLANNING_TTL'],
  [/^FLEXMEASURES_FALLBACK_REDIRECT$/, 'a schedule that cannot be has its best effort at once, there is no other one to be sent to'],
  [/^FLEXMEASURES_LP_SOLVER/, 'the solver is built in'],
  [/^FLEXMEASURES_(PLUGINS|PLUGIN_PATHS)$/, 'plugins of FlexMeasures are Python and do not run here'],
  [/^(FLEXMEASURES_SENTRY|SENTRY_|RQ_DASHBOARD|MAPBOX_|SECURITY_TOTP|SECURITY_PASSWORD_(HASH|SCHEMES)$)/, 'it has no counterpart here'],
  [/^FLEXMEASURES_ENV$/, 'FLEXMEASURES_MODE is what counts'],
]

/** Names that some other program may have set for itself; they count only beside one that is surely meant for FlexMeasures. */
const SHY = new Set(['SECRET_KEY', 'TRUSTED_HOSTS', 'CORS_RESOURCES', 'CORS_ORIGINS', 'CORS_SUPPORTS_CREDENTIALS'])
/** A name in this list sets the same key as one before it, and wins. */
const WEAKEST = ['SECRET_KEY']

/** True for names that are read from the environment even where nothing else speaks of FlexMeasures. */
export const isFlexMeasuresName = (name: string, env: Record<string, unknown>): boolean =>
  name.startsWith('FLEXMEASURES_') ||
  (HOMES[name] !== undefined &&
    (!SHY.has(name) || Object.keys(env).some((other) => /^(FLEXMEASURES_|SECURITY_PASSWORD_SALT$)/.test(other))))

export interface ForeignSetting {
  name: string
  value: PythonValue
  /** For people: the name, or file and line. */
  where: string
}

/**
 * What settings of FlexMeasures are here.
 * @throws Problem `config-invalid` when a value cannot be read
 */
export function fromFlexMeasures(settings: readonly ForeignSetting[]): { given: Given[]; notes: string[] } {
  const given: Given[] = []
  const notes: string[] = []
  const ordered = [...settings].sort((a, b) => Number(WEAKEST.includes(b.name)) - Number(WEAKEST.includes(a.name)))
  for (const { name, value, where } of ordered) {
    const home = HOMES[name]
    const needless = NEEDLESS.find(([form]) => form.test(name))
    if (!home) {
      if (needless) notes.push(`${where} is not needed: ${needless[1]}`)
      else {
        given.push({ path: ['partners', 'flexmeasures', name], value: typeof value === 'string' ? value : JSON.stringify(value), where })
        notes.push(`${where} has no home yet; it is kept in partners.flexmeasures`)
      }
      continue
    }
    // None: as if it were not there, unless the setting knows what to make of it.
    if (value === null && home.read !== planningLimit) continue
    const read = home.read ? home.read(value) : value
    const [section = '', key] = home.path.split('.=')
    if (read === undefined)
      throw new Problem('config-invalid', `${where}: the value of ${name} is not understood.`, {
        status: 422,
        hint: `It sets ${home.path.replace('.=', '')}; see docs/reference/configuration.md for what may stand there.`,
      })
    if (key === undefined) given.push({ path: section.split('.'), value: read, where })
    else
      for (const [part, item] of Object.entries(read as object))
        if (item !== undefined) given.push({ path: [...section.split('.'), part], value: item, where })
    notes.push(`${where} is taken as ${section}`)
  }
  return { given, notes }
}

/** A text of the environment as the value it stands for: what looks like a list, a dictionary, a number or a length is read as one. */
export function fromText(name: string, text: string): PythonValue {
  const structured = /^\s*(\[|\{|\(|(datetime\.)?timedelta\(|None\s*$)/.test(text)
  const numeric = HOMES[name]?.read !== undefined && /^\s*-?\d+(\.\d+)?\s*$/.test(text)
  return (structured || numeric ? parsePython(text.trim()) : undefined) ?? text
}

/** Every name that sets something, with what it sets: for the reference. */
export const flexMeasuresNames = (): { name: string; sets: string }[] =>
  Object.entries(HOMES).map(([name, { path }]) => ({ name, sets: path.replace('.=', '.maxPlanningSteps or maxPlanningHorizon') }))
