/** The words of OCPP 1.6 and what they are called in 2.0.1. */
import type { MeterValueType, ReasonEnumType, SampledValueType, TriggerReasonEnumType, V16 } from '#protocols/ocpp'

/** A connector of 1.6 is an EVSE with one connector; connector 0 is the station. */
export const evseOf = (connectorId: number) => ({ id: connectorId, ...(connectorId > 0 ? { connectorId: 1 } : {}) })

export type Status16 = V16.StatusNotificationRequest['status']

/** The one status of 1.6 is three things: whether the connector can be used, whether it is, and what the session does. */
export interface ConnectorState {
  availability: 'Operative' | 'Inoperative' | 'Faulted'
  occupancy: 'free' | 'occupied' | 'reserved'
  chargingState?: 'Charging' | 'SuspendedEV' | 'SuspendedEVSE' | 'EVConnected'
}

const STATES: Record<Status16, ConnectorState> = {
  Available: { availability: 'Operative', occupancy: 'free' },
  Preparing: { availability: 'Operative', occupancy: 'occupied' },
  Charging: { availability: 'Operative', occupancy: 'occupied', chargingState: 'Charging' },
  SuspendedEV: { availability: 'Operative', occupancy: 'occupied', chargingState: 'SuspendedEV' },
  SuspendedEVSE: { availability: 'Operative', occupancy: 'occupied', chargingState: 'SuspendedEVSE' },
  Finishing: { availability: 'Operative', occupancy: 'occupied', chargingState: 'EVConnected' },
  Reserved: { availability: 'Operative', occupancy: 'reserved' },
  Unavailable: { availability: 'Inoperative', occupancy: 'free' },
  Faulted: { availability: 'Faulted', occupancy: 'free' },
}

export const stateOf = (status: Status16): ConnectorState => STATES[status]

/** The connector's status in the words of 2.0.1. */
export function connectorStatus({
  availability,
  occupancy,
}: ConnectorState): 'Available' | 'Occupied' | 'Reserved' | 'Unavailable' | 'Faulted' {
  if (availability === 'Faulted') return 'Faulted'
  if (availability === 'Inoperative') return 'Unavailable'
  return occupancy === 'free' ? 'Available' : occupancy === 'occupied' ? 'Occupied' : 'Reserved'
}

type TagStatus = V16.AuthorizeResponse['idTagInfo']['status']
const TAG_STATUS: Record<string, TagStatus> = {
  Accepted: 'Accepted',
  Blocked: 'Blocked',
  Expired: 'Expired',
  ConcurrentTx: 'ConcurrentTx',
  NoCredit: 'Blocked',
  NotAllowedTypeEVSE: 'Blocked',
  NotAtThisLocation: 'Blocked',
  NotAtThisTime: 'Blocked',
}
/** What 1.6 has no word for is Invalid. */
export const tagStatus = (status: string): TagStatus => TAG_STATUS[status] ?? 'Invalid'

const REASONS: Record<string, [reason: ReasonEnumType, trigger: TriggerReasonEnumType]> = {
  DeAuthorized: ['DeAuthorized', 'Deauthorized'],
  EmergencyStop: ['EmergencyStop', 'AbnormalCondition'],
  EVDisconnected: ['EVDisconnected', 'EVDeparted'],
  HardReset: ['ImmediateReset', 'ResetCommand'],
  Local: ['Local', 'StopAuthorized'],
  PowerLoss: ['PowerLoss', 'AbnormalCondition'],
  Reboot: ['Reboot', 'AbnormalCondition'],
  Remote: ['Remote', 'RemoteStop'],
  SoftReset: ['ImmediateReset', 'ResetCommand'],
  UnlockCommand: ['Other', 'UnlockCommand'],
}
/** Why a transaction ended and what made the event; the default of 1.6 is Local, what nobody knows is Other. */
export const reasonOf = (reason = 'Local'): [reason: ReasonEnumType, trigger: TriggerReasonEnumType] =>
  REASONS[reason] ?? ['Other', 'AbnormalCondition']

type Sampled16 = V16.MeterValuesRequest['meterValue'][number]['sampledValue'][number]
const REGISTER = 'Energy.Active.Import.Register'

/**
 * Meter values of 1.6 in the form of 2.0.1. Values that are no numbers are left out, signed ones are kept as they are.
 * @param begin Wh that the register of the transaction began with: an energy without unit that only fits it in kWh is taken for kWh
 */
export function meterValuesOf(values: V16.MeterValuesRequest['meterValue'], begin?: number): MeterValueType[] {
  return values.flatMap(({ timestamp, sampledValue }) => {
    const sampled = sampledValue.flatMap((one) => sampledOf(one, begin))
    const [first, ...rest] = sampled
    return first ? [{ timestamp, sampledValue: [first, ...rest] }] : []
  })
}

function sampledOf({ value, unit, measurand, context, phase, location, format }: Sampled16, begin: number | undefined): SampledValueType[] {
  const about = {
    ...(measurand === undefined ? {} : { measurand }),
    ...(context === undefined ? {} : { context }),
    ...(phase === undefined ? {} : { phase }),
    ...(location === undefined ? {} : { location }),
  }
  // Signed values are kept with the event; they are no number that we could count.
  if (format === 'SignedData') {
    const signedMeterValue = { signedMeterData: value, signingMethod: '', encodingMethod: '', publicKey: '' }
    return [{ value: 0, ...about, measurand: 'Signed', signedMeterValue } as unknown as SampledValueType]
  }
  const number = Number(value.trim().replace(',', '.'))
  if (value.trim() === '' || !Number.isFinite(number)) return []
  const isRegister = (measurand ?? REGISTER) === REGISTER && phase === undefined
  const inferred = isRegister && unit === undefined && begin !== undefined && isInKilo(number, begin) ? 'kWh' : undefined
  const said = inferred ?? unit
  return [{ value: number, ...about, ...(said === undefined ? {} : { unitOfMeasure: { unit: said } }) } as SampledValueType]
}

/** A session takes at most so much, Wh. */
const LARGEST_SESSION = 500_000
const isInKilo = (value: number, begin: number): boolean =>
  begin > 1000 && value < begin / 2 && value * 1000 >= begin - 1000 && value * 1000 <= begin + LARGEST_SESSION
