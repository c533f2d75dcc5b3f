/**
 * Single steps of shared flows. The linear relaxation lets each device mix its modes, and so lets the sum of a site lie exactly where its
 * price has a kink or at a limit, which devices with a lowest power may not be able to do together. One step of one flow is a small question
 * that is answered exactly (`moment.ts`) at what the relaxation says all else is worth. The answer is a row that every plan keeps (a cut),
 * or modes for the devices in this step.
 */
import { type Formulation, SCALE } from './formulate.ts'
import { type Bend, bestMoment, type Piece } from './moment.ts'
import { at, bandsAt, highest, lowest, type SchedulingProblem } from './problem.ts'
import type { Cut, Relaxation, Relaxed } from './relaxation.ts'

/** What consuming and producing one kW costs a device in each step beside the prices of its flows, currency. */
export type ExtraPrices = readonly [consumed: Float64Array, produced: Float64Array]

/** Modes for the devices of a flow in a step, as bounds of their power (kW). */
export interface Settlement {
  step: number
  modes: { device: number; bounds: readonly [low: number, high: number] }[]
  /** What the step costs more in these modes, at the present prices (scaled currency). */
  loss: number
}

export interface Moments {
  /** Adds the cuts that the relaxed plan breaks; returns how many. */
  cut(relaxed: Relaxed): number
  /**
   * Modes for the steps in which the relaxed plan runs between modes: those that together cost least at the present prices, `pull` (scaled
   * currency per kW) for each kW away from the relaxed plan included. The dearest step comes first; undefined when one has no possible modes.
   */
  settle(relaxed: Relaxed, pull: number): Settlement[] | undefined
  /** The prices that cuts set, by device; undefined for devices without. */
  prices(duals: Float64Array): (ExtraPrices | undefined)[]
}

/** A cut below this (scaled currency) is not worth a row; a cut is lowered by the second against rounding. */
const WORTH = 1e-4
const ROUNDING = 1e-6
/** kW that are noise of the solver. */
const NOISE = 1e-7

interface Moment {
  key: number
  step: number
  devices: readonly Member[]
  bends: (Bend & { above: number; below: number })[]
  /** Hard bounds of the sum of the devices, kW. */
  least: number
  most: number
  /** The rows of the program that say the same. */
  rows: Set<number>
}

interface Member {
  device: number
  /** Columns of what it consumes and produces, -1 = none. */
  plus: number
  minus: number
  /** Where it may run, lowest first; nothing lies on both sides of 0. */
  pieces: readonly { from: number; to: number }[]
}

/** Prepares the moments in which several devices meet a kink or a limit. */
export function momentsOf(problem: SchedulingProblem, relaxation: Relaxation): Moments {
  const { formulation, cuts, columnRows } = relaxation
  const { program } = formulation
  const moments = listed(problem, formulation)

  /** What a column costs by all that is not the moment's own. */
  const priceOf = (column: number, { key, rows }: Moment, duals: Float64Array): number => {
    if (column < 0) return 0
    let sum = program.cost[column]!
    for (const { row, value } of columnRows(column)) {
      const cut = cuts[row - program.rows]
      if (cut ? cut.key !== key : !rows.has(row)) sum -= duals[row]! * value
    }
    return sum
  }

  /** The prices of a moment's devices, and what the relaxed plan pays in it. */
  const pricesOf = (moment: Moment, { columns, duals }: Relaxed) => {
    const value = (column: number) => (column < 0 ? 0 : columns[column]!)
    let now = 0
    for (const { above, below, up, down } of moment.bends) now += up * value(above) + down * value(below)
    const prices = moment.devices.map(({ plus, minus }) => {
      const [consumed, produced] = [priceOf(plus, moment, duals), priceOf(minus, moment, duals)]
      now += consumed * value(plus) + produced * value(minus)
      return { consumed, produced, power: value(plus) - value(minus) }
    })
    return { prices, now }
  }

  const cutAt = (moment: Moment, relaxed: Relaxed): Cut[] => {
    const { prices, now } = pricesOf(moment, relaxed)
    const devices = moment.devices.map(({ pieces }, place) => pieces.map((piece) => priced(piece, prices[place]!)))
    const { bound } = bestMoment({ ...moment, devices })
    if (!Number.isFinite(bound) || bound - now < WORTH) return []
    const entries = [
      ...moment.bends.flatMap(({ above, below, up, down }) => [
        [above, up],
        [below, down],
      ]),
      ...moment.devices.flatMap(({ plus, minus }, place) => [
        [plus, prices[place]!.consumed],
        [minus, prices[place]!.produced],
      ]),
    ].filter(([column, value]) => column! >= 0 && value !== 0)
    return [
      {
        key: moment.key,
        bound: bound - ROUNDING,
        columns: Int32Array.from(entries, ([column]) => column!),
        values: Float64Array.from(entries, ([, value]) => value!),
      },
    ]
  }

  return {
    cut(relaxed) {
      const found = moments.flatMap((moment) => (isPossible(moment, relaxed.columns) ? [] : cutAt(moment, relaxed)))
      relaxation.cut(found)
      return found.length
    },
    settle(relaxed, pull) {
      const found: Settlement[] = []
      for (const moment of moments) {
        if (isPossible(moment, relaxed.columns)) continue
        const { prices, now } = pricesOf(moment, relaxed)
        const devices = moment.devices.map(({ pieces }, place) => {
          const price = prices[place]!
          return pieces.flatMap((piece) => drawn(priced(piece, price), price.power, pull))
        })
        const { powers, cost } = bestMoment({ ...moment, devices })
        if (!powers) return undefined
        const modes = moment.devices.flatMap(({ device, pieces }, place) => {
          const piece = pieces.find(({ from, to }) => powers[place]! >= from - 1e-9 && powers[place]! <= to + 1e-9)
          return piece ? [{ device, bounds: [piece.from, piece.to] as const }] : []
        })
        found.push({ step: moment.step, modes, loss: cost - now })
      }
      return found.sort((one, other) => other.loss - one.loss)
    },
    prices(duals) {
      const prices: (ExtraPrices | undefined)[] = problem.devices.map(() => undefined)
      const byKey = new Map(moments.map((moment) => [moment.key, moment]))
      cuts.forEach(({ key, columns, values }, index) => {
        const dual = duals[program.rows + index]!
        if (dual === 0) return
        const { devices, step } = byKey.get(key)!
        for (const { device, plus, minus } of devices)
          [plus, minus].forEach((column, side) => {
            const place = column < 0 ? -1 : columns.indexOf(column)
            if (place < 0) return
            prices[device] ??= [new Float64Array(problem.steps), new Float64Array(problem.steps)]
            prices[device]![side as 0 | 1][step]! -= (dual * values[place]!) / SCALE
          })
      })
      return prices
    },
  }
}

function listed(problem: SchedulingProblem, formulation: Formulation): Moment[] {
  const { kinks, flowRows, program } = formulation
  const found = new Map<number, Moment>()
  const moment = (flow: number, step: number): Moment | undefined => {
    const { devices, part, fixed = 0, min, max } = problem.flows[flow]!
    if (devices.length < 2 || part === 'consumption') return undefined
    const key = flow * problem.steps + step
    let one = found.get(key)
    if (!one) {
      const apart = at(fixed, step)
      one = {
        ...{ key, step, bends: [], rows: new Set() },
        least: lowest(min, step) - apart,
        most: highest(max, step) - apart,
        devices: devices.map((device) => ({
          device,
          plus: formulation.plus[device]![step]!,
          minus: formulation.minus[device]![step]!,
          pieces: piecesOf(problem, device, step),
        })),
      }
      found.set(key, one)
    }
    return one
  }
  const price = (column: number) => (column < 0 ? 0 : program.cost[column]!)
  for (const { flow, step, quantity, above, below, row } of kinks) {
    const one = moment(flow, step)
    one?.rows.add(row)
    one?.bends.push({ quantity, up: price(above), down: price(below), above, below })
  }
  for (const { flow, step, row } of flowRows) moment(flow, step)?.rows.add(row)
  return [...found.values()].filter(({ devices }) => devices.every(({ pieces }) => pieces.length > 0))
}

function piecesOf(problem: SchedulingProblem, index: number, step: number): { from: number; to: number }[] {
  const device = problem.devices[index]!
  const bands = bandsAt(device, step) ?? [{ from: at(device.min, step), to: at(device.max, step) }]
  const pieces = bands.flatMap(({ from, to }) =>
    from < 0 && to > 0
      ? [
          { from, to: 0 },
          { from: 0, to },
        ]
      : [{ from, to }],
  )
  return pieces.sort((one, other) => one.from - other.from)
}

const priced = ({ from, to }: { from: number; to: number }, { consumed, produced }: { consumed: number; produced: number }): Piece => ({
  from,
  to,
  slope: from >= 0 ? consumed : -produced,
  base: 0,
})

/** A piece with a price for the distance from a power. */
function drawn({ from, to, slope }: Piece, power: number, pull: number): Piece[] {
  const below = { from, to: Math.min(to, power), slope: slope - pull, base: pull * power }
  const above = { from: Math.max(from, power), to, slope: slope + pull, base: -pull * power }
  if (to <= power) return [below]
  return from >= power ? [above] : [below, above]
}

/** True when every device runs in one of its modes, in one direction: then no cut is broken. */
const isPossible = ({ devices }: Moment, columns: Float64Array): boolean =>
  devices.every(({ plus, minus, pieces }) => {
    const consumed = plus < 0 ? 0 : columns[plus]!
    const produced = minus < 0 ? 0 : columns[minus]!
    if (Math.min(consumed, produced) > NOISE) return false
    const power = consumed - produced
    return pieces.some(({ from, to }) => power >= from - NOISE && power <= to + NOISE)
  })
