/** What a station does about a command after it answered: which later message of it belongs to which command (OCPP 2.0.1 Part 2). */
import type { Payload } from '#protocols/ocpp'

/** The message that completes a command; undefined = the answer is all there is. */
export interface Awaited {
  actions: readonly string[]
  /** Whether this message is it. */
  isIt(payload: Payload, action: string): boolean
}

/** Words of a download or an installation after which nothing more comes. */
const FIRMWARE_ENDS = [
  'Installed',
  'DownloadFailed',
  'InstallationFailed',
  'InstallVerificationFailed',
  'InvalidSignature',
  'AcceptedCanceled',
  'RevokedCertificate',
]
const LOG_ENDS = [
  'Uploaded',
  'UploadFailure',
  'UploadFailed',
  'BadMessage',
  'NotSupportedOperation',
  'PermissionDenied',
  'AcceptedCanceled',
]
const PUBLISH_ENDS = ['Published', 'DownloadFailed', 'InvalidChecksum', 'PublishFailed']

const sameRequest =
  ({ requestId }: Payload) =>
  (payload: Payload) =>
    payload['requestId'] === requestId
const lastPart = (command: Payload) => (payload: Payload) => sameRequest(command)(payload) && payload['tbc'] !== true
const ends =
  (command: Payload, words: readonly string[]) =>
  (payload: Payload): boolean =>
    (payload['requestId'] === undefined || sameRequest(command)(payload)) && words.includes(String(payload['status']))
const transactionOf = (payload: Payload) => payload['transactionInfo'] as Payload | undefined

const NOTICES = ['StatusNotification', 'NotifyEvent']
/** Connector states that a message tells, by either of its forms. */
function statesIn(payload: Payload, action: string): string[] {
  if (action === 'StatusNotification') return [String(payload['connectorStatus'])]
  const events = (payload['eventData'] ?? []) as { variable: { name: string }; actualValue: string }[]
  return events.filter(({ variable }) => variable.name === 'AvailabilityState').map(({ actualValue }) => actualValue)
}
const becomes =
  (...states: string[]) =>
  (payload: Payload, action: string) =>
    statesIn(payload, action).some((state) => states.includes(state))

/** What completes each command. */
const AWAITED: Record<string, (command: Payload) => Awaited> = {
  CancelReservation: () => ({ actions: NOTICES, isIt: becomes('Available', 'Unavailable', 'Occupied') }),
  ChangeAvailability: ({ operationalStatus }) => ({
    actions: NOTICES,
    isIt: operationalStatus === 'Operative' ? becomes('Available', 'Occupied', 'Reserved') : becomes('Unavailable'),
  }),
  CustomerInformation: (command) => ({ actions: ['NotifyCustomerInformation'], isIt: lastPart(command) }),
  GetBaseReport: (command) => ({ actions: ['NotifyReport'], isIt: lastPart(command) }),
  GetChargingProfiles: (command) => ({ actions: ['ReportChargingProfiles'], isIt: lastPart(command) }),
  GetDisplayMessages: (command) => ({ actions: ['NotifyDisplayMessages'], isIt: lastPart(command) }),
  GetLog: (command) => ({ actions: ['LogStatusNotification'], isIt: ends(command, LOG_ENDS) }),
  GetMonitoringReport: (command) => ({ actions: ['NotifyMonitoringReport'], isIt: lastPart(command) }),
  GetReport: (command) => ({ actions: ['NotifyReport'], isIt: lastPart(command) }),
  PublishFirmware: (command) => ({ actions: ['PublishFirmwareStatusNotification'], isIt: ends(command, PUBLISH_ENDS) }),
  RequestStartTransaction: ({ remoteStartId }) => ({
    actions: ['TransactionEvent'],
    isIt: (payload) => transactionOf(payload)?.['remoteStartId'] === remoteStartId,
  }),
  RequestStopTransaction: ({ transactionId }) => ({
    actions: ['TransactionEvent'],
    isIt: (payload) => payload['eventType'] === 'Ended' && transactionOf(payload)?.['transactionId'] === transactionId,
  }),
  ReserveNow: () => ({ actions: NOTICES, isIt: becomes('Reserved') }),
  Reset: () => ({ actions: ['BootNotification'], isIt: () => true }),
  TriggerMessage: (command) => ({ actions: [triggeredBy(command)], isIt: () => true }),
  UsePriorityCharging: ({ transactionId, activate }) => ({
    actions: ['NotifyPriorityCharging', 'TransactionEvent'],
    isIt: (payload, action) =>
      action === 'TransactionEvent'
        ? transactionOf(payload)?.['transactionId'] === transactionId && payload['triggerReason'] === 'ChargingRateChanged'
        : payload['transactionId'] === transactionId && payload['activated'] === activate,
  }),
  UpdateFirmware: (command) => ({ actions: ['FirmwareStatusNotification'], isIt: ends(command, FIRMWARE_ENDS) }),
}

/** Triggers that are answered by a message of another name. */
const TRIGGERS: Record<string, string> = {
  SignChargingStationCertificate: 'SignCertificate',
  SignV2GCertificate: 'SignCertificate',
  SignCombinedCertificate: 'SignCertificate',
}

/** The message that a TriggerMessage asks for. */
export const triggeredBy = ({ requestedMessage }: Payload): string => TRIGGERS[String(requestedMessage)] ?? String(requestedMessage)

/** What will complete the command, if anything does. */
export const awaitedOf = (action: string, command: Payload): Awaited | undefined => AWAITED[action]?.(command)

/** A message as it stands beside its command: the words that say what happened, without long lists. */
export function effectOf(action: string, payload: Payload): Payload {
  const info = transactionOf(payload)
  const picked: Payload = { action }
  for (const name of ['status', 'requestId', 'eventType', 'triggerReason', 'connectorStatus', 'evseId', 'reason', 'filename'])
    if (typeof payload[name] === 'string' || typeof payload[name] === 'number') picked[name] = payload[name]
  if (info) Object.assign(picked, { transactionId: info['transactionId'], stoppedReason: info['stoppedReason'] })
  return picked
}

/** True for a status word that says the station will do it. */
export const isGranted = (status: string): boolean => status === 'Accepted' || status === 'Scheduled' || status === 'AcceptedCanceled'

export { FIRMWARE_ENDS, LOG_ENDS, PUBLISH_ENDS }
