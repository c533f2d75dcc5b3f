/** The options that name settings, and the configuration that a verb was given by them. */
import { type LoadedConfig, loadConfig } from '#kernel'
import type { Invocation } from './verb.ts'

/** Every verb that reads the configuration takes these. */
export const CONFIG_OPTIONS = {
  config: { type: 'string' },
  data: { type: 'string' },
  'database-url': { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'log-level': { type: 'string' },
  'flexmeasures-config': { type: 'string' },
  set: { type: 'string', multiple: true },
} as const

export const CONFIG_WORDS = {
  config: 'configuration file, default ./cariflex.yaml',
  data: 'data folder, default ./data',
  'database-url': 'your own PostgreSQL instead of the embedded one',
  host: 'address to listen on, default 127.0.0.1',
  port: 'port to listen on, default 5000',
  'log-level': 'debug, info, warn, error or silent',
  'flexmeasures-config': 'settings file of a FlexMeasures, read as data; default ./flexmeasures.cfg when there is one',
  set: 'any other setting, as section.key=value',
}

/** Those of a verb that only needs the database. */
export const DATABASE_OPTIONS = {
  config: CONFIG_OPTIONS.config,
  data: CONFIG_OPTIONS.data,
  'database-url': CONFIG_OPTIONS['database-url'],
  'flexmeasures-config': CONFIG_OPTIONS['flexmeasures-config'],
} as const

export const DATABASE_WORDS = {
  config: CONFIG_WORDS.config,
  data: CONFIG_WORDS.data,
  'database-url': CONFIG_WORDS['database-url'],
  'flexmeasures-config': CONFIG_WORDS['flexmeasures-config'],
}

/** @throws Problem `config-unreadable`, `config-invalid` */
export const configOf = ({ options, env }: Pick<Invocation, 'options' | 'env'>): LoadedConfig =>
  loadConfig({ ...(options['config'] !== undefined && { file: String(options['config']) }), env, args: options })
