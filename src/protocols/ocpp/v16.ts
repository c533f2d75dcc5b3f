/** OCPP 1.6J: its 28 messages and the 11 of the security whitepaper, and who sends which. */
import { dialectFrom } from './dialect.ts'
import { ACTIONS } from './v16.gen.ts'

export const OCPP16 = 'ocpp1.6'

export const v16 = dialectFrom({
  version: OCPP16,
  actions: ACTIONS,
  fromStation: [
    'Authorize',
    'BootNotification',
    'DataTransfer',
    'DiagnosticsStatusNotification',
    'FirmwareStatusNotification',
    'Heartbeat',
    'LogStatusNotification',
    'MeterValues',
    'SecurityEventNotification',
    'SignCertificate',
    'SignedFirmwareStatusNotification',
    'StartTransaction',
    'StatusNotification',
    'StopTransaction',
  ],
  schemas: 'ocpp1_6.json',
  schemaId: (action, part) => `urn:${action}.${part === 'request' ? 'req' : 'conf'}`,
  filled: ['meterValue', 'sampledValue', 'chargingSchedulePeriod'],
  // As the document of 1.6 spells them; errata corrected it, and stations know either. What 1.6 has no code for is a faulty form.
  spelling: {
    FormatViolation: 'FormationViolation',
    OccurrenceConstraintViolation: 'OccurenceConstraintViolation',
    RpcFrameworkError: 'FormationViolation',
    MessageTypeNotSupported: 'NotSupported',
  },
  badFormat: 'TypeConstraintViolation',
  framing: { unknownType: 'ignore', unreadable: 'ignore', extended: false },
})
