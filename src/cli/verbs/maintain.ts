import { statfsSync } from 'node:fs'
import { Problem } from '#kernel'
import { sizeOf, tidyTable } from '#store'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { clock } from '../settings.ts'
import type { Verb } from '../verb.ts'

const TABLE = 'timed_belief'
const COLUMNS = ['sensor_id', 'event_start']

export const maintain: Verb = {
  name: 'maintain',
  summary:
    'Puts the beliefs of each sensor together on disk, so that a week of one sensor is read from a few pages instead of thousands. The table cannot be used meanwhile (some minutes for 20 million beliefs).',
  usage: '[--yes] [--data FOLDER | --database-url URL] [--json]',
  example: 'cariflex maintain',
  options: { yes: { type: 'boolean' }, ...DATABASE_OPTIONS },
  explain: { yes: 'also when a platform or another program may be using the database', ...DATABASE_WORDS },
  async run({ options, env, show, progress }) {
    const { config } = configOf({ options, env })
    const database = await openDatabase(config, { clock })
    try {
      if (database.by !== 'started' && options['yes'] !== true)
        throw new Problem('in-use', 'A platform or another program may be using this database.', {
          hint: 'Stop it first, or say --yes: whoever asks for beliefs meanwhile has to wait.',
        })
      const size = await sizeOf({ store: database.store, table: TABLE })
      if (database.by !== 'own') refuseWithoutRoom(config.database.folder, size)
      const done = await tidyTable({
        store: database.store,
        clock,
        table: TABLE,
        columns: COLUMNS,
        progress: (part, whole) => progress('putting beliefs in order', part, whole),
      })
      const mb = (bytes: number) => `${Math.round(bytes / 1_000_000)} MB`
      show(
        done,
        () =>
          `${Math.round(done.rows)} beliefs are in order, after ${(done.milliseconds / 1000).toFixed(1)} s; ${mb(done.before)} on disk became ${mb(done.after)}.`,
      )
    } finally {
      await database.close()
    }
    return undefined
  },
}

/** The table is written anew before the old one goes. */
function refuseWithoutRoom(folder: string, size: number): void {
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize > size * 1.2) return
  throw new Problem(
    'disk-full',
    `The disk has ${Math.round((bavail * bsize) / 1e6)} MB free; ${Math.round((size * 1.2) / 1e6)} MB are needed.`,
    {
      hint: 'Make room first: the beliefs are written anew before the old file goes.',
    },
  )
}
