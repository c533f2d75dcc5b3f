/** The device model of a simulated station (OCPP 2.0.1 B05–B08): what it says of itself and what may be changed. */
import type {
  ComponentType,
  GetVariableDataType,
  GetVariableResultType,
  ReportDataType,
  SetVariableDataType,
  SetVariableResultType,
  VariableType,
} from '#protocols/ocpp'
import { OWN_KEYS } from '#protocols/ocpp'

type DataType = ReportDataType['variableCharacteristics'] extends infer C | undefined
  ? C extends { dataType: infer D }
    ? D
    : never
  : never

interface Definition {
  component: ComponentType
  variable: VariableType
  dataType: DataType
  mutability: 'ReadOnly' | 'WriteOnly' | 'ReadWrite'
  value: string
  unit?: string
  min?: number
  max?: number
  /** Members of an option or member list. */
  values?: readonly string[]
}

export interface StationFacts {
  identity: string
  model: string
  vendor: string
  serial: string
  firmware: string
  nominal: number
  /** The hardware can give power back. */
  v2x: boolean
  secured: boolean
  phases?: 1 | 3
  version?: '1.6' | '2.0.1' | '2.1'
}

export interface Variables {
  /** Value of a variable without regard to its place; '' when it has none. */
  value(component: string, variable: string): string
  number(component: string, variable: string): number
  flag(component: string, variable: string): boolean
  list(component: string, variable: string): string[]
  /** Changes a value from inside; true when it was another one. */
  put(component: string, variable: string, value: string): boolean
  /** Which values a list may have from now on. */
  offer(component: string, variable: string, values: readonly string[]): void
  get(request: GetVariableDataType): GetVariableResultType
  set(request: SetVariableDataType): SetVariableResultType
  /** Everything, or what may be changed, or the state of things. */
  report(base: 'FullInventory' | 'ConfigurationInventory' | 'SummaryInventory'): ReportDataType[]
  /** What matches any of the components and variables (B08). */
  find(places: readonly { component: ComponentType; variable?: VariableType }[]): ReportDataType[]
  /** Values that differ from those of the factory, to survive a restart. */
  changed(): Record<string, string>
}

export const MEASURANDS = [
  'Power.Active.Import',
  'Power.Active.Export',
  'Energy.Active.Import.Register',
  'Energy.Active.Export.Register',
  'SoC',
  'Current.Import',
  'Voltage',
] as const
export const TX_POINTS = ['ParkingBayOccupancy', 'EVConnected', 'Authorized', 'PowerPathClosed', 'EnergyTransfer', 'DataSigned'] as const

const EVSE = { id: 1 }
const CONNECTOR = { id: 1, connectorId: 1 }

function definitions(facts: StationFacts): Definition[] {
  const list: Definition[] = []
  const add =
    (mutability: Definition['mutability'], dataType: DataType) =>
    (
      component: string | ComponentType,
      variable: string | VariableType,
      value: string | number | boolean,
      more: Partial<Definition> = {},
    ) =>
      list.push({
        component: typeof component === 'string' ? { name: component } : component,
        variable: typeof variable === 'string' ? { name: variable } : variable,
        dataType,
        mutability,
        value: String(value),
        ...more,
      })
  const text = add('ReadOnly', 'string')
  const fact = add('ReadOnly', 'boolean')
  const count = add('ReadOnly', 'integer')
  const amount = add('ReadOnly', 'decimal')
  const choice = add('ReadWrite', 'boolean')
  const setting = add('ReadWrite', 'integer')
  const members = add('ReadWrite', 'MemberList')
  const evse: ComponentType = { name: 'EVSE', evse: EVSE }
  const connector: ComponentType = { name: 'Connector', evse: CONNECTOR }
  const seconds = (min: number, max: number) => ({ unit: 's', min, max })

  text('ChargingStation', 'Model', facts.model)
  text('ChargingStation', 'VendorName', facts.vendor)
  text('ChargingStation', 'SerialNumber', facts.serial)
  text('ChargingStation', 'FirmwareVersion', facts.firmware)
  fact('ChargingStation', 'Available', true)
  fact('ChargingStation', 'Problem', false)
  amount('ChargingStation', 'SupplyPhases', facts.phases ?? 3)
  add('ReadOnly', 'OptionList')('ChargingStation', 'AvailabilityState', 'Available', { values: AVAILABILITY })
  fact(evse, 'Available', true)
  fact(evse, 'Problem', false)
  add('ReadOnly', 'OptionList')(evse, 'AvailabilityState', 'Available', { values: AVAILABILITY })
  amount(evse, 'Power', 0, { unit: 'W', max: facts.nominal })
  count(evse, 'SupplyPhases', facts.phases ?? 3)
  fact(connector, 'Available', true)
  fact(connector, 'Problem', false)
  add('ReadOnly', 'OptionList')(connector, 'AvailabilityState', 'Available', { values: AVAILABILITY })
  text(connector, 'ConnectorType', 'cType2')
  count(connector, 'SupplyPhases', facts.phases ?? 3)

  text('SecurityCtrlr', 'Identity', facts.identity)
  add('ReadWrite', 'string')('SecurityCtrlr', 'OrganizationName', 'Cariflex')
  count('SecurityCtrlr', 'SecurityProfile', facts.secured ? 1 : 0)
  count('SecurityCtrlr', 'CertificateEntries', 0)
  setting('SecurityCtrlr', 'CertSigningWaitMinimum', 30, seconds(1, 3600))
  setting('SecurityCtrlr', 'CertSigningRepeatTimes', 2, { min: 0, max: 10 })
  fact('SecurityCtrlr', 'AdditionalRootCertificateCheck', false)
  count('SecurityCtrlr', 'MaxCertificateChainSize', 10_000)
  if (facts.secured) add('WriteOnly', 'string')('SecurityCtrlr', 'BasicAuthPassword', '', { min: 16, max: 40 })

  setting('OCPPCommCtrlr', 'HeartbeatInterval', 300, seconds(5, 86_400))
  setting('OCPPCommCtrlr', 'OfflineThreshold', 60, seconds(0, 86_400))
  setting('OCPPCommCtrlr', 'WebSocketPingInterval', 0, seconds(0, 3600))
  setting('OCPPCommCtrlr', 'RetryBackOffWaitMinimum', 3, seconds(1, 3600))
  setting('OCPPCommCtrlr', 'RetryBackOffRandomRange', 2, seconds(0, 600))
  setting('OCPPCommCtrlr', 'RetryBackOffRepeatTimes', 4, { min: 0, max: 10 })
  setting('OCPPCommCtrlr', { name: 'MessageTimeout', instance: 'Default' }, 30, seconds(5, 300))
  setting('OCPPCommCtrlr', { name: 'MessageAttempts', instance: 'TransactionEvent' }, 3, { min: 1, max: 10 })
  setting('OCPPCommCtrlr', { name: 'MessageAttemptInterval', instance: 'TransactionEvent' }, 10, seconds(1, 600))
  count('OCPPCommCtrlr', 'ActiveNetworkProfile', 1)
  add('ReadWrite', 'SequenceList')('OCPPCommCtrlr', 'NetworkConfigurationPriority', '1', { values: ['1'] })
  add('ReadOnly', 'MemberList')('OCPPCommCtrlr', 'FileTransferProtocols', 'HTTP,HTTPS', { values: ['HTTP', 'HTTPS'] })
  setting('OCPPCommCtrlr', 'ResetRetries', 1, { min: 0, max: 5 })
  count('OCPPCommCtrlr', 'NetworkProfileConnectionAttempts', 1)
  fact('OCPPCommCtrlr', 'UnlockOnEVSideDisconnect', true)
  fact('OCPPCommCtrlr', 'QueueAllMessages', false)

  for (const [instance, items] of [
    ['GetReport', 20],
    ['GetVariables', 20],
    ['SetVariables', 20],
  ] as const) {
    count('DeviceDataCtrlr', { name: 'ItemsPerMessage', instance }, items)
    count('DeviceDataCtrlr', { name: 'BytesPerMessage', instance }, 65_536)
  }

  members('TxCtrlr', 'TxStartPoint', 'EVConnected,Authorized', { values: TX_POINTS })
  members('TxCtrlr', 'TxStopPoint', 'EVConnected,Authorized', { values: TX_POINTS })
  choice('TxCtrlr', 'StopTxOnInvalidId', true)
  choice('TxCtrlr', 'StopTxOnEVSideDisconnect', true)
  setting('TxCtrlr', 'EVConnectionTimeOut', 60, seconds(5, 3600))
  fact('TxCtrlr', 'TxBeforeAcceptedEnabled', false)

  choice('AuthCtrlr', 'Enabled', true)
  choice('AuthCtrlr', 'AuthorizeRemoteStart', false)
  choice('AuthCtrlr', 'LocalAuthorizeOffline', true)
  choice('AuthCtrlr', 'LocalPreAuthorize', false)
  choice('AuthCtrlr', 'OfflineTxForUnknownIdEnabled', false)
  fact('AuthCacheCtrlr', 'Available', true)
  choice('AuthCacheCtrlr', 'Enabled', true)
  add('ReadWrite', 'string')('AuthCtrlr', 'MasterPassGroupId', '', { max: 36 })
  fact('LocalAuthListCtrlr', 'Available', true)
  choice('LocalAuthListCtrlr', 'Enabled', true)
  count('LocalAuthListCtrlr', 'Entries', 0, { max: 1000 })
  count('LocalAuthListCtrlr', 'ItemsPerMessage', 20)
  count('LocalAuthListCtrlr', 'BytesPerMessage', 16_384)
  fact('ReservationCtrlr', 'Available', true)
  choice('ReservationCtrlr', 'Enabled', true)
  fact('DisplayMessageCtrlr', 'Available', true)
  fact('MonitoringCtrlr', 'Available', true)
  choice('MonitoringCtrlr', 'Enabled', true)
  for (const instance of ['SetVariableMonitoring', 'ClearVariableMonitoring']) {
    count('MonitoringCtrlr', { name: 'ItemsPerMessage', instance }, 10)
    count('MonitoringCtrlr', { name: 'BytesPerMessage', instance }, 16_384)
  }
  for (const instance of ['Tariff', 'Cost']) {
    fact('TariffCostCtrlr', { name: 'Available', instance }, true)
    choice('TariffCostCtrlr', { name: 'Enabled', instance }, true)
  }
  add('ReadWrite', 'string')('TariffCostCtrlr', 'TariffFallbackMessage', '', { max: 512 })
  if (facts.version === '2.1') {
    count('TariffCostCtrlr', { name: 'MaxElements', instance: 'Tariff' }, 5)
    fact('TariffCostCtrlr', { name: 'ConditionsSupported', instance: 'Tariff' }, false)
  }
  if (facts.version === '1.6') {
    fact(OWN_KEYS, 'CustomDisplayCostAndPrice', true)
    add('ReadWrite', 'string')(OWN_KEYS, 'DefaultPrice', '', { max: 500 })
  }
  fact('AlignedDataCtrlr', 'Available', true)
  choice('AlignedDataCtrlr', 'Enabled', true)
  setting('AlignedDataCtrlr', 'Interval', 0, seconds(0, 86_400))
  members('AlignedDataCtrlr', 'Measurands', 'Energy.Active.Import.Register', { values: MEASURANDS })
  members('AlignedDataCtrlr', 'TxEndedMeasurands', '', { values: MEASURANDS })
  choice('AlignedDataCtrlr', 'SendDuringIdle', true)
  choice('AlignedDataCtrlr', 'SignReadings', false)

  fact('SampledDataCtrlr', 'Available', true)
  choice('SampledDataCtrlr', 'Enabled', true)
  choice('SampledDataCtrlr', 'SignReadings', false)
  const measured = { values: MEASURANDS }
  members('SampledDataCtrlr', 'TxStartedMeasurands', 'Energy.Active.Import.Register,Energy.Active.Export.Register,SoC', measured)
  members('SampledDataCtrlr', 'TxUpdatedMeasurands', MEASURANDS.join(','), measured)
  members('SampledDataCtrlr', 'TxEndedMeasurands', 'Energy.Active.Import.Register,Energy.Active.Export.Register,SoC', measured)
  setting('SampledDataCtrlr', 'TxUpdatedInterval', 30, seconds(0, 3600))
  count('SampledDataCtrlr', 'TxEndedInterval', 0)

  fact('SmartChargingCtrlr', 'Available', true)
  choice('SmartChargingCtrlr', 'Enabled', true)
  add('ReadOnly', 'MemberList')('SmartChargingCtrlr', 'RateUnit', 'W,A', { values: ['W', 'A'] })
  count('SmartChargingCtrlr', 'ProfileStackLevel', 9)
  count('SmartChargingCtrlr', 'PeriodsPerSchedule', 200)
  count('SmartChargingCtrlr', { name: 'Entries', instance: 'ChargingProfiles' }, 20)
  amount('SmartChargingCtrlr', 'LimitChangeSignificance', 5, { unit: 'Percent' })
  fact('SmartChargingCtrlr', 'ACPhaseSwitchingSupported', false)
  if (facts.version === '2.1') fact('SmartChargingCtrlr', 'SupportsDynamicProfiles', true)
  fact('SmartChargingCtrlr', 'Phases3to1', false)
  fact('SmartChargingCtrlr', 'ExternalControlSignalsEnabled', false)

  const v2x: ComponentType = { name: 'V2XChargingCtrlr', evse: EVSE }
  if (facts.v2x) {
    choice(v2x, 'Enabled', true)
    fact(v2x, 'Available', false)
    amount(v2x, 'DischargePower', facts.nominal, { unit: 'W', max: facts.nominal })
  } else {
    fact(v2x, 'Enabled', false)
    fact(v2x, 'Available', false)
  }
  add('ReadOnly', 'dateTime')('ClockCtrlr', 'DateTime', '')
  text('ClockCtrlr', 'TimeSource', 'Heartbeat')
  return list
}

const AVAILABILITY = ['Available', 'Occupied', 'Reserved', 'Unavailable', 'Faulted']
/** Values that read nothing outside. */
const SECRET = new Set(['basicauthpassword'])

const nameOf = ({ name, instance }: { name: string; instance?: string }) =>
  `${name}${instance === undefined ? '' : `[${instance}]`}`.toLowerCase()
const placeOf = ({ evse }: ComponentType) => (evse ? `@${evse.id}${evse.connectorId === undefined ? '' : `.${evse.connectorId}`}` : '')
const keyOf = (component: ComponentType, variable: VariableType) => `${nameOf(component)}${placeOf(component)}/${nameOf(variable)}`

/** The model with factory values, then with those that were `kept` from an earlier life. `now` tells the time as text. */
export function openVariables(facts: StationFacts, now: () => string, kept: Record<string, string> = {}): Variables {
  const all = definitions(facts)
  const byKey = new Map(all.map((one) => [keyOf(one.component, one.variable), one]))
  const factory = new Map(all.map((one) => [keyOf(one.component, one.variable), one.value]))
  for (const [key, value] of Object.entries(kept)) {
    const one = byKey.get(key)
    if (one && one.mutability !== 'ReadOnly') one.value = value
  }
  /** From inside, names are ours: the first of that name wherever it hangs, its instance left out. */
  const ours = new Map<string, Definition>()
  for (const one of all) {
    const key = `${one.component.name}.${one.variable.name}`
    if (!ours.has(key)) ours.set(key, one)
  }
  const own = (component: string, variable: string): Definition => {
    const one = ours.get(`${component}.${variable}`)
    if (!one) throw new Error(`no variable ${component}.${variable}`)
    return one
  }
  const current = (one: Definition) => (one.component.name === 'ClockCtrlr' && one.variable.name === 'DateTime' ? now() : one.value)
  const lookUp = (component: ComponentType, variable: VariableType): Definition | 'UnknownComponent' | 'UnknownVariable' =>
    byKey.get(keyOf(component, variable)) ??
    (all.some((one) => nameOf(one.component) + placeOf(one.component) === nameOf(component) + placeOf(component))
      ? 'UnknownVariable'
      : 'UnknownComponent')

  const describe = (one: Definition): ReportDataType => ({
    component: one.component,
    variable: one.variable,
    variableAttribute: [
      {
        type: 'Actual',
        mutability: one.mutability,
        persistent: true,
        constant: false,
        // Absent rather than empty, and never a secret.
        ...(one.mutability === 'WriteOnly' || current(one) === '' ? {} : { value: current(one) }),
      },
    ],
    variableCharacteristics: {
      dataType: one.dataType,
      supportsMonitoring: false,
      ...(one.unit === undefined ? {} : { unit: one.unit }),
      ...(one.min === undefined ? {} : { minLimit: one.min }),
      ...(one.max === undefined ? {} : { maxLimit: one.max }),
      ...(one.values && one.values.length > 0 ? { valuesList: one.values.join(',') } : {}),
    },
  })

  return {
    value: (component, variable) => current(own(component, variable)),
    number: (component, variable) => Number(own(component, variable).value),
    flag: (component, variable) => own(component, variable).value === 'true',
    list: (component, variable) =>
      own(component, variable)
        .value.split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    put(component, variable, value) {
      const one = own(component, variable)
      const changes = one.value !== value
      one.value = value
      return changes
    },
    offer(component, variable, values) {
      own(component, variable).values = values
    },
    get({ component, variable, attributeType = 'Actual' }) {
      const found = lookUp(component, variable)
      const answer = { component, variable, attributeType }
      if (typeof found === 'string') return { ...answer, attributeStatus: found }
      if (attributeType !== 'Actual') return { ...answer, attributeStatus: 'NotSupportedAttributeType' }
      if (found.mutability === 'WriteOnly')
        return { ...answer, attributeStatus: 'Rejected', attributeStatusInfo: { reasonCode: 'WriteOnly' } }
      return { ...answer, attributeStatus: 'Accepted', attributeValue: current(found) }
    },
    set({ component, variable, attributeValue, attributeType = 'Actual' }) {
      const found = lookUp(component, variable)
      const answer = { component, variable, attributeType }
      if (typeof found === 'string') return { ...answer, attributeStatus: found }
      if (attributeType !== 'Actual') return { ...answer, attributeStatus: 'NotSupportedAttributeType' }
      const refused = found.mutability === 'ReadOnly' ? 'ReadOnly' : faultOf(found, attributeValue)
      if (refused) return { ...answer, attributeStatus: 'Rejected', attributeStatusInfo: { reasonCode: refused } }
      found.value = attributeValue
      return { ...answer, attributeStatus: 'Accepted' }
    },
    report: (base) =>
      all
        .filter((one) => {
          if (base === 'ConfigurationInventory') return one.mutability !== 'ReadOnly'
          if (base === 'SummaryInventory') return ['AvailabilityState', 'Available', 'Problem'].includes(one.variable.name)
          return true
        })
        .map(describe),
    find: (places) =>
      all
        .filter((one) =>
          places.some(
            ({ component, variable }) =>
              nameOf(component) === nameOf(one.component) &&
              (component.evse === undefined || placeOf(component) === placeOf(one.component)) &&
              (variable === undefined || nameOf(variable) === nameOf(one.variable)),
          ),
        )
        .map(describe),
    changed: () =>
      Object.fromEntries(
        [...byKey]
          .filter(([key, one]) => one.mutability !== 'ReadOnly' && one.value !== factory.get(key))
          .map(([key, one]) => [key, one.value]),
      ),
  }
}

/** Why a value cannot be taken, as the reason code of the answer. */
function faultOf({ dataType, min, max, values, variable }: Definition, value: string): string | undefined {
  switch (dataType) {
    case 'integer':
      if (!/^-?\d+$/.test(value)) return 'InvalidValue'
      return (min !== undefined && Number(value) < min) || (max !== undefined && Number(value) > max) ? 'ValueOutOfRange' : undefined
    case 'boolean':
      return value === 'true' || value === 'false' ? undefined : 'InvalidValue'
    case 'SequenceList':
    case 'MemberList': {
      const names = value === '' ? [] : value.split(',').map((name) => name.trim())
      return names.every((name) => values?.includes(name)) && new Set(names).size === names.length ? undefined : 'InvalidValue'
    }
    case 'string':
      if (SECRET.has(variable.name.toLowerCase()) && !/^[A-Za-z0-9*\-_=:+|@.]+$/.test(value)) return 'InvalidValue'
      return (min !== undefined && value.length < min) || (max !== undefined && value.length > max) ? 'ValueOutOfRange' : undefined
    default:
      return undefined
  }
}
