/** What the security of a station asks of it, in the words of OCPP 2.0.1; a line to a station of 1.6 translates them. */
import { Problem, say } from '#kernel'
import { CallError, OCPP16, type Payload } from '#protocols/ocpp'
import type { CertificateHash } from '#protocols/pki'
import type { Line } from '../line.ts'
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

/** Every method resolves with the station's own status word. */
export interface SecurityFace {
  setPassword(session: Line, password: string, options: CallTime): Promise<string>
  /** Tells the station in whose name its requests for certificates shall be. */
  setOrganization(session: Line, organization: string, options: CallTime): Promise<string>
  askToSign(session: Line, kind: SigningKind | 'SignCombinedCertificate', options: CallTime): Promise<string>
  giveCertificate(session: Line, chain: string, kind: SigningKind, options: CallTime & { requestId?: number }): Promise<string>
  install(session: Line, use: InstalledUse, certificate: string, options: CallTime): Promise<string>
  remove(session: Line, hash: CertificateHash, options: CallTime): Promise<string>
  installed(session: Line, uses: readonly string[] | undefined, options: CallTime): Promise<Installed[]>
  /** A configuration slot that is not in use: the one in use cannot be written. */
  otherSlot(session: Line, options: CallTime): Promise<number>
  setNetworkProfile(session: Line, wish: NetworkProfile, options: CallTime): Promise<string>
  /** Puts the slot before all others; returns the status word. */
  preferSlot(session: Line, slot: number, options: CallTime): Promise<string>
  restart(session: Line, options: CallTime): Promise<string>
}
export interface CallTime {
  timeout: number
}

export const isOld = ({ wire }: Line): boolean => wire.version === OCPP16

/** The status word in an answer, wherever it stands. */
const statusOf = (answer: Payload): string => String(answer['status'] ?? 'Accepted')

async function setVariable(session: Line, component: string, variable: string, value: string, { timeout }: CallTime): Promise<string> {
  const answer = await session.call(
    'SetVariables',
    { setVariableData: [{ component: { name: component }, variable: { name: variable }, attributeValue: value }] },
    { timeout },
  )
  const [result] = (answer['setVariableResult'] ?? []) as { attributeStatus?: string }[]
  return result?.attributeStatus ?? 'Rejected'
}

async function getVariable(session: Line, component: string, variable: string, { timeout }: CallTime): Promise<string | undefined> {
  const answer = await session.call(
    'GetVariables',
    { getVariableData: [{ component: { name: component }, variable: { name: variable } }] },
    { timeout },
  )
  const [result] = (answer['getVariableResult'] ?? []) as { attributeStatus?: string; attributeValue?: string }[]
  return result?.attributeStatus === 'Accepted' ? result.attributeValue : undefined
}

export const FACE: SecurityFace = {
  setPassword: (session, password, options) => setVariable(session, 'SecurityCtrlr', 'BasicAuthPassword', password, options),
  setOrganization: (session, organization, options) => setVariable(session, 'SecurityCtrlr', 'OrganizationName', organization, options),
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
  otherSlot: async (session, options) =>
    !isOld(session) && (await getVariable(session, 'OCPPCommCtrlr', 'ActiveNetworkProfile', options)) === '2' ? 1 : 2,
  async setNetworkProfile(session, { slot, url, profile, messageTimeout }, { timeout }) {
    // OCPP 1.6 knows one address and one key for the profile.
    if (isOld(session)) return setVariable(session, 'SecurityCtrlr', 'SecurityProfile', String(profile), { timeout })
    return statusOf(
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
    )
  },
  async preferSlot(session, slot, options) {
    if (isOld(session)) return 'Accepted'
    const before = (await getVariable(session, 'OCPPCommCtrlr', 'NetworkConfigurationPriority', options)) ?? ''
    const others = before.split(',').filter((one) => one.trim() !== '' && one.trim() !== String(slot))
    return setVariable(session, 'OCPPCommCtrlr', 'NetworkConfigurationPriority', [String(slot), ...others].join(','), options)
  },
  restart: async (session, { timeout }) => statusOf(await session.call('Reset', { type: 'OnIdle' }, { timeout })),
}

/** Asks the station for a step; what it cannot or will not do becomes a Problem. @throws Problem `station-refused`, `no-answer` */
export async function step<T>(session: Line, action: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof CallError)) throw error
    throw refusal(session, action, `${error.code}${error.description ? ` (${error.description})` : ''}`)
  }
}
export const refusal = (session: Line, action: string, answer: string): Problem =>
  new Problem('station-refused', say(SAYING.refusedStep, { station: session.identity, action, answer }), {
    status: 502,
    hint: say(SAYING.lookAtConversation),
    details: { answer },
  })
