/**
 * What a simulated station keeps under lock: its keys and certificates, the roots it trusts, and the ways to its CSMS with their security
 * profiles (OCPP 2.0.1 A02 to A05, B09, M03 to M05). It makes real keys and requests and takes no certificate that does not fit.
 */
import type { KeyObject } from 'node:crypto'
import { type Clock, isProblem, SECOND, type Timer } from '#kernel'
import type { Messages } from '#protocols/ocpp'
import {
  type CertificateHash,
  type HashAlgorithm,
  hashOf,
  type KeyKind,
  keyToPem,
  makeKey,
  readCertificates,
  writeRequest,
} from '#protocols/pki'
import type { Link } from './station-link.ts'
import { zulu } from './station-meter.ts'
import type { Variables } from './station-variables.ts'

type Answers = { [A in keyof Messages]?: (request: Messages[A]['request']) => Messages[A]['response'] }
type Use = Messages['InstallCertificate']['request']['certificateType']
type Signable = 'ChargingStationCertificate' | 'V2GCertificate'

/** What it brings from the factory. */
export interface VaultSpec {
  /** Roots by their use, PEM. */
  roots?: { use: Use; pem: string }[]
  /** Certificate chain and key towards the CSMS, PEM. */
  own?: { chain: string; key: string }
  organization?: string
  keys?: KeyKind
  /** How it names certificates. */
  hash?: HashAlgorithm
}

/** One way to the CSMS. */
interface Slot {
  url: string
  profile: number
}

export interface VaultMemory {
  slots: [number, Slot][]
  active: number
  roots: { use: Use; pem: string }[]
  own: [Signable, { chain: string; key: string }][]
}

export interface TlsWay {
  ca: string[]
  cert?: string
  key?: string
}

export interface Vault {
  readonly answers: Answers
  /** How to connect now: by the first slot that is not given up. */
  way(): { url: string; password?: string; tls?: TlsWay }
  /** Whether that worked. */
  tried(worked: boolean): void
  /** Makes a key and asks the CSMS to sign it. */
  sign(kind: Signable | 'both'): Promise<void>
  memory(): VaultMemory
  /** The chain it would come with, or shows to cars (PEM). */
  chain(kind: Signable): string | undefined
  stop(): void
}

export interface VaultParts {
  clock: Clock
  variables: Variables
  link(): Link
  identity: string
  url: string
  password: string | undefined
  spec?: VaultSpec
  kept?: VaultMemory
}

const ENTRIES = 20

export function openVault({ clock, variables, link, identity, url, password, spec = {}, kept }: VaultParts): Vault {
  const { organization = 'Cariflex', keys = 'p256', hash: hashAlgorithm = 'SHA256' } = spec
  const roots = kept?.roots ?? [...(spec.roots ?? [])]
  const own = new Map<Signable, { chain: string; key: string }>(kept?.own ?? (spec.own ? [['ChargingStationCertificate', spec.own]] : []))
  const first: Slot = { url, profile: /^wss:/i.test(url) ? (spec.own ? 3 : 2) : password === undefined ? 0 : 1 }
  // Where it was installed to connect to may have moved since; only what the CSMS set is remembered.
  const slots = new Map<number, Slot>([[1, first], ...(kept?.slots ?? [])])
  let active = kept?.active ?? 1
  /** Slots that failed since the last connection, as often. */
  const failures = new Map<number, number>()
  let trying = active
  const pending = new Map<Signable, KeyObject>()
  const timers = new Map<Signable, Timer>()

  const told = () => {
    variables.put('SecurityCtrlr', 'SecurityProfile', String(slots.get(active)?.profile ?? 0))
    variables.put('OCPPCommCtrlr', 'ActiveNetworkProfile', String(active))
    variables.put('SecurityCtrlr', 'CertificateEntries', String(roots.length + own.size))
    variables.offer('OCPPCommCtrlr', 'NetworkConfigurationPriority', [...slots.keys()].map(String))
  }
  variables.put('SecurityCtrlr', 'OrganizationName', organization)
  told()

  const hashed = (pem: string, issuer: string): CertificateHash => {
    const hash = hashOf(pem, issuer, hashAlgorithm)
    // In capitals: it is the CSMS that must give it back as it was.
    return { ...hash, serialNumber: hash.serialNumber.toUpperCase() }
  }
  const isSame = (a: CertificateHash, b: CertificateHash) =>
    a.hashAlgorithm === b.hashAlgorithm &&
    a.issuerNameHash === b.issuerNameHash &&
    a.issuerKeyHash === b.issuerKeyHash &&
    a.serialNumber === b.serialNumber
  const event = (type: string, techInfo?: string) =>
    void link()
      .call('SecurityEventNotification', { type, timestamp: zulu(clock.now()), ...(techInfo && { techInfo: techInfo.slice(0, 255) }) })
      .catch(() => undefined)

  /** Why a certificate that was sent cannot be used. */
  const unfit = (chain: string, kind: Signable): string | undefined => {
    const key = pending.get(kind)
    if (!key) return 'nobody asked for it'
    const [leaf, ...others] = readCertificates(chain)
    if (!leaf!.x509.checkPrivateKey(key)) return 'it is for another key'
    if (clock.now() < leaf!.from || clock.now() > leaf!.until) return 'it does not count now'
    if (kind === 'ChargingStationCertificate' && leaf!.subject.commonName !== identity) return 'it is made out to another station'
    const above = others[0]
    return above && !leaf!.x509.checkIssued(above.x509) ? 'its chain is broken' : undefined
  }

  const request = async (kind: Signable, attempt: number): Promise<void> => {
    const key = pending.get(kind) ?? (await makeKey(keys))
    pending.set(kind, key)
    const csr = writeRequest({ commonName: identity, organization: variables.value('SecurityCtrlr', 'OrganizationName') }, key)
    const answer = await link().call('SignCertificate', { csr, certificateType: kind })
    if (answer.status !== 'Accepted') return void pending.delete(kind)
    if (attempt >= variables.number('SecurityCtrlr', 'CertSigningRepeatTimes')) return
    const wait = variables.number('SecurityCtrlr', 'CertSigningWaitMinimum') * 2 ** attempt
    timers.get(kind)?.cancel()
    timers.set(
      kind,
      clock.in(wait * SECOND, () => {
        if (pending.has(kind)) request(kind, attempt + 1).catch(() => undefined)
      }),
    )
  }

  const answers: Answers = {
    CertificateSigned({ certificateChain, certificateType = 'ChargingStationCertificate' }) {
      const kind = certificateType as Signable
      let why: string | undefined
      try {
        why = unfit(certificateChain, kind)
      } catch (error) {
        if (!isProblem(error)) throw error
        why = error.message
      }
      timers.get(kind)?.cancel()
      const key = pending.get(kind)
      pending.delete(kind)
      if (why !== undefined || !key) {
        setImmediate(() => event('InvalidChargingStationCertificate', why))
        return { status: 'Rejected', statusInfo: { reasonCode: 'InvalidCertificate', additionalInfo: (why ?? '').slice(0, 512) } }
      }
      own.set(kind, { chain: certificateChain, key: keyToPem(key) })
      told()
      return { status: 'Accepted' }
    },
    InstallCertificate({ certificateType, certificate }) {
      try {
        const [root] = readCertificates(certificate, 1)
        if (!root!.isAuthority || clock.now() > root!.until) return { status: 'Rejected', statusInfo: { reasonCode: 'InvalidCertificate' } }
      } catch (error) {
        if (!isProblem(error)) throw error
        return { status: 'Rejected', statusInfo: { reasonCode: 'InvalidCertificate' } }
      }
      if (roots.length >= ENTRIES) return { status: 'Failed', statusInfo: { reasonCode: 'OutOfStorage' } }
      if (!roots.some(({ use, pem }) => use === certificateType && pem === certificate))
        roots.push({ use: certificateType, pem: certificate })
      told()
      return { status: 'Accepted' }
    },
    GetInstalledCertificateIds({ certificateType }) {
      const wanted = (type: string) => certificateType === undefined || (certificateType as string[]).includes(type)
      const chains = roots
        .filter(({ use }) => wanted(use))
        .map(({ use, pem }) => ({ certificateType: use, certificateHashData: hashed(pem, pem) }))
      const v2g = own.get('V2GCertificate')
      const [leaf, issuer] = v2g && wanted('V2GCertificateChain') ? readCertificates(v2g.chain) : []
      const all = [
        ...chains,
        ...(leaf ? [{ certificateType: 'V2GCertificateChain' as const, certificateHashData: hashed(leaf.pem, (issuer ?? leaf).pem) }] : []),
      ]
      return all.length === 0 ? { status: 'NotFound' } : { status: 'Accepted', certificateHashDataChain: all }
    },
    DeleteCertificate({ certificateHashData }) {
      const at = roots.findIndex(({ pem }) => isSame(hashed(pem, pem), certificateHashData))
      if (at < 0) return { status: 'NotFound' }
      // The root that its connection hangs on stays (M04.FR.06).
      const isNeeded = roots[at]!.use === 'CSMSRootCertificate' && (slots.get(active)?.profile ?? 0) >= 2
      if (isNeeded && roots.filter(({ use }) => use === 'CSMSRootCertificate').length === 1) return { status: 'Failed' }
      roots.splice(at, 1)
      told()
      return { status: 'Accepted' }
    },
    SetNetworkProfile({ configurationSlot, connectionData }) {
      const { securityProfile, ocppCsmsUrl, ocppTransport } = connectionData
      const refuse = (reasonCode: string) => ({ status: 'Rejected' as const, statusInfo: { reasonCode } })
      if (configurationSlot < 1 || configurationSlot > 3) return refuse('InvalidConfSlot')
      if (configurationSlot === active) return refuse('InvalidConfSlot')
      if (ocppTransport !== 'JSON') return refuse('InvalidNetworkConf')
      if (securityProfile < (slots.get(active)?.profile ?? 0)) return refuse('NoSecurityDowngrade')
      if (securityProfile >= 2 !== /^wss:/i.test(ocppCsmsUrl)) return refuse('InvalidNetworkConf')
      if (securityProfile >= 2 && !roots.some(({ use }) => use === 'CSMSRootCertificate')) return refuse('MissingDevModelInfo')
      if (securityProfile === 3 && !own.has('ChargingStationCertificate')) return refuse('MissingDevModelInfo')
      slots.set(configurationSlot, { url: ocppCsmsUrl, profile: securityProfile })
      told()
      return { status: 'Accepted' }
    },
  }

  return {
    answers,
    way() {
      const order = variables
        .list('OCPPCommCtrlr', 'NetworkConfigurationPriority')
        .map(Number)
        .filter((slot) => slots.has(slot))
      const attempts = Math.max(1, variables.number('OCPPCommCtrlr', 'NetworkProfileConnectionAttempts'))
      trying = order.find((slot) => (failures.get(slot) ?? 0) < attempts) ?? order[0] ?? active
      if (order.every((slot) => (failures.get(slot) ?? 0) >= attempts)) failures.clear()
      const { url: address, profile } = slots.get(trying) ?? first
      const secret = password === undefined ? undefined : variables.value('SecurityCtrlr', 'BasicAuthPassword') || password
      const mine = own.get('ChargingStationCertificate')
      const ca = roots.filter(({ use }) => use === 'CSMSRootCertificate').map(({ pem }) => pem)
      return {
        url: address,
        ...(secret !== undefined && (profile === 1 || profile === 2) && { password: secret }),
        ...(profile >= 2 && { tls: { ca, ...(profile === 3 && mine && { cert: mine.chain, key: mine.key }) } }),
      }
    },
    tried(worked) {
      if (!worked) return void failures.set(trying, (failures.get(trying) ?? 0) + 1)
      failures.clear()
      active = trying
      const { profile } = slots.get(active)!
      // Lower profiles are over once a higher one worked (A05.FR.05).
      for (const [slot, one] of slots) if (one.profile < profile) slots.delete(slot)
      const left = variables.list('OCPPCommCtrlr', 'NetworkConfigurationPriority').filter((slot) => slots.has(Number(slot)))
      variables.put('OCPPCommCtrlr', 'NetworkConfigurationPriority', left.join(',') || String(active))
      told()
    },
    async sign(kind) {
      for (const one of kind === 'both' ? (['ChargingStationCertificate', 'V2GCertificate'] as const) : [kind]) {
        pending.delete(one)
        await request(one, 0)
      }
    },
    memory: () => ({ slots: [...slots].filter(([, slot]) => slot !== first), active, roots, own: [...own] }),
    chain: (kind) => own.get(kind)?.chain,
    stop() {
      for (const timer of timers.values()) timer.cancel()
    },
  }
}
