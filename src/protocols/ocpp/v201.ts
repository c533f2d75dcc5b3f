/** OCPP 2.0.1: its 64 messages and who sends which. */
import { dialectFrom } from './dialect.ts'
import { ACTIONS } from './v201.gen.ts'

export const OCPP201 = 'ocpp2.0.1'

/** What a station of 2.0.1 sends; one of 2.1 sends it too. */
export const FROM_STATION = [
  'Authorize',
  'BootNotification',
  'ClearedChargingLimit',
  'DataTransfer',
  'FirmwareStatusNotification',
  'Get15118EVCertificate',
  'GetCertificateStatus',
  'Heartbeat',
  'LogStatusNotification',
  'MeterValues',
  'NotifyChargingLimit',
  'NotifyCustomerInformation',
  'NotifyDisplayMessages',
  'NotifyEVChargingNeeds',
  'NotifyEVChargingSchedule',
  'NotifyEvent',
  'NotifyMonitoringReport',
  'NotifyReport',
  'PublishFirmwareStatusNotification',
  'ReportChargingProfiles',
  'ReservationStatusUpdate',
  'SecurityEventNotification',
  'SignCertificate',
  'StatusNotification',
  'TransactionEvent',
] as const

export const v201 = dialectFrom({
  version: OCPP201,
  actions: ACTIONS,
  fromStation: FROM_STATION,
  schemas: 'ocpp2_0_1.json',
  schemaId: (action, part) => `urn:${action}.${part === 'request' ? 'req' : 'conf'}`,
  badFormat: 'FormatViolation',
  framing: { unknownType: 'refuse', unreadable: 'refuse', extended: false },
})
