import { existsSync } from 'node:fs'
import { Problem } from '#kernel'
import { holderOf, restore } from '#store'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { clock } from '../settings.ts'
import type { Verb } from '../verb.ts'

export const restoreVerb: Verb = {
  name: 'restore',
  summary: 'Rebuilds an empty data folder or an empty database from a backup. What holds rows already is refused and stays as it is.',
  usage: 'FILE [--data FOLDER | --database-url URL]',
  example: 'cariflex restore island.cariflex --data ./new-data',
  options: DATABASE_OPTIONS,
  explain: DATABASE_WORDS,
  async run({ words: [from, ...rest], options, env, show, say, progress }) {
    if (from === undefined || rest.length > 0) throw new Problem('usage', 'Say which backup.', { hint: 'cariflex restore island.cariflex' })
    if (!existsSync(from)) throw new Problem('file-missing', `There is no file ${from}.`, { hint: 'Check its name.' })
    const { config } = configOf({ options, env })
    const { folder, url } = config.database
    const holder = url === undefined ? holderOf(folder, clock) : undefined
    if (holder !== undefined)
      throw new Problem('folder-in-use', `Process ${holder} is running on ${folder}.`, {
        hint: 'Stop it, or restore into another folder with --data.',
      })
    const database = await openDatabase(config, { clock, create: true })
    try {
      const { heading, rows, migrated } = await restore({
        store: database.store,
        from,
        progress: ({ stage, done, total }) => progress(stage, done, total),
      })
      const { program, madeAt } = heading
      show(
        { program, madeAt, rows, migrated },
        () =>
          `Restored ${rows} rows as of ${madeAt}, made by Cariflex ${program}${migrated.length > 0 ? `; then applied ${migrated.join(', ')}` : ''}.`,
      )
      if (url === undefined) say(`Next: put the old secret-key into ${folder}, where there was one, then 'cariflex start'.`)
    } finally {
      await database.close()
    }
    return undefined
  },
}
