/** Looks after certificates of stations: asks for new ones when two thirds of their life are over, and tells people before one ends.
 * Revocation lists of others are looked after as well. */
import { type Clock, describeError, formatInstant, HOUR, type Instant, type Log, say } from '#kernel'
import type { Store } from '#store'
import type { Station } from '../station.ts'
import { forgetOcsp } from './ocsp.ts'
import type { RevocationLists } from './revocation.ts'
import { SAYING } from './saying.ts'
import { type KeptCertificate, oldCertificates } from './shelf.ts'
import type { Signing } from './signing.ts'

const ASK_AGAIN = 24 * HOUR

export interface WatchParts {
  store: Store
  clock: Clock
  log: Log
  zone: string
  stations: ReadonlyMap<string, Station>
  signing: Signing
  revocation: RevocationLists
  alarm(station: Station, code: string, sentence: string | undefined): void
}

/** Whether nine tenths of the life of a certificate are over. */
const isEnding = ({ from, until }: KeptCertificate, now: Instant) => now >= from + (until - from) * 0.9

export interface CertificateWatch {
  /** One look at all of them. */
  look(): Promise<void>
  stop(): void
}

export function watchCertificates({ store, clock, log, zone, stations, signing, revocation, alarm }: WatchParts): CertificateWatch {
  const asked = new Map<string, Instant>()
  const look = async () => {
    const now = clock.now()
    await forgetOcsp(store, now)
    await revocation.look()
    for (const certificate of await oldCertificates(store, now)) {
      const station = certificate.station === null ? undefined : stations.get(certificate.station)
      if (!station) continue
      const { kind, fingerprint, until } = certificate
      const slots = { station: station.record.identity, when: formatInstant(until, zone).slice(0, 10) }
      if (isEnding(certificate, now)) alarm(station, `${kind}-certificate`, say(SAYING.alarmCertificate, slots))
      const last = asked.get(fingerprint)
      if (!station.session || (last !== undefined && now - last < ASK_AGAIN)) continue
      asked.set(fingerprint, now)
      const status = await signing
        .ask(station, kind === 'v2g' ? 'V2GCertificate' : 'ChargingStationCertificate')
        .catch((error: unknown) => describeError(error))
      if (status !== 'Accepted') log.warn({ station: station.record.identity, status }, 'a station does not renew its certificate')
    }
  }
  const timer = clock.every(HOUR, () => {
    look().catch((error: unknown) => log.warn({ error: describeError(error) }, 'certificates were not looked through'))
  })
  return { look, stop: () => timer.cancel() }
}
