import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { formatInstant, listConfig, Problem } from '#kernel'
import { backup } from '#store'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { clock } from '../settings.ts'
import type { Verb } from '../verb.ts'

export const backupVerb: Verb = {
  name: 'backup',
  summary: 'Writes all that the database holds, as of one moment, into one file; the platform may go on working meanwhile.',
  usage: '[FILE] [--force] [--data FOLDER | --database-url URL]',
  example: 'cariflex backup island.cariflex',
  options: { force: { type: 'boolean' }, ...DATABASE_OPTIONS },
  explain: { force: 'overwrite an existing file', ...DATABASE_WORDS },
  async run({ words, options, env, show, say, progress }) {
    const loaded = configOf({ options, env })
    const to = resolve(words[0] ?? `cariflex-${formatInstant(clock.now()).slice(0, 16).replace(/\D/g, '')}.cariflex`)
    if (existsSync(to) && !options['force'])
      throw new Problem('file-exists', `${to} exists already.`, { hint: 'Give another name, or --force to overwrite it.' })
    const database = await openDatabase(loaded.config, { clock })
    try {
      const made = await backup({
        store: database.store,
        clock,
        to,
        config: Object.fromEntries(listConfig(loaded).map(({ path, value }) => [path, value])),
        progress: ({ stage, done, total }) => progress(stage, done, total),
      })
      show(made, () => `Wrote ${made.file}: ${made.rows} rows of ${made.tables} tables, SHA-256 ${made.sha256}`)
      say(
        `Keep ${resolve(loaded.config.database.folder, 'secret-key')}, where there is one, and cariflex.yaml with it: they are not in the file.`,
      )
    } finally {
      await database.close()
    }
    return undefined
  },
}
