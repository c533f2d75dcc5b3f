/** What each message of an OCPP 2.0.1 station means to us. One entry a message; those we do not take part in are refused with NotSupported. */
import { type Clock, describeError, type Instant, isProblem, type Log } from '#kernel'
import {
  type AuthorizeRequest,
  type BootNotificationRequest,
  CallError,
  type ClearedChargingLimitRequest,
  type FirmwareStatusNotificationRequest,
  type Handler,
  type LogStatusNotificationRequest,
  type MeterValuesRequest,
  type NotifyChargingLimitRequest,
  type NotifyCustomerInformationRequest,
  type NotifyDisplayMessagesRequest,
  type NotifyEVChargingNeedsRequest,
  type NotifyEVChargingScheduleRequest,
  type NotifyEventRequest,
  type NotifyMonitoringReportRequest,
  type NotifyReportRequest,
  type Payload,
  type PublishFirmwareStatusNotificationRequest,
  type ReportChargingProfilesRequest,
  type ReservationStatusUpdateRequest,
  type SecurityEventNotificationRequest,
  type Session,
  type StatusNotificationRequest,
  type TransactionEventRequest,
} from '#protocols/ocpp'
import type { Store } from '#store'
import type { Blocks, Gatherers } from './blocks.ts'
import type { Boots } from './boot.ts'
import type { ChargingConfig } from './config.ts'
import { type Path, readReport, saveModel } from './device-model.ts'
import { momentOf, readMeter, saidMoment } from './meter.ts'
import { zulu } from './order.ts'
import type { StationSecurity } from './security/security.ts'
import type { Sessions } from './sessions.ts'
import type { Smart } from './smart/smart.ts'
import { type Station, saveSecurityEvent } from './station.ts'
import type { PriceTelling } from './tariff/price-telling.ts'
import type { StationTariffs } from './tariff/station-tariffs.ts'
import type { Authorization } from './token.ts'

export interface Desk {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  sessions: Sessions
  smart: Smart
  authorization: Authorization
  prices: PriceTelling
  /** What stations of 2.1 hold. */
  stationTariffs: StationTariffs
  security: StationSecurity
  blocks: Blocks
  gatherers: Gatherers
  boots: Boots
  status(station: Station, evse: number, connector: number, status: string, at: Instant): Promise<void>
  /** A variable of the station has another value now. */
  variable(station: Station, path: Path, value: string): Promise<void>
  problem(station: Station, active: boolean, what: string): void
  /** 2.1: what a Dynamic profile of ours shall say now; undefined: it is none of ours. */
  dynamicUpdate?(station: Station, profileId: number): Promise<object | undefined>
}

/** Allowed before the boot is accepted: what we asked for ourselves (OCPP 2.0.1 B02.FR.02, B03). */
const BEFORE_BOOT = new Set(['BootNotification', 'NotifyReport'])

export type Entry = (desk: Desk, station: Station, payload: Payload, session: Session) => Promise<Payload> | Payload

/** When what a station tells happened, by our clock. */
const happened = ({ clock }: Station, text: string, now: Instant): Instant => momentOf(text, now, clock.shift(saidMoment(text) ?? now, now))

export const answers: Readonly<Record<string, Entry>> = {
  BootNotification: ({ boots }, station, payload, session) => boots.boot(station, payload as BootNotificationRequest, session),
  Heartbeat: ({ clock }) => ({ currentTime: zulu(clock.now()) }),

  Authorize: async ({ authorization, prices, clock, config }, station, payload) => {
    const { idToken, certificate, iso15118CertificateHashData: hashes } = payload as AuthorizeRequest
    const occasion = { station: station.record.identity, now: clock.now(), freeVend: config.freeVend }
    if (certificate === undefined && hashes === undefined) {
      const info = await authorization.ask(idToken, occasion)
      return { idTokenInfo: prices.worded(station, idToken.idToken, info) }
    }
    const contract = { emaid: idToken.idToken, ...(certificate === undefined ? {} : { certificate }), ...(hashes ? { hashes } : {}) }
    const { info, certificate: certificateStatus } = await authorization.askContract(idToken, contract, occasion)
    return { idTokenInfo: prices.worded(station, idToken.idToken, info), certificateStatus }
  },

  // Never refused for what it says: withholding an answer makes a station send it for ever (charging reference 2.4).
  TransactionEvent: async ({ sessions, blocks }, station, payload) => {
    const event = payload as TransactionEventRequest
    const answer = await sessions.event(station, event)
    const { reservationId, transactionInfo } = event
    if (reservationId !== undefined) await blocks.reservations.used(station.record.identity, reservationId, transactionInfo.transactionId)
    return answer
  },

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
    const { eventData } = payload as NotifyEventRequest
    const now = desk.clock.now()
    await desk.blocks.monitoring.events(station, eventData, (text) => happened(station, text, now))
    for (const { component, variable, actualValue, timestamp, cleared } of eventData) {
      const name = `${component.name}.${variable.name}`.toLowerCase()
      const { evse } = component
      await desk.variable(station, { component, variable } as Path, actualValue)
      if (name === 'connector.availabilitystate' && evse)
        await desk.status(station, evse.id, evse.connectorId ?? 1, actualValue, happened(station, timestamp, now))
      else if (name.endsWith('.problem')) desk.problem(station, actualValue.toLowerCase() === 'true' && cleared !== true, component.name)
    }
    return {}
  },

  NotifyReport: async ({ gatherers, store }, station, payload) => {
    const part = payload as NotifyReportRequest
    const model = readReport(part.reportData ?? [])
    if (gatherers.reports.take(station.record.identity, part, [...model])) return {}
    // A report that an operator asked for: it brings what we know up to date.
    for (const [key, variable] of model) station.model.set(key, { ...station.model.get(key), ...variable })
    if (!part.tbc) await store.transact((tx) => saveModel(tx, station.record.identity, station.model))
    return {}
  },
  NotifyMonitoringReport: async ({ gatherers, blocks, clock }, station, payload) => {
    const { monitor = [], ...part } = payload as NotifyMonitoringReportRequest
    const { identity } = station.record
    if (!gatherers.monitors.take(identity, part, monitor)) await blocks.monitoring.told(identity, monitor, clock.now())
    return {}
  },
  NotifyCustomerInformation: ({ gatherers, log }, station, payload) => {
    const part = payload as NotifyCustomerInformationRequest
    if (!gatherers.customers.take(station.record.identity, part, [part.data]))
      log.info({ station: station.record.identity, request: part.requestId }, 'customer information came that nobody waits for')
    return {}
  },
  NotifyDisplayMessages: async ({ gatherers, blocks }, station, payload) => {
    const { messageInfo = [], ...part } = payload as NotifyDisplayMessagesRequest
    const { identity } = station.record
    if (!gatherers.displays.take(identity, part, messageInfo)) await blocks.displays.told(identity, messageInfo)
    return {}
  },

  NotifyEVChargingNeeds: async ({ sessions, smart }, station, payload) => {
    const tied = await sessions.needs(station, payload as NotifyEVChargingNeedsRequest)
    if (tied) smart.promised(station)
    return { status: tied ? 'Accepted' : 'Processing' }
  },
  NotifyEVChargingSchedule: ({ smart }, station, payload) => ({ status: smart.chose(station, payload as NotifyEVChargingScheduleRequest) }),
  NotifyChargingLimit: ({ smart }, station, payload) => {
    smart.limited(station, payload as NotifyChargingLimitRequest)
    return {}
  },
  ClearedChargingLimit: ({ smart }, station, payload) => {
    smart.unlimited(station, payload as ClearedChargingLimitRequest)
    return {}
  },
  ReportChargingProfiles: ({ gatherers }, station, payload) => {
    const { evseId, chargingLimitSource: source, chargingProfile, ...part } = payload as ReportChargingProfilesRequest
    gatherers.profiles.take(
      station.record.identity,
      part,
      chargingProfile.map((profile) => ({ evseId, source, profile })),
    )
    return {}
  },
  ReservationStatusUpdate: async ({ blocks }, station, payload) => {
    const { reservationId, reservationUpdateStatus } = payload as ReservationStatusUpdateRequest
    await blocks.reservations.told(station.record.identity, reservationId, reservationUpdateStatus)
    return {}
  },
  FirmwareStatusNotification: async ({ blocks }, station, payload) => {
    await blocks.errands.told(station, 'firmware', payload as FirmwareStatusNotificationRequest)
    return {}
  },
  PublishFirmwareStatusNotification: async ({ blocks }, station, payload) => {
    await blocks.errands.told(station, 'publish', payload as PublishFirmwareStatusNotificationRequest)
    return {}
  },
  LogStatusNotification: async ({ blocks }, station, payload) => {
    await blocks.errands.told(station, 'log', payload as LogStatusNotificationRequest)
    return {}
  },
  DataTransfer: () => ({ status: 'UnknownVendorId' }),

  SignCertificate: ({ security }, station, payload) => security.signCertificate(station, payload),
  GetCertificateStatus: ({ security }, _, payload) => security.certificateStatus(payload),
  Get15118EVCertificate: ({ security }, station, payload) => security.evCertificate(station, payload),

  SecurityEventNotification: async ({ store, clock, security }, station, payload) => {
    const { type, timestamp, techInfo } = payload as SecurityEventNotificationRequest
    const received = clock.now()
    const at = happened(station, timestamp, received)
    await saveSecurityEvent(store, { station: station.record.identity, type, at, received, info: techInfo })
    security.event(station, type)
    return {}
  },
}

/** What is other for stations of other versions. */
export interface Manners {
  /** Messages that 2.0.1 does not have, or that mean more. */
  more?: Readonly<Record<string, Entry>>
  /** What a registered station says before its boot is accepted is taken all the same (1.6; charging reference 2.3). */
  takesEarly?: boolean
}

/**
 * The handler of one station's calls. What cannot be kept now is answered InternalError, so that the station sends it again;
 * what can never be kept PropertyConstraintViolation.
 */
export function handlerOf(desk: Desk, station: Station, { more = {}, takesEarly = false }: Manners = {}): Handler {
  return async (action, payload, session) => {
    station.lastSeen = desk.clock.now()
    if (!BEFORE_BOOT.has(action)) {
      if (station.record.boot !== 'Accepted') {
        const isEarly = takesEarly && station.record.state === 'registered'
        if (!station.asked.delete(action) && !isEarly && desk.boots.mustBoot(station, session))
          throw new CallError('SecurityError', 'Send a BootNotification first and wait until it is accepted.')
      } else desk.boots.returned(station, session)
    }
    const entry = more[action] ?? answers[action]
    if (!entry) throw new CallError('NotSupported', `${action} is not supported here.`)
    try {
      const answer = await entry(desk, station, payload, session)
      desk.blocks.commands.heard(station.record.identity, action, payload)
      return answer
    } catch (error) {
      if (error instanceof CallError) throw error
      const log = isProblem(error) ? desk.log.warn : desk.log.error
      log({ station: station.record.identity, action, error: isProblem(error) ? describeError(error) : error }, 'a message was not kept')
      if (!isProblem(error)) throw new CallError('InternalError', 'The message could not be kept.')
      throw new CallError(error.code === 'value-not-storable' ? 'PropertyConstraintViolation' : 'InternalError', error.message)
    }
  }
}
