/** What a station of each version may be sent by hand, and how such a message looks. Limits and certificates go their own ways. */
export const MESSAGES: Readonly<Record<'1.6' | '2.0.1' | '2.1', string>> = {
  '1.6':
    'CancelReservation ChangeAvailability ChangeConfiguration ClearCache ClearChargingProfile DataTransfer DeleteCertificate ExtendedTriggerMessage GetCompositeSchedule GetConfiguration GetDiagnostics GetInstalledCertificateIds GetLocalListVersion GetLog InstallCertificate RemoteStartTransaction RemoteStopTransaction ReserveNow Reset SendLocalList SignedUpdateFirmware TriggerMessage UnlockConnector UpdateFirmware',
  '2.0.1':
    'CancelReservation ChangeAvailability ClearCache ClearChargingProfile ClearDisplayMessage ClearVariableMonitoring CostUpdated CustomerInformation DataTransfer DeleteCertificate GetBaseReport GetChargingProfiles GetCompositeSchedule GetDisplayMessages GetInstalledCertificateIds GetLocalListVersion GetLog GetMonitoringReport GetReport GetTransactionStatus GetVariables InstallCertificate PublishFirmware RequestStartTransaction RequestStopTransaction ReserveNow Reset SendLocalList SetDisplayMessage SetMonitoringBase SetMonitoringLevel SetNetworkProfile SetVariableMonitoring SetVariables TriggerMessage UnlockConnector UnpublishFirmware UpdateFirmware',
  '2.1':
    'AFRRSignal AdjustPeriodicEventStream CancelReservation ChangeAvailability ChangeTransactionTariff ClearCache ClearChargingProfile ClearDERControl ClearDisplayMessage ClearTariffs ClearVariableMonitoring CostUpdated CustomerInformation DataTransfer DeleteCertificate GetBaseReport GetChargingProfiles GetCompositeSchedule GetDERControl GetDisplayMessages GetInstalledCertificateIds GetLocalListVersion GetLog GetMonitoringReport GetPeriodicEventStream GetReport GetTariffs GetTransactionStatus GetVariables InstallCertificate NotifyAllowedEnergyTransfer NotifyWebPaymentStarted PublishFirmware RequestBatterySwap RequestStartTransaction RequestStopTransaction ReserveNow Reset SendLocalList SetDERControl SetDefaultTariff SetDisplayMessage SetMonitoringBase SetMonitoringLevel SetNetworkProfile SetVariableMonitoring SetVariables TriggerMessage UnlockConnector UnpublishFirmware UpdateFirmware UsePriorityCharging',
}

/** The version of `ocpp2.0.1`, `ocpp1.6` …; 2.0.1 where a station has not said. */
export const versionOf = (subprotocol: string | null | undefined): keyof typeof MESSAGES =>
  (['2.1', '1.6'] as const).find((version) => subprotocol?.replace(/^ocpp/, '') === version) ?? '2.0.1'

export const messagesOf = (subprotocol: string | null | undefined): string[] => MESSAGES[versionOf(subprotocol)].split(' ')

/** What operators send every day; offered first. */
export const COMMON: ReadonlySet<string> = new Set(
  'ChangeAvailability ChangeConfiguration ClearCache GetConfiguration GetVariables RemoteStartTransaction RemoteStopTransaction RequestStartTransaction RequestStopTransaction Reset SetDisplayMessage SetVariables TriggerMessage UnlockConnector'.split(
    ' ',
  ),
)

const variable = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'HeartbeatInterval' } }
const EXAMPLE: Readonly<Record<string, unknown>> = {
  CancelReservation: { reservationId: 1 },
  ChangeAvailability: { operationalStatus: 'Operative', evse: { id: 1 } },
  ClearChargingProfile: { chargingProfileId: 1 },
  ClearDisplayMessage: { id: 1 },
  ClearVariableMonitoring: { id: [1] },
  CostUpdated: { totalCost: 1.25, transactionId: '' },
  CustomerInformation: { requestId: 1, report: true, clear: false, customerIdentifier: '' },
  DataTransfer: { vendorId: '', messageId: '' },
  GetBaseReport: { requestId: 1, reportBase: 'SummaryInventory' },
  GetChargingProfiles: { requestId: 2, chargingProfile: {} },
  GetCompositeSchedule: { evseId: 1, duration: 3600, chargingRateUnit: 'W' },
  GetDisplayMessages: { requestId: 1 },
  GetLog: { logType: 'DiagnosticsLog', requestId: 1, log: { remoteLocation: 'https://' } },
  GetMonitoringReport: { requestId: 1 },
  GetReport: { requestId: 1, componentCriteria: ['Problem'] },
  GetVariables: { getVariableData: [{ component: { name: 'ChargingStation' }, variable: { name: 'Model' } }] },
  RequestStartTransaction: { evseId: 1, remoteStartId: 1, idToken: { idToken: '', type: 'Central' } },
  RequestStopTransaction: { transactionId: '' },
  Reset: { type: 'OnIdle' },
  SetMonitoringBase: { monitoringBase: 'All' },
  SetMonitoringLevel: { severity: 5 },
  SetVariables: { setVariableData: [{ ...variable, attributeValue: '60' }] },
  TriggerMessage: { requestedMessage: 'StatusNotification', evse: { id: 1 } },
  UnlockConnector: { evseId: 1, connectorId: 1 },
  UsePriorityCharging: { transactionId: '', activate: true },
}
const EXAMPLE16: Readonly<Record<string, unknown>> = {
  CancelReservation: { reservationId: 1 },
  ChangeAvailability: { connectorId: 1, type: 'Operative' },
  ChangeConfiguration: { key: 'HeartbeatInterval', value: '60' },
  ClearChargingProfile: { id: 1 },
  DataTransfer: { vendorId: '', messageId: '' },
  ExtendedTriggerMessage: { requestedMessage: 'StatusNotification', connectorId: 1 },
  GetCompositeSchedule: { connectorId: 1, duration: 3600, chargingRateUnit: 'W' },
  GetConfiguration: { key: [] },
  GetDiagnostics: { location: 'https://' },
  RemoteStartTransaction: { connectorId: 1, idTag: '' },
  RemoteStopTransaction: { transactionId: 1 },
  Reset: { type: 'Soft' },
  TriggerMessage: { requestedMessage: 'StatusNotification', connectorId: 1 },
  UnlockConnector: { connectorId: 1 },
}

/** A message to begin with; fields still to be filled are empty. */
export const exampleOf = (subprotocol: string | null | undefined, action: string): unknown =>
  (versionOf(subprotocol) === '1.6' ? EXAMPLE16 : EXAMPLE)[action] ?? {}
