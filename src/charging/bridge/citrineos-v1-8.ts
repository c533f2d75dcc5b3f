/** CitrineOS 1.8: a headers exchange, one queue for each connected station, a message API by module (charging reference 1.3, 1.4). */
import { instant, parseInstant } from '#kernel'
import { dialectOf, OCPP16, OCPP201, type OcppVersion, type Payload } from '#protocols/ocpp'
import { zulu } from '../order.ts'
import type { CitrineAdapter, TapMessage } from './citrineos-adapter.ts'

const STATE = { request: '1', response: '2' } as const

/** Module of each action; it stands in the path of the API, and in the header `eventGroup`. */
const MODULES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  [OCPP201]: {
    certificates: ['CertificateSigned', 'DeleteCertificate', 'GetInstalledCertificateIds', 'InstallCertificate'],
    configuration: [
      ...['ChangeAvailability', 'ClearDisplayMessage', 'DataTransfer', 'GetDisplayMessages', 'PublishFirmware', 'Reset'],
      ...['SetDisplayMessage', 'SetNetworkProfile', 'TriggerMessage', 'UnpublishFirmware', 'UpdateFirmware'],
    ],
    evdriver: [
      ...['CancelReservation', 'ClearCache', 'GetLocalListVersion', 'RequestStartTransaction', 'RequestStopTransaction'],
      ...['ReserveNow', 'SendLocalList', 'UnlockConnector'],
    ],
    monitoring: [
      'ClearVariableMonitoring',
      'GetVariables',
      'SetMonitoringBase',
      'SetMonitoringLevel',
      'SetVariableMonitoring',
      'SetVariables',
    ],
    reporting: ['CustomerInformation', 'GetBaseReport', 'GetLog', 'GetMonitoringReport', 'GetReport'],
    smartcharging: ['ClearChargingProfile', 'GetChargingProfiles', 'GetCompositeSchedule', 'SetChargingProfile'],
    transactions: ['CostUpdated', 'GetTransactionStatus'],
  },
  [OCPP16]: {
    configuration: [
      ...['ChangeAvailability', 'ChangeConfiguration', 'DataTransfer', 'GetConfiguration', 'Reset', 'TriggerMessage', 'UpdateFirmware'],
    ],
    evdriver: ['ClearCache', 'RemoteStartTransaction', 'RemoteStopTransaction', 'UnlockConnector'],
    reporting: ['GetDiagnostics'],
    smartcharging: ['ClearChargingProfile', 'GetCompositeSchedule', 'SetChargingProfile'],
  },
}
/** Some installations of 1.8 call them so in 1.6. */
const ODD: Readonly<Record<string, string>> = { ClearChargingProfile: 'clear', GetCompositeSchedule: 'getComposite' }

const moduleOf = (version: OcppVersion, action: string) =>
  Object.entries(MODULES[version] ?? {}).find(([, actions]) => actions.includes(action))?.[0]

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field by its name, or with the underscore that its class keeps it under. */
const field = (body: Record<string, unknown>, name: string): unknown => body[name] ?? body[`_${name}`]

function read(content: Buffer, headers: Readonly<Record<string, unknown>>, tenant: number): TapMessage | undefined {
  let body: unknown
  try {
    body = JSON.parse(content.toString())
  } catch {
    return undefined
  }
  if (!isRecord(body)) return undefined
  const context = field(body, 'context')
  const payload = field(body, 'payload')
  const about = isRecord(context) ? { ...headers, ...context } : headers
  const said = (name: string) => String(headers[name] ?? field(body, name) ?? '')
  const { stationId, correlationId, tenantId, timestamp } = about
  const from = said('origin') === 'cs' ? 'station' : said('origin') === 'csms' ? 'csms' : undefined
  const kind = said('state') === STATE.request ? 'request' : said('state') === STATE.response ? 'response' : undefined
  const version = dialectOf(String(field(body, 'protocol') ?? ''))?.version
  const action = said('action')
  if (!from || !kind || !version || action === '' || !isRecord(payload)) return undefined
  if (Number(tenantId) !== tenant || typeof stationId !== 'string' || typeof correlationId !== 'string') return undefined
  const at = momentIn(timestamp)
  return { from, kind, station: stationId, action, correlation: correlationId, version, at, payload: payload as Payload }
}

function momentIn(text: unknown) {
  try {
    return parseInstant(String(text))
  } catch {
    return instant(0)
  }
}

export const CITRINEOS_1_8: CitrineAdapter = {
  exchange: { type: 'headers', durable: false },
  bindings: (tenant) =>
    (['cs', 'csms'] as const).flatMap((origin) =>
      Object.values(STATE).map((state) => ({ 'x-match': 'all', tenantId: String(tenant), origin, state })),
    ),
  read,
  write({ station, action, correlation, version, at, payload }, tenant) {
    const timestamp = zulu(at)
    const eventGroup = moduleOf(version, action) ?? 'router'
    const context = { stationId: station, correlationId: correlation, tenantId: tenant, timestamp }
    return {
      headers: { origin: 'csms', eventGroup, action, state: STATE.request, ...context, tenantId: String(tenant) },
      content: Buffer.from(JSON.stringify({ origin: 'csms', eventGroup, action, state: 1, protocol: version, context, payload })),
    }
  },
  stationQueue: (tenant, station) => `rabbit_queue_${tenant}:${station}`,
  paths(version, action) {
    const module = moduleOf(version, action)
    if (module === undefined) return []
    const odd = version === OCPP16 ? ODD[action] : undefined
    return [action.charAt(0).toLowerCase() + action.slice(1), ...(odd === undefined ? [] : [odd])].map(
      (name) => `/ocpp/${version.replace('ocpp', '')}/${module}/${name}`,
    )
  },
}
