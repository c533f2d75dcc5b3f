/** The parts of a simulated station that only its operator sees: counter, monitors, upkeep; put together, with what they answer. */
import type { Chassis, Extras } from './station-chassis.ts'
import { openCounter } from './station-counter.ts'
import { openMonitors } from './station-monitors.ts'
import { openUpkeep } from './station-upkeep.ts'

export function openExtras(station: Chassis, onReservation: () => void): Extras {
  const { clock, variables, tokens } = station
  const link = () => station.link
  const isCharging = () => station.engine.current() !== undefined
  const counter = openCounter({
    ...{ clock, variables, link, onReservation },
    isFree() {
      const status = station.connectorStatus()
      if (status === 'Faulted') return 'faulted'
      if (status === 'Unavailable') return 'unavailable'
      return station.car || isCharging() ? 'occupied' : 'free'
    },
    forgetToken: (token) => tokens.forget(token),
    remembers: (token) => tokens.memory().some(([known]) => known === token),
  })
  const monitors = openMonitors({ clock, variables, link, isCharging })
  const upkeep = openUpkeep({
    clock,
    link,
    identity: station.spec.identity,
    isBusy: isCharging,
    install: (version) => station.install(version),
  })
  return {
    ...{ counter, monitors, upkeep },
    answers: {
      ...counter.answers,
      ...monitors.answers,
      UpdateFirmware: (request) => upkeep.update(request),
      GetLog: (request) => upkeep.bring(request),
    },
    tick() {
      counter.tick()
      monitors.tick()
      upkeep.tick()
    },
    stop: () => upkeep.stop(),
  }
}
