/**
 * What OCPP 2.1 adds to what stations say: more needs of cars, streams, energy resources, battery swaps, settlements. Everything else is
 * understood as in 2.0.1.
 */
import { DAY, instant } from '#kernel'
import type { Payload, V21 } from '#protocols/ocpp'
import { asJson, asTimestamp } from '#store'
import { answers as answers201, type Desk, type Entry } from './ocpp201.ts'
import { zulu } from './order.ts'
import { transferOf } from './smart/session-modes.ts'
import type { Station } from './station.ts'
import { authorize } from './token.ts'
import { vatFault } from './vat-number.ts'
import { vehicleOf } from './vehicle.ts'

/** Keeps what nothing of ours acts on yet, so that people and programs can read it. */
const keep = ({ store, clock }: Desk, { record }: Station, action: string, payload: Payload) =>
  store.query('insert into cariflex.station_notice (station, action, at, payload) values ($1, $2, $3, $4)', [
    record.identity,
    action,
    asTimestamp(clock.now()),
    asJson(payload),
  ])

const kept =
  (action: string, answer: Payload = {}): Entry =>
  async (desk, station, payload) => {
    await keep(desk, station, action, payload)
    return { ...answer }
  }

async function allowedTo({ store, clock, config }: Desk, station: Station, { idToken }: V21.AuthorizeRequest): Promise<readonly string[]> {
  const { vehicle } = await authorize(store, idToken, { station: station.record.identity, now: clock.now(), freeVend: config.freeVend })
  return transferOf(station, vehicle === undefined ? undefined : await vehicleOf(store, vehicle))
}

export const answers21: Readonly<Record<string, Entry>> = {
  async Authorize(desk, station, payload, session) {
    const answer = (await answers201['Authorize']!(desk, station, payload, session)) as unknown as V21.AuthorizeResponse
    if (answer.idTokenInfo.status !== 'Accepted') return { ...answer }
    const request = payload as V21.AuthorizeRequest
    const tariff = desk.stationTariffs.forDriver(station, request.idToken.idToken)
    return { ...answer, allowedEnergyTransfer: await allowedTo(desk, station, request), ...(tariff && { tariff }) }
  },
  OpenPeriodicEventStream: kept('OpenPeriodicEventStream', { status: 'Accepted' }),
  ClosePeriodicEventStream: kept('ClosePeriodicEventStream'),
  NotifyPeriodicEventStream: kept('NotifyPeriodicEventStream'),
  async NotifyPriorityCharging(desk, station, payload) {
    const { transactionId, activated } = payload as V21.NotifyPriorityChargingRequest
    await keep(desk, station, 'NotifyPriorityCharging', payload)
    await desk.smart.desk.hurried(station, transactionId, activated)
    return {}
  },
  NotifyDERAlarm: kept('NotifyDERAlarm'),
  NotifyDERStartStop: kept('NotifyDERStartStop'),
  ReportDERControl: kept('ReportDERControl'),
  NotifySettlement: kept('NotifySettlement'),
  BatterySwap: kept('BatterySwap'),

  async VatNumberValidation(desk, station, payload) {
    const { vatNumber, evseId } = payload as V21.VatNumberValidationRequest
    await keep(desk, station, 'VatNumberValidation', payload)
    const fault = vatFault(vatNumber)
    return {
      vatNumber,
      ...(evseId === undefined ? {} : { evseId }),
      ...(fault === undefined
        ? { status: 'Accepted' }
        : { status: 'Rejected', statusInfo: { reasonCode: 'InvalidValue', additionalInfo: fault } }),
    }
  },

  /** Which car certificates were revoked nobody tells us yet: their state is Unknown, and the station asks again tomorrow. */
  GetCertificateChainStatus({ clock }, _, payload) {
    const nextUpdate = zulu(instant(clock.now() + DAY))
    const { certificateStatusRequests: asked } = payload as V21.GetCertificateChainStatusRequest
    return {
      certificateStatus: asked.map(({ certificateHashData, source }) => ({ certificateHashData, source, status: 'Unknown', nextUpdate })),
    }
  },

  async PullDynamicScheduleUpdate({ dynamicUpdate }, station, payload) {
    const { chargingProfileId } = payload as V21.PullDynamicScheduleUpdateRequest
    const scheduleUpdate = await dynamicUpdate?.(station, chargingProfileId)
    if (!scheduleUpdate) return { status: 'Rejected', statusInfo: { reasonCode: 'InvalidProfileId' } }
    return { status: 'Accepted', scheduleUpdate }
  },
}
