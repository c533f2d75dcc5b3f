/**
 * What the room asks of a station, in the words of OCPP 1.6: each call of 2.0.1 becomes one or several of 1.6, and their answers one of 2.0.1.
 * What 1.6 cannot say is refused with NotSupported, as a station of 2.0.1 refuses what it lacks.
 */
import type { Clock } from '#kernel'
import {
  CallError,
  type CertificateSignedRequest,
  type ChangeAvailabilityRequest,
  type ChargingProfileType,
  type ClearChargingProfileRequest,
  configurationKey,
  type DataTransferRequest,
  type GetCompositeScheduleRequest,
  type GetInstalledCertificateIdsRequest,
  type GetLogRequest,
  type GetVariablesRequest,
  type IdTokenInfoType,
  type InstallCertificateRequest,
  type NamedVariable,
  type Payload,
  profileTo16,
  type ReportDataType,
  type RequestStartTransactionRequest,
  type ReserveNowRequest,
  type SendLocalListRequest,
  type SetChargingProfileRequest,
  type SetVariablesRequest,
  type TriggerMessageRequest,
  type UnlockConnectorRequest,
  type UpdateFirmwareRequest,
  type V16,
  variableOf,
} from '#protocols/ocpp'
import { type Memory16, tagInfo } from './ocpp16-inbound.ts'
import { zulu } from './order.ts'
import { isAuthorizationKey } from './password.ts'

export interface Outbound16 {
  clock: Clock
  memory: Memory16
  /** Sends a message of 1.6. */
  ask(action: string, payload: object): Promise<Payload>
  /** Hands a message on as if the station had sent it, once the answer that is being made is out. */
  tellSoon(action: string, payload: object): void
  /** Whether a session goes on, as far as the connectors tell; undefined: they do not. */
  isOngoing(transaction: string): boolean | undefined
}

type Entry = (outbound: Outbound16, payload: Payload) => Promise<Payload>

const unsupported = (what: string) => new CallError('NotSupported', `OCPP 1.6 has no ${what}.`)

/** Words with which a station says that it has no such message. */
const isMissing = (error: unknown) => error instanceof CallError && (error.code === 'NotImplemented' || error.code === 'NotSupported')

const numbered = (transactionId: string): number => {
  const number = Number(transactionId)
  if (!Number.isSafeInteger(number) || number <= 0) throw unsupported(`transaction '${transactionId}'`)
  return number
}

const profileOf = (profile: ChargingProfileType) => {
  const written = profileTo16(profile)
  if (!written) throw unsupported('such profile')
  return written
}

async function getVariables({ ask }: Outbound16, payload: Payload): Promise<Payload> {
  const { getVariableData } = payload as GetVariablesRequest
  const keys = getVariableData.map((one) => configurationKey(one as NamedVariable))
  const asked = [...new Set(keys.filter((key) => key !== undefined))]
  const known = new Map<string, string>()
  if (asked.length > 0) {
    const { configurationKey: found = [] } = (await ask('GetConfiguration', { key: asked })) as V16.GetConfigurationResponse
    for (const { key, value } of found) known.set(key.toLowerCase(), value ?? '')
  }
  return {
    getVariableResult: getVariableData.map(({ component, variable }, index) => {
      const value = known.get(keys[index]?.toLowerCase() ?? '')
      return value === undefined
        ? { attributeStatus: 'UnknownVariable', component, variable }
        : { attributeStatus: 'Accepted', attributeValue: value, component, variable }
    }),
  }
}

const SET_STATUS: Record<V16.ChangeConfigurationResponse['status'], string> = {
  Accepted: 'Accepted',
  Rejected: 'Rejected',
  RebootRequired: 'RebootRequired',
  NotSupported: 'UnknownVariable',
}

async function setVariables({ ask }: Outbound16, payload: Payload): Promise<Payload> {
  const setVariableResult = []
  for (const { component, variable, attributeValue } of (payload as SetVariablesRequest).setVariableData) {
    const key = configurationKey({ component, variable } as NamedVariable)
    const value =
      key === 'AuthorizationKey' && !isAuthorizationKey(attributeValue)
        ? Buffer.from(attributeValue).toString('hex').toUpperCase()
        : attributeValue
    const answer = key === undefined ? undefined : ((await ask('ChangeConfiguration', { key, value })) as V16.ChangeConfigurationResponse)
    setVariableResult.push({ attributeStatus: answer ? SET_STATUS[answer.status] : 'UnknownVariable', component, variable })
  }
  return { setVariableResult }
}

/** The whole configuration, as the report that a station of 2.0.1 would send. */
async function baseReport({ ask, tellSoon, clock }: Outbound16, payload: Payload): Promise<Payload> {
  const { configurationKey: keys = [] } = (await ask('GetConfiguration', {})) as V16.GetConfigurationResponse
  if (keys.length === 0) return { status: 'EmptyResultSet' }
  const reportData = keys.map(
    ({ key, value, readonly }): ReportDataType =>
      ({
        ...variableOf(key),
        variableAttribute: [{ ...(value === undefined ? {} : { value }), mutability: readonly ? 'ReadOnly' : 'ReadWrite' }],
      }) as ReportDataType,
  )
  const [first, ...rest] = reportData
  tellSoon('NotifyReport', {
    requestId: payload['requestId'],
    generatedAt: zulu(clock.now()),
    seqNo: 0,
    tbc: false,
    reportData: [first, ...rest],
  })
  return { status: 'Accepted' }
}

const TRIGGERS: Record<string, V16.TriggerMessageRequest['requestedMessage']> = {
  BootNotification: 'BootNotification',
  FirmwareStatusNotification: 'FirmwareStatusNotification',
  Heartbeat: 'Heartbeat',
  LogStatusNotification: 'DiagnosticsStatusNotification',
  MeterValues: 'MeterValues',
  StatusNotification: 'StatusNotification',
  TransactionEvent: 'MeterValues',
}

async function trigger({ ask, memory, tellSoon }: Outbound16, payload: Payload): Promise<Payload> {
  const { requestedMessage: wanted, evse } = payload as TriggerMessageRequest
  // It was accepted already: that it is set up now is our affair.
  if (wanted === 'BootNotification' && memory.boot) {
    tellSoon('BootNotification', memory.boot)
    return { status: 'Accepted' }
  }
  const connector = evse === undefined || evse.id === 0 ? {} : { connectorId: evse.id }
  if (wanted === 'SignChargingStationCertificate')
    return { status: (await ask('ExtendedTriggerMessage', { requestedMessage: 'SignChargePointCertificate' }))['status'] }
  const requestedMessage = TRIGGERS[wanted]
  if (requestedMessage === undefined) return { status: 'NotImplemented' }
  return { status: (await ask('TriggerMessage', { requestedMessage, ...connector }))['status'] }
}

async function remoteStart({ ask, memory, clock }: Outbound16, payload: Payload): Promise<Payload> {
  const { idToken, evseId, remoteStartId, chargingProfile } = payload as RequestStartTransactionRequest
  const answer = await ask('RemoteStartTransaction', {
    idTag: idToken.idToken,
    ...(evseId === undefined ? {} : { connectorId: evseId }),
    ...(chargingProfile ? { chargingProfile: profileOf(chargingProfile) } : {}),
  })
  if (answer['status'] === 'Accepted') memory.remoteStarts.set(idToken.idToken.trim().toLowerCase(), { id: remoteStartId, at: clock.now() })
  return { status: answer['status'] }
}

async function compositeSchedule({ ask }: Outbound16, payload: Payload): Promise<Payload> {
  const { evseId, duration, chargingRateUnit } = payload as GetCompositeScheduleRequest
  const answer = (await ask('GetCompositeSchedule', {
    connectorId: evseId,
    duration,
    ...(chargingRateUnit === undefined ? {} : { chargingRateUnit }),
  })) as V16.GetCompositeScheduleResponse
  const { status, chargingSchedule: schedule, scheduleStart } = answer
  const start = scheduleStart ?? schedule?.startSchedule
  if (status !== 'Accepted' || !schedule || start === undefined || schedule.chargingSchedulePeriod.length === 0)
    return { status: 'Rejected' }
  return {
    status,
    schedule: {
      evseId,
      duration: schedule.duration ?? duration,
      scheduleStart: start,
      chargingRateUnit: schedule.chargingRateUnit,
      chargingSchedulePeriod: schedule.chargingSchedulePeriod,
    },
  }
}

async function clearProfile({ ask }: Outbound16, payload: Payload): Promise<Payload> {
  const { chargingProfileId: id, chargingProfileCriteria: criteria } = payload as ClearChargingProfileRequest
  const purpose = criteria?.chargingProfilePurpose
  if (purpose === 'ChargingStationExternalConstraints') return { status: 'Unknown' }
  return ask('ClearChargingProfile', {
    ...(id === undefined ? {} : { id }),
    ...(criteria?.evseId === undefined ? {} : { connectorId: criteria.evseId }),
    ...(purpose === undefined
      ? {}
      : { chargingProfilePurpose: purpose === 'ChargingStationMaxProfile' ? 'ChargePointMaxProfile' : purpose }),
    ...(criteria?.stackLevel === undefined ? {} : { stackLevel: criteria.stackLevel }),
  })
}

async function setProfile({ ask }: Outbound16, payload: Payload): Promise<Payload> {
  const { evseId, chargingProfile } = payload as SetChargingProfileRequest
  const { status } = await ask('SetChargingProfile', { connectorId: evseId, csChargingProfiles: profileOf(chargingProfile) })
  // 1.6 gives no reasons; that it has no smart charging at all is one.
  if (status === 'NotSupported') throw new CallError('NotSupported', 'The station has no smart charging.')
  return { status }
}

async function localList({ ask }: Outbound16, payload: Payload): Promise<Payload> {
  const { versionNumber, updateType, localAuthorizationList: list = [] } = payload as SendLocalListRequest
  const { status } = await ask('SendLocalList', {
    listVersion: versionNumber,
    updateType,
    ...(list.length === 0
      ? {}
      : {
          localAuthorizationList: list.map(({ idToken, idTokenInfo }) => ({
            idTag: idToken.idToken,
            ...(idTokenInfo ? { idTagInfo: tagInfo(idTokenInfo as IdTokenInfoType) } : {}),
          })),
        }),
  })
  return { status: status === 'NotSupported' ? 'Failed' : status }
}

async function reserve({ ask }: Outbound16, payload: Payload): Promise<Payload> {
  const { id, expiryDateTime, idToken, evseId, groupIdToken, connectorType } = payload as ReserveNowRequest
  if (connectorType !== undefined && evseId === undefined) throw unsupported('reservation by connector type')
  return ask('ReserveNow', {
    reservationId: id,
    connectorId: evseId ?? 0,
    expiryDate: expiryDateTime,
    idTag: idToken.idToken,
    ...(groupIdToken ? { parentIdTag: groupIdToken.idToken } : {}),
  })
}

async function updateFirmware({ ask, memory }: Outbound16, payload: Payload): Promise<Payload> {
  const { requestId, firmware, retries, retryInterval } = payload as UpdateFirmwareRequest
  const again = { ...(retries === undefined ? {} : { retries }), ...(retryInterval === undefined ? {} : { retryInterval }) }
  memory.firmware = requestId
  const { location, retrieveDateTime, installDateTime, signingCertificate, signature } = firmware
  if (signingCertificate !== undefined && signature !== undefined) {
    const signed = {
      location,
      retrieveDateTime,
      signingCertificate,
      signature,
      ...(installDateTime === undefined ? {} : { installDateTime }),
    }
    return { status: (await ask('SignedUpdateFirmware', { requestId, firmware: signed, ...again }))['status'] }
  }
  await ask('UpdateFirmware', { location, retrieveDate: retrieveDateTime, ...again })
  return { status: 'Accepted' }
}

async function getLog({ ask, memory }: Outbound16, payload: Payload): Promise<Payload> {
  const { requestId, logType, log, retries, retryInterval } = payload as GetLogRequest
  const again = { ...(retries === undefined ? {} : { retries }), ...(retryInterval === undefined ? {} : { retryInterval }) }
  memory.log = requestId
  try {
    return await ask('GetLog', payload)
  } catch (error) {
    // Without the security extension there is only one log.
    if (!isMissing(error) || logType !== 'DiagnosticsLog') throw error
  }
  const { fileName } = (await ask('GetDiagnostics', {
    location: log.remoteLocation,
    ...(log.oldestTimestamp === undefined ? {} : { startTime: log.oldestTimestamp }),
    ...(log.latestTimestamp === undefined ? {} : { stopTime: log.latestTimestamp }),
    ...again,
  })) as V16.GetDiagnosticsResponse
  return { status: 'Accepted', ...(fileName === undefined ? {} : { filename: fileName }) }
}

const ROOTS = { CSMSRootCertificate: 'CentralSystemRootCertificate', ManufacturerRootCertificate: 'ManufacturerRootCertificate' } as const

async function installedCertificates({ ask }: Outbound16, payload: Payload): Promise<Payload> {
  const { certificateType: types } = payload as GetInstalledCertificateIdsRequest
  const chain = []
  for (const type of ['CSMSRootCertificate', 'ManufacturerRootCertificate'] as const) {
    if (types && !types.includes(type)) continue
    const { certificateHashData = [] } = (await ask('GetInstalledCertificateIds', {
      certificateType: ROOTS[type],
    })) as V16.GetInstalledCertificateIdsResponse
    for (const hash of certificateHashData) chain.push({ certificateType: type, certificateHashData: hash })
  }
  return chain.length === 0 ? { status: 'NotFound' } : { status: 'Accepted', certificateHashDataChain: chain }
}

export const calls16: Record<string, Entry> = {
  GetVariables: getVariables,
  SetVariables: setVariables,
  GetBaseReport: baseReport,
  TriggerMessage: trigger,
  RequestStartTransaction: remoteStart,
  RequestStopTransaction: async ({ ask }, { transactionId }) => ({
    status: (await ask('RemoteStopTransaction', { transactionId: numbered(transactionId as string) }))['status'],
  }),
  GetTransactionStatus: async ({ isOngoing }, { transactionId }) => {
    const ongoing = transactionId === undefined ? undefined : isOngoing(transactionId as string)
    if (ongoing === undefined) throw unsupported('question for the state of a transaction')
    return { ongoingIndicator: ongoing, messagesInQueue: false }
  },
  SetChargingProfile: setProfile,
  ClearChargingProfile: clearProfile,
  GetCompositeSchedule: compositeSchedule,
  Reset: async ({ ask }, { type, evseId }) => {
    if (evseId !== undefined) throw unsupported('reset of one EVSE')
    return { status: (await ask('Reset', { type: type === 'Immediate' ? 'Hard' : 'Soft' }))['status'] }
  },
  UnlockConnector: async ({ ask }, payload) => {
    const { status } = await ask('UnlockConnector', { connectorId: (payload as UnlockConnectorRequest).evseId })
    return { status: status === 'Unlocked' ? status : 'UnlockFailed' }
  },
  ChangeAvailability: async ({ ask }, payload) => {
    const { operationalStatus, evse } = payload as ChangeAvailabilityRequest
    return { status: (await ask('ChangeAvailability', { connectorId: evse?.id ?? 0, type: operationalStatus }))['status'] }
  },
  ClearCache: async ({ ask }) => ({ status: (await ask('ClearCache', {}))['status'] }),
  SendLocalList: localList,
  GetLocalListVersion: async ({ ask }) => {
    const { listVersion } = (await ask('GetLocalListVersion', {})) as V16.GetLocalListVersionResponse
    // -1: the station has no list at all.
    if (listVersion < 0) throw new CallError('NotSupported', 'The station has no local list.')
    return { versionNumber: listVersion }
  },
  ReserveNow: reserve,
  CancelReservation: async ({ ask }, { reservationId }) => ({ status: (await ask('CancelReservation', { reservationId }))['status'] }),
  UpdateFirmware: updateFirmware,
  GetLog: getLog,
  DataTransfer: async ({ ask }, payload) => {
    const { vendorId, messageId, data } = payload as DataTransferRequest
    const text = data === undefined ? {} : { data: typeof data === 'string' ? data : JSON.stringify(data) }
    const answer = await ask('DataTransfer', { vendorId, ...(messageId === undefined ? {} : { messageId }), ...text })
    return { status: answer['status'], ...(answer['data'] === undefined ? {} : { data: answer['data'] }) }
  },
  CertificateSigned: async ({ ask }, payload) => {
    const { certificateChain } = payload as CertificateSignedRequest
    return { status: (await ask('CertificateSigned', { certificateChain }))['status'] }
  },
  InstallCertificate: async ({ ask }, payload) => {
    const { certificateType, certificate } = payload as InstallCertificateRequest
    const type = ROOTS[certificateType as keyof typeof ROOTS]
    if (type === undefined) throw unsupported(`certificate of type ${certificateType}`)
    return { status: (await ask('InstallCertificate', { certificateType: type, certificate }))['status'] }
  },
  DeleteCertificate: async ({ ask }, payload) => ({
    status: (await ask('DeleteCertificate', { certificateHashData: payload['certificateHashData'] }))['status'],
  }),
  GetInstalledCertificateIds: installedCertificates,
}
