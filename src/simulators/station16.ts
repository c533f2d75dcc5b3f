/**
 * The wire of a simulated station of OCPP 1.6: the same chassis as one of 2.0.1, which speaks 2.0.1 inside; what it says is said in 1.6, and
 * the orders of 1.6 become those it knows. Its charging profiles are those of 1.6, by the rules of 1.6.
 */
import {
  CallError,
  type ChargingStateEnumType,
  type ConnectorStatusEnumType,
  configurationKey,
  type Handler,
  type IdTokenInfoType,
  type Messages,
  type MeterValueType,
  type NamedVariable,
  type Payload,
  profileFrom16,
  type ReasonEnumType,
  type Session,
  type TransactionEventRequest,
  type V16,
  v16,
  validateProfile,
  variableOf,
} from '#protocols/ocpp'
import type { Chassis } from './station-chassis.ts'
import { zulu } from './station-meter.ts'
import { profileContext } from './station-steering.ts'

/** Numbers that the CSMS gave to transactions, by our ids; kept over a restart. */
export type Numbers16 = Record<string, number>

export interface Wire16 {
  /** Says a message of the chassis in 1.6. Resolves with the answer in the words of 2.0.1. */
  call<A extends keyof Messages>(session: Session, action: A, payload: Messages[A]['request']): Promise<Messages[A]['response']>
  /** Answers the orders of the CSMS. */
  handler: Handler
  numbers(): Numbers16
}

const REGISTER = 'Energy.Active.Import.Register'
const REASONS: Partial<Record<ReasonEnumType, NonNullable<V16.StopTransactionRequest['reason']>>> = {
  DeAuthorized: 'DeAuthorized',
  EmergencyStop: 'EmergencyStop',
  EVDisconnected: 'EVDisconnected',
  ImmediateReset: 'HardReset',
  Local: 'Local',
  PowerLoss: 'PowerLoss',
  Reboot: 'Reboot',
  Remote: 'Remote',
}
/** What every station of 1.6 says of itself beside the variables it shares with 2.0.1. */
const FACTS: Record<string, string> = {
  NumberOfConnectors: '1',
  SupportedFeatureProfiles: 'Core,RemoteTrigger,SmartCharging',
  GetConfigurationMaxKeys: '50',
  ConnectorPhaseRotation: '1.RST',
  StopTransactionOnEVSideDisconnect: 'true',
  MeterValuesSampledDataMaxLength: '7',
}

type Entry = (payload: never) => Promise<Payload> | Payload

/**
 * @param orders answers a message of 2.0.1, as a station of 2.0.1 does
 * @param kept numbers of an earlier life
 */
export function openWire16(chassis: () => Chassis, orders: Handler, kept: Numbers16 = {}): Wire16 {
  const numbers = new Map(Object.entries(kept))
  let doing: ChargingStateEnumType | undefined
  let told: V16.StatusNotificationRequest['status'] | undefined

  const statusOf = (status: ConnectorStatusEnumType): V16.StatusNotificationRequest['status'] => {
    if (status !== 'Occupied') return status
    if (doing === 'Charging' || doing === 'SuspendedEV' || doing === 'SuspendedEVSE') return doing
    return chassis().authorization || !told || told === 'Available' || told === 'Preparing' ? 'Preparing' : 'Finishing'
  }
  const status = async (session: Session, connectorStatus: ConnectorStatusEnumType) => {
    const now = statusOf(connectorStatus)
    told = now
    const errorCode = now === 'Faulted' ? 'OtherError' : 'NoError'
    return session.call('StatusNotification', { connectorId: 1, errorCode, status: now, timestamp: zulu(chassis().clock.now()) })
  }
  const changedStatus = async (session: Session) => {
    const connector = chassis().connectorStatus()
    if (statusOf(connector) !== told) await status(session, connector)
  }

  const start = async (session: Session, { timestamp, idToken, meterValue, transactionInfo }: TransactionEventRequest) => {
    const answer = (await session.call('StartTransaction', {
      connectorId: 1,
      idTag: idToken!.idToken.slice(0, 20),
      meterStart: registerOf(meterValue, 'Transaction.Begin'),
      timestamp,
    })) as V16.StartTransactionResponse
    numbers.set(transactionInfo.transactionId, answer.transactionId)
    return { idTokenInfo: infoOf(answer.idTagInfo) }
  }
  const stop = async (session: Session, { timestamp, idToken, meterValue, transactionInfo }: TransactionEventRequest) => {
    const { transactionId, stoppedReason = 'Local' } = transactionInfo
    const answer = (await session.call('StopTransaction', {
      transactionId: numbers.get(transactionId) ?? -1,
      timestamp,
      meterStop: registerOf(meterValue, 'Transaction.End'),
      reason: REASONS[stoppedReason] ?? 'Other',
      ...(idToken ? { idTag: idToken.idToken.slice(0, 20) } : {}),
      ...(meterValue ? { transactionData: meterValue.map(sampledOf) } : {}),
    })) as V16.StopTransactionResponse
    numbers.delete(transactionId)
    return answer.idTagInfo ? { idTokenInfo: infoOf(answer.idTagInfo) } : {}
  }

  const says: Record<string, (session: Session, payload: never) => Promise<Payload>> = {
    async BootNotification(session, { chargingStation }: Messages['BootNotification']['request']) {
      const { vendorName, model, serialNumber, firmwareVersion } = chargingStation
      told = undefined
      return session.call('BootNotification', {
        chargePointVendor: vendorName.slice(0, 20),
        chargePointModel: model,
        ...(serialNumber === undefined ? {} : { chargePointSerialNumber: serialNumber }),
        ...(firmwareVersion === undefined ? {} : { firmwareVersion }),
      })
    },
    Heartbeat: (session) => session.call('Heartbeat', {}),
    async Authorize(session, { idToken }: Messages['Authorize']['request']) {
      const { idTagInfo } = (await session.call('Authorize', { idTag: idToken.idToken.slice(0, 20) })) as V16.AuthorizeResponse
      return { idTokenInfo: infoOf(idTagInfo) }
    },
    async TransactionEvent(session, event: TransactionEventRequest) {
      const { eventType, transactionInfo, meterValue } = event
      doing = eventType === 'Ended' ? undefined : transactionInfo.chargingState
      let answer: Payload = {}
      if (eventType === 'Started') answer = await start(session, event)
      else if (eventType === 'Ended') answer = await stop(session, event)
      else if (meterValue) {
        const transactionId = numbers.get(transactionInfo.transactionId)
        await session.call('MeterValues', {
          connectorId: 1,
          meterValue: meterValue.map(sampledOf),
          ...(transactionId === undefined ? {} : { transactionId }),
        })
      }
      await changedStatus(session)
      return answer
    },
    async MeterValues(session, { evseId, meterValue }: Messages['MeterValues']['request']) {
      return session.call('MeterValues', { connectorId: evseId, meterValue: meterValue.map(sampledOf) })
    },
    StatusNotification: (session, { connectorStatus }: Messages['StatusNotification']['request']) => status(session, connectorStatus),
    // 1.6 has no such messages: nobody hears of it.
    NotifyEvent: async () => ({}),
    NotifyEVChargingNeeds: async () => ({ status: 'Rejected' }),
  }

  const ask = (action: string, payload: object, session: Session) => orders(action, payload as Payload, session)
  const commands = (session: Session): Record<string, Entry> => {
    const idOf = (number: number) => [...numbers].find(([, one]) => one === number)?.[0]
    const statusOnly = async (action: string, payload: object) => ({ status: (await ask(action, payload, session))['status'] })
    return {
      ChangeConfiguration({ key, value }: V16.ChangeConfigurationRequest) {
        if (Object.keys(FACTS).some((fact) => same(fact, key))) return { status: 'Rejected' }
        const { attributeStatus } = chassis().variables.set({ ...namesOf(variableOf(key)), attributeValue: value })
        if (attributeStatus.startsWith('Unknown')) return { status: 'NotSupported' }
        return { status: attributeStatus === 'Accepted' ? 'Accepted' : 'Rejected' }
      },
      GetConfiguration({ key: wanted }: V16.GetConfigurationRequest) {
        const own = chassis()
          .variables.report('FullInventory')
          .flatMap(({ component, variable, variableAttribute: [attribute] }) => {
            const key = configurationKey({ component, variable } as NamedVariable)
            const value = attribute?.value
            if (key === undefined || attribute?.mutability === 'WriteOnly') return []
            return [{ key, readonly: attribute?.mutability === 'ReadOnly', ...(value === undefined ? {} : { value: value.slice(0, 500) }) }]
          })
        const all = [...own, ...Object.entries(FACTS).map(([key, value]) => ({ key, readonly: true, value }))]
        if (!wanted || wanted.length === 0) return { configurationKey: all }
        const unknownKey = wanted.filter((name) => !all.some(({ key }) => same(key, name)))
        return {
          configurationKey: all.filter(({ key }) => wanted.some((name) => same(key, name))),
          ...(unknownKey.length === 0 ? {} : { unknownKey }),
        }
      },
      RemoteStartTransaction: ({ connectorId, idTag, chargingProfile }: V16.RemoteStartTransactionRequest) => {
        const profile = chargingProfile && profileFrom16(chargingProfile)
        return statusOnly('RequestStartTransaction', {
          idToken: { idToken: idTag, type: 'Central' },
          remoteStartId: 1,
          ...(connectorId === undefined ? {} : { evseId: connectorId }),
          ...(profile ? { chargingProfile: profile } : {}),
        })
      },
      RemoteStopTransaction: ({ transactionId }: V16.RemoteStopTransactionRequest) =>
        statusOnly('RequestStopTransaction', { transactionId: idOf(transactionId) ?? '' }),
      Reset: async ({ type }: V16.ResetRequest) => {
        await ask('Reset', { type: 'Immediate' }, session)
        return { status: type === 'Hard' || type === 'Soft' ? 'Accepted' : 'Rejected' }
      },
      async UnlockConnector({ connectorId }: V16.UnlockConnectorRequest) {
        const { status: answer } = await ask('UnlockConnector', { evseId: connectorId, connectorId: 1 }, session)
        return { status: answer === 'UnknownConnector' ? 'NotSupported' : answer === 'Unlocked' ? answer : 'UnlockFailed' }
      },
      ChangeAvailability: ({ connectorId, type }: V16.ChangeAvailabilityRequest) =>
        statusOnly('ChangeAvailability', { operationalStatus: type, ...(connectorId === 0 ? {} : { evse: { id: connectorId } }) }),
      ClearCache: () => statusOnly('ClearCache', {}),
      DataTransfer: ({ vendorId, messageId, data }: V16.DataTransferRequest) =>
        chassis().till.message16(vendorId, messageId, data) ?? { status: 'UnknownVendorId' },
      GetLocalListVersion: () => ({ listVersion: -1 }),
      SendLocalList: () => ({ status: 'NotSupported' }),
      ReserveNow: () => ({ status: 'Rejected' }),
      CancelReservation: () => ({ status: 'Rejected' }),
      TriggerMessage({ requestedMessage, connectorId }: V16.TriggerMessageRequest) {
        if (requestedMessage.endsWith('StatusNotification') && requestedMessage !== 'StatusNotification')
          return { status: 'NotImplemented' }
        const evse = connectorId === undefined || connectorId === 0 ? {} : { evse: { id: connectorId } }
        told = requestedMessage === 'StatusNotification' ? undefined : told
        const wanted = requestedMessage === 'MeterValues' && chassis().engine.current() ? 'TransactionEvent' : requestedMessage
        return statusOnly('TriggerMessage', { requestedMessage: wanted, ...evse })
      },
      SetChargingProfile({ connectorId, csChargingProfiles: candidate }: V16.SetChargingProfileRequest) {
        const station = chassis()
        const running = station.engine.current()
        const number = running && numbers.get(running.id)
        const verdict = validateProfile(candidate, {
          ...profileContext(station, connectorId),
          version: '1.6',
          transactions: new Map(number === undefined ? [] : [[1, String(number)]]),
        })
        if (!verdict.ok) return { status: 'Rejected' }
        const { transactionId: _, ...profile } = profileFrom16(candidate)
        const isOfRunning = profile.chargingProfilePurpose === 'TxProfile' && running
        station.profiles = [
          // Of the same id, or of the same purpose and level on the connector: replaced.
          ...station.profiles.filter(
            ({ evseId, profile: other }) =>
              other.id !== profile.id &&
              !(
                evseId === connectorId &&
                other.chargingProfilePurpose === profile.chargingProfilePurpose &&
                other.stackLevel === profile.stackLevel
              ),
          ),
          { evseId: connectorId, profile: { ...profile, ...(isOfRunning ? { transactionId: running.id } : {}) } as never },
        ]
        return { status: 'Accepted' }
      },
      ClearChargingProfile({ id, connectorId, chargingProfilePurpose: purpose, stackLevel }: V16.ClearChargingProfileRequest) {
        const criteria = {
          ...(connectorId === undefined ? {} : { evseId: connectorId }),
          ...(stackLevel === undefined ? {} : { stackLevel }),
          ...(purpose === undefined
            ? {}
            : { chargingProfilePurpose: purpose === 'ChargePointMaxProfile' ? 'ChargingStationMaxProfile' : purpose }),
        }
        return statusOnly('ClearChargingProfile', {
          ...(id === undefined ? {} : { chargingProfileId: id }),
          ...(Object.keys(criteria).length === 0 ? {} : { chargingProfileCriteria: criteria }),
        })
      },
      async GetCompositeSchedule({ connectorId, duration, chargingRateUnit }: V16.GetCompositeScheduleRequest) {
        const request = { evseId: connectorId, duration, ...(chargingRateUnit === undefined ? {} : { chargingRateUnit }) }
        const { status: answer, schedule } = (await ask(
          'GetCompositeSchedule',
          request,
          session,
        )) as Messages['GetCompositeSchedule']['response']
        if (answer !== 'Accepted' || !schedule) return { status: 'Rejected' }
        return {
          status: answer,
          connectorId,
          scheduleStart: schedule.scheduleStart,
          chargingSchedule: {
            duration: schedule.duration,
            startSchedule: schedule.scheduleStart,
            chargingRateUnit: schedule.chargingRateUnit,
            chargingSchedulePeriod: schedule.chargingSchedulePeriod.map(({ startPeriod, limit, numberPhases }) => ({
              startPeriod,
              limit: Math.floor(limit * 10 + 1e-6) / 10,
              ...(numberPhases === undefined ? {} : { numberPhases }),
            })),
          },
        }
      },
    }
  }

  return {
    async call(session, action, payload) {
      const say = says[action]
      if (!say) throw new CallError('NotSupported', `OCPP 1.6 has no ${action}.`)
      return (await say(session, payload as never)) as never
    },
    async handler(action, payload, session) {
      const command = commands(session)[action]
      if (!command)
        throw new CallError(v16.isAction(action) ? 'NotSupported' : 'NotImplemented', `${action} is not supported by this station.`)
      return command(payload as never)
    },
    numbers: () => Object.fromEntries(numbers),
  }
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

/** The place of a variable in a model that hangs some of them on its EVSE: those with a key never do. */
const namesOf = ({ component, variable }: NamedVariable) => ({ component: { name: component.name }, variable })

const registerOf = (values: readonly MeterValueType[] | undefined, context: string): number =>
  values?.flatMap(({ sampledValue }) => sampledValue).find((one) => one.measurand === REGISTER && one.context === context)?.value ?? 0

const sampledOf = ({ timestamp, sampledValue }: MeterValueType) => ({
  timestamp,
  sampledValue: sampledValue.map(({ value, context, measurand, location, unitOfMeasure }) => ({
    value: String(value),
    ...(context === undefined ? {} : { context }),
    ...(measurand === undefined ? {} : { measurand }),
    ...(location === undefined ? {} : { location }),
    ...(unitOfMeasure?.unit === undefined ? {} : { unit: unitOfMeasure.unit }),
  })),
})

const infoOf = ({ status, expiryDate, parentIdTag }: V16.AuthorizeResponse['idTagInfo']): IdTokenInfoType => ({
  status,
  ...(expiryDate === undefined ? {} : { cacheExpiryDateTime: expiryDate }),
  ...(parentIdTag === undefined ? {} : { groupIdToken: { idToken: parentIdTag, type: 'Central' } }),
})
