/** The program as it is shipped, in a process of its own on an embedded PostgreSQL that loses nothing, and what it costs. Stations need no word. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { silentLog, systemClock } from '#kernel'
import { openStore, type Store, startEmbedded } from '#store'
import { startTerritory, type Territory } from '../test/journeys/territory.ts'
import { childrenOf, openFolder, ran } from './processes.ts'

const CONFIG = `
territory:
  account: Bench
  site: { name: Yard, timezone: UTC, currency: EUR, latitude: 14.6, longitude: -61, roles: {} }
  assets: []
  devices: []
charging: { securityProfile: 0, unknownStations: accept }
log: { level: warn }
`

export interface Platform extends Pick<Territory, 'ask' | 'url' | 'output' | 'pid'> {
  /** Where stations connect. */
  readonly stations: string
  /** The database below it. */
  readonly store: Store
  /** Processor time until now, ms: of the platform, and of the database. */
  spent(): { platform: number; database: number }
  /** MiB of the platform's process: resident now, and the most there was. */
  memory(): { now: number; most: number }
  close(): Promise<void>
}

export async function startPlatform(): Promise<Platform> {
  const undo: (() => unknown)[] = []
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    return await start(undo, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function start(undo: (() => unknown)[], close: () => Promise<void>): Promise<Platform> {
  const { folder, remove } = openFolder()
  undo.push(remove)
  const database = await startEmbedded({ folder, log: silentLog, clock: systemClock })
  undo.push(() => database.stop())
  const store = openStore({ url: database.url, log: silentLog, clock: systemClock, connections: 2 })
  undo.push(() => store.close())
  const config = join(folder, 'cariflex.yaml')
  writeFileSync(config, CONFIG)
  const t = { after: (step: () => unknown) => void undo.push(step) } as unknown as TestContext
  const territory = await startTerritory(t, { args: ['--config', config], env: { DATABASE_URL: database.url } })
  const pid = territory.pid()
  const kept = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  return {
    ...territory,
    stations: `${territory.url.replace('http', 'ws')}/ocpp`,
    store,
    spent: () => ({
      platform: ran(pid),
      database: childrenOf(database.pid() ?? 0)
        .map(ran)
        .reduce((sum, spent) => sum + spent, 0),
    }),
    memory: () => ({ now: kept('VmRSS'), most: kept('VmHWM') }),
    close,
  }
}
