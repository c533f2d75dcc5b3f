/** Assets beside stations, ours and those of a running CitrineOS: count, power and place, compared and mended. */
import { Type } from 'typebox'
import type { Charging, CitrineStation } from '#charging'
import { type Asset, type Assets, auditAsset, type Established, type Site, setNominal, steers } from '#ems'
import { kilowatts, say } from '#kernel'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { joinStation } from './new-station.ts'
import { SAYING } from './saying.ts'
import { Data, onSite, whoOf } from './shape.ts'

export interface StationSyncParts {
  charging: Charging
  established: Established
  site: Site
  assets: Assets
  rooms: Rooms
}

const KINDS = ['station-without-asset', 'asset-without-station', 'unknown-station', 'missing-station', 'power', 'location'] as const
interface Difference {
  station: string
  kind: (typeof KINDS)[number]
  what: string
  /** Absent: a person must decide. */
  mend?: () => Promise<unknown>
}

const Difference = Type.Object({
  station: Type.String({ description: 'The station, or the asset that has none.' }),
  kind: Type.Enum([...KINDS]),
  what: Type.String(),
  mended: Type.Boolean(),
  mendable: Type.Boolean(),
})
const Report = Type.Object({
  stations: Type.Integer({ description: 'Stations that are ours.' }),
  assets: Type.Integer({ description: 'Assets of chargers.' }),
  citrineos: Type.Union([Type.Integer(), Type.Null()], { description: 'Stations of CitrineOS; null: its tables are not read.' }),
  differences: Type.Array(Difference),
})

/** Metres that two ways of measuring one place may differ. */
const NEAR = 50
const METRES_PER_DEGREE = 111_320

interface Place {
  latitude: number
  longitude: number
}
const placeIn = ({ latitude, longitude }: { latitude: number | null; longitude: number | null }): Place | undefined =>
  latitude === null || longitude === null ? undefined : { latitude, longitude }
const distance = (a: Place, b: Place): number =>
  METRES_PER_DEGREE * Math.hypot(a.latitude - b.latitude, (a.longitude - b.longitude) * Math.cos((a.latitude * Math.PI) / 180))
const write = ({ latitude, longitude }: Place) => `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`

/** kW that a text like '22 kW' means. */
function powerIn(text: unknown): number | undefined {
  const hit = /^\s*([\d.]+)\s*(W|kW|MW)\s*$/.exec(String(text ?? ''))
  return hit ? Number(hit[1]) * { W: 0.001, kW: 1, MW: 1000 }[hit[2] as 'W' | 'kW' | 'MW'] : undefined
}
/** kW of the strongest connector. */
const powerOf = ({ connectors }: CitrineStation): number | undefined => {
  const known = connectors.flatMap(({ watts }) => (watts === null ? [] : [watts / 1000]))
  return known.length === 0 ? undefined : Math.max(...known)
}

async function differences({ charging, established, site, assets, rooms }: StationSyncParts, theirs: CitrineStation[] | undefined) {
  const { account } = established
  const chargers = (await assets.list({ accounts: [account] })).filter(({ type }) => /evse|charg(er|ing)/.test(type.name))
  const byId = new Map(chargers.map((asset) => [asset.id, asset]))
  const ours = charging.stations().filter(({ state }) => state === 'registered')
  const known = new Set(ours.map(({ identity }) => identity))
  const used = new Set(ours.map(({ asset }) => asset))
  const found: Difference[] = []
  const place = (asset: Asset, { latitude, longitude }: Place) => assets.update(asset.id, { latitude, longitude })

  for (const { identity, asset: id } of ours) {
    const asset = id === null ? undefined : byId.get(id)
    if (!asset) {
      found.push({ station: identity, kind: 'station-without-asset', what: SAYING.noAssetThere })
      continue
    }
    const { record } = charging.station(identity)
    const own = theirs?.find((one) => one.id === identity)
    if (theirs && !own && record.lastSeen === undefined) found.push({ station: identity, kind: 'missing-station', what: SAYING.neverCame })
    const powers = [powerIn(asset.flexModel['power-capacity']), own && powerOf(own)].filter((power) => power !== undefined)
    const nominal = record.nominal / 1000
    const least = Math.min(nominal, ...powers)
    const other = powers.find((power) => Math.abs(power - nominal) > 0.01)
    if (other !== undefined) {
      const sentence = own && powerOf(own) === other ? SAYING.powerThere : SAYING.powerOnAsset
      found.push({
        ...{ station: identity, kind: 'power', what: say(sentence, { power: `${nominal} kW`, other: `${other} kW` }) },
        // A limit is never raised without a person.
        ...(least < nominal && { mend: () => lower({ charging, established, site, rooms }, identity, asset.id, least) }),
      })
    }
    const [here, there] = [placeIn(asset), own && placeIn(own)]
    if (there && (!here || distance(here, there) > NEAR)) {
      const what = here
        ? say(SAYING.twoPlaces, { place: write(here), other: write(there) })
        : say(SAYING.placeThere, { other: write(there) })
      found.push({ station: identity, kind: 'location', what, mend: () => place(asset, there) })
    } else if (!here && !there) found.push({ station: identity, kind: 'location', what: SAYING.noPlace })
  }
  for (const asset of chargers)
    if (!used.has(asset.id))
      found.push({
        station: asset.name,
        kind: 'asset-without-station',
        what: say(SAYING.noStationThere, { number: String(asset.id) }),
      })
  for (const one of theirs ?? []) {
    if (known.has(one.id)) continue
    const nominalKw = powerOf(one)
    const make = () =>
      joinStation({ charging, established, site, store: rooms.store }, { identity: one.id, nominalKw: nominalKw!, ...(placeIn(one) ?? {}) })
    const what = nominalKw === undefined ? SAYING.powerlessThere : say(SAYING.onlyThere, { power: `${nominalKw} kW` })
    found.push({ station: one.id, kind: 'unknown-station', what, ...(nominalKw !== undefined && { mend: make }) })
  }
  return { stations: ours.length, assets: chargers.length, citrineos: theirs?.length ?? null, found }
}

async function lower(
  { charging, established, site, rooms }: Omit<StationSyncParts, 'assets'>,
  identity: string,
  asset: number,
  nominalKw: number,
): Promise<void> {
  const { record } = charging.station(identity)
  const device = record.device ?? identity
  await setNominal(rooms.store, established, device, nominalKw)
  for (const one of site.devices) if (one.device === device) one.nominal = kilowatts(nominalKw)
  await charging.registerStation({
    ...{
      identity,
      asset,
      device,
      powerSensor: record.powerSensor!,
      nominalW: nominalKw * 1000,
      phases: record.phases,
      evse: record.evse,
      v2g: record.v2g,
    },
    ...(record.name !== undefined && { name: record.name }),
  })
}

/** The route `POST /charging/sync`. */
export const stationSyncRoutes =
  (parts: StationSyncParts): Routes =>
  (app) => {
    const { charging, established, rooms } = parts
    const { authenticate, requirePermission } = rooms.identity
    app.post(
      '/charging/sync',
      {
        onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)],
        schema: {
          tags: ['stations'],
          summary: 'Compares assets and stations (ours, and those of a running CitrineOS) by count, power and place; mends on request',
          body: Type.Object(
            { mend: Type.Boolean({ default: false, description: 'Mends what can be mended.' }) },
            { additionalProperties: false },
          ),
          response: { 200: Data(Report) },
        },
      },
      async (request) => {
        const { found, ...counts } = await differences(parts, await charging.bridge?.inventory())
        const told = []
        for (const { mend, ...difference } of found) {
          const mended = request.body.mend && mend !== undefined
          if (mended) {
            await mend()
            const event = `Mended ${difference.kind} of '${difference.station}': ${difference.what}`
            await auditAsset(rooms.store, rooms.clock.now(), whoOf(request), event, established.site)
          }
          told.push({ ...difference, mended, mendable: mend !== undefined })
        }
        return { data: { ...counts, differences: told } }
      },
    )
  }
