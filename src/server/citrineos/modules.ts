/**
 * The endpoints of CitrineOS' message API: which action of OCPP stands behind `/ocpp/{version}/{module}/{word}`. Those of 1.8 by its own words
 * (odd ones of 1.6 included), the rest of OCPP by the same rule: the action with a small first letter.
 */

type Modules = Readonly<Record<string, readonly string[]>>

const V201: Modules = {
  certificates: ['CertificateSigned', 'DeleteCertificate', 'GetInstalledCertificateIds', 'InstallCertificate'],
  configuration: [
    'ChangeAvailability',
    'ClearDisplayMessage',
    'DataTransfer',
    'GetDisplayMessages',
    'PublishFirmware',
    'Reset',
    'SetDisplayMessage',
    'SetNetworkProfile',
    'TriggerMessage',
    'UnpublishFirmware',
    'UpdateFirmware',
  ],
  evdriver: [
    'CancelReservation',
    'ClearCache',
    'GetLocalListVersion',
    'RequestStartTransaction',
    'RequestStopTransaction',
    'ReserveNow',
    'SendLocalList',
    'UnlockConnector',
  ],
  monitoring: [
    'ClearVariableMonitoring',
    'GetVariables',
    'SetMonitoringBase',
    'SetMonitoringLevel',
    'SetVariableMonitoring',
    'SetVariables',
  ],
  reporting: ['CustomerInformation', 'GetBaseReport', 'GetLog', 'GetMonitoringReport', 'GetReport'],
  smartcharging: ['ClearChargingProfile', 'GetChargingProfiles', 'GetCompositeSchedule', 'SetChargingProfile'],
  transactions: ['CostUpdated', 'GetTransactionStatus'],
}

const MORE_OF_21: Modules = {
  evdriver: ['RequestBatterySwap', 'NotifyWebPaymentStarted'],
  monitoring: ['AdjustPeriodicEventStream', 'GetPeriodicEventStream'],
  smartcharging: [
    'UpdateDynamicSchedule',
    'UsePriorityCharging',
    'NotifyAllowedEnergyTransfer',
    'AFRRSignal',
    'SetDERControl',
    'GetDERControl',
    'ClearDERControl',
  ],
  transactions: ['SetDefaultTariff', 'GetTariffs', 'ClearTariffs', 'ChangeTransactionTariff'],
}

const V16: Modules = {
  certificates: ['CertificateSigned', 'DeleteCertificate', 'GetInstalledCertificateIds', 'InstallCertificate'],
  configuration: [
    'ChangeAvailability',
    'ChangeConfiguration',
    'DataTransfer',
    'ExtendedTriggerMessage',
    'GetConfiguration',
    'Reset',
    'SignedUpdateFirmware',
    'TriggerMessage',
    'UpdateFirmware',
  ],
  evdriver: [
    'CancelReservation',
    'ClearCache',
    'GetLocalListVersion',
    'RemoteStartTransaction',
    'RemoteStopTransaction',
    'ReserveNow',
    'SendLocalList',
    'UnlockConnector',
  ],
  reporting: ['GetDiagnostics', 'GetLog'],
  smartcharging: ['ClearChargingProfile', 'GetCompositeSchedule', 'SetChargingProfile'],
}

/** Words of CitrineOS that are not the action's own. */
const ODD_16: Readonly<Record<string, string>> = {
  'smartcharging/clear': 'ClearChargingProfile',
  'smartcharging/getComposite': 'GetCompositeSchedule',
  'certificates/install': 'InstallCertificate',
  'certificates/delete': 'DeleteCertificate',
}

const wordOf = (action: string) => (action === 'AFRRSignal' ? 'aFRRSignal' : `${action[0]!.toLowerCase()}${action.slice(1)}`)
const tableOf = (...sets: Modules[]) =>
  new Map(
    sets.flatMap((modules) =>
      Object.entries(modules).flatMap(([module, actions]) =>
        actions.map((action): [string, string] => [`${module}/${wordOf(action)}`, action]),
      ),
    ),
  )

/** Per version as in the path: `module/word` → action. */
export const ENDPOINTS: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  '1.6': new Map([...tableOf(V16), ...Object.entries(ODD_16)]),
  '2.0.1': tableOf(V201),
  '2.1': tableOf(V201, MORE_OF_21),
}
