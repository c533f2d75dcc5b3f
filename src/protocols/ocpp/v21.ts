/** OCPP 2.1: the messages of its published schemas and who sends which. */
import { dialectFrom } from './dialect.ts'
import { ACTIONS } from './v21.gen.ts'
import { FROM_STATION } from './v201.ts'

export const OCPP21 = 'ocpp2.1'

export const v21 = dialectFrom({
  version: OCPP21,
  actions: ACTIONS,
  fromStation: [
    ...FROM_STATION,
    'BatterySwap',
    'ClosePeriodicEventStream',
    'GetCertificateChainStatus',
    'NotifyDERAlarm',
    'NotifyDERStartStop',
    'NotifyPeriodicEventStream',
    'NotifyPriorityCharging',
    'NotifySettlement',
    'OpenPeriodicEventStream',
    'PullDynamicScheduleUpdate',
    'ReportDERControl',
    'VatNumberValidation',
  ],
  sends: ['NotifyPeriodicEventStream'],
  schemas: 'ocpp2_1.json',
  schemaId: (action, part) =>
    action === 'NotifyPeriodicEventStream' ? `urn:${action}` : `urn:${action}${part === 'request' ? 'Request' : 'Response'}`,
  badFormat: 'FormatViolation',
  framing: { unknownType: 'ignore', unreadable: 'refuse', extended: true },
})
