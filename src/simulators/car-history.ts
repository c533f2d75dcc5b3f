/** What the same car at the same outlet would have done: the past that the platform starts with. */
import { after, type Instant, MINUTE, type WattHours, wattHours, watts } from '#kernel'
import { type CarSpec, openCar } from './car.ts'
import { tripsBetween } from './car-trips.ts'
import { openOutlet } from './station-outlet.ts'

export interface CarHistory {
  start: Instant
  /** Milliseconds between values. */
  step: number
  /** Mean power of the station over each step, W. */
  power: number[]
  /** Energy in the battery at the start of each step, Wh. */
  soc: number[]
  /** Whether the car was plugged at the start of each step. */
  plugged: boolean[]
  /** Energy in the battery at the end. */
  end: WattHours
}

/**
 * A car and its station over [from, until) under the simplest rule: full power on arrival until the driver's wish is met, nothing given back.
 * The same physics and trips as in the living simulation; the same arguments give the same past.
 */
export function carHistory(
  spec: CarSpec,
  station: { nominal: number },
  from: Instant,
  until: Instant,
  step: number = 5 * MINUTE,
): CarHistory {
  const car = openCar(spec, { at: from, soc: wattHours(spec.capacity * spec.target) })
  const outlet = openOutlet({
    at: from,
    nominal: watts(station.nominal),
    limits: (at) => [{ from: at, limit: car.soc() < spec.target * spec.capacity ? station.nominal : 0, phases: 3 }],
    closed: () => true,
  })
  const history: CarHistory = { start: from, step, power: [], soc: [], plugged: [], end: wattHours(0) }
  const trips = tripsBetween(spec, from, until, spec.zone)
  let plugged = false
  for (let at = from; at < until; at = after(at, step)) {
    const before = outlet.imported()
    car.advance(at, plugged)
    history.soc.push(car.soc())
    for (let minute = at; minute < after(at, step); minute = after(minute, MINUTE)) {
      car.advance(minute, plugged)
      while (trips[0] && trips[0].arrival <= minute) trips.shift()
      const home = !trips[0] || minute < trips[0].departure
      if (home && !plugged) outlet.plug(car)
      if (!home && plugged) outlet.unplug()
      plugged = home
      if (minute === at) history.plugged.push(plugged)
      outlet.advance(after(minute, MINUTE))
    }
    history.power.push(Math.round(((outlet.imported() - before) * 3_600_000_000) / step) / 1000)
  }
  car.advance(until, plugged)
  return { ...history, end: car.soc() }
}
