/**
 * What a charging session costs (OCPI 2.2.1 mod_tariffs; the rules T1–T14 of its worked examples), exact to the last digit: fractions inside,
 * rounding at the end and only when asked for. Every line says how it came about; the lines add up to the total.
 */
import Fraction from 'fraction.js'
import { type Instant, parseInstant, say } from '#kernel'
import { SAYING } from '../saying.ts'
import { type Period, type Piece, piecesOf } from './pieces.ts'
import { holds } from './restrictions.ts'
import type { PriceComponent, PricingCase, PricingOptions, Tariff } from './tariff.ts'

export type Dimension = 'ENERGY' | 'FLAT' | 'TIME' | 'PARKING_TIME' | 'RESERVATION_TIME' | 'RESERVATION_FLAT' | 'CLAMP'

export interface Amount {
  excl: Fraction
  incl: Fraction
}

/** `quantity`: kWh, hours or times, as billed. `element`: which of the tariff's elements, from 0. */
export interface Line extends Amount {
  dimension: Dimension
  tariff: string
  element: number | null
  price: Fraction | null
  vat: Fraction | null
  quantity: Fraction
  why: string
}

export type Issue = 'PERIODS_NOT_ORDERED' | 'TARIFF_NOT_VALID' | 'ENERGY_IN_RESERVATION'

export interface Bill {
  currency: string
  /** Undefined when the session cannot be priced; `issues` says why. */
  total?: Amount
  beforeClamp?: Amount
  /** kWh and hours. */
  consumed: { energy: Fraction; time: Fraction; parking: Fraction; reservation: Fraction }
  lines: Line[]
  issues: Issue[]
}

const NOTHING = new Fraction(0)
const PER_STEP = { ENERGY: 1000, TIME: 3600, PARKING_TIME: 3600, RESERVATION_TIME: 3600 } as const
type Metered = keyof typeof PER_STEP

/** A line in the making, with the step of the component it was priced by. */
interface Open {
  dimension: Exclude<Dimension, 'CLAMP'>
  tariff: number
  element: number
  component: PriceComponent
  vat: Fraction | null
  quantity: Fraction
  excess: Fraction
}

/**
 * Prices a session. Money and quantities are exact.
 * @throws Problem `naive-datetime` or `invalid-datetime` for moments that cannot be read
 */
export function priceSession({ tariff, tariffs = tariff ? [tariff] : [], session, options = {} }: PricingCase): Bill {
  const start = parseInstant(session.start_date_time)
  const end = parseInstant(session.end_date_time)
  const { periods, issues } = periodsOf(session.periods, tariffs, start, end)
  if (tariffs.some((each, at) => (at === 0 || periods.some((period) => period.tariff === at)) && !isValid(each, start)))
    issues.push('TARIFF_NOT_VALID')
  const bill: Bill = {
    currency: tariffs[0]!.currency.toUpperCase(),
    consumed: consumedIn(periods),
    lines: [],
    issues,
  }
  if (issues.includes('PERIODS_NOT_ORDERED') || issues.includes('TARIFF_NOT_VALID')) return bill
  const rates = (options.vat_rates ?? [])
    .map(({ from, rate }) => ({ from: parseInstant(from), rate: new Fraction(rate) }))
    .sort((a, b) => a.from - b.from)
  const pieces = piecesOf(periods, start, session.time_zone, (which) => ({
    restrictions: tariffs[which]!.elements.flatMap(({ restrictions }) => restrictions ?? []),
    moments: rates.map(({ from }) => from),
  }))
  const vatOf = ({ vat }: PriceComponent, at: Instant) =>
    vat === undefined ? (rates.findLast(({ from }) => from <= at)?.rate ?? null) : new Fraction(vat)
  const open = linesOf(pieces, tariffs, session.time_zone, vatOf)
  roundUp(open, options.step_policy ?? 'last')
  bill.lines = open.map((line) => closed(line, tariffs, options.rounding ?? 'none'))
  bill.beforeClamp = sum(bill.lines)
  bill.total = bill.beforeClamp
  const used = new Set(periods.map((period) => period.tariff))
  if (used.size > 1) return bill
  const only = tariffs[[...used][0] ?? 0]!
  const clamped = clamp(bill.beforeClamp, only)
  if (clamped.excl.equals(bill.beforeClamp.excl) && clamped.incl.equals(bill.beforeClamp.incl)) return bill
  bill.total = clamped
  bill.lines.push({
    dimension: 'CLAMP',
    tariff: only.id,
    element: null,
    price: null,
    vat: null,
    quantity: new Fraction(1),
    excl: clamped.excl.sub(bill.beforeClamp.excl),
    incl: clamped.incl.sub(bill.beforeClamp.incl),
    why: say(SAYING.withinBounds),
  })
  return bill
}

function periodsOf(given: PricingCase['session']['periods'], tariffs: readonly Tariff[], start: Instant, end: Instant) {
  const issues: Issue[] = []
  const starts = given.map((period) => parseInstant(period.start_date_time))
  if (end < start || starts.some((at, index) => at < (starts[index - 1] ?? start) || at > end)) issues.push('PERIODS_NOT_ORDERED')
  const periods = given.map((period, index): Period => {
    const id = period.tariff_id?.toLowerCase()
    const found = id === undefined ? 0 : tariffs.findIndex((each) => each.id.toLowerCase() === id)
    if (found < 0 && !issues.includes('TARIFF_NOT_VALID')) issues.push('TARIFF_NOT_VALID')
    return {
      from: starts[index]!,
      until: starts[index + 1] ?? end,
      state: period.state,
      energy: new Fraction(period.energy_kwh ?? 0),
      tariff: Math.max(0, found),
      ...(period.power_kw !== undefined && { powerKw: period.power_kw }),
      ...(period.current_a !== undefined && { currentA: period.current_a }),
    }
  })
  if (periods.some((period) => isReservation(period) && !period.energy.equals(0))) issues.push('ENERGY_IN_RESERVATION')
  return { periods, issues }
}

const isReservation = ({ state }: Period) => state === 'RESERVED' || state === 'RESERVATION_EXPIRED'

const isValid = ({ start_date_time, end_date_time }: Tariff, at: Instant) =>
  (start_date_time === undefined || parseInstant(start_date_time) <= at) &&
  (end_date_time === undefined || at < parseInstant(end_date_time))

function consumedIn(periods: readonly Period[]): Bill['consumed'] {
  const consumed = { energy: NOTHING, time: NOTHING, parking: NOTHING, reservation: NOTHING }
  for (const period of periods) {
    const hours = new Fraction(Math.max(0, period.until - period.from), 3_600_000)
    const kind = isReservation(period) ? 'reservation' : period.state === 'SUSPENDED_EV' ? 'parking' : 'time'
    consumed[kind] = consumed[kind].add(hours)
    if (kind !== 'reservation') consumed.energy = consumed.energy.add(period.energy)
  }
  return consumed
}

function linesOf(
  pieces: readonly Piece[],
  tariffs: readonly Tariff[],
  zone: string,
  vatOf: (component: PriceComponent, at: Instant) => Fraction | null,
): Open[] {
  const lines: Open[] = []
  const flat = { FLAT: false, RESERVATION_FLAT: false }
  for (const piece of pieces) {
    const take = (type: PriceComponent['type'], dimension: Open['dimension'], quantity: Fraction) => {
      const hit = componentOf(tariffs[piece.tariff]!, type, piece, zone)
      if (!hit) return false
      const vat = vatOf(hit.component, piece.at)
      const { tariff } = piece
      const { element } = hit
      const known = lines.findIndex(
        (line) =>
          line.dimension === dimension &&
          line.tariff === tariff &&
          line.element === element &&
          (line.vat === null ? vat === null : vat?.equals(line.vat) === true),
      )
      // The newest line of a dimension stands last: it takes the step.
      const line = known < 0 ? { dimension, tariff, ...hit, vat, quantity: NOTHING, excess: NOTHING } : lines.splice(known, 1)[0]!
      line.quantity = line.quantity.add(quantity)
      lines.push(line)
      return true
    }
    const isReserved = isReservation(piece)
    const once = isReserved ? 'RESERVATION_FLAT' : 'FLAT'
    if (!flat[once]) flat[once] = take('FLAT', once, new Fraction(1))
    if (!piece.energy.equals(0)) take('ENERGY', 'ENERGY', piece.energy)
    if (piece.hours.equals(0)) continue
    if (isReserved) take('TIME', 'RESERVATION_TIME', piece.hours)
    else if (piece.state === 'SUSPENDED_EV') take('PARKING_TIME', 'PARKING_TIME', piece.hours)
    else take('TIME', 'TIME', piece.hours)
  }
  return lines
}

/** Per dimension, the first element that has a price for it and holds (T2); a reservation that expired is first looked for as such (T4). */
function componentOf(tariff: Tariff, type: PriceComponent['type'], piece: Piece, zone: string) {
  const wanted: (string | undefined)[] = !isReservation(piece)
    ? [undefined]
    : piece.state === 'RESERVED'
      ? ['RESERVATION']
      : ['RESERVATION_EXPIRES', 'RESERVATION']
  for (const kind of wanted)
    for (const [element, { price_components, restrictions }] of tariff.elements.entries()) {
      if (restrictions?.reservation !== kind) continue
      const component = price_components.find((each) => each.type === type)
      if (component && (restrictions === undefined || holds(restrictions, piece, zone))) return { element, component }
    }
  return undefined
}

/** T7–T10: what a dimension was priced for in all is rounded up once, to the step of its last price, which also pays the excess. */
function roundUp(lines: readonly Open[], policy: NonNullable<PricingOptions['step_policy']>): void {
  const last = lines.at(-1)?.tariff
  const newest = (...dimensions: Metered[]) => lines.findLast(({ dimension }) => (dimensions as string[]).includes(dimension))
  const isLastTariff = ({ tariff }: Open) => tariff === last || new Set(lines.map((line) => line.tariff)).size === 1
  const timed = (policy === 'parking' ? newest('PARKING_TIME') : undefined) ?? newest('TIME', 'PARKING_TIME')
  for (const line of [newest('ENERGY'), newest('RESERVATION_TIME'), timed]) {
    if (!line || line.component.step_size === 0 || !isLastTariff(line)) continue
    const total = lines
      .filter(({ dimension, tariff }) => dimension === line.dimension && tariff === line.tariff)
      .reduce((all, { quantity }) => all.add(quantity), NOTHING)
    if (total.compare(0) <= 0) continue
    const step = new Fraction(line.component.step_size, PER_STEP[line.dimension as Metered])
    line.excess = total.div(step).ceil().mul(step).sub(total)
  }
}

function closed(
  { dimension, tariff, element, component, vat, quantity, excess }: Open,
  tariffs: readonly Tariff[],
  rounding: NonNullable<PricingOptions['rounding']>,
): Line {
  const price = new Fraction(component.price)
  const billed = quantity.add(excess)
  const excl = billed.mul(price)
  const incl = vat === null ? excl : excl.mul(vat.div(100).add(1))
  const { id } = tariffs[tariff]!
  const step = `${component.step_size} ${dimension === 'ENERGY' ? 'Wh' : 's'}`
  return {
    dimension,
    tariff: id,
    element,
    price,
    vat,
    quantity: billed,
    excl: rounded(excl, rounding),
    incl: rounded(incl, rounding),
    why: [
      say(SAYING.pricedBy, { element: String(element), tariff: id }),
      ...(excess.equals(0) ? [] : [say(SAYING.roundedUp, { step })]),
    ].join(' '),
  }
}

/** `gireve`: thousandths, half up; `cent`: hundredths, half away from zero. */
function rounded(value: Fraction, how: NonNullable<PricingOptions['rounding']>): Fraction {
  if (how === 'none') return value
  if (how === 'gireve') return value.mul(1000).add(new Fraction(1, 2)).floor().div(1000)
  const cents = value.abs().mul(100).add(new Fraction(1, 2)).floor().div(100)
  return value.compare(0) < 0 ? cents.neg() : cents
}

const sum = (lines: readonly Amount[]): Amount =>
  lines.reduce((all, { excl, incl }) => ({ excl: all.excl.add(excl), incl: all.incl.add(incl) }), { excl: NOTHING, incl: NOTHING })

/** T12: both sides on their own. */
function clamp({ excl, incl }: Amount, { min_price, max_price }: Tariff): Amount {
  const within = (value: Fraction, least: number | undefined, most: number | undefined) => {
    const up = least !== undefined && value.compare(least) < 0 ? new Fraction(least) : value
    return most !== undefined && up.compare(most) > 0 ? new Fraction(most) : up
  }
  return {
    excl: within(excl, min_price?.excl_vat, max_price?.excl_vat),
    incl: within(incl, min_price?.incl_vat, max_price?.incl_vat),
  }
}
