/** The security of stations put together: authority, certificates, passwords, profiles, the encrypted port, Plug & Charge. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Clock, describeError, isProblem, type Log, type Outward, openOutward, say } from '#kernel'
import type { Payload } from '#protocols/ocpp'
import { readCertificates } from '#protocols/pki'
import type { Secrets, Store } from '#store'
import type { ChargingConfig } from '../config.ts'
import { type ContractDesk, openContracts } from '../contracts/contracts.ts'
import type { Station } from '../station.ts'
import type { ContractCheck } from '../token.ts'
import { type Authority, openAuthority } from './authority.ts'
import { type Caller, callerOf } from './caller.ts'
import { contractCheck } from './contract.ts'
import type { InstalledCertificates } from './installed.ts'
import { openInstalled } from './installed.ts'
import { type OcspQuestion, openOcspDesk } from './ocsp.ts'
import { openPasswordChanger, type PasswordChanger } from './password-change.ts'
import { openProfileSwitcher, type ProfileSwitcher } from './profile-switch.ts'
import { openRevocationLists, type RevocationLists, type RevocationParts } from './revocation.ts'
import { SAYING } from './saying.ts'
import { type OpenPort, openSecurePort } from './secure-port.ts'
import { certificatesInFiles, ownCertificates, type ServerCertificates } from './server-certificate.ts'
import { type KeptCertificate, keepCertificate, listCertificates, type RootUse, revokeCertificate } from './shelf.ts'
import { openSigning, type Signing } from './signing.ts'
import { type CertificateWatch, watchCertificates } from './watch.ts'

/** Security events of stations that a person should see (OCPP 2.0.1 appendix 1: those that are critical and are no everyday business). */
const GRAVE = new Set([
  'TamperDetectionActivated',
  'SecurityLogWasCleared',
  'MemoryExhaustion',
  'InvalidFirmwareSignature',
  'InvalidFirmwareSigningCertificate',
  'InvalidCsmsCertificate',
  'InvalidCentralSystemCertificate',
  'InvalidChargingStationCertificate',
  'InvalidChargePointCertificate',
  'InvalidTLSVersion',
  'InvalidTLSCipherSuite',
  'AttemptedReplayAttacks',
  'MaintenanceLoginFailed',
])
/** Longest ocspResult of OCPP 2.0.1, characters. */
const LONGEST_OCSP = 5500

export interface SecurityParts {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  stations: ReadonlyMap<string, Station>
  alarm(station: Station, code: string, sentence: string | undefined): void
  /** Revocation lists that ended, all of them every time. */
  listsEnded: RevocationParts['ended']
  /** Absent: no authority of our own, nothing that needs one. */
  secrets: Secrets | undefined
  /** How addresses that others chose are called. */
  outward?: Outward
  /** Who issues instead of our own authority. */
  authorities?: { stations?: Authority; v2g?: Authority }
  /** Where the certificates of the encrypted port come from instead of files or our own authority. */
  serverCertificates?: ServerCertificates
}

export interface StationSecurity {
  // What the entrance and the handlers of messages ask.
  callerOf(request: IncomingMessage): Promise<Caller>
  isChanging: PasswordChanger['isChanging']
  contractCheck: ContractCheck
  signCertificate: Signing['requested']
  certificateStatus(payload: Payload): Promise<Payload>
  evCertificate(station: Station, payload: Payload): Promise<Payload>
  /** A station reported a security event. */
  event(station: Station, type: string): void

  // What people ask.
  signing: Signing
  installed: InstalledCertificates
  passwords: PasswordChanger
  profiles: ProfileSwitcher
  certificates(filter?: Parameters<typeof listCertificates>[1]): Promise<KeptCertificate[]>
  /** Trusts a root for these uses. @throws Problem `bad-certificate` */
  trust(pem: string, uses: readonly RootUse[]): Promise<KeptCertificate>
  /** Takes a certificate back for good; the station that came with it is disconnected. @throws Problem `unknown-certificate` */
  revoke(fingerprint: string, because: string): Promise<KeptCertificate>
  /** What stations must trust to come to our encrypted port (PEM). @throws Problem `no-authority` */
  roots(): Promise<string>
  revocationList(): Promise<string>
  /** What other authorities took back. */
  revocation: RevocationLists
  /** Contracts that cars pay by, and the pool where they get them. */
  contracts: ContractDesk

  /** Opens the encrypted port, if one is configured. @throws Problem `port-taken`, `bad-certificate`, `no-authority` */
  open(upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown, plainUrl: () => string): Promise<OpenPort | undefined>
  watch: CertificateWatch
  close(): Promise<void>
}

export function openStationSecurity(parts: SecurityParts): StationSecurity {
  const { store, clock, log, config, stations, alarm, secrets } = parts
  const { organization, patience: timeout } = config
  const authority = parts.authorities?.stations ?? openAuthority('stations', { store, clock, secrets, organization })
  const v2g = parts.authorities?.v2g ?? openAuthority('v2g', { store, clock, secrets, organization })
  const outward = parts.outward ?? openOutward()
  const ocsp = openOcspDesk({ store, clock, log, outward })
  const signing = openSigning({
    ...{ store, clock, log, organization, timeout },
    authorities: { ChargingStationCertificate: authority, V2GCertificate: v2g },
    told(station, { kind, status }) {
      if (status === 'Accepted') alarm(station, kind === 'V2GCertificate' ? 'v2g-certificate' : 'station-certificate', undefined)
      log[status === 'Accepted' ? 'info' : 'warn'](
        { station: station.record.identity, kind, status },
        'a certificate was sent to a station',
      )
    },
  })
  const passwords = openPasswordChanger({ store, log, timeout })
  let port: OpenPort | undefined
  let plain: (() => string) | undefined
  const secureUrl = () => port && `wss://${config.tls?.names[0] ?? 'localhost'}:${port.port}/ocpp`
  const profiles = openProfileSwitcher({ store, authority, timeout, secureUrl, plainUrl: () => plain?.() ?? '' })
  const { zone } = config
  const revocation = openRevocationLists({ store, clock, log, outward, zone, ended: parts.listsEnded })
  const watch = watchCertificates({ store, clock, log, zone, stations, signing, revocation, alarm })
  const contracts = openContracts({ store, clock, log, secrets, outward, config })

  const one = async (fingerprint: string): Promise<KeptCertificate> =>
    (await listCertificates(store)).find((certificate) => certificate.fingerprint === fingerprint)!

  return {
    callerOf: (request) => callerOf(request, { store, clock, authority, trustProxy: config.trustProxy }),
    isChanging: passwords.isChanging,
    contractCheck: contractCheck({ store, clock, log, ocsp }),
    signCertificate: signing.requested,
    async certificateStatus(payload) {
      const question = payload['ocspRequestData'] as OcspQuestion
      try {
        const ocspResult = (await ocsp.fetch(question)).toString('base64')
        if (ocspResult.length <= LONGEST_OCSP) return { status: 'Accepted', ocspResult }
        return failed('TooLong', 'The answer of the responder is too long for this message.')
      } catch (error) {
        if (!isProblem(error) || error.code === 'database-unavailable') throw error
        log.info({ responder: question.responderURL, error: describeError(error) }, 'an OCSP responder gave no answer')
        return failed('NoOCSPAnswer', error.message)
      }
    },
    async evCertificate(station, payload) {
      const exi = Buffer.from(String(payload['exiRequest']), 'base64')
      const namespace = String(payload['iso15118SchemaVersion'])
      const action = payload['action'] === 'Update' ? 'Update' : 'Install'
      try {
        const answer = await contracts.current.answer({ namespace, action, exi })
        return { status: answer.ok ? 'Accepted' : 'Failed', exiResponse: Buffer.from(answer.exi).toString('base64') }
      } catch (error) {
        if (!isProblem(error)) throw error
        log.warn({ station: station.record.identity, error: describeError(error) }, 'the pool of contract certificates gave no answer')
        return { ...failed('PoolFailed', error.message), exiResponse: '' }
      }
    },
    event(station, type) {
      if (GRAVE.has(type))
        alarm(station, `security-${type}`.slice(0, 60), say(SAYING.alarmSecurity, { station: station.record.identity, event: type }))
    },

    signing,
    installed: openInstalled({ store, clock, timeout }),
    passwords,
    profiles,
    certificates: (filter) => listCertificates(store, filter),
    async trust(pem, uses) {
      const [facts] = readCertificates(pem, 1)
      await keepCertificate(store, facts!.pem, { kind: 'root', now: clock.now(), uses })
      return one(facts!.fingerprint)
    },
    async revoke(fingerprint, because) {
      const taken = await revokeCertificate(store, fingerprint, because, clock.now())
      if (taken.kind === 'station' && taken.station !== null) stations.get(taken.station)?.session?.close(1008, 'certificate revoked')
      return taken
    },
    roots: async () => (await authority.roots()).join(''),
    revocationList: () => authority.revocationList(),
    revocation,
    contracts,

    async open(upgrade, plainUrl) {
      plain = plainUrl
      const { tls } = config
      if (!tls) return undefined
      const own = { store, clock, log, secrets, authority, organization, names: tls.names }
      const certificates =
        parts.serverCertificates ??
        (tls.certificates.length > 0 ? certificatesInFiles(tls.certificates, { clock, log }) : ownCertificates(own))
      const roots = async () => [
        ...(await authority.roots()),
        ...(await listCertificates(store, { kind: 'root', use: 'Manufacturer' }))
          .filter(({ revokedAt }) => revokedAt === null)
          .map(({ pem }) => pem),
      ]
      port = await openSecurePort({ where: tls, certificates, roots, upgrade, log })
      log.info({ port: port.port }, 'charging stations may connect encrypted')
      return port
    },
    watch,
    async close() {
      watch.stop()
      await signing.settled()
      await port?.close()
    },
  }
}

const failed = (reasonCode: string, additionalInfo: string) => ({
  status: 'Failed',
  statusInfo: { reasonCode, additionalInfo: additionalInfo.slice(0, 500) },
})
