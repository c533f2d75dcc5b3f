/** A station: what is kept of it in the database, and what is known of it while the program runs. */

import { hashPassword } from '#ems'
import { type Instant, Problem, type Watts, watts } from '#kernel'
import { isIdentity } from '#protocols/ocpp'
import { asTimestamp, type Queryable } from '#store'
import type { DeviceModel } from './device-model.ts'
import type { Line } from './line.ts'
import type { Sample } from './meter.ts'
import { isPassword } from './password.ts'
import type { StationClock } from './station-clock.ts'
import type { Needs, Transaction } from './transaction.ts'
import type { Vehicle } from './vehicle.ts'

export interface StationRecord {
  identity: string
  /** parked: connected once, unknown to us, waits for approval. */
  state: 'registered' | 'parked'
  /** Numeric asset id that orders and news are filed under. */
  asset?: number
  /** Id of the charger among the devices; usually the identity. */
  device?: string
  name?: string
  passwordHash?: string
  /** A new password that it may know already: it was sent, and not confirmed yet. */
  nextPasswordHash?: string
  /** The least security profile it may come with. */
  securityProfile: 0 | 1 | 2 | 3
  /** Somebody decided that profile for this very station: what is asked of every station does not count. */
  ownProfile: boolean
  /** The profile it was told to switch to. */
  nextProfile?: 0 | 1 | 2 | 3
  /** Sensor of its power, kW. */
  powerSensor?: number
  nominal: Watts
  maxCurrent: number
  phases: number
  /** The EVSE that the charger steers. */
  evse: number
  /** Whether we would discharge through it, should it declare that it can. */
  v2g: boolean
  boot?: 'Accepted' | 'Pending' | 'Rejected'
  /** What a person decided of its boots; absent: accepted once it is set up. */
  bootOrder?: 'Accepted' | 'Pending' | 'Rejected'
  /** Asked for its base report whenever it is held at Pending, or never; absent: while it is not set up. */
  bootReport?: boolean
  /** Seconds between its boots while it is not accepted. */
  bootInterval?: number
  vendor?: string
  model?: string
  serial?: string
  firmware?: string
  onboardedAt?: Instant
  onboardedAs?: string
  lastSeen?: Instant
  /** The OCPP it spoke last: '1.6', '2.0.1' or '2.1'. */
  protocol?: string
}

/** A session that goes on now, with what is only known while the program runs. */
export interface Plugged {
  transaction: Transaction
  /** The last of each that was measured. */
  sample?: Sample
  /** Between the last two samples of power, ms. */
  interval?: number
  soc?: { percent: number; at: Instant }
  vehicle?: Vehicle
  /** Wh in the car when the session began, from what we believed then. */
  socAtStart?: number
  /** When it will probably leave, from its habits. */
  departure?: Instant
}

export interface Station {
  record: StationRecord
  /** Whom we speak to it through; absent while it is not connected. */
  session?: Line
  lastSeen?: Instant
  clock: StationClock
  connectors: Map<string, { evse: number; connector: number; status: string; at: Instant }>
  /** Open sessions by transaction id. */
  open: Map<string, Plugged>
  model: DeviceModel
  /** Needs that came before the session they belong to, by EVSE. */
  needs: Map<number, Needs>
  /** Messages that it was asked for and may send before its boot is accepted. */
  asked: Set<string>
  /** How it reached us: 'http://cariflex.example:5000'. */
  origin?: string
}

export interface StationRegistration {
  identity: string
  asset: number
  /** Default: the identity. */
  device?: string
  name?: string
  /** Security profile 1; absent = profile 0 (unless one was set before). */
  password?: string
  /** The least security profile it may come with; what was set before unless given. */
  securityProfile?: 0 | 1 | 2 | 3
  /** It counts for this station even when it is less than what is asked of every station. */
  ownProfile?: boolean
  powerSensor: number
  nominalW: number
  maxCurrentA?: number
  phases?: number
  /** EVSE that is steered, default 1. */
  evse?: number
  /** false: never discharge through it, whatever it declares. Default true. */
  v2g?: boolean
}

/** @throws Problem `invalid-station` for what no station can be called */
export function checkIdentity(identity: string): void {
  if (isIdentity(identity)) return
  throw new Problem('invalid-station', `'${identity}' cannot be the identity of a station.`, {
    status: 422,
    hint: "Use 1 to 48 characters without spaces and ':'.",
  })
}

/**
 * Makes a station known; saying the same again changes nothing (a password is hashed anew only when it differs from the one given before).
 * @throws Problem `invalid-station`
 */
export async function saveRegistration(store: Queryable, given: StationRegistration, now: Instant): Promise<void> {
  checkIdentity(given.identity)
  const phases = given.phases ?? 3
  const old = await store.first<{ password_hash: string | null; given_password_hash: string | null }>(
    'select password_hash, given_password_hash from cariflex.charging_station where identity = $1',
    [given.identity],
  )
  let hash = old?.password_hash ?? null
  let givenHash = old?.given_password_hash ?? hash
  if (given.password !== undefined && !(givenHash !== null && (await isPassword(given.password, givenHash)))) {
    hash = await hashPassword(given.password)
    givenHash = hash
  }
  await store.query(
    `insert into cariflex.charging_station
       (identity, state, asset, device, name, password_hash, power_sensor, nominal_w, max_current_a, phases, evse_id, v2g, created_at, security_profile, given_password_hash, own_profile)
     values ($1, 'registered', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce($13, 0), $14, coalesce($15, false))
     on conflict (identity) do update set state = 'registered', asset = excluded.asset, device = excluded.device, name = excluded.name,
       password_hash = excluded.password_hash, power_sensor = excluded.power_sensor, nominal_w = excluded.nominal_w,
       max_current_a = excluded.max_current_a, phases = excluded.phases, evse_id = excluded.evse_id, v2g = excluded.v2g,
       given_password_hash = excluded.given_password_hash, security_profile = coalesce($13, charging_station.security_profile), own_profile = coalesce($15, charging_station.own_profile), next_password_hash = case when excluded.password_hash
         is distinct from charging_station.password_hash then null else charging_station.next_password_hash end`,
    [
      given.identity,
      given.asset,
      given.device ?? given.identity,
      given.name ?? null,
      hash,
      given.powerSensor,
      given.nominalW,
      given.maxCurrentA ?? Math.ceil(given.nominalW / (230 * phases)),
      phases,
      given.evse ?? 1,
      given.v2g ?? true,
      asTimestamp(now),
      given.securityProfile ?? null,
      givenHash,
      given.ownProfile ?? null,
    ],
  )
}

/** Keeps an unknown station that the policy let in. */
export const saveStranger = (store: Queryable, identity: string, state: StationRecord['state'], now: Instant): Promise<unknown> =>
  store.query('insert into cariflex.charging_station (identity, state, created_at) values ($1, $2, $3) on conflict (identity) do nothing', [
    identity,
    state,
    asTimestamp(now),
  ])

type StationRow = { [column: string]: never }
const READ = 'select * from cariflex.charging_station'

function fromRow(row: StationRow): StationRecord {
  const optional: Record<string, unknown> = {
    asset: row['asset'],
    device: row['device'],
    name: row['name'],
    passwordHash: row['password_hash'],
    nextPasswordHash: row['next_password_hash'],
    nextProfile: row['next_profile'],
    powerSensor: row['power_sensor'],
    boot: row['boot_state'],
    bootOrder: row['boot_order'],
    bootReport: row['boot_report'],
    bootInterval: row['boot_interval'],
    vendor: row['vendor'],
    model: row['model'],
    serial: row['serial_number'],
    firmware: row['firmware'],
    onboardedAt: row['onboarded_at'],
    onboardedAs: row['onboarded_as'],
    lastSeen: row['last_seen'],
    protocol: row['protocol'],
  }
  return {
    identity: row['identity']!,
    state: row['state']!,
    nominal: watts(row['nominal_w']!),
    maxCurrent: row['max_current_a']!,
    phases: row['phases']!,
    evse: row['evse_id']!,
    v2g: row['v2g']!,
    securityProfile: row['security_profile']!,
    ownProfile: row['own_profile']!,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
  }
}

/** All stations, or those of these names. */
export const readStations = async (store: Queryable, identities: readonly string[] | null = null): Promise<StationRecord[]> =>
  (await store.query<StationRow>(`${READ} where $1::text[] is null or identity = any($1) order by identity`, [identities])).map(fromRow)

export async function readStation(store: Queryable, identity: string): Promise<StationRecord | undefined> {
  const row = await store.first<StationRow>(`${READ} where identity = $1`, [identity])
  return row && fromRow(row)
}

/** Keeps what a person decided of the boots of a station; undefined: the platform decides again. */
export const saveBootOrder = (
  store: Queryable,
  identity: string,
  order: StationRecord['bootOrder'],
  interval: number | undefined,
  report: boolean | undefined,
) =>
  store.query('update cariflex.charging_station set boot_order = $2, boot_interval = $3, boot_report = $4 where identity = $1', [
    identity,
    order ?? null,
    interval ?? null,
    report ?? null,
  ])

/** Keeps what a BootNotification said and how it was answered. */
export const saveBoot = (store: Queryable, { identity, boot, vendor, model, serial, firmware, onboardedAt, onboardedAs }: StationRecord) =>
  store.query(
    `update cariflex.charging_station set boot_state = $2, vendor = $3, model = $4, serial_number = $5, firmware = $6,
       onboarded_at = $7, onboarded_as = $8 where identity = $1`,
    [
      identity,
      boot ?? null,
      vendor ?? null,
      model ?? null,
      serial ?? null,
      firmware ?? null,
      onboardedAt === undefined ? null : asTimestamp(onboardedAt),
      onboardedAs ?? null,
    ],
  )

/** Keeps the version that the station speaks. */
export const saveProtocol = (store: Queryable, identity: string, protocol: string) =>
  store.query('update cariflex.charging_station set protocol = $2 where identity = $1', [identity, protocol])

/** Keeps how the station may come: passwords and profiles. */
export const saveAccess = (store: Queryable, { identity, passwordHash, nextPasswordHash, securityProfile, nextProfile }: StationRecord) =>
  store.query(
    `update cariflex.charging_station set password_hash = $2, next_password_hash = $3, security_profile = $4, next_profile = $5 where identity = $1`,
    [identity, passwordHash ?? null, nextPasswordHash ?? null, securityProfile, nextProfile ?? null],
  )

export const saveConnector = (store: Queryable, station: string, evse: number, connector: number, status: string, at: Instant) =>
  store.query(
    `insert into cariflex.charging_connector (station, evse_id, connector_id, status, at) values ($1, $2, $3, $4, $5)
     on conflict (station, evse_id, connector_id) do update set status = excluded.status, at = excluded.at
       where excluded.at >= charging_connector.at`,
    [station, evse, connector, status, asTimestamp(at)],
  )

export const readConnectors = (store: Queryable) =>
  store.query<{ station: string; evse_id: number; connector_id: number; status: string; at: Instant }>(
    'select station, evse_id, connector_id, status, at from cariflex.charging_connector',
  )

/** Keeps a security event of a station, or of us about it. */
export const saveSecurityEvent = (
  store: Queryable,
  event: { station: string; type: string; at: Instant; received: Instant; address?: string | undefined; info?: string | undefined },
) =>
  store.query('insert into cariflex.security_event (station, type, at, received_at, address, info) values ($1, $2, $3, $4, $5, $6)', [
    event.station,
    event.type,
    asTimestamp(event.at),
    asTimestamp(event.received),
    event.address ?? null,
    event.info ?? null,
  ])

/** The session that the charger steers now: on its EVSE, the newest. */
export function pluggedAt(station: Station, evse = station.record.evse): Plugged | undefined {
  let newest: Plugged | undefined
  for (const plugged of station.open.values()) {
    const { evse: own, firstAt } = plugged.transaction
    if ((own ?? evse) === evse && (!newest || firstAt >= newest.transaction.firstAt)) newest = plugged
  }
  return newest
}

/** True when calls and orders reach it: connected, and its boot was accepted. */
export const isAtWork = (station: Station): boolean => station.session !== undefined && station.record.boot === 'Accepted'

/** Keeps when stations were last seen, of those that were seen since it was kept. */
export async function saveSeen(store: Queryable, stations: Iterable<Station>): Promise<void> {
  const seen = [...stations].filter(({ lastSeen, record }) => lastSeen !== undefined && lastSeen !== record.lastSeen)
  if (seen.length === 0) return
  await store.query(
    `update cariflex.charging_station s set last_seen = r.at
     from jsonb_to_recordset($1::jsonb) as r(identity text, at timestamptz) where s.identity = r.identity`,
    [JSON.stringify(seen.map(({ record, lastSeen }) => ({ identity: record.identity, at: asTimestamp(lastSeen!) })))],
  )
  for (const station of seen) station.record.lastSeen = station.lastSeen!
}
