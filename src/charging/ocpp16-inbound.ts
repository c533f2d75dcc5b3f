/**
 * What a station of OCPP 1.6 says, in the words of 2.0.1: each message becomes the one that a station of 2.0.1 would have sent, and the answer
 * is turned back (charging reference 2.4, 2.12, 2.13).
 */
import { type Clock, type Instant, MINUTE } from '#kernel'
import type {
  ChargingStateEnumType,
  IdTokenInfoType,
  MeterValueType,
  Payload,
  TransactionEventRequest,
  TransactionEventResponse,
  V16,
} from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { connectorStatus, evseOf, meterValuesOf, reasonOf, stateOf, tagStatus } from './ocpp16-words.ts'
import { zulu } from './order.ts'
import { pluggedAt, type Station } from './station.ts'
import { ANY_TYPE } from './token.ts'

/** What is remembered of a station while the program runs: 1.6 answers carry less than those of 2.0.1. */
export interface Memory16 {
  /** Remote starts that were accepted, by token in lower case. */
  remoteStarts: Map<string, { id: number; at: Instant }>
  /** Requests that status notifications without an id belong to. */
  firmware?: number
  log?: number
  /** The last status word of each connector. */
  statuses: Map<number, V16.StatusNotificationRequest['status']>
  /** Connectors that reported an error. */
  faulty: Set<number>
  /** What its last boot said, in the words of 2.0.1. */
  boot?: Payload
}

export interface Inbound16 {
  store: Store
  clock: Clock
  config: ChargingConfig
  station: Station
  memory: Memory16
  /** Hands a message of 2.0.1 on and resolves with the answer. */
  tell(action: string, payload: object): Promise<Payload>
  /** A connector is free although a session is open on it. */
  freed(station: Station, transaction: string): void
}

type Entry = (inbound: Inbound16, payload: Payload) => Promise<Payload>

const REMOTE_START_WAIT = 10 * MINUTE
const REGISTER = 'Energy.Active.Import.Register'

const tokenOf = (idTag: string) => ({ idToken: idTag.trim(), type: ANY_TYPE })

/** idTagInfo of an idTokenInfo. */
export function tagInfo(info: IdTokenInfoType): V16.AuthorizeResponse['idTagInfo'] {
  const { status, cacheExpiryDateTime: expiryDate, groupIdToken } = info
  return {
    status: tagStatus(status),
    ...(expiryDate === undefined ? {} : { expiryDate }),
    ...(groupIdToken ? { parentIdTag: groupIdToken.idToken } : {}),
  }
}

const register = (timestamp: string, wattHours: number, context: 'Transaction.Begin' | 'Transaction.End'): MeterValueType => ({
  timestamp,
  sampledValue: [{ value: wattHours, context, measurand: REGISTER, unitOfMeasure: { unit: 'Wh' } }],
})

/** The number after that of the last event of a transaction. */
async function nextSeq({ store, station }: Inbound16, id: string): Promise<number> {
  const open = station.open.get(id)
  if (open) return open.transaction.maxSeq + 1
  const row = await store.first<{ max_seq: number }>(
    'select max_seq from cariflex.charging_transaction where station = $1 and transaction_id = $2',
    [station.record.identity, id],
  )
  return (row?.max_seq ?? -1) + 1
}

/** The number of a StopTransaction that is said again, else the next. */
async function stopSeq(inbound: Inbound16, id: string, said: string): Promise<number> {
  const row = await inbound.store.first<{ seq_no: number }>(
    `select seq_no from cariflex.transaction_event
     where station = $1 and transaction_id = $2 and event_type = 'Ended' and payload->>'timestamp' = $3`,
    [inbound.station.record.identity, id, said],
  )
  return row?.seq_no ?? (await nextSeq(inbound, id))
}

/** Our number for the transaction; the same again for a StartTransaction that is said again. */
async function numberOf({ store, clock, station }: Inbound16, start: V16.StartTransactionRequest): Promise<number> {
  const key = [station.record.identity, start.connectorId, start.idTag, start.timestamp, start.meterStart]
  const made = await store.first<{ transaction_id: number }>(
    `insert into cariflex.start_16 (station, connector_id, id_tag, said, meter_start, received_at) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing returning transaction_id`,
    [...key, asTimestamp(clock.now())],
  )
  if (made) return made.transaction_id
  const known = await store.first<{ transaction_id: number }>(
    `select transaction_id from cariflex.start_16 where station = $1 and connector_id = $2 and id_tag = $3 and said = $4 and meter_start = $5`,
    key,
  )
  return known!.transaction_id
}

const event = (inbound: Inbound16, payload: Omit<TransactionEventRequest, 'idToken'> & { idToken?: object }) =>
  inbound.tell('TransactionEvent', payload) as Promise<TransactionEventResponse>

const stateNow = ({ memory }: Inbound16, connector: number): { chargingState?: ChargingStateEnumType } => {
  const status = memory.statuses.get(connector)
  const chargingState = status && stateOf(status).chargingState
  return chargingState === undefined ? {} : { chargingState }
}

async function start(inbound: Inbound16, payload: Payload): Promise<Payload> {
  const request = payload as V16.StartTransactionRequest
  const { connectorId, idTag, meterStart, timestamp, reservationId } = request
  const { memory, clock } = inbound
  const transactionId = await numberOf(inbound, request)
  const key = idTag.trim().toLowerCase()
  const remote = memory.remoteStarts.get(key)
  const isRemote = remote !== undefined && clock.now() - remote.at < REMOTE_START_WAIT
  const { idTokenInfo } = await event(inbound, {
    eventType: 'Started',
    timestamp,
    triggerReason: isRemote ? 'RemoteStart' : 'Authorized',
    seqNo: 0,
    transactionInfo: {
      transactionId: String(transactionId),
      ...stateNow(inbound, connectorId),
      ...(isRemote ? { remoteStartId: remote.id } : {}),
    },
    ...(connectorId > 0 ? { evse: evseOf(connectorId) } : {}),
    idToken: tokenOf(idTag),
    meterValue: [register(timestamp, meterStart, 'Transaction.Begin')],
    ...(reservationId === undefined ? {} : { reservationId }),
  })
  memory.remoteStarts.delete(key)
  return { transactionId, idTagInfo: tagInfo(idTokenInfo ?? { status: 'Invalid' }) }
}

async function stop(inbound: Inbound16, payload: Payload): Promise<Payload> {
  const { transactionId, idTag, meterStop, timestamp, reason, transactionData = [] } = payload as V16.StopTransactionRequest
  // A station that never learnt our number says 0 or -1: the session stands for itself.
  const id = transactionId > 0 ? String(transactionId) : `unknown-${timestamp}`.slice(0, 36)
  const begin = inbound.station.open.get(id)?.transaction.imported.begin
  const [stoppedReason, triggerReason] = reasonOf(reason)
  const { idTokenInfo } = await event(inbound, {
    eventType: 'Ended',
    timestamp,
    triggerReason,
    seqNo: await stopSeq(inbound, id, timestamp),
    transactionInfo: { transactionId: id, stoppedReason },
    ...(idTag === undefined ? {} : { idToken: tokenOf(idTag) }),
    meterValue: [...meterValuesOf(transactionData, begin), register(timestamp, meterStop, 'Transaction.End')],
  })
  return idTag === undefined || !idTokenInfo ? {} : { idTagInfo: tagInfo(idTokenInfo) }
}

async function meterValues(inbound: Inbound16, payload: Payload): Promise<Payload> {
  const { connectorId, transactionId, meterValue } = payload as V16.MeterValuesRequest
  const { station } = inbound
  const here = connectorId > 0 ? pluggedAt(station, connectorId) : undefined
  const id = transactionId !== undefined && transactionId > 0 ? String(transactionId) : here?.transaction.id
  const begin = id === undefined ? undefined : station.open.get(id)?.transaction.imported.begin
  const values = meterValuesOf(meterValue, begin)
  const newest = values.at(-1)
  if (!newest) return {}
  const [first, ...rest] = values
  if (id === undefined) {
    await inbound.tell('MeterValues', { evseId: connectorId, meterValue: [first, ...rest] })
    return {}
  }
  await event(inbound, {
    eventType: 'Updated',
    timestamp: newest.timestamp,
    triggerReason: newest.sampledValue[0]?.context === 'Sample.Clock' ? 'MeterValueClock' : 'MeterValuePeriodic',
    seqNo: await nextSeq(inbound, id),
    transactionInfo: { transactionId: id },
    ...(connectorId > 0 ? { evse: evseOf(connectorId) } : {}),
    meterValue: [first!, ...rest],
  })
  return {}
}

async function status(inbound: Inbound16, payload: Payload): Promise<Payload> {
  const { connectorId, status: word, timestamp, errorCode, info, vendorErrorCode } = payload as V16.StatusNotificationRequest
  const { station, memory, clock } = inbound
  const at = timestamp ?? zulu(clock.now())
  memory.statuses.set(connectorId, word)
  const state = stateOf(word)
  await inbound.tell('StatusNotification', {
    evseId: connectorId,
    connectorId: connectorId > 0 ? 1 : 0,
    connectorStatus: connectorStatus(state),
    timestamp: at,
  })
  const isFaulty = errorCode !== 'NoError'
  if (isFaulty || memory.faulty.has(connectorId)) {
    if (isFaulty) memory.faulty.add(connectorId)
    else memory.faulty.delete(connectorId)
    const about = [info, vendorErrorCode].filter((text) => text !== undefined && text !== '').join(' · ')
    await inbound.tell('NotifyEvent', {
      generatedAt: at,
      seqNo: 0,
      tbc: false,
      eventData: [
        {
          eventId: connectorId,
          timestamp: at,
          trigger: 'Delta',
          actualValue: String(isFaulty),
          eventNotificationType: 'HardWiredNotification',
          component: connectorId > 0 ? { name: 'Connector', evse: evseOf(connectorId) } : { name: 'ChargingStation' },
          variable: { name: 'Problem' },
          ...(isFaulty ? { techCode: errorCode, ...(about === '' ? {} : { techInfo: about.slice(0, 500) }) } : { cleared: true }),
        },
      ],
    })
  }
  const here = connectorId > 0 ? pluggedAt(station, connectorId) : undefined
  if (here && state.chargingState !== undefined && state.chargingState !== here.transaction.chargingState)
    await event(inbound, {
      eventType: 'Updated',
      timestamp: at,
      triggerReason: 'ChargingStateChanged',
      seqNo: await nextSeq(inbound, here.transaction.id),
      transactionInfo: { transactionId: here.transaction.id, chargingState: state.chargingState },
      evse: evseOf(connectorId),
    })
  else if (here && word === 'Available') inbound.freed(station, here.transaction.id)
  return {}
}

export const answers16: Record<string, Entry> = {
  BootNotification: async ({ tell, memory, station, config }, payload) => {
    const said = payload as V16.BootNotificationRequest
    const serialNumber = said.chargePointSerialNumber ?? said.chargeBoxSerialNumber
    memory.boot = {
      reason: 'Unknown',
      chargingStation: {
        vendorName: said.chargePointVendor,
        model: said.chargePointModel,
        ...(serialNumber === undefined ? {} : { serialNumber }),
        ...(said.firmwareVersion === undefined ? {} : { firmwareVersion: said.firmwareVersion }),
      },
    }
    const { currentTime, interval, status: word } = await tell('BootNotification', memory.boot)
    // Few stations of 1.6 know how to be Pending: one that only has to be set up is accepted at once, and set up meanwhile.
    const { state, bootOrder } = station.record
    if (word === 'Pending' && state === 'registered' && bootOrder === undefined)
      return { currentTime, interval: config.heartbeat, status: 'Accepted' }
    return { currentTime, interval, status: word }
  },
  Heartbeat: ({ tell }, payload) => tell('Heartbeat', payload),
  Authorize: async ({ tell }, payload) => {
    const { idTokenInfo } = await tell('Authorize', { idToken: tokenOf((payload as V16.AuthorizeRequest).idTag) })
    return { idTagInfo: tagInfo(idTokenInfo as IdTokenInfoType) }
  },
  StartTransaction: start,
  StopTransaction: stop,
  MeterValues: meterValues,
  StatusNotification: status,
  DataTransfer: async ({ tell }, payload) => {
    const { status: word, data } = await tell('DataTransfer', payload)
    return { status: word, ...(data === undefined ? {} : { data: typeof data === 'string' ? data : JSON.stringify(data) }) }
  },
  FirmwareStatusNotification: ({ tell, memory }, payload) =>
    tell('FirmwareStatusNotification', { ...payload, ...(memory.firmware === undefined ? {} : { requestId: memory.firmware }) }),
  SignedFirmwareStatusNotification: ({ tell }, payload) => tell('FirmwareStatusNotification', payload),
  DiagnosticsStatusNotification: ({ tell, memory }, payload) => {
    const { status: word } = payload as V16.DiagnosticsStatusNotificationRequest
    const requestId = memory.log === undefined ? {} : { requestId: memory.log }
    return tell('LogStatusNotification', { status: word === 'UploadFailed' ? 'UploadFailure' : word, ...requestId })
  },
  LogStatusNotification: ({ tell }, payload) => tell('LogStatusNotification', payload),
  SecurityEventNotification: ({ tell }, payload) => tell('SecurityEventNotification', payload),
  SignCertificate: async ({ tell }, payload) => {
    const { status: word } = await tell('SignCertificate', { ...payload, certificateType: 'ChargingStationCertificate' })
    return { status: word }
  },
}
