/** What a car wants, in the words of OCPP's NotifyEVChargingNeeds: from its driver, or as it came over ISO 15118. */
import { after, type Instant, SECOND } from '#kernel'
import type { Needs } from '#protocols/iso15118'
import type { Messages } from '#protocols/ocpp'
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
