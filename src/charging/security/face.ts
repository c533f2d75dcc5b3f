/** What the security of a station asks of it, whatever version of OCPP it speaks. */
import { Problem, say } from '#kernel'
import { CallError, type Payload, type Session } from '#protocols/ocpp'
import type { CertificateHash } from '#protocols/pki'
import { SAYING } from './saying.ts'

export type SigningKind = 'ChargingStationCertificate' | 'V2GCertificate'
/** As OCPP 2.x names what a root on a station is for. */
export type InstalledUse =
  | 'V2GRootCertificate'
  | 'MORootCertificate'
  | 'CSMSRootCertificate'
  | 'ManufacturerRootCertificate'
  | 'OEMRootCertificate'
export interface Installed {
  type: string
  /** As the station said it, letter by letter: it wants it back like that. */
  hash: CertificateHash
  children: CertificateHash[]
}
export interface NetworkProfile {
  slot: number
  url: string
  profile: 0 | 1 | 2 | 3
  /** Seconds. */
  messageTimeout: number
}

/** Every method resolves with the station's own status word. Versions that lack a step refuse it with `no-such-step`. */
export interface SecurityFace {
  setPassword(session: Session, password: string, options: CallTime): Promise<string>
  askToSign(session: Session, kind: SigningKind | 'SignCombinedCertificate', options: CallTime): Promise<string>
  giveCertificate(session: Session, chain: string, kind: SigningKind, options: CallTime & { requestId?: number }): Promise<string>
  install(session: Session, use: InstalledUse, certificate: string, options: CallTime): Promise<string>
  remove(session: Session, hash: CertificateHash, options: CallTime): Promise<string>
  installed(session: Session, uses: readonly string[] | undefined, options: CallTime): Promise<Installed[]>
  setNetworkProfile(session: Session, wish: NetworkProfile, options: CallTime): Promise<string>
  /** Puts the slot before all others; returns the status word. */
  preferSlot(session: Session, slot: number, options: CallTime): Promise<string>
  restart(session: Session, options: CallTime): Promise<string>
}
export interface CallTime {
  timeout: number
}

/** The status word in an answer, wherever it stands. */
const statusOf = (answer: Payload): string => String(answer['status'] ?? 'Accepted')

async function setVariable(session: Session, component: string, variable: string, value: string, { timeout }: CallTime): Promise<string> {
  const answer = await session.call(
    'SetVariables',
    { setVariableData: [{ component: { name: component }, variable: { name: variable }, attributeValue: value }] },
    { timeout },
  )
  const [result] = (answer['setVariableResult'] ?? []) as { attributeStatus?: string }[]
  return result?.attributeStatus ?? 'Rejected'
}

async function getVariable(session: Session, component: string, variable: string, { timeout }: CallTime): Promise<string | undefined> {
  const answer = await session.call(
    'GetVariables',
    { getVariableData: [{ component: { name: component }, variable: { name: variable } }] },
    { timeout },
  )
  const [result] = (answer['getVariableResult'] ?? []) as { attributeStatus?: string; attributeValue?: string }[]
  return result?.attributeStatus === 'Accepted' ? result.attributeValue : undefined
}

/** OCPP 2.0.1 and 2.1. */
const face2: SecurityFace = {
  setPassword: (session, password, options) => setVariable(session, 'SecurityCtrlr', 'BasicAuthPassword', password, options),
  askToSign: async (session, kind, { timeout }) =>
    statusOf(
      await session.call('TriggerMessage', { requestedMessage: kind === 'SignCombinedCertificate' ? kind : `Sign${kind}` }, { timeout }),
    ),
  giveCertificate: async (session, certificateChain, certificateType, { timeout, requestId }) =>
    statusOf(
      await session.call(
        'CertificateSigned',
        { certificateChain, certificateType, ...(requestId === undefined ? {} : { requestId }) },
        { timeout },
      ),
    ),
  install: async (session, certificateType, certificate, { timeout }) =>
    statusOf(await session.call('InstallCertificate', { certificateType, certificate }, { timeout })),
  remove: async (session, certificateHashData, { timeout }) =>
    statusOf(await session.call('DeleteCertificate', { certificateHashData: { ...certificateHashData } }, { timeout })),
  async installed(session, uses, { timeout }) {
    const answer = await session.call('GetInstalledCertificateIds', uses && uses.length > 0 ? { certificateType: [...uses] } : {}, {
      timeout,
    })
    const chains = (answer['certificateHashDataChain'] ?? []) as {
      certificateType: string
      certificateHashData: CertificateHash
      childCertificateHashData?: CertificateHash[]
    }[]
    return chains.map((one) => ({ type: one.certificateType, hash: one.certificateHashData, children: one.childCertificateHashData ?? [] }))
  },
  setNetworkProfile: async (session, { slot, url, profile, messageTimeout }, { timeout }) =>
    statusOf(
      await session.call(
        'SetNetworkProfile',
        {
          configurationSlot: slot,
          connectionData: {
            ocppVersion: session.version === 'ocpp2.1' ? 'OCPP21' : 'OCPP20',
            ocppTransport: 'JSON',
            ocppCsmsUrl: url,
            messageTimeout,
            securityProfile: profile,
            ocppInterface: 'Wired0',
          },
        },
        { timeout },
      ),
    ),
  async preferSlot(session, slot, options) {
    const before = (await getVariable(session, 'OCPPCommCtrlr', 'NetworkConfigurationPriority', options)) ?? ''
    const others = before.split(',').filter((one) => one.trim() !== '' && one.trim() !== String(slot))
    return setVariable(session, 'OCPPCommCtrlr', 'NetworkConfigurationPriority', [String(slot), ...others].join(','), options)
  },
  restart: async (session, { timeout }) => statusOf(await session.call('Reset', { type: 'OnIdle' }, { timeout })),
}

const missing = (session: Session): never => {
  throw new Problem('no-such-step', say(SAYING.noSuchStep, { version: session.version.replace('ocpp', '') }), {
    status: 409,
    hint: say(SAYING.upgradeStation),
  })
}
const OLD_USES: Partial<Record<string, string>> = {
  CSMSRootCertificate: 'CentralSystemRootCertificate',
  ManufacturerRootCertificate: 'ManufacturerRootCertificate',
}
const NEW_USES = Object.fromEntries(Object.entries(OLD_USES).map(([now, then]) => [then, now]))

/** OCPP 1.6 with its security whitepaper. Passwords travel as hex (AuthorizationKey), the profile is a key of its own. */
const face16: SecurityFace = {
  setPassword: async (session, password, { timeout }) =>
    statusOf(
      await session.call('ChangeConfiguration', { key: 'AuthorizationKey', value: Buffer.from(password).toString('hex') }, { timeout }),
    ),
  askToSign: async (session, kind, { timeout }) =>
    kind === 'V2GCertificate'
      ? missing(session)
      : statusOf(await session.call('ExtendedTriggerMessage', { requestedMessage: 'SignChargePointCertificate' }, { timeout })),
  giveCertificate: async (session, certificateChain, kind, { timeout }) =>
    kind === 'V2GCertificate' ? missing(session) : statusOf(await session.call('CertificateSigned', { certificateChain }, { timeout })),
  install: async (session, use, certificate, { timeout }) =>
    statusOf(await session.call('InstallCertificate', { certificateType: OLD_USES[use] ?? missing(session), certificate }, { timeout })),
  remove: async (session, certificateHashData, { timeout }) =>
    statusOf(await session.call('DeleteCertificate', { certificateHashData: { ...certificateHashData } }, { timeout })),
  async installed(session, uses, { timeout }) {
    const asked = (uses && uses.length > 0 ? uses : Object.keys(OLD_USES)).flatMap((use) => OLD_USES[use] ?? [])
    const found: Installed[] = []
    for (const certificateType of asked) {
      const answer = await session.call('GetInstalledCertificateIds', { certificateType }, { timeout })
      for (const hash of (answer['certificateHashData'] ?? []) as CertificateHash[])
        found.push({ type: NEW_USES[certificateType] ?? certificateType, hash, children: [] })
    }
    return found
  },
  setNetworkProfile: async (session, { profile }, { timeout }) =>
    statusOf(await session.call('ChangeConfiguration', { key: 'SecurityProfile', value: String(profile) }, { timeout })),
  preferSlot: async () => 'Accepted',
  restart: async (session, { timeout }) => statusOf(await session.call('Reset', { type: 'Soft' }, { timeout })),
}

/** The face of the version that a session speaks. */
export const faceOf = (session: Session): SecurityFace => (session.version === 'ocpp1.6' ? face16 : face2)

/** Asks the station for a step; what it cannot or will not do becomes a Problem. @throws Problem `station-refused`, `no-such-step`, `no-answer` */
export async function step<T>(session: Session, action: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof CallError)) throw error
    throw refusal(session, action, `${error.code}${error.description ? ` (${error.description})` : ''}`)
  }
}
export const refusal = (session: Session, action: string, answer: string): Problem =>
  new Problem('station-refused', say(SAYING.refusedStep, { station: session.identity, action, answer }), {
    status: 502,
    hint: say(SAYING.lookAtConversation),
    details: { answer },
  })
