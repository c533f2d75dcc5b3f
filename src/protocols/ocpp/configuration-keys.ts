/** Configuration keys of OCPP 1.6 and the variables of 2.0.1 that mean the same. */
const KEYS: readonly [key: string, component: string, variable: string, instance?: string][] = [
  ['HeartbeatInterval', 'OCPPCommCtrlr', 'HeartbeatInterval'],
  ['WebSocketPingInterval', 'OCPPCommCtrlr', 'WebSocketPingInterval'],
  ['TransactionMessageAttempts', 'OCPPCommCtrlr', 'MessageAttempts', 'TransactionEvent'],
  ['TransactionMessageRetryInterval', 'OCPPCommCtrlr', 'MessageAttemptInterval', 'TransactionEvent'],
  ['ResetRetries', 'OCPPCommCtrlr', 'ResetRetries'],
  ['UnlockConnectorOnEVSideDisconnect', 'OCPPCommCtrlr', 'UnlockOnEVSideDisconnect'],
  ['MeterValueSampleInterval', 'SampledDataCtrlr', 'TxUpdatedInterval'],
  ['MeterValuesSampledData', 'SampledDataCtrlr', 'TxUpdatedMeasurands'],
  ['StopTxnSampledData', 'SampledDataCtrlr', 'TxEndedMeasurands'],
  ['ClockAlignedDataInterval', 'AlignedDataCtrlr', 'Interval'],
  ['MeterValuesAlignedData', 'AlignedDataCtrlr', 'Measurands'],
  ['StopTxnAlignedData', 'AlignedDataCtrlr', 'TxEndedMeasurands'],
  ['AuthorizeRemoteTxRequests', 'AuthCtrlr', 'AuthorizeRemoteStart'],
  ['LocalAuthorizeOffline', 'AuthCtrlr', 'LocalAuthorizeOffline'],
  ['LocalPreAuthorize', 'AuthCtrlr', 'LocalPreAuthorize'],
  ['AllowOfflineTxForUnknownId', 'AuthCtrlr', 'OfflineTxForUnknownIdEnabled'],
  ['AuthorizationCacheEnabled', 'AuthCacheCtrlr', 'Enabled'],
  ['LocalAuthListEnabled', 'LocalAuthListCtrlr', 'Enabled'],
  ['LocalAuthListMaxLength', 'LocalAuthListCtrlr', 'Entries'],
  ['SendLocalListMaxLength', 'LocalAuthListCtrlr', 'ItemsPerMessage'],
  ['ConnectionTimeOut', 'TxCtrlr', 'EVConnectionTimeOut'],
  ['StopTransactionOnInvalidId', 'TxCtrlr', 'StopTxOnInvalidId'],
  ['StopTransactionOnEVSideDisconnect', 'TxCtrlr', 'StopTxOnEVSideDisconnect'],
  ['MaxEnergyOnInvalidId', 'TxCtrlr', 'MaxEnergyOnInvalidId'],
  ['ChargeProfileMaxStackLevel', 'SmartChargingCtrlr', 'ProfileStackLevel'],
  ['ChargingScheduleAllowedChargingRateUnit', 'SmartChargingCtrlr', 'RateUnit'],
  ['ChargingScheduleMaxPeriods', 'SmartChargingCtrlr', 'PeriodsPerSchedule'],
  ['MaxChargingProfilesInstalled', 'SmartChargingCtrlr', 'Entries', 'ChargingProfiles'],
  ['ConnectorSwitch3to1PhaseSupported', 'SmartChargingCtrlr', 'Phases3to1'],
  ['AuthorizationKey', 'SecurityCtrlr', 'BasicAuthPassword'],
  ['SecurityProfile', 'SecurityCtrlr', 'SecurityProfile'],
  ['CpoName', 'SecurityCtrlr', 'OrganizationName'],
  ['AdditionalRootCertificateCheck', 'SecurityCtrlr', 'AdditionalRootCertificateCheck'],
  ['CertificateStoreMaxLength', 'SecurityCtrlr', 'CertificateEntries'],
  ['CertificateSignedMaxChainSize', 'SecurityCtrlr', 'MaxCertificateChainSize'],
  ['ReserveConnectorZeroSupported', 'ReservationCtrlr', 'NonEvseSpecific'],
]
/** Keys without such a variable (and those of vendors) are variables of this component, under their own name. */
export const OWN_KEYS = 'Configuration'

export interface NamedVariable {
  component: { name: string; evse?: { id: number } }
  variable: { name: string; instance?: string }
}

const byKey = new Map(KEYS.map((row) => [row[0].toLowerCase(), row]))
const pathOf = (component: string, variable: string, instance = '') => `${component}/${variable}/${instance}`.toLowerCase()
const byPath = new Map(KEYS.map(([key, ...path]) => [pathOf(...path), key]))

export function variableOf(key: string): NamedVariable {
  const [, component = OWN_KEYS, variable = key, instance] = byKey.get(key.toLowerCase()) ?? []
  return { component: { name: component }, variable: { name: variable, ...(instance === undefined ? {} : { instance }) } }
}

/** The configuration key that a variable stands for; undefined when 1.6 has none. */
export function configurationKey({ component, variable }: NamedVariable): string | undefined {
  if (component.name.toLowerCase() === OWN_KEYS.toLowerCase()) return variable.name
  return byPath.get(pathOf(component.name, variable.name, variable.instance))
}
