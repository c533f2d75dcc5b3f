/**
 * Who may connect: security profiles 0 to 3, the policy for unknown stations, guesses slowed down (charging reference 2.5). The answer takes
 * as long whether a station exists or not.
 */
import type { IncomingMessage } from 'node:http'
import { type Clock, describeError, type Log } from '#kernel'
import type { Admission, Credentials } from '#protocols/ocpp'
import type { Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { hashOfNobody, readings, rememberingVerifier, turnstile } from './password.ts'
import type { RollCall } from './roll-call.ts'
import { type Caller, strangeness } from './security/caller.ts'
import { type Station, type StationRecord, saveAccess, saveSecurityEvent, saveStranger } from './station.ts'

export interface Entrance {
  authenticate(identity: string, credentials: Credentials | undefined, request: IncomingMessage): Promise<Admission>
  /** Notes a connection that was turned away. */
  refused(refusal: { identity: string | undefined; status: number; why: string; address: string | undefined }): void
}

export interface EntranceParts {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  stations: ReadonlyMap<string, Station>
  /** Identities of stations by their form in small letters. */
  namesakes: ReadonlyMap<string, readonly string[]>
  /** Looks into the database for a station registered by another process. */
  find(identity: string): Promise<Station | undefined>
  admit(record: StationRecord['state'], identity: string): Promise<Station>
  /** Brings what is known of a station up to date. */
  recall: RollCall
  /** How the station came: encrypted, with which certificate. */
  callerOf(request: IncomingMessage): Promise<Caller>
  /** True while a new password of the station is on its way to it. */
  isChanging(identity: string): boolean
}

/** Failures within a minute after which an address may only bring stations that came from it before. */
const TRIES_OF_ADDRESS = 30

export function openEntrance({
  store,
  clock,
  log,
  config,
  stations,
  namesakes,
  find,
  admit,
  recall,
  callerOf,
  isChanging,
}: EntranceParts): Entrance {
  const gate = turnstile(clock)
  const addresses = turnstile(clock, TRIES_OF_ADDRESS)
  /** Who came in from where: many stations share an address, one that guesses must not shut out the others. */
  const guests = new Set<string>()
  const isRight = rememberingVerifier()

  const note = (identity: string, address: string | undefined, info: string) => {
    const now = clock.now()
    saveSecurityEvent(store, { station: identity, type: 'InvalidCredential', at: now, received: now, address, info }).catch(
      (error: unknown) => log.warn({ station: identity, error: describeError(error) }, 'a security event was not kept'),
    )
  }

  const stationOf = async (identity: string): Promise<Station | undefined> => {
    const exact = stations.get(identity) ?? (await find(identity))
    if (exact) return exact
    const alike = namesakes.get(identity.toLowerCase()) ?? []
    return alike.length === 1 ? stations.get(alike[0]!) : undefined
  }

  /** Which of the two passwords fits, if any; the one it uses is the one that counts from now on. */
  const checkPassword = async (station: Station, { password }: Credentials, isOld: boolean): Promise<string | undefined> => {
    const { record } = station
    for (const text of readings(password, isOld)) {
      if (record.nextPasswordHash !== undefined && (await isRight(text, record.nextPasswordHash))) {
        const { nextPasswordHash: passwordHash, ...rest } = station.record
        station.record = { ...rest, ...(passwordHash !== undefined && { passwordHash }) }
        await saveAccess(store, station.record)
        return undefined
      }
      if (record.passwordHash !== undefined && (await isRight(text, record.passwordHash))) {
        if (record.nextPasswordHash !== undefined && !isChanging(record.identity)) {
          const { nextPasswordHash: _, ...rest } = station.record
          station.record = rest
          await saveAccess(store, station.record)
        }
        return undefined
      }
    }
    return 'wrong password'
  }

  /** The profile a station comes with, or why it may not come so. */
  const judge = async (station: Station, credentials: Credentials | undefined, request: IncomingMessage): Promise<Profile | string> => {
    const { record } = station
    const caller = await callerOf(request)
    if (caller.fault !== undefined) return caller.fault
    if (caller.subject) {
      const { identity, serial } = record
      const strange = strangeness(caller.subject, { identity, serial, organization: config.organization })
      if (strange === undefined) return 3
      // A certificate of somebody else is no reason to try the password.
      return strange
    }
    if (record.passwordHash === undefined)
      return record.state === 'parked' || least(record) === 0 ? 0 : 'no password was registered for it, and one is asked of every station'
    if (!credentials) return 'no password was sent'
    const isOld =
      !/ocpp2/i.test(request.headers['sec-websocket-protocol'] ?? '') && /ocpp1\.6/i.test(request.headers['sec-websocket-protocol'] ?? '')
    const wrong = await checkPassword(station, credentials, isOld)
    return wrong ?? (caller.encrypted ? 2 : 1)
  }
  const least = ({ securityProfile, ownProfile, state }: StationRecord): number =>
    state === 'parked' ? 0 : ownProfile ? securityProfile : Math.max(config.securityProfile, securityProfile)

  return {
    async authenticate(identity, credentials, request) {
      const address = request.socket.remoteAddress ?? ''
      const key = `${identity} ${address}`
      if (gate.isClosed(key) || (addresses.isClosed(address) && !guests.has(key)))
        return { ok: false, status: 403, why: 'too many wrong passwords; try again in a minute' }
      const station = await stationOf(identity)
      if (!station) {
        const mayCome = config.unknownStations === 'park' || (config.unknownStations === 'accept' && config.securityProfile === 0)
        if (mayCome) {
          const state = config.unknownStations === 'park' ? 'parked' : 'registered'
          await saveStranger(store, identity, state, clock.now())
          await admit(state, identity)
          return { ok: true }
        }
        addresses.failed(address)
        if (credentials) await isRight(credentials.password, await hashOfNobody())
        return { ok: false, status: 404, why: 'unknown station' }
      }
      if (!station.session) await recall(station)
      const own = station.record.identity
      const profile = await judge(station, credentials, request)
      const asked = least(station.record)
      const why =
        typeof profile === 'string'
          ? profile
          : profile < asked
            ? `security profile ${asked} is asked of it, it came with ${profile}`
            : undefined
      if (why !== undefined) {
        gate.failed(key)
        addresses.failed(address)
        note(own, address, why)
        return { ok: false, status: 401, why }
      }
      gate.passed(key)
      if (guests.size > 50_000) guests.clear()
      guests.add(key)
      if (station.record.nextProfile !== undefined && (profile as Profile) >= station.record.nextProfile) {
        const { nextProfile, ...rest } = station.record
        station.record = { ...rest, securityProfile: Math.max(rest.securityProfile, nextProfile) as Profile }
        await saveAccess(store, station.record)
        log.info({ station: own, profile }, 'a station came with its new security profile; lower ones are over')
      }
      return own === identity ? { ok: true } : { ok: true, identity: own }
    },
    refused({ identity, status, why, address }) {
      log.info({ station: identity, status, why, address }, 'a station was turned away')
      if (identity !== undefined && status === 401 && why.startsWith('the user name') && stations.has(identity)) {
        const key = `${identity} ${address}`
        if (!gate.isClosed(key)) note(identity, address, why)
        gate.failed(key)
        addresses.failed(address ?? '')
      }
    },
  }
}

type Profile = StationRecord['securityProfile']
