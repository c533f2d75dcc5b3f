/** From a scheduling problem to a linear program, and back from the solver's columns to powers. */
import { type LinearProgram, type LpBuilder, lpBuilder } from './linear-program.ts'
import {
  at,
  type Band,
  bandsAt,
  type Commitment,
  type Coupling,
  type Flow,
  groupsOf,
  highest,
  lossFactors,
  lowest,
  type SchedulingProblem,
} from './problem.ts'

export interface Formulation {
  program: LinearProgram
  /** Column of consumed (`plus`) and produced (`minus`, counted positive) power per device and step; -1 where it can only be 0. */
  plus: Int32Array[]
  minus: Int32Array[]
  /** Column of each stock after each step. */
  stock: Int32Array[]
  /** Row that balances each stock at each step; its dual is the marginal value of stored energy. */
  stockRows: Int32Array[]
  /** What makes up the marginal price of each flow: a plain price per step (scaled), and rows whose duals count, with their sign. */
  flowPrices: FlowPrice[]
  /** Rows of 'any' commitments over several steps: their duals share the price of the largest deviation out among the steps. */
  groupRows: GroupRow[]
  /** Where single steps of flows have prices with a kink. */
  kinks: FlowKink[]
  /** Rows of the hard bounds of flows. */
  flowRows: { flow: number; step: number; row: number }[]
  /** The whole-number columns, and what makes each of them 1. */
  wholes: WholeColumn[]
}

/** The power of a flow's devices in a step, less `quantity` (kW), is `above` less `below` (columns, -1 = none); these have prices. */
export interface FlowKink {
  flow: number
  step: number
  quantity: number
  above: number
  below: number
  row: number
}

/** 'consumes': 1 when the device consumes · 'mode': 1 when it runs in this band · 'above': 1 when the flow or stock lies above the quantity */
export type WholeColumn =
  | { column: number; kind: 'consumes'; device: number; step: number }
  | { column: number; kind: 'mode'; device: number; step: number; band: Band }
  | { column: number; kind: 'above'; commitment: number; step: number }

export interface GroupRow {
  /** Index of the commitment. */
  commitment: number
  step: number
  /** 1: deviation above · -1: below. */
  side: 1 | -1
  row: number
}

export interface FlowPrice {
  plain: Float64Array
  rows: { row: number; step: number; sign: number }[]
}

/** Steps of devices at which consuming and producing at once is forbidden by a whole-number column. */
export type Signed = ReadonlySet<number>

/** Key of a device and step in a `Signed` set. */
export const signKey = (problem: SchedulingProblem, device: number, step: number): number => device * problem.steps + step

/** Objective scale: prices per kWh become prices per MWh inside the solver, whose tolerances suit numbers of that size. */
export const SCALE = 1000

/**
 * Writes the problem down. `signed` lists where a device gets a whole-number column that forbids doing both at once; commitments whose
 * prices are not convex (more earned below than paid above) always get theirs.
 */
export function formulate(problem: SchedulingProblem, signed: Signed = new Set()): Formulation {
  const lp = lpBuilder()
  const { steps } = problem
  const plus: Int32Array[] = []
  const minus: Int32Array[] = []
  const wholes: WholeColumn[] = []
  problem.devices.forEach((device, index) => {
    const up = new Int32Array(steps).fill(-1)
    const down = new Int32Array(steps).fill(-1)
    for (let step = 0; step < steps; step++) {
      const bands = bandsAt(device, step)
      const low = bands?.length === 1 ? bands[0]!.from : at(device.min, step)
      const high = bands?.length === 1 ? bands[0]!.to : at(device.max, step)
      if (high > 0) up[step] = lp.column(0, Math.max(low, 0), high)
      if (low < 0) down[step] = lp.column(0, Math.max(-high, 0), -low)
      if (bands && bands.length !== 1)
        addBands(lp, bands, up[step]!, down[step]!).forEach((column, key) => {
          wholes.push({ column, kind: 'mode', device: index, step, band: bands[key]! })
        })
      if (high > 0 && low < 0 && signed.has(signKey(problem, index, step))) {
        const sign = lp.column(0, 0, 1, true)
        wholes.push({ column: sign, kind: 'consumes', device: index, step })
        lp.row(-Infinity, 0, [entry(up[step]!, 1), entry(sign, -high)])
        lp.row(-Infinity, -low, [entry(down[step]!, 1), entry(sign, -low)])
      }
    }
    plus.push(up)
    minus.push(down)
    if ((device.minRun ?? 1) + (device.minRest ?? 1) > 2) addStays(lp, problem, index, wholes)
  })
  const flowPrices = problem.flows.map((): FlowPrice => ({ plain: new Float64Array(steps), rows: [] }))
  const columns: Columns = { plus, minus, stock: [], stockRows: [], flowPrices, groupRows: [], kinks: [], flowRows: [], wholes }
  problem.stocks.forEach((_, index) => {
    addStock(lp, problem, index, columns)
  })
  problem.flows.forEach((flow, index) => {
    addFlowBounds(lp, problem, flow, columns, index)
  })
  for (const index of problem.commitments.keys()) addCommitment(lp, problem, index, columns)
  for (const coupling of problem.couplings ?? []) addCoupling(lp, coupling, columns, steps)
  return { program: lp.build(), ...columns }
}

interface Columns {
  plus: Int32Array[]
  minus: Int32Array[]
  stock: Int32Array[]
  stockRows: Int32Array[]
  flowPrices: FlowPrice[]
  groupRows: GroupRow[]
  kinks: FlowKink[]
  flowRows: Formulation['flowRows']
  wholes: WholeColumn[]
}

/** One whole-number column a band: the power lies in exactly one. No band left = no plan. */
function addBands(lp: LpBuilder, bands: readonly Band[], plus: number, minus: number): number[] {
  const choice = bands.map(() => lp.column(0, 0, 1, true))
  lp.row(
    1,
    1,
    choice.map((column) => entry(column, 1)),
  )
  const power = [entry(plus, 1), entry(minus, -1)]
  lp.row(0, Infinity, [...power, ...bands.map(({ from }, index) => entry(choice[index]!, -from))])
  lp.row(-Infinity, 0, [...power, ...bands.map(({ to }, index) => entry(choice[index]!, -to))])
  return choice
}

/** Once started a device runs, once stopped it rests, for its shortest time. */
function addStays(lp: LpBuilder, { devices, steps }: SchedulingProblem, index: number, wholes: readonly WholeColumn[]): void {
  const device = devices[index]!
  const choices: Entry[][] = Array.from({ length: steps }, () => [])
  for (const whole of wholes)
    if (whole.kind === 'mode' && whole.device === index && !isRest(whole.band)) choices[whole.step]!.push(entry(whole.column, 1))
  // Where one mode is left, it is known whether the device runs.
  const known = choices.map((_, step) => {
    const bands = bandsAt(device, step)
    return bands?.length === 1 && !isRest(bands[0]!) ? 1 : 0
  })
  const signed = (step: number, factor: number): Entry[] => (choices[step] ?? []).map(([column]) => entry(column, factor))
  for (let step = 0; step < steps; step++) {
    const started = known[step]! - (known[step - 1] ?? 0)
    for (let later = step + 1; later < Math.min(step + (device.minRun ?? 1), steps); later++)
      lp.row(-Infinity, known[later]! - started, [...signed(step, 1), ...signed(step - 1, -1), ...signed(later, -1)])
    for (let later = step + 1; step > 0 && later < Math.min(step + (device.minRest ?? 1), steps); later++)
      lp.row(-Infinity, 1 + started - known[later]!, [...signed(step, -1), ...signed(step - 1, 1), ...signed(later, 1)])
  }
}

const isRest = ({ from, to }: Band): boolean => from === 0 && to === 0

function addCoupling(lp: LpBuilder, { members }: Coupling, columns: Columns, steps: number): void {
  for (let step = 0; step < steps; step++) {
    const common = lp.column(0, -Infinity, Infinity)
    for (const { device, coefficient } of members)
      lp.row(0, 0, [entry(columns.plus[device]![step]!, 1), entry(columns.minus[device]![step]!, -1), entry(common, -coefficient)])
  }
}

type Entry = readonly [column: number, value: number]
const entry = (column: number, value: number): Entry => [column, value]

function addStock(lp: LpBuilder, problem: SchedulingProblem, index: number, columns: Columns): void {
  const stock = problem.stocks[index]!
  const { hours, steps } = problem
  const level = new Int32Array(steps)
  const rows = new Int32Array(steps)
  const members = problem.devices.flatMap((device, key) => (device.stock === index ? [{ device, key }] : []))
  for (let step = 0; step < steps; step++) {
    level[step] = lp.column(0, lowest(stock.min, step), highest(stock.max, step))
    const [a, b] = lossFactors(at(stock.retention ?? 1, step))
    const entries: Entry[] = [entry(level[step]!, 1)]
    if (step > 0) entries.push(entry(level[step - 1]!, -a))
    for (const { device, key } of members) {
      entries.push(entry(columns.plus[key]![step]!, -b * hours * at(device.chargingEfficiency ?? 1, step)))
      entries.push(entry(columns.minus[key]![step]!, (b * hours) / at(device.dischargingEfficiency ?? 1, step)))
    }
    const right = (step === 0 ? a * stock.start : 0) + b * hours * at(stock.inflow ?? 0, step)
    rows[step] = lp.row(right, right, entries)
  }
  columns.stock.push(level)
  columns.stockRows.push(rows)
}

/** The flow at a step as entries (without its fixed part), times `factor`. */
function flowEntries(flow: Flow, step: number, columns: Columns, factor = 1): Entry[] {
  return flow.devices.flatMap((device) => [
    entry(columns.plus[device]![step]!, factor),
    ...(flow.part === 'consumption' ? [] : [entry(columns.minus[device]![step]!, -factor)]),
  ])
}

function addFlowBounds(lp: LpBuilder, problem: SchedulingProblem, flow: Flow, columns: Columns, index: number): void {
  if (flow.min === undefined && flow.max === undefined) return
  for (let step = 0; step < problem.steps; step++) {
    const low = lowest(flow.min, step)
    const high = highest(flow.max, step)
    const fixed = at(flow.fixed ?? 0, step)
    if (low === -Infinity && high === Infinity) continue
    const row = lp.row(low - fixed, high - fixed, flowEntries(flow, step, columns))
    columns.flowPrices[index]!.rows.push({ row, step, sign: -1 })
    columns.flowRows.push({ flow: index, step, row })
  }
}

/** How far a flow can lie above and below a quantity: the size of the numbers behind a forbidden 'both at once'. */
function reach(problem: SchedulingProblem, flow: Flow, step: number, quantity: number): [above: number, below: number] {
  let high = at(flow.fixed ?? 0, step)
  let low = high
  for (const index of flow.devices) {
    const device = problem.devices[index]!
    high += flow.part === 'consumption' ? Math.max(at(device.max, step), 0) : at(device.max, step)
    low += flow.part === 'consumption' ? Math.max(at(device.min, step), 0) : at(device.min, step)
  }
  return [Math.max(high - quantity, 0), Math.max(quantity - low, 0)]
}

/** The same of a stock, by its hard bounds at the step. */
function stockReach({ stocks }: SchedulingProblem, on: Commitment['on'], step: number, quantity: number): [above: number, below: number] {
  const { min, max } = stocks['stock' in on ? on.stock : 0]!
  return [Math.max(highest(max, step) - quantity, 0), Math.max(quantity - lowest(min, step), 0)]
}

/** Prices that count at a step: a missing side is free, unless its absence would pay for deviating. */
export function pricesAt(commitment: Commitment, step: number): { up: number; down: number } {
  return {
    up: commitment.up === undefined ? 0 : at(commitment.up, step),
    down: commitment.down === undefined ? 0 : at(commitment.down, step),
  }
}

function addCommitment(lp: LpBuilder, problem: SchedulingProblem, index: number, columns: Columns): void {
  const commitment = problem.commitments[index]!
  const { on } = commitment
  const flow = 'flow' in on ? problem.flows[on.flow]! : undefined
  const stock = 'stock' in on ? columns.stock[on.stock]! : undefined
  const fixedAt = (step: number) => (flow ? at(flow.fixed ?? 0, step) : 0)
  const entriesAt = (step: number, factor = 1): Entry[] =>
    flow ? flowEntries(flow, step, columns, factor) : [entry(stock![step]!, factor)]
  const price = 'flow' in on ? columns.flowPrices[on.flow] : undefined
  const note = (row: number, step: number, sign: number) => price?.rows.push({ row, step, sign })
  const bent = (row: number, step: number, quantity: number, above: number, below: number) => {
    note(row, step, -1)
    if ('flow' in on) columns.kinks.push({ flow: on.flow, step, quantity, above, below, row })
  }
  const plain = (step: number, quantity: number, each: number) => {
    for (const [column, factor] of entriesAt(step)) if (column >= 0) lp.addCost(column, factor * each * SCALE)
    lp.addOffset(-quantity * each * SCALE)
    if (price) price.plain[step]! += each * SCALE
  }
  for (const group of groupsOf(commitment, problem.steps)) {
    const { up, down } = pricesAt(commitment, group[0]!)
    if (group.length > 1) {
      // One deviation to each side for the whole group, as large as the largest.
      for (const [price, side] of [
        [up, 1],
        [-down, -1],
      ] as const) {
        if (price <= 0) continue
        const most = lp.column(price * SCALE, 0, Infinity)
        for (const step of group) {
          const quantity = at(commitment.quantity, step) - fixedAt(step)
          if (!Number.isFinite(quantity)) continue
          const row = lp.row(-Infinity, side * quantity, [...entriesAt(step, side), entry(most, -1)])
          note(row, step, -side)
          columns.groupRows.push({ commitment: index, step, side, row })
        }
      }
      continue
    }
    const step = group[0]!
    const quantity = at(commitment.quantity, step) - fixedAt(step)
    if (!Number.isFinite(quantity) || (up === 0 && down === 0)) continue
    if (up === down) {
      // A plain price: no deviation needed.
      plain(step, quantity, up)
      continue
    }
    // Where the level can only lie to one side of the quantity, the price of that side is a plain one.
    const [room, depth] = flow ? reach(problem, flow, step, at(commitment.quantity, step)) : stockReach(problem, on, step, quantity)
    if (room <= 0 || depth <= 0) {
      const each = room <= 0 ? down : up
      if (each !== 0) plain(step, quantity, each)
      continue
    }
    if (up > down) {
      if (up >= 0 && down <= 0) {
        const above = up > 0 ? lp.column(up * SCALE, 0, Infinity) : -1
        const below = down < 0 ? lp.column(-down * SCALE, 0, Infinity) : -1
        const high = up > 0 ? quantity : Infinity
        const low = down < 0 ? quantity : -Infinity
        bent(lp.row(low, high, [...entriesAt(step), entry(above, -1), entry(below, 1)]), step, quantity, above, below)
      } else {
        // A price to one side of the kink, and the difference of the two beyond it.
        plain(step, quantity, down)
        const above = lp.column((up - down) * SCALE, 0, Infinity)
        bent(lp.row(-Infinity, quantity, [...entriesAt(step), entry(above, -1)]), step, quantity, above, -1)
      }
      continue
    }
    // More is earned below than paid above: only a whole-number column keeps the solver from doing both.
    const [most, least] = flow ? [room, depth] : [1e6, 1e6]
    const above = lp.column(up * SCALE, 0, most)
    const below = lp.column(-down * SCALE, 0, least)
    lp.row(quantity, quantity, [...entriesAt(step), entry(above, -1), entry(below, 1)])
    if (most > 0 && least > 0) {
      const sign = lp.column(0, 0, 1, true)
      columns.wholes.push({ column: sign, kind: 'above', commitment: index, step })
      lp.row(-Infinity, 0, [entry(above, 1), entry(sign, -most)])
      lp.row(-Infinity, least, [entry(below, 1), entry(sign, least)])
    }
  }
}

/** Signed powers per device, kW, out of the solver's columns; noise below a microwatt is cut, bounds are held exactly. */
export function powersOf(problem: SchedulingProblem, formulation: Formulation, columns: Float64Array): Float64Array[] {
  return problem.devices.map((device, index) =>
    Float64Array.from({ length: problem.steps }, (_, step) => {
      const plus = formulation.plus[index]![step]!
      const minus = formulation.minus[index]![step]!
      const power = (plus < 0 ? 0 : columns[plus]!) - (minus < 0 ? 0 : columns[minus]!)
      const held = Math.min(Math.max(power, at(device.min, step)), at(device.max, step))
      return Math.abs(held) < 1e-9 ? 0 : held
    }),
  )
}

/** Device steps at which the solver consumed and produced at once, by key (`signKey`). */
export function doings(problem: SchedulingProblem, formulation: Formulation, columns: Float64Array): number[] {
  const found: number[] = []
  problem.devices.forEach((device, index) => {
    for (let step = 0; step < problem.steps; step++) {
      const plus = formulation.plus[index]![step]!
      const minus = formulation.minus[index]![step]!
      if (plus < 0 || minus < 0) continue
      const both = Math.min(columns[plus]!, columns[minus]!)
      if (both > 1e-7 * Math.max(1, at(device.max, step))) found.push(signKey(problem, index, step))
    }
  })
  return found
}
