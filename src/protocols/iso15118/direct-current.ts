/** What DIN 70121 and ISO 15118-2 say alike of charging with direct current. */
import type { Iso2PhysicalValue } from './messages.gen.ts'
import { fromPhysical, physical } from './numbers.ts'
import type { Needs, Supply, Vehicle } from './parties.ts'

export const dcStatusOf = (supply: Supply) => {
  const wish = supply.wish()
  return {
    NotificationMaxDelay: 0,
    EVSENotification: wish === 'charge' ? 'None' : wish === 'renegotiate' ? 'ReNegotiation' : 'StopCharging',
    EVSEIsolationStatus: 'Valid',
    EVSEStatusCode: wish === 'stop' ? 'EVSE_Shutdown' : 'EVSE_Ready',
  } as const
}

/** The station's side of charge parameter discovery. */
export const dcParametersOf = (supply: Supply) => {
  const { maxCharge, minCharge, voltage } = supply.limits()
  return {
    DC_EVSEStatus: dcStatusOf(supply),
    EVSEMaximumCurrentLimit: physical(maxCharge / voltage, 'A'),
    EVSEMaximumPowerLimit: physical(maxCharge, 'W'),
    EVSEMaximumVoltageLimit: physical(voltage, 'V'),
    EVSEMinimumCurrentLimit: physical(minCharge / voltage, 'A'),
    EVSEMinimumVoltageLimit: physical(0, 'V'),
    EVSEPeakCurrentRipple: physical(1, 'A'),
  }
}

/** The answer to a turn of the charging loop, as far as both know it. */
export function currentDemandOf(supply: Supply, EVTargetVoltage: Iso2PhysicalValue) {
  const limit = Math.max(0, supply.setpoint())
  const voltage = Math.max(1, fromPhysical(EVTargetVoltage))
  return {
    DC_EVSEStatus: dcStatusOf(supply),
    EVSEPresentVoltage: EVTargetVoltage,
    EVSEPresentCurrent: physical(supply.present() / voltage, 'A'),
    EVSECurrentLimitAchieved: false,
    EVSEVoltageLimitAchieved: false,
    EVSEPowerLimitAchieved: supply.present() >= limit,
    EVSEMaximumVoltageLimit: physical(supply.limits().voltage, 'V'),
    EVSEMaximumCurrentLimit: physical(limit / voltage, 'A'),
    EVSEMaximumPowerLimit: physical(limit, 'W'),
  }
}

interface Physical {
  Multiplier: number
  Value: number
}
interface Asked {
  DC_EVStatus: { EVRESSSOC: number }
  DepartureTime?: number
  EVMaximumCurrentLimit: Physical
  EVMaximumPowerLimit?: Physical
  EVMaximumVoltageLimit: Physical
  EVEnergyCapacity?: Physical
  EVEnergyRequest?: Physical
  FullSOC?: number
  BulkSOC?: number
}

/** What a car says of itself at charge parameter discovery. */
export function dcNeedsOf(protocol: 'din' | 'iso2', said: Asked): Needs {
  const voltage = fromPhysical(said.EVMaximumVoltageLimit)
  const current = fromPhysical(said.EVMaximumCurrentLimit)
  const { EVMaximumPowerLimit: power, EVEnergyCapacity: capacity, EVEnergyRequest: target } = said
  return {
    ...{ protocol, bidirectional: false, control: 'scheduled', current: 'DC', phases: 3 },
    state: {
      departure: said.DepartureTime,
      maxCharge: power ? fromPhysical(power) : voltage * current,
      soc: said.DC_EVStatus.EVRESSSOC,
      ...(capacity && { capacity: fromPhysical(capacity) }),
      ...(target && { target: fromPhysical(target) }),
    },
    dc: {
      maxCurrent: current,
      maxVoltage: voltage,
      ...(said.FullSOC !== undefined && { fullSoc: said.FullSOC }),
      ...(said.BulkSOC !== undefined && { bulkSoc: said.BulkSOC }),
    },
  }
}

export const percent = (value: number): number => Math.max(0, Math.min(100, Math.round(value)))

export const evStatusOf = (vehicle: Vehicle) =>
  ({ EVReady: true, EVErrorCode: vehicle.fault?.() ?? 'NO_ERROR', EVRESSSOC: percent(vehicle.state().soc) }) as const

/** The car's side of charge parameter discovery. */
export function evParametersOf(vehicle: Vehicle) {
  const { target, capacity, maxCharge } = vehicle.state()
  return {
    DC_EVStatus: evStatusOf(vehicle),
    EVMaximumCurrentLimit: physical(maxCharge / vehicle.voltage, 'A'),
    EVMaximumPowerLimit: physical(maxCharge, 'W'),
    EVMaximumVoltageLimit: physical(vehicle.voltage, 'V'),
    EVEnergyCapacity: physical(capacity, 'Wh'),
    EVEnergyRequest: physical(Math.max(0, target), 'Wh'),
    FullSOC: 100,
    BulkSOC: 80,
  }
}

/** The car's side of a turn of the charging loop, as far as both know it. */
export function evDemandOf(vehicle: Vehicle) {
  const { power, maxCharge } = vehicle.state()
  return {
    DC_EVStatus: evStatusOf(vehicle),
    EVTargetCurrent: physical(maxCharge / vehicle.voltage, 'A'),
    ChargingComplete: power === 0 && maxCharge === 0,
    EVTargetVoltage: physical(vehicle.voltage, 'V'),
  }
}
