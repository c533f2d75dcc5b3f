/** What a car wants, in the words of OCPP's NotifyEVChargingNeeds: from its driver, or as it came over ISO 15118. */
import { after, type Instant, SECOND } from '#kernel'
import type { Needs } from '#protocols/iso15118'
import type { Messages, V21 } from '#protocols/ocpp'
import type { Car } from './car.ts'
import { zulu } from './station-meter.ts'
import { LEAST_CURRENT, VOLTAGE } from './station-outlet.ts'

export type ChargingNeeds = Messages['NotifyEVChargingNeeds']['request']['chargingNeeds']

/** V between the phases of a three-phase supply. */
const LINE_VOLTAGE = 400

/** As a driver without ISO 15118 types it in. */
export function needsOfDriver(car: Car, now: Instant): ChargingNeeds {
  const { departure, energy } = car.wish(now)
  return {
    requestedEnergyTransfer: 'AC_three_phase',
    departureTime: zulu(departure),
    acChargingParameters: {
      energyAmount: Math.round(energy),
      evMinCurrent: LEAST_CURRENT,
      evMaxCurrent: Math.floor(car.spec.onboard / (3 * VOLTAGE)),
      evMaxVoltage: LINE_VOLTAGE,
    },
  }
}

/** Translates what a car said at a moment; OCPP 2.0.1 has no words for discharging. */
export function needsOfProtocol(needs: Needs, at: Instant): ChargingNeeds {
  const { state, phases, currents, dc } = needs
  const departure = state.departure === undefined ? {} : { departureTime: zulu(after(at, state.departure * SECOND)) }
  const energyAmount = Math.max(0, Math.round(state.target ?? 0))
  if (needs.current === 'DC')
    return {
      requestedEnergyTransfer: 'DC',
      ...departure,
      dcChargingParameters: {
        evMaxCurrent: Math.round(dc?.maxCurrent ?? 0),
        evMaxVoltage: Math.round(dc?.maxVoltage ?? 0),
        energyAmount,
        ...(state.maxCharge !== undefined && { evMaxPower: Math.round(state.maxCharge) }),
        ...(state.soc !== undefined && { stateOfCharge: Math.round(state.soc) }),
        ...(state.capacity !== undefined && { evEnergyCapacity: Math.round(state.capacity) }),
        ...(dc?.fullSoc !== undefined && { fullSoC: dc.fullSoc }),
        ...(dc?.bulkSoc !== undefined && { bulkSoC: dc.bulkSoc }),
      },
    }
  const amps = (power: number | undefined) => Math.floor((power ?? 0) / (phases * VOLTAGE))
  return {
    requestedEnergyTransfer: phases === 3 ? 'AC_three_phase' : phases === 2 ? 'AC_two_phase' : 'AC_single_phase',
    ...departure,
    acChargingParameters: {
      energyAmount,
      evMinCurrent: currents ? Math.floor(currents.min) : amps(state.minCharge),
      evMaxCurrent: currents ? Math.floor(currents.max) : amps(state.maxCharge),
      evMaxVoltage: phases === 1 ? VOLTAGE : LINE_VOLTAGE,
    },
  }
}

/** The same in the words of OCPP 2.1, which has all of ISO 15118-20: both directions, the band of energy, who controls. */
export function needsOfProtocol21(needs: Needs, at: Instant): V21.ChargingNeedsType {
  const { state, bidirectional, control, current } = needs
  const rounded = (value: number | undefined) => (value === undefined ? undefined : Math.round(value))
  const v2x = {
    minChargePower: rounded(state.minCharge),
    maxChargePower: rounded(state.maxCharge),
    maxDischargePower: rounded(state.maxDischarge),
    evTargetEnergyRequest: rounded(state.target),
    evMinEnergyRequest: rounded(state.least),
    evMaxEnergyRequest: rounded(state.most),
    evMinV2XEnergyRequest: rounded(state.v2x?.least),
    evMaxV2XEnergyRequest: rounded(state.v2x?.most),
  }
  const said = Object.fromEntries(Object.entries(v2x).filter(([, value]) => value !== undefined)) as V21.V2XChargingParametersType
  const plain = needsOfProtocol(needs, at) as V21.ChargingNeedsType
  return {
    ...plain,
    ...(bidirectional && { requestedEnergyTransfer: `${current}_BPT` as const }),
    controlMode: control === 'dynamic' ? 'DynamicControl' : 'ScheduledControl',
    mobilityNeedsMode: 'EVCC',
    ...(needs.protocol !== 'iso2' && { v2xChargingParameters: said }),
  }
}
