/** The database of this configuration for a verb that works on it, whether a platform is running or not. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, type Config, describeError, type Log, Problem, silentLog } from '#kernel'
import { holderOf, openStore, type Store, startEmbedded } from '#store'

export interface OpenDatabase {
  store: Store
  /** Your own server, the embedded one of a running platform, or the embedded one started for the moment. */
  by: 'own' | 'running' | 'started'
  close(): Promise<void>
}

export interface DatabaseOptions {
  clock: Clock
  log?: Log
  /** Make a database where there is none; otherwise that is a problem. */
  create?: boolean
}

/**
 * Opens it; what was started for the moment is stopped by `close`.
 * @throws Problem `no-database` when there is none yet and `create` was not asked, `unreachable`, and those of `startEmbedded`
 */
export async function openDatabase({ database }: Config, options: DatabaseOptions): Promise<OpenDatabase> {
  const { clock, log = silentLog, create = false } = options
  const connect = async (url: string, by: OpenDatabase['by'], stop: () => Promise<void> = async () => {}): Promise<OpenDatabase> => {
    const store = openStore({ url, log, clock, connections: 3 })
    const close = async () => {
      await store.close()
      await stop()
    }
    try {
      await store.query('select 1')
    } catch (error) {
      await close()
      throw error
    }
    return { store, by, close }
  }
  if (database.url !== undefined) return connect(database.url, 'own')
  const running = runningUrl(database.folder, clock)
  if (running !== undefined) return connect(running, 'running')
  if (!create && !hasDatabase(database.folder))
    throw new Problem('no-database', `There is no database in ${database.folder} yet.`, {
      hint: "Run 'cariflex start' or 'cariflex migrate' first, or name the right folder with --data.",
    })
  const embedded = await startEmbedded({
    folder: database.folder,
    log,
    clock,
    ...(database.port !== undefined && { port: database.port }),
  })
  return connect(embedded.url, 'started', () => embedded.stop())
}

/** True when a platform has made an embedded database for this data folder. */
export const hasDatabase = (folder: string): boolean => existsSync(join(folder, 'pg-password'))

/** Address of the embedded database of a platform that runs on this folder; undefined when none does. */
export function runningUrl(folder: string, clock: Clock): string | undefined {
  const holder = holderOf(folder, clock)
  if (holder === undefined) return undefined
  try {
    const [port, password] = ['pg-port', 'pg-password'].map((file) => readFileSync(join(folder, file), 'utf8').trim())
    return `postgres://cariflex:${encodeURIComponent(password!)}@127.0.0.1:${port}/cariflex`
  } catch (error) {
    throw new Problem(
      'folder-unreadable',
      `Process ${holder} runs on ${folder}, but its database cannot be found there: ${describeError(error)}.`,
      {
        hint: 'Run this as the user that started the platform, or wait until it is ready.',
      },
    )
  }
}
