/** Passwords of the stations of a territory: in the secret store where this program must know them (simulated stations), never in the territory. */
import type { Territory } from '#kernel'
import { asJson, type Secrets, type Store } from '#store'

const nameOf = (device: string): string => `station/${device}`

/** The territory as it lies in the database. */
export const withoutPasswords = (territory: Territory): Territory => ({ ...territory, devices: territory.devices.map(withoutPassword) })

export const withoutPassword = <T extends { password?: string }>({ password: _password, ...device }: T): Omit<T, 'password'> => device

/** Keeps the passwords of the territory for the next start. */
export async function keepPasswords(secrets: Secrets, territory: Territory): Promise<void> {
  for (const { id, password } of territory.devices)
    if (password !== undefined) await secrets.set(nameOf(id), password, { description: `Password of the simulated station ${id}` })
}

/** The territory with the passwords that were kept. */
export async function withPasswords(secrets: Secrets, territory: Territory): Promise<Territory> {
  const devices: Territory['devices'] = []
  for (const device of territory.devices) {
    const password = device.bus === 'ocpp' ? await secrets.get(nameOf(device.id)) : undefined
    devices.push({ ...device, ...(password !== undefined && { password }) })
  }
  return { ...territory, devices }
}

/** Mends a database of an earlier version, where passwords lie in the clear: they are kept in the secret store from now on. */
export async function sealPasswords(store: Store, secrets: Secrets): Promise<void> {
  const rows = await store.query<{ site: number; demo: boolean; definition: Territory }>(
    `select site, demo, definition from cariflex.territory where definition::text like '%"password"%'`,
  )
  for (const { site, demo, definition } of rows) {
    if (demo) await keepPasswords(secrets, definition)
    await store.query('update cariflex.territory set definition = $2 where site = $1', [site, asJson(withoutPasswords(definition))])
  }
  await store.query(`update cariflex.device set definition = definition - 'password' where definition ? 'password'`)
}
