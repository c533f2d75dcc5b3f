/** Who may connect: security profiles 0 and 1, the policy for unknown stations, guesses slowed down (charging reference 2.5). */
import type { IncomingMessage } from 'node:http'
import { type Clock, describeError, type Log } from '#kernel'
import type { Admission, Credentials } from '#protocols/ocpp'
import type { Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { rememberingVerifier, turnstile } from './password.ts'
import { type Station, type StationRecord, saveSecurityEvent, saveStranger } from './station.ts'

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
  stations: Map<string, Station>
  /** Looks into the database for a station registered by another process. */
  find(identity: string): Promise<Station | undefined>
  admit(record: StationRecord['state'], identity: string): Promise<Station>
}

export function openEntrance({ store, clock, log, config, stations, find, admit }: EntranceParts): Entrance {
  const gate = turnstile(clock)
  const isRight = rememberingVerifier()

  const note = (identity: string, address: string | undefined, info: string) => {
    const now = clock.now()
    saveSecurityEvent(store, { station: identity, type: 'InvalidCredential', at: now, received: now, address, info }).catch(
      (error: unknown) => log.warn({ station: identity, error: describeError(error) }, 'a security event was not kept'),
    )
  }

  return {
    async authenticate(identity, credentials, request) {
      const address = request.socket.remoteAddress
      const key = `${identity} ${address}`
      if (gate.isClosed(key)) return { ok: false, status: 403, why: 'too many wrong passwords; try again in a minute' }
      const station = stations.get(identity) ?? (await find(identity))
      if (!station) {
        const mayCome = config.unknownStations === 'park' || (config.unknownStations === 'accept' && config.securityProfile === 0)
        if (!mayCome) return { ok: false, status: 404, why: 'unknown station' }
        await saveStranger(store, identity, config.unknownStations === 'park' ? 'parked' : 'registered', clock.now())
        await admit(config.unknownStations === 'park' ? 'parked' : 'registered', identity)
        return { ok: true }
      }
      const { passwordHash } = station.record
      if (passwordHash === undefined)
        return config.securityProfile === 0 || station.record.state === 'parked'
          ? { ok: true }
          : { ok: false, status: 401, why: 'no password was registered for it, and security profile 1 is asked of every station' }
      const why = !credentials ? 'no password was sent' : (await isRight(credentials.password, passwordHash)) ? undefined : 'wrong password'
      if (why === undefined) {
        gate.passed(key)
        return { ok: true }
      }
      gate.failed(key)
      note(identity, address, why)
      return { ok: false, status: 401, why }
    },
    refused({ identity, status, why, address }) {
      log.info({ station: identity, status, why, address }, 'a station was turned away')
      if (identity !== undefined && status === 401 && why.startsWith('the user name') && stations.has(identity)) {
        const key = `${identity} ${address}`
        if (!gate.isClosed(key)) note(identity, address, why)
        gate.failed(key)
      }
    },
  }
}
