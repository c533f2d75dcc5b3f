import { refuseUnadopted } from '#ems'
import { migrate } from '#store'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { clock } from '../settings.ts'
import type { Verb } from '../verb.ts'

export const migrateVerb: Verb = {
  name: 'migrate',
  summary: "Brings the database to this version and says what was applied. 'cariflex start' does the same by itself.",
  usage: '[--data FOLDER | --database-url URL] [--json]',
  example: 'cariflex migrate',
  options: DATABASE_OPTIONS,
  explain: DATABASE_WORDS,
  async run({ options, env, show }) {
    const database = await openDatabase(configOf({ options, env }).config, { clock, create: true })
    try {
      await refuseUnadopted(database.store)
      const applied = await migrate(database.store)
      show({ applied }, () =>
        applied.length === 0 ? 'Nothing to do: the database is up to date.' : applied.map((name) => `applied ${name}`).join('\n'),
      )
    } finally {
      await database.close()
    }
    return undefined
  },
}
