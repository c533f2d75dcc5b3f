/** The simulated world that a demo territory needs: one thing outside for each device and vehicle of its description. */
import type { Territory } from '#kernel'
import type { WorldSpec } from './world-spec.ts'

export interface WorldChoices {
  seed: number
  /** TCP ports of simulated Modbus devices by id; free ones otherwise. */
  ports: Readonly<Record<string, number>>
  /** File where the world keeps its state over restarts. */
  memory: string
}

/** Describes the world of a territory. Stations without a password of the demo's were added by hand: they are real, or not there. */
export function worldOf(territory: Territory, { seed, ports, memory }: WorldChoices): WorldSpec {
  const { site } = territory
  const placeOf = (asset: string) => {
    const { latitude = site.latitude, longitude = site.longitude } = territory.assets.find((each) => each.name === asset) ?? {}
    return { latitude, longitude }
  }
  const portOf = (id: string) => (ports[id] === undefined ? {} : { port: ports[id] })
  const ofKind = (kind: string) => territory.devices.filter((device) => device.kind === kind)
  return {
    seed,
    memory,
    zone: site.timezone,
    place: { latitude: site.latitude, longitude: site.longitude },
    pvs: ofKind('pv').map(({ id, asset, nominalKw }) => ({ id, peakKw: nominalKw, ...placeOf(asset), ...portOf(id) })),
    batteries: ofKind('battery').map(
      ({ id, nominalKw, capacityKwh = 2 * nominalKw, minSocKwh = 0, maxSocKwh = capacityKwh, template }) => ({
        id,
        capacityKwh,
        powerKw: nominalKw,
        minSocKwh,
        maxSocKwh,
        speaks: template?.includes('sunspec') ? 'sunspec' : 'plain',
        ...portOf(id),
      }),
    ),
    stations: ofKind('evse').flatMap(({ id, nominalKw, password, ocpp }) =>
      password === undefined ? [] : [{ identity: id, nominalKw, password, ...(ocpp === undefined ? {} : { version: ocpp }) }],
    ),
    vehicles: (territory.vehicles ?? []).map(
      ({ id, token, capacityKwh, home = '', v2g = false, targetPercent = 80, floorPercent = 20 }) => ({
        id,
        token,
        capacityKwh,
        home,
        v2g,
        targetPercent,
        floorPercent,
      }),
    ),
  }
}
