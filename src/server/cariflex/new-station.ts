/** A station that joins the territory: its asset, its sensor, its place in the plan, and a token to charge with. */

import { randomBytes } from 'node:crypto'
import { type Charging, checkIdentity } from '#charging'
import { type Established, joinTerritory, type Site } from '#ems'
import { kilowatts } from '#kernel'
import type { Store } from '#store'
import { stationOf } from '../citrineos/reach.ts'

export interface NewStation {
  identity: string
  name?: string | undefined
  nominalKw: number
  phases?: 1 | 3
  /** Absent: none, which the configured security profile must allow. */
  password?: string
  securityProfile?: 0 | 1 | 2 | 3
  /** That profile counts even when it is less than what is asked of every station. */
  ownProfile?: boolean
  latitude?: number | undefined
  longitude?: number | undefined
}

export interface NewStationParts {
  charging: Charging
  established: Established
  /** The site that the planner sees: the station joins it at once. */
  site: Site
  store: Store
}

/** Makes it known, with a token to charge with. @throws Problem `invalid-station` (422), `device-exists` (409) */
export async function newStation(parts: NewStationParts, station: NewStation): Promise<{ asset: number; sensor: number; token: string }> {
  const joined = await joinStation(parts, station)
  const token = `TOKEN-${randomBytes(6).toString('hex').toUpperCase()}`
  await parts.charging.registerToken({ token })
  return { ...joined, token }
}

/** A place in the territory whose station was not registered, as the database went away just then: it is taken up. */
function begun(charging: Charging, { territory, assets }: Established, identity: string) {
  const device = stationOf(charging, identity) === undefined ? territory.devices.find(({ id }) => id === identity) : undefined
  const asset = device && assets[device.asset]
  return device?.bus === 'ocpp' && asset !== undefined ? { asset, device } : undefined
}

/** Makes it known, without a token. @throws Problem `invalid-station` (422), `device-exists` (409) */
export async function joinStation(
  { charging, established, site, store }: NewStationParts,
  { identity, name = identity, nominalKw, phases = 3, password, securityProfile, ownProfile, latitude, longitude }: NewStation,
): Promise<{ asset: number; sensor: number }> {
  // Before its asset is made.
  checkIdentity(identity)
  const place = latitude !== undefined && longitude !== undefined ? { latitude, longitude } : {}
  const joined =
    begun(charging, established, identity) ??
    (await joinTerritory(
      store,
      established,
      {
        name,
        type: 'one-way_evse',
        ...place,
        sensors: [{ name: 'power', unit: 'kW', resolution: 'PT5M', attributes: { consumption_is_positive: true } }],
      },
      { id: identity, kind: 'evse', asset: name, bus: 'ocpp', nominalKw, phases, sensors: {} },
    ))
  const sensor = joined.device.sensors.power!
  if (!site.devices.some(({ device }) => device === identity))
    site.devices.push({ device: identity, asset: joined.asset, name, kind: 'evse', nominal: kilowatts(nominalKw), power: sensor, ...place })
  await charging.registerStation({
    identity,
    asset: joined.asset,
    powerSensor: sensor,
    nominalW: nominalKw * 1000,
    phases,
    ...(name !== identity && { name }),
    ...(password !== undefined && { password }),
    ...(securityProfile !== undefined && { securityProfile }),
    ...(ownProfile !== undefined && { ownProfile }),
  })
  return { asset: joined.asset, sensor }
}
