/** The stations and cars of a territory together: who is plugged where, by their trips and by hand. */
import { after, type Clock, type Instant, type Log, Problem, SECOND, say, type WattHours, watts } from '#kernel'
import { type Car, type CarMemory, type CarSpec, openCar } from './car.ts'
import { nextTrip, tripAt, tripsBetween } from './car-trips.ts'
import { SAYING } from './saying.ts'
import { startStation } from './station.ts'
import type { Station, StationMemory, StationSpec, StationState } from './station-chassis.ts'
import type { SimulatedStation } from './world-spec.ts'

export interface CarParkOptions {
  clock: Clock
  /** Base of the CSMS without identity, 'ws://127.0.0.1:5000/ocpp'. */
  url: string
  /** Password of a station (security profile 1); undefined = profile 0. */
  password?(identity: string): string | undefined
  cars: readonly CarSpec[]
  stations: readonly StationSpec[]
  /** Energy in a car that has no memory. */
  soc(car: CarSpec): WattHours
  memory?: CarParkMemory
  /** Cars and stations talk ISO 15118 with each other. */
  cables?: boolean
  log?: Log
  /** Something changed that must survive a crash. */
  onChange?(): void
}

/** A station that was added by hand. */
export interface Guest {
  identity: string
  nominalKw: number
  phases: 1 | 3
  version: '1.6' | '2.0.1' | '2.1'
  password?: string
}

export interface CarParkMemory {
  at: number
  guests?: Guest[]
  cars: (CarMemory & { plugged: string | null })[]
  stations: StationMemory[]
}

export interface VehicleState {
  id: string
  plugged: string | null
  socPercent: number
  /** When it will leave next. */
  departure: Instant
}

export interface CarPark {
  /** Plugs a car, at its home when no station is named; it leaves where it was. @throws Problem `unknown-vehicle`, `unknown-station`, `station-occupied` */
  plug(vehicle: string, station?: string): void
  /** @throws Problem `unknown-vehicle`, `not-plugged` */
  unplug(vehicle: string): void
  /** @throws Problem `unknown-station` */
  fault(station: string, on: boolean): void
  /** Time stands still, or goes on, for stations and cars. */
  freeze(on: boolean): void
  disconnect(station: string, seconds: number): void
  vehicles(): VehicleState[]
  stations(): StationState[]
  /** The same for people. */
  shown(): SimulatedStation[]
  /** A station more, as of now; it connects at once. @throws Problem `station-exists` */
  add(guest: Guest): void
  /** Takes a station out that was added; its car drives off. @throws Problem `unknown-station` when it was not added */
  remove(station: string): void
  /** Holds a badge before the reader of a station; what comes of it is seen at the station. @throws Problem `unknown-station` */
  swipe(station: string, token: string): void
  /** All that must survive a restart, as JSON. */
  memory(): CarParkMemory
  stop(): Promise<void>
}

const TICK = 5 * SECOND

/** Starts the stations and lets the cars live. */
export function openCarPark(options: CarParkOptions): CarPark {
  const { clock, url, memory, log } = options
  const stations = new Map<string, Station>()
  const guests = new Map<string, Guest>()
  const start = (spec: StationSpec, password: string | undefined) => {
    const kept = memory?.stations.find((one) => one.identity === spec.identity)
    const station = startStation({
      spec,
      url,
      clock,
      ...(password !== undefined && { password }),
      ...(kept && { memory: kept }),
      ...(options.cables && { cable: true }),
      ...(options.onChange && { onEvent: options.onChange }),
      ...(log && { onFault: (error: unknown) => log.warn({ station: spec.identity, error }, 'a simulated station stumbled') }),
    })
    stations.set(spec.identity, station)
  }
  const invite = (guest: Guest) => {
    const { identity, nominalKw, phases, version, password } = guest
    guests.set(identity, guest)
    start({ identity, nominal: watts(nominalKw * 1000), v2x: false, phases, version, model: `Guest AC${nominalKw}` }, password)
  }
  for (const spec of options.stations) start(spec, options.password?.(spec.identity))
  for (const guest of memory?.guests ?? []) if (!stations.has(guest.identity)) invite(guest)
  const cars = new Map<string, Car>()
  const lastSeen = (memory?.at ?? clock.now()) as Instant
  let before = clock.now()

  const whereIs = (car: Car): Station | undefined => [...stations.values()].find((station) => station.plugged() === car)
  const comeHome = (car: Car) => {
    const home = stations.get(car.spec.home)
    if (home && !home.plugged() && !whereIs(car)) home.plug(car)
  }

  for (const spec of options.cars) {
    const kept = memory?.cars.find((one) => one.id === spec.id)
    const car = openCar(spec, { at: lastSeen, soc: options.soc(spec) }, kept)
    cars.set(spec.id, car)
    const drove = tripsBetween(spec, lastSeen, before, spec.zone).length > 0
    car.advance(before, !drove)
    if (tripAt(spec, before, spec.zone)) continue
    // Where it was, if it did not move meanwhile; at home otherwise.
    const place = kept && !drove ? kept.plugged : spec.home
    const station = place === null ? undefined : stations.get(place)
    if (station && !station.plugged()) station.plug(car)
  }

  let frozen = false
  const live = () => {
    if (frozen) return
    const now = clock.now()
    for (const car of cars.values()) {
      car.advance(now, whereIs(car) !== undefined)
      for (const trip of tripsBetween(car.spec, before, after(now, 1), car.spec.zone)) {
        if (trip.departure > before && trip.departure <= now) whereIs(car)?.unplug()
        if (trip.arrival > before && trip.arrival <= now) comeHome(car)
      }
    }
    before = now
  }
  const timer = clock.every(TICK, live)

  const carOf = (id: string): Car => known(cars, id, 'unknown-vehicle', 'noSuchCar')
  const stationOf = (identity: string): Station => known(stations, identity, 'unknown-station', 'noSuchStation')

  return {
    plug(vehicle, station) {
      const car = carOf(vehicle)
      const place = stationOf(station ?? car.spec.home)
      const other = place.plugged()
      if (other === car) return
      if (other)
        throw new Problem('station-occupied', say(SAYING.occupied, { station: place.spec.identity, device: other.spec.id }), {
          status: 409,
          hint: say(SAYING.unplugFirst, { device: other.spec.id }),
        })
      whereIs(car)?.unplug()
      car.advance(clock.now(), false)
      place.plug(car)
    },
    unplug(vehicle) {
      const car = carOf(vehicle)
      const place = whereIs(car)
      if (!place)
        throw new Problem('not-plugged', say(SAYING.notPlugged, { device: vehicle }), { status: 409, hint: say(SAYING.plugFirst) })
      place.unplug()
    },
    fault: (station, on) => stationOf(station).fault(on),
    freeze(on) {
      frozen = on
      for (const station of stations.values()) station.freeze(on)
    },
    disconnect: (station, seconds) => stationOf(station).disconnect(seconds),
    vehicles: () =>
      [...cars.values()].map((car) => ({
        id: car.spec.id,
        plugged: whereIs(car)?.spec.identity ?? null,
        socPercent: Math.round(car.percent() * 10) / 10,
        departure: nextTrip(car.spec, clock.now(), car.spec.zone).departure,
      })),
    stations: () => [...stations.values()].map((station) => station.state()),
    shown: () =>
      [...stations.values()].map((station) => {
        const { spec } = station
        const { identity, connected, fault, plugged, connector, power, limit, transaction } = station.state()
        return {
          ...{ id: identity, version: spec.version ?? '2.0.1', phases: spec.phases ?? 3, nominalKw: spec.nominal / 1000, connected, fault },
          ...{ plugged: plugged ?? null, connector, powerKw: Math.round(power) / 1000, limitKw: Math.round(limit) / 1000 },
          ...{ session: transaction !== undefined, guest: guests.has(identity) },
        }
      }),
    add(guest) {
      if (stations.has(guest.identity))
        throw new Problem('station-exists', say(SAYING.knownStation, { station: guest.identity }), {
          status: 409,
          hint: say(SAYING.otherIdentity),
        })
      invite(guest)
    },
    remove(identity) {
      known(guests, identity, 'unknown-station', 'noSuchGuest')
      guests.delete(identity)
      const station = stations.get(identity)
      stations.delete(identity)
      station?.unplug()
      void station?.stop()
    },
    swipe(identity, token) {
      stationOf(identity)
        .swipe({ idToken: token, type: 'ISO14443' })
        .catch((error: unknown) => log?.warn({ station: identity, error }, 'a badge was held before a station in vain'))
    },
    memory: () => ({
      at: clock.now(),
      guests: [...guests.values()],
      cars: [...cars.values()].map((car) => ({ ...car.memory(), plugged: whereIs(car)?.spec.identity ?? null })),
      stations: [...stations.values()].map((station) => station.memory()),
    }),
    async stop() {
      timer.cancel()
      await Promise.all([...stations.values()].map((station) => station.stop()))
    },
  }
}

function known<Thing>(
  things: ReadonlyMap<string, Thing>,
  id: string,
  code: string,
  what: 'noSuchCar' | 'noSuchStation' | 'noSuchGuest',
): Thing {
  const thing = things.get(id)
  if (thing) return thing
  throw new Problem(code, say(SAYING[what], { id }), { status: 404, hint: say(SAYING.thereAre, { names: [...things.keys()].join(', ') }) })
}
