/** Which territory this program steers, and whose it is. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { type Established, establishTerritory, findTerritory, keepPasswords, sealPasswords, withPasswords } from '#ems'
import type { Clock, Territory } from '#kernel'
import { openSecrets, type Secrets, type Store } from '#store'
import type { Settings } from './settings.ts'

/** Unless the settings name another file. */
const DEMO = fileURLToPath(new URL('../../examples/martinique.yaml', import.meta.url))

/** The configured territory, the one established before, or the demo in an empty database. */
export async function territoryOf(store: Store, settings: Settings, clock: Clock, firstStart: boolean): Promise<Established | undefined> {
  if (settings.territory) return establishTerritory(store, clock, settings.territory, false)
  const known = await findTerritory(store)
  if (known) return known.demo ? withSimulatedStations(known, store, await secretsOf(store, settings, clock)) : known
  if (!firstStart || !settings.demo) return undefined
  const territory = demoTerritory(settings.demoTerritory ?? DEMO)
  await keepPasswords(await secretsOf(store, settings, clock), territory)
  return establishTerritory(store, clock, territory, true)
}

/** Where keys and passwords of this platform lie sealed. */
export const secretsOf = (store: Store, { data, secretKey }: Settings, clock: Clock): Promise<Secrets> =>
  openSecrets({ store, clock, folder: data, ...(secretKey !== undefined && { key: secretKey }) })

/** Both ends of a simulated station are here, so the platform knows its password. */
async function withSimulatedStations(known: Established, store: Store, secrets: Secrets): Promise<Established> {
  await sealPasswords(store, secrets)
  return { ...known, territory: await withPasswords(secrets, known.territory) }
}

/** The territory of the demo; its simulated stations get passwords of their own, as real ones would. */
function demoTerritory(file: string): Territory {
  const { territory } = parse(readFileSync(file, 'utf8')) as { territory: Territory }
  const devices = territory.devices.map((device) =>
    device.bus === 'ocpp' ? { ...device, password: randomBytes(15).toString('hex') } : device,
  )
  return { ...territory, devices }
}

/** The account this program works for without a territory: the first there is. */
export const accountOf = async (store: Store, name: string): Promise<number> => {
  const row =
    (await store.first<{ id: number }>('select id from account order by id limit 1')) ??
    (await store.first<{ id: number }>('insert into account (name) values ($1) returning id', [name]))
  return row!.id
}
