import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { adoptDatabase, type Survey, surveyDatabase } from '#ems'
import { formatInstant, type LoadedConfig, listConfig, Problem } from '#kernel'
import { type BackupResult, backup, openStore } from '#store'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { clock, logOf } from '../settings.ts'
import { table } from '../terminal.ts'
import type { Invocation, Verb } from '../verb.ts'

export const adopt: Verb = {
  name: 'adopt',
  summary:
    'Takes over an existing FlexMeasures database where it stands: looks at it, says what it will do, and with --yes backs it up, adds the schema cariflex beside the FlexMeasures tables and verifies that those are as before. FlexMeasures can be started on it again.',
  usage: '--database URL [--yes] [--backup FILE | --no-backup] [--json]',
  example: 'cariflex adopt --database postgres://flexmeasures:secret@127.0.0.1:5432/flexmeasures --yes',
  options: {
    database: { type: 'string' },
    yes: { type: 'boolean' },
    backup: { type: 'string' },
    'no-backup': { type: 'boolean' },
    ...DATABASE_OPTIONS,
  },
  explain: {
    database: 'address of the FlexMeasures database, default DATABASE_URL',
    yes: 'do it; without it nothing is changed',
    backup: 'where to write the backup, default a new file in the data folder',
    'no-backup': 'write none (you have one)',
    ...DATABASE_WORDS,
  },
  async run(invocation) {
    const { options, show, say } = invocation
    const loaded = configOf(invocation)
    const url = options['database'] === undefined ? loaded.config.database.url : String(options['database'])
    if (url === undefined)
      throw new Problem('usage', 'Say which database with --database.', { hint: 'cariflex adopt --help shows an example.' })
    const store = openStore({ url, clock, log: logOf({ ...loaded.config, log: { level: 'warn', format: 'auto' } }, false), connections: 2 })
    try {
      say('Looking at the database ...')
      const survey = await surveyDatabase(store)
      const to = options['no-backup'] ? undefined : backupFile(invocation, loaded)
      if (!options['yes']) {
        show({ adopted: false, survey, would: { backup: to ?? null, apply: survey.pending } }, () =>
          [
            described(survey),
            '',
            ...cautions(survey, loaded),
            planned(survey, to),
            'Nothing was changed. Run it again with --yes to do it.',
          ].join('\n'),
        )
        return undefined
      }
      for (const caution of cautions(survey, loaded)) say(caution)
      const made = to === undefined || survey.pending.length === 0 ? undefined : await backedUp(to, store, loaded, invocation)
      const adoption = await adoptDatabase(store, survey)
      const next = `DATABASE_URL=${withoutPassword(url)} npm start`
      show({ adopted: true, survey, backup: made ?? null, ...adoption, next }, () =>
        [
          described(survey),
          '',
          ...(made ? [`Backup: ${made.file} (${made.rows} rows, SHA-256 ${made.sha256})`] : []),
          adoption.applied.length === 0
            ? 'Nothing to do: it was adopted before and is up to date.'
            : `Added schema cariflex (${adoption.applied.length} migrations). The FlexMeasures tables are as before: same columns, indexes, keys and rows.`,
          ...adoption.filled.map((name) => `${name} was empty and got the rows that FlexMeasures starts with.`),
          `Next: ${next}`,
        ].join('\n'),
      )
    } finally {
      await store.close()
    }
    return undefined
  },
}

function backupFile({ options }: Invocation, { config }: LoadedConfig): string {
  const name = `flexmeasures-${formatInstant(clock.now()).slice(0, 19).replace(/\D/g, '')}.cariflex`
  const to = resolve(options['backup'] === undefined ? join(config.database.folder, name) : String(options['backup']))
  if (existsSync(to)) throw new Problem('file-exists', `${to} exists already.`, { hint: 'Give another name with --backup.' })
  return to
}

async function backedUp(
  to: string,
  store: Parameters<typeof backup>[0]['store'],
  loaded: LoadedConfig,
  { progress, say }: Invocation,
): Promise<BackupResult> {
  mkdirSync(dirname(to), { recursive: true })
  const made = await backup({
    store,
    clock,
    to,
    config: Object.fromEntries(listConfig(loaded).map(({ path, value }) => [path, value])),
    progress: ({ stage, done, total }) => progress(stage, done, total),
  })
  if (made.left.length > 0) say(`Not in the backup, because no program known here made them: ${made.left.join(', ')}. pg_dump keeps them.`)
  return made
}

const TOLD = ['account', 'fm_user', 'generic_asset', 'sensor', 'timed_belief', 'data_source', 'annotation']

const described = ({ release, revision, postgres, rows, passwords, adopted }: Survey): string =>
  table([
    ['FlexMeasures', `${release} (revision ${revision})${adopted ? ', adopted before' : ''}`],
    ['PostgreSQL', postgres],
    ...TOLD.map((name) => [name, `${rows[name] ?? 0} rows`]),
    [
      'passwords',
      Object.entries(passwords)
        .map(([family, n]) => `${n} ${family}`)
        .join(', ') || 'none',
    ],
  ])

function cautions({ extensions, connected, strangers, passwords }: Survey, { config }: LoadedConfig): string[] {
  const missing = Object.entries(extensions)
    .filter(([, there]) => !there)
    .map(([name]) => name)
  const salted = Object.entries(passwords).reduce((sum, [family, n]) => (['none', 'scrypt'].includes(family) ? sum : sum + n), 0)
  return [
    ...(salted > 0 && config.security.passwordSalt === undefined
      ? [
          `SECURITY_PASSWORD_SALT is not set: without that of FlexMeasures (its SECRET_KEY where it had none) ${salted} users could not sign in.`,
        ]
      : []),
    ...(missing.length > 0 ? [`The extensions ${missing.join(' and ')} are missing: Cariflex needs none, FlexMeasures does.`] : []),
    ...(connected.length > 0
      ? [`Connected now: ${connected.join(', ')}. Stop the FlexMeasures server and workers before you start Cariflex on this database.`]
      : []),
    ...(strangers.length > 0 ? [`Tables of others in schema public stay as they are: ${strangers.join(', ')}.`] : []),
  ]
}

const planned = ({ pending, adopted }: Survey, to: string | undefined): string =>
  pending.length === 0
    ? 'It is adopted and up to date: there is nothing to do.'
    : `It would ${to === undefined ? 'make no backup' : `write a backup to ${to}`}, then ${adopted ? 'bring schema cariflex to this version' : 'add schema cariflex'} (${pending.length} migrations), and touch no FlexMeasures table.`

const withoutPassword = (url: string): string => url.replace(/(\w+:\/\/[^\s:/@]+:)[^\s@/]+@/, '$1…@')
