/** An electric car: a battery, an onboard charger that tapers, a driver with wishes. Its energy moves only by `take` and by driving. */
import { after, DAY, type Instant, instant, type WattHours, type Watts, wattHours, watts } from '#kernel'
import type { Contract, InstallationSeeker } from '#protocols/iso15118'
import type { IdTokenType } from '#protocols/ocpp'
import { nextTrip, type Rhythm, type Trip, tripsBetween } from './car-trips.ts'

export interface CarSpec {
  id: string
  /** What its driver shows to the station: the contract. */
  token: IdTokenType
  /** What the car itself shows to stations that take it (Plug & Charge); its driver then shows nothing. */
  contract?: Contract
  /** With what it fetches a contract over the station, when it has none. */
  maker?: Omit<InstallationSeeker, 'installed'>
  /** V2G roots that it trusts (PEM): it speaks encrypted to a station that has a certificate for cars. */
  roots?: string[]
  /** Identity of its station at home. */
  home: string
  seed: number
  rhythm: Rhythm
  zone: string
  capacity: WattHours
  /** Onboard charger, three phases. */
  onboard: Watts
  /** Most it gives back; 0 when it cannot. */
  discharge: Watts
  /** Share of the battery that the driver wants at departure. */
  target: number
  /** Share of the battery below which it gives nothing back. */
  reserve: number
}

export interface CarMemory {
  id: string
  soc: number
  at: number
}

export interface Car {
  readonly spec: CarSpec
  /** Energy in the battery, as of the last `advance`. */
  soc(): WattHours
  percent(): number
  /** Most it would take now on three phases; 0 when full. */
  acceptance(): Watts
  /** Most it would give back now. */
  giving(): Watts
  /** Takes energy from the outlet (Wh, negative = gives). The loss stays in the car. */
  take(energy: number): void
  /** Drives, when it is not plugged, what its trips ask for until then. */
  advance(to: Instant, plugged: boolean): void
  /** What its driver wants of a charge that begins now: departure and Wh still missing (at the outlet). */
  wish(at: Instant): { departure: Instant; energy: WattHours }
  memory(): CarMemory
}

/** Share of the energy that survives the way in, and the way out. */
export const CAR_EFFICIENCY = 0.95
const TAPER_FROM = 0.8
const TAPER_TO = 0.15
const NEVER_BELOW = 0.05

/** What the onboard charger takes at a state of charge: all of its power up to 80 %, then falling to 15 % of it at full. */
export function acceptanceOf(spec: Pick<CarSpec, 'onboard'>, share: number): Watts {
  if (share >= 1) return watts(0)
  if (share <= TAPER_FROM) return spec.onboard
  return watts(spec.onboard * (1 - ((1 - TAPER_TO) * (share - TAPER_FROM)) / (1 - TAPER_FROM)))
}

/** The car at a moment with so much in its battery; `memory` of an earlier life goes before both. */
export function openCar(spec: CarSpec, start: { at: Instant; soc: WattHours }, memory?: CarMemory): Car {
  let soc = Math.min(spec.capacity, Math.max(0, memory?.soc ?? start.soc))
  let at = instant(memory ? Math.min(memory.at, start.at) : start.at)
  // Asking the calendar is slow; its answer is kept for two days.
  let trips: { from: Instant; until: Instant; list: Trip[] } | undefined
  const share = () => soc / spec.capacity
  return {
    spec,
    soc: () => wattHours(soc),
    percent: () => share() * 100,
    acceptance: () => acceptanceOf(spec, share()),
    giving: () => watts(share() > spec.reserve ? spec.discharge : 0),
    take(energy) {
      soc += energy > 0 ? energy * CAR_EFFICIENCY : energy / CAR_EFFICIENCY
      soc = Math.min(spec.capacity, Math.max(0, soc))
    },
    advance(to, plugged) {
      if (to <= at) return
      if (!plugged) {
        if (!trips || to > trips.until || at < trips.from)
          trips = { from: at, until: after(to, 2 * DAY), list: tripsBetween(spec, at, after(to, 2 * DAY), spec.zone) }
        for (const trip of trips.list) soc -= driven(trip, at, to)
        soc = Math.max(NEVER_BELOW * spec.capacity, soc)
      }
      at = to
    },
    wish(now) {
      const missing = Math.max(0, spec.target * spec.capacity - soc)
      return { departure: nextTrip(spec, now, spec.zone).departure, energy: wattHours(Math.ceil(missing / CAR_EFFICIENCY)) }
    },
    memory: () => ({ id: spec.id, soc, at }),
  }
}

/** Wh of a trip that fall between two moments. */
const driven = ({ departure, arrival, energy }: Trip, from: number, to: number): number =>
  (energy * Math.max(0, Math.min(to, arrival) - Math.max(from, departure))) / (arrival - departure)
