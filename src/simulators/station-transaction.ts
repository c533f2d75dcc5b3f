/** The transaction engine of a simulated station: when one starts and ends, and what is told of it (OCPP 2.0.1 E01–E15). */
import { randomUUID } from 'node:crypto'
import { type Clock, type Instant, instant, SECOND } from '#kernel'
import type {
  ChargingStateEnumType,
  IdTokenType,
  MeterValueType,
  ReadingContextEnumType,
  ReasonEnumType,
  TransactionEventRequest,
  TriggerReasonEnumType,
} from '#protocols/ocpp'
import { zulu } from './station-meter.ts'
import type { Variables } from './station-variables.ts'

/** What the engine watches; TxStartPoint and TxStopPoint name these. */
export interface Conditions {
  ParkingBayOccupancy: boolean
  EVConnected: boolean
  Authorized: boolean
  PowerPathClosed: boolean
  EnergyTransfer: boolean
  /** The meter signed the value with which the transaction begins. */
  DataSigned: boolean
}

export interface Transaction {
  id: string
  seqNo: number
  startedAt: Instant
  began: MeterValueType | undefined
  chargingState: ChargingStateEnumType
  nextSample: Instant
  /** Values of the clock, for its end. */
  aligned?: MeterValueType[]
  chargingTime: number
  remoteStartId?: number
  reservationId?: number
  /** When the power path closed for the first time: Relative profiles count from here. */
  readyAt?: Instant
}

/** A running transaction, as it is kept over a restart of the simulation. */
export type TransactionMemory = Omit<Transaction, 'nextSample'>

export interface EngineParts {
  clock: Clock
  variables: Variables
  conditions(): Conditions
  chargingState(): ChargingStateEnumType
  phases(): number
  meter(measurands: readonly string[], context: ReadingContextEnumType): MeterValueType | undefined
  /** A value of the clock while nothing runs. */
  onIdleClock(value: MeterValueType): void
  isOffline(): boolean
  /** Token and remote start that came before the transaction. */
  promised(): { token?: IdTokenType; remoteStartId?: number; reservationId?: number }
  send(event: TransactionEventRequest): void
  onStart(transaction: Transaction): void
  onEnd(transaction: Transaction): void
}

/** Why something is told now; the token only when it was shown just now. */
export interface Occasion {
  trigger: TriggerReasonEnumType
  reason?: ReasonEnumType
  token?: IdTokenType
  remoteStartId?: number
  reservationId?: number
}

export interface Engine {
  current(): Transaction | undefined
  /** Looks at the conditions after something happened: starts, ends or tells. */
  settle(occasion: Occasion): void
  /** Sends an Updated event with meter values. */
  update(trigger: TriggerReasonEnumType, context: ReadingContextEnumType): void
  /** Periodic samples and changes of state, once a second. */
  tick(): void
  /** Ends what runs, whatever the conditions. */
  end(trigger: TriggerReasonEnumType, reason: ReasonEnumType): void
  /** Forgets which conditions held: a car that is plugged will start a transaction anew at the next `settle`. */
  forget(): void
  /** Takes the conditions as they are for those that held before: nothing has happened. */
  recall(): void
  memory(): TransactionMemory | undefined
}

/** The engine; with `kept` it goes on with a transaction as if nothing had happened. */
export function openEngine(parts: EngineParts, kept?: TransactionMemory): Engine {
  const { clock, variables } = parts
  let current: Transaction | undefined = kept && { ...kept, nextSample: clock.now() }
  let before = parts.conditions()
  let lastTick = clock.now()
  let stroke: number | undefined

  const tell = (
    transaction: Transaction,
    eventType: TransactionEventRequest['eventType'],
    { trigger, reason, token }: Occasion,
    values: (MeterValueType | undefined)[] = [],
  ) => {
    const meterValue = values.filter((value) => value !== undefined)
    const { id, remoteStartId, reservationId, chargingState, chargingTime } = transaction
    parts.send({
      eventType,
      timestamp: zulu(clock.now()),
      triggerReason: trigger,
      seqNo: transaction.seqNo++,
      ...(parts.isOffline() ? { offline: true } : {}),
      numberOfPhasesUsed: parts.phases(),
      cableMaxCurrent: 32,
      transactionInfo: {
        transactionId: id,
        chargingState,
        timeSpentCharging: Math.round(chargingTime / SECOND),
        ...(reason === undefined ? {} : { stoppedReason: reason }),
        ...(remoteStartId === undefined ? {} : { remoteStartId }),
      },
      ...(reservationId === undefined ? {} : { reservationId }),
      evse: { id: 1, connectorId: 1 },
      ...(token ? { idToken: token } : {}),
      ...(meterValue.length > 0 ? { meterValue } : {}),
    })
  }

  const measure = (list: 'TxStartedMeasurands' | 'TxUpdatedMeasurands' | 'TxEndedMeasurands', context: ReadingContextEnumType) =>
    variables.flag('SampledDataCtrlr', 'Enabled') ? parts.meter(variables.list('SampledDataCtrlr', list), context) : undefined
  const sampling = () => variables.number('SampledDataCtrlr', 'TxUpdatedInterval') * SECOND
  const after = (length: number): Instant => instant(length > 0 ? clock.now() + length : Number.POSITIVE_INFINITY)

  const start = (happened: Occasion) => {
    const occasion = { ...parts.promised(), ...happened }
    const transaction: Transaction = {
      id: randomUUID(),
      seqNo: 0,
      startedAt: clock.now(),
      began: measure('TxStartedMeasurands', 'Transaction.Begin'),
      chargingState: parts.chargingState(),
      nextSample: after(sampling()),
      chargingTime: 0,
      ...(occasion.remoteStartId === undefined ? {} : { remoteStartId: occasion.remoteStartId }),
      ...(occasion.reservationId === undefined ? {} : { reservationId: occasion.reservationId }),
    }
    current = transaction
    parts.onStart(transaction)
    const { reason: _, ...beginning } = occasion
    tell(transaction, 'Started', beginning, [transaction.began])
  }

  const end: Engine['end'] = (trigger, reason) => {
    const transaction = current
    if (!transaction) return
    transaction.chargingState = parts.chargingState()
    const values = [transaction.began, ...(transaction.aligned ?? []), measure('TxEndedMeasurands', 'Transaction.End')]
    // Over first, told then: what is kept at the telling must not go on with it.
    current = undefined
    parts.onEnd(transaction)
    tell(transaction, 'Ended', { trigger, reason }, values)
  }

  const followState = () => {
    if (!current) return
    const state = parts.chargingState()
    if (state === current.chargingState) return
    current.chargingState = state
    tell(current, 'Updated', { trigger: 'ChargingStateChanged' }, [measure('TxUpdatedMeasurands', 'Other')])
  }

  /** Energy begins or ceases to flow by itself: for those whose transactions begin or end with it. */
  const followEnergy = () => {
    const now = parts.conditions()
    if (now.EnergyTransfer !== before.EnergyTransfer || now.DataSigned !== before.DataSigned)
      engine.settle({ trigger: 'ChargingStateChanged', reason: 'StoppedByEV' })
  }

  /** Values at the strokes of the clock (J01, J02 with AlignedDataCtrlr). */
  const followClock = () => {
    const interval = variables.number('AlignedDataCtrlr', 'Interval') * SECOND
    if (interval <= 0 || !variables.flag('AlignedDataCtrlr', 'Enabled')) {
      stroke = undefined
      return
    }
    const now = Math.floor(clock.now() / interval)
    const before = stroke
    stroke = now
    if (before === undefined || before === now) return
    const value = parts.meter(variables.list('AlignedDataCtrlr', 'Measurands'), 'Sample.Clock')
    if (!current) {
      if (value && variables.flag('AlignedDataCtrlr', 'SendDuringIdle')) parts.onIdleClock(value)
      return
    }
    const kept = parts.meter(variables.list('AlignedDataCtrlr', 'TxEndedMeasurands'), 'Sample.Clock')
    if (kept) current.aligned = [...(current.aligned ?? []), kept]
    if (value) tell(current, 'Updated', { trigger: 'MeterValueClock' }, [value])
  }

  const engine: Engine = {
    current: () => current,
    settle(occasion) {
      const now = parts.conditions()
      const rose = (point: string) => now[point as keyof Conditions] && !before[point as keyof Conditions]
      const fell = (point: string) => !now[point as keyof Conditions] && before[point as keyof Conditions]
      const starts = !current && variables.list('TxCtrlr', 'TxStartPoint').some(rose)
      const ends = current !== undefined && variables.list('TxCtrlr', 'TxStopPoint').some(fell)
      before = now
      if (current && now.PowerPathClosed) current.readyAt ??= clock.now()
      if (starts) return start(occasion)
      if (ends) return end(occasion.trigger, occasion.reason ?? 'Local')
      if (!current) return
      if (occasion.remoteStartId !== undefined) current.remoteStartId = occasion.remoteStartId
      if (occasion.reservationId !== undefined) current.reservationId = occasion.reservationId
      if (occasion.trigger === 'ChargingStateChanged') return followState()
      // What happened is told before what follows from it: first "authorised", then "charging".
      tell(current, 'Updated', occasion)
      followState()
    },
    update(trigger, context) {
      if (!current) return
      current.chargingState = parts.chargingState()
      tell(current, 'Updated', { trigger }, [measure('TxUpdatedMeasurands', context)])
    },
    tick() {
      const now = clock.now()
      const length = now - lastTick
      lastTick = now
      followClock()
      followEnergy()
      if (!current) return
      if (parts.conditions().PowerPathClosed) current.readyAt ??= now
      if (current.chargingState === 'Charging') current.chargingTime += length
      followState()
      if (now < current.nextSample) {
        // A shorter interval set meanwhile counts at once.
        current.nextSample = instant(Math.min(current.nextSample, now + (sampling() || Number.POSITIVE_INFINITY)))
        return
      }
      current.nextSample = after(sampling())
      if (sampling() > 0) tell(current, 'Updated', { trigger: 'MeterValuePeriodic' }, [measure('TxUpdatedMeasurands', 'Sample.Periodic')])
    },
    end,
    forget() {
      const bay = before.ParkingBayOccupancy
      before = {
        ...parts.conditions(),
        EVConnected: false,
        Authorized: false,
        PowerPathClosed: false,
        EnergyTransfer: false,
        DataSigned: false,
      }
      before.ParkingBayOccupancy = bay
    },
    recall() {
      before = parts.conditions()
    },
    memory() {
      if (!current) return undefined
      const { nextSample: _, ...kept } = current
      return structuredClone(kept)
    },
  }
  return engine
}
