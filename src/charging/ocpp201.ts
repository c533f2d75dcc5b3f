/** What each message of an OCPP 2.0.1 station means to us. One entry a message; those we do not take part in are refused with NotSupported. */
import { type Clock, describeError, type Instant, isProblem, type Log } from '#kernel'
import {
  type AuthorizeRequest,
  type BootNotificationRequest,
  type BootNotificationResponse,
  CallError,
  type Handler,
  type MeterValuesRequest,
  type NotifyEVChargingNeedsRequest,
  type NotifyEventRequest,
  type NotifyReportRequest,
  type Payload,
  type SecurityEventNotificationRequest,
  type Session,
  type StatusNotificationRequest,
  type TransactionEventRequest,
} from '#protocols/ocpp'
import type { Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { type Path, readReport, saveModel } from './device-model.ts'
import { momentOf, readMeter, saidMoment } from './meter.ts'
import { zulu } from './order.ts'
import type { Gatherer } from './report.ts'
import type { Sessions } from './sessions.ts'
import { type Station, saveSecurityEvent } from './station.ts'
import type { Authorization } from './token.ts'

export interface Desk {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  sessions: Sessions
  gather: Gatherer
  authorization: Authorization
  boot(station: Station, request: BootNotificationRequest, session: Session): Promise<BootNotificationResponse>
  /** The first message of an accepted station in a connection that was not a boot. */
  returned(station: Station, session: Session): void
  /** A station that must boot first said something else. */
  mustBoot(station: Station, session: Session): void
  status(station: Station, evse: number, connector: number, status: string, at: Instant): Promise<void>
  /** A variable of the station has another value now. */
  variable(station: Station, path: Path, value: string): Promise<void>
  problem(station: Station, active: boolean, what: string): void
}

/** Allowed before the boot is accepted: what we asked for ourselves (OCPP 2.0.1 B02.FR.02, B03). */
const BEFORE_BOOT = new Set(['BootNotification', 'NotifyReport'])

type Entry = (desk: Desk, station: Station, payload: Payload, session: Session) => Promise<Payload> | Payload

/** When what a station tells happened, by our clock. */
const happened = ({ clock }: Station, text: string, now: Instant): Instant => momentOf(text, now, clock.shift(saidMoment(text) ?? now, now))

const answers: Record<string, Entry> = {
  BootNotification: (desk, station, payload, session) => desk.boot(station, payload as BootNotificationRequest, session),
  Heartbeat: ({ clock }) => ({ currentTime: zulu(clock.now()) }),

  Authorize: async ({ authorization, clock, config }, station, payload) => {
    const { idToken, certificate, iso15118CertificateHashData: hashes } = payload as AuthorizeRequest
    const occasion = { station: station.record.identity, now: clock.now(), freeVend: config.freeVend }
    if (certificate === undefined && hashes === undefined) return { idTokenInfo: await authorization.ask(idToken, occasion) }
    const contract = { emaid: idToken.idToken, ...(certificate === undefined ? {} : { certificate }), ...(hashes ? { hashes } : {}) }
    const { info, certificate: certificateStatus } = await authorization.askContract(idToken, contract, occasion)
    return { idTokenInfo: info, certificateStatus }
  },

  // Never refused for what it says: withholding an answer makes a station send it for ever (charging reference 2.4).
  TransactionEvent: ({ sessions }, station, payload) => sessions.event(station, payload as TransactionEventRequest),

  MeterValues: async ({ sessions, clock, config, log }, station, payload) => {
    const { evseId, meterValue } = payload as MeterValuesRequest
    const now = clock.now()
    const newest = meterValue.reduce((latest, { timestamp }) => Math.max(latest, saidMoment(timestamp) ?? latest), -Infinity) as Instant
    const shift = Number.isFinite(newest) ? station.clock.shift(newest, now) : 0
    const { samples, oddities } = readMeter(meterValue, now, station.record.phases, config.voltage, shift)
    if (oddities.length > 0) log.warn({ station: station.record.identity, oddities }, 'some meter values were left out')
    await sessions.meter(station, evseId, samples)
    return {}
  },

  StatusNotification: async (desk, station, payload) => {
    const { evseId, connectorId, connectorStatus, timestamp } = payload as StatusNotificationRequest
    if (evseId < 0 || connectorId < 0) throw new CallError('PropertyConstraintViolation', 'EVSEs and connectors are numbered from 1.')
    await desk.status(station, evseId, connectorId, connectorStatus, happened(station, timestamp, desk.clock.now()))
    return {}
  },

  NotifyEvent: async (desk, station, payload) => {
    for (const { component, variable, actualValue, timestamp, cleared } of (payload as NotifyEventRequest).eventData) {
      const name = `${component.name}.${variable.name}`.toLowerCase()
      const { evse } = component
      await desk.variable(station, { component, variable } as Path, actualValue)
      if (name === 'connector.availabilitystate' && evse)
        await desk.status(station, evse.id, evse.connectorId ?? 1, actualValue, happened(station, timestamp, desk.clock.now()))
      else if (name.endsWith('.problem')) desk.problem(station, actualValue.toLowerCase() === 'true' && cleared !== true, component.name)
    }
    return {}
  },

  NotifyReport: async ({ gather, store }, station, payload) => {
    const part = payload as NotifyReportRequest
    if (gather.take(part)) return {}
    // A report that an operator asked for: it brings what we know up to date.
    for (const [key, variable] of readReport(part.reportData ?? [])) station.model.set(key, { ...station.model.get(key), ...variable })
    if (!part.tbc) await store.transact((tx) => saveModel(tx, station.record.identity, station.model))
    return {}
  },

  NotifyEVChargingNeeds: async ({ sessions }, station, payload) => {
    const tied = await sessions.needs(station, payload as NotifyEVChargingNeedsRequest)
    return { status: tied ? 'Accepted' : 'Processing' }
  },
  NotifyEVChargingSchedule: () => ({ status: 'Accepted' }),
  NotifyChargingLimit: () => ({}),
  ClearedChargingLimit: () => ({}),
  ReportChargingProfiles: () => ({}),
  FirmwareStatusNotification: () => ({}),
  LogStatusNotification: () => ({}),
  DataTransfer: () => ({ status: 'UnknownVendorId' }),

  SecurityEventNotification: async ({ store, clock }, station, payload) => {
    const { type, timestamp, techInfo } = payload as SecurityEventNotificationRequest
    const received = clock.now()
    const at = happened(station, timestamp, received)
    await saveSecurityEvent(store, { station: station.record.identity, type, at, received, info: techInfo })
    return {}
  },
}

/**
 * The handler of one station's calls. What cannot be kept now is answered InternalError, so that the station sends it again;
 * what can never be kept PropertyConstraintViolation.
 */
export function handlerOf(desk: Desk, station: Station): Handler {
  return async (action, payload, session) => {
    station.lastSeen = desk.clock.now()
    if (!BEFORE_BOOT.has(action)) {
      if (station.record.boot !== 'Accepted') {
        desk.mustBoot(station, session)
        throw new CallError('SecurityError', 'Send a BootNotification first and wait until it is accepted.')
      }
      desk.returned(station, session)
    }
    const entry = answers[action]
    if (!entry) throw new CallError('NotSupported', `${action} is not supported here.`)
    try {
      return await entry(desk, station, payload, session)
    } catch (error) {
      if (error instanceof CallError) throw error
      const log = isProblem(error) ? desk.log.warn : desk.log.error
      log({ station: station.record.identity, action, error: isProblem(error) ? describeError(error) : error }, 'a message was not kept')
      if (!isProblem(error)) throw new CallError('InternalError', 'The message could not be kept.')
      throw new CallError(error.code === 'value-not-storable' ? 'PropertyConstraintViolation' : 'InternalError', error.message)
    }
  }
}
