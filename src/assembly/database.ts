/** The data folder and the database in it (or the operator's own). */
import { accessSync, constants, mkdirSync } from 'node:fs'
import { refuseUnadopted } from '#ems'
import { type Clock, describeError, type Log, Problem } from '#kernel'
import { holdFolder, migrate, openStore, type Store, startEmbedded } from '#store'
import type { Settings } from './settings.ts'
import type { Undo } from './undo.ts'

/** @throws Problem `data-folder` when this user cannot make the folder or cannot write there */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Problem('data-folder', `The data folder cannot be used: ${describeError(error)}.`, {
      hint: 'Give it to this user, or name another one with --data or CARIFLEX_DATA.',
      cause: error,
    })
  }
}

export async function openDatabase(settings: Settings, clock: Clock, log: Log, undo: Undo): Promise<Store> {
  let url = settings.databaseUrl
  if (url === undefined) {
    const embedded = await startEmbedded({ folder: settings.data, log, clock })
    undo.add('database', () => embedded.stop())
    url = embedded.url
  } else {
    const hold = await holdFolder(settings.data, clock)
    undo.add('data folder', () => hold.release())
  }
  const store = await openStore({ url, log, clock })
  undo.add('store', () => store.close())
  await refuseUnadopted(store)
  await migrate(store)
  return store
}
