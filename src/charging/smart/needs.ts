/** What a car says it needs and which schedule it chose (OCPP K15–K17; 15118-2 and -20; charging reference 2.11, 4.4). Pure. */
import { type Instant, instant, parseInstant, SECOND } from '#kernel'
import type { NotifyEVChargingScheduleRequest, V21 } from '#protocols/ocpp'
import { powerOf } from '../order.ts'
import type { Needs } from '../transaction.ts'
import { type Compiled, levelAt } from './compiler.ts'

const sum = (values: readonly (number | undefined)[]): number | undefined =>
  values.every((value) => value === undefined) ? undefined : values.reduce<number>((total, value) => total + (value ?? 0), 0)

/** Reads NotifyEVChargingNeeds of 2.0.1 or 2.1; `phases` of the station where the car says none, `takenBefore` what its session had taken, Wh. */
export function readNeeds(request: V21.NotifyEVChargingNeedsRequest, at: Instant, phases: number, takenBefore: number): Needs {
  const { chargingNeeds, maxScheduleTuples } = request
  const { acChargingParameters: ac, dcChargingParameters: dc, v2xChargingParameters: v2x, departureTime, controlMode } = chargingNeeds
  const transfer = chargingNeeds.requestedEnergyTransfer
  const used = transfer === 'AC_single_phase' ? 1 : transfer === 'AC_two_phase' ? 2 : phases
  const isAc = transfer.startsWith('AC')
  const needs: Needs = { at, takenBefore, transfer }
  const keep = <Key extends keyof Needs>(key: Key, value: Needs[Key] | undefined) => {
    if (value !== undefined && (typeof value !== 'number' || Number.isFinite(value))) needs[key] = value
  }
  const departure = departureTime === undefined ? Number.NaN : Date.parse(departureTime)
  if (!Number.isNaN(departure)) needs.departure = instant(departure)
  const energy = v2x?.evTargetEnergyRequest ?? v2x?.evMaxEnergyRequest ?? ac?.energyAmount ?? dc?.energyAmount
  keep('energy', energy === undefined ? undefined : Math.round(energy))
  keep('least', v2x?.evMinEnergyRequest)
  keep('most', v2x?.evMaxEnergyRequest)
  keep('soc', dc?.stateOfCharge)
  keep('targetSoc', v2x?.targetSoC)
  keep('capacity', dc?.evEnergyCapacity)
  keep('control', controlMode)
  keep('schedules', maxScheduleTuples)
  keep('v2xFrom', v2x?.evMinV2XEnergyRequest)
  keep('v2xTo', v2x?.evMaxV2XEnergyRequest)
  if (isAc && used !== phases) needs.phases = used
  if (dc?.evMaxPower !== undefined) needs.maxPower = dc.evMaxPower
  else if (ac) {
    // evMaxVoltage is the phase voltage for one phase and the line voltage for three (ISO 15118-2).
    const perPhase = ac.evMaxVoltage > 300 ? ac.evMaxVoltage / Math.sqrt(3) : ac.evMaxVoltage
    needs.maxPower = Math.round(perPhase * ac.evMaxCurrent * used)
    needs.maxCurrent = ac.evMaxCurrent
    needs.minCurrent = ac.evMinCurrent
  }
  if (v2x) {
    keep('maxPower', sum([v2x.maxChargePower, v2x.maxChargePower_L2, v2x.maxChargePower_L3]) ?? needs.maxPower)
    const discharge = sum([v2x.maxDischargePower, v2x.maxDischargePower_L2, v2x.maxDischargePower_L3])
    keep('maxDischarge', discharge === undefined ? undefined : Math.abs(discharge))
  }
  return needs
}

/**
 * Whether the car lets itself be discharged now: with -20 only while its energy lies in the window for it, told as what is missing to either
 * end when the needs were told; `taken` Wh went in since.
 */
export const mayDischarge = ({ v2xFrom, v2xTo }: Needs, taken: number): boolean =>
  (v2xFrom === undefined || v2xFrom - taken <= 0) && (v2xTo === undefined || v2xTo - taken >= 0)

/** What is charged at most although it was allowed more: half a percent, as stations report limits. */
const SHARE = 0.005
const LEAST = 50

/**
 * Whether the schedule that a car chose keeps to what was laid on its EVSE; undefined where nothing of ours covers it.
 * The first moment at which it would take more is told otherwise.
 */
export function excessOf(
  { timeBase, chargingSchedule }: Pick<NotifyEVChargingScheduleRequest, 'timeBase' | 'chargingSchedule'>,
  compiled: Compiled,
): { at: Instant; chosen: number; allowed: number } | undefined {
  const base = parseInstant(timeBase)
  const { chargingSchedulePeriod: periods, chargingRateUnit: unit, duration } = chargingSchedule
  const chosenAt = (at: Instant) => {
    const offset = (at - base) / SECOND
    if (offset < 0 || offset >= (duration ?? Number.POSITIVE_INFINITY)) return undefined
    const period = periods.findLast(({ startPeriod }) => startPeriod <= offset)
    return period && powerOf(period.limit, { ...compiled.wires, unit, phases: period.numberPhases ?? compiled.wires.phases })
  }
  const moments = [...periods.map(({ startPeriod }) => instant(base + startPeriod * SECOND)), ...compiled.levels.map(({ at }) => at)]
  for (const at of moments.toSorted((one, other) => one - other)) {
    const limit = levelAt(compiled, at)
    const chosen = chosenAt(at)
    if (limit === undefined || chosen === undefined) continue
    const allowed = powerOf(limit, compiled.wires)
    if (chosen > allowed + Math.max(LEAST, Math.abs(allowed) * SHARE)) return { at, chosen, allowed }
  }
  return undefined
}
