/** What the proxy of a station does with which message. Pure. */
import { CallError, type Payload } from '#protocols/ocpp'

/** What an upstream may do with a station, and whose word counts for badges. */
export interface UpstreamTerms {
  /** Whether its orders reach the station (start, stop, reset, unlock, settings); its questions and charging profiles always do. */
  orders: boolean
  /** Who says whether a badge charges. */
  badges: 'theirs' | 'ours'
}

/** Parts of what one side asked for: the other would not know what to do with them. */
export const REPORTS = new Set([
  'NotifyReport',
  'NotifyMonitoringReport',
  'NotifyCustomerInformation',
  'NotifyDisplayMessages',
  'ReportChargingProfiles',
])

/** What must arrive upstream, in order. */
export function counts(action: string, payload: Payload): boolean {
  if (action === 'StartTransaction' || action === 'StopTransaction' || action === 'TransactionEvent') return true
  return action === 'MeterValues' && payload['transactionId'] !== undefined
}

/** Of what only the newest must arrive. */
export function slotOf(action: string, { connectorId, evseId }: Payload): string | undefined {
  if (action === 'BootNotification') return 'boot'
  return action === 'StatusNotification' ? `status ${evseId ?? ''}.${connectorId}` : undefined
}

/** The station comes to us with its password, not to the upstream: who changes it locks the station out. */
export function ownPassword(action: string, payload: Payload): Payload | CallError | undefined {
  if (action === 'ChangeConfiguration' && /^AuthorizationKey$/i.test(String(payload['key']))) return { status: 'Rejected' }
  const set = (action === 'SetVariables' ? payload['setVariableData'] : []) as { variable?: { name?: string } }[]
  return set.some(({ variable }) => /^BasicAuthPassword$/i.test(variable?.name ?? ''))
    ? new CallError('NotSupported', 'The password of a station behind a proxy is changed there.')
    : undefined
}

/** What asks and orders nothing, and the profiles, which are merged with ours. */
const HARMLESS = /^(Get|Trigger|ExtendedTrigger|Report|SetChargingProfile$|ClearChargingProfile$|CostUpdated$|DataTransfer$)/
/** Orders whose answer knows the word. */
const REJECTABLE =
  /^(Remote(Start|Stop)Transaction|Request(Start|Stop)Transaction|Reset|ChangeAvailability|ChangeConfiguration|ClearCache|ReserveNow|CancelReservation|SetNetworkProfile)$/

/** What an upstream hears whose orders are not wanted; undefined: it is no order. */
export function withoutConsent(action: string): Payload | CallError | undefined {
  if (HARMLESS.test(action)) return undefined
  if (REJECTABLE.test(action)) return { status: 'Rejected' }
  return new CallError('NotSupported', 'The operator of this station lets no orders of this CSMS through.')
}

/** The upstream's answer with our word for the badge in it; what we do not know is not let in. */
export function withOurWord(request: Payload, theirs: Payload, ours: Payload | undefined): Payload {
  const key = request['idTag'] !== undefined ? 'idTagInfo' : request['idToken'] !== undefined ? 'idTokenInfo' : undefined
  return key === undefined ? theirs : { ...theirs, [key]: ours?.[key] ?? { status: 'Invalid' } }
}
