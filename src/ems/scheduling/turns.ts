/**
 * One device of a site at a time: its own problem, with what all others do taken as given, or with a price in their place. Limits that
 * several devices share become dear wishes there, so that a turn always has a plan.
 */
import { type Formulation, type GroupRow, pricesAt } from './formulate.ts'
import type { ExtraPrices } from './moments.ts'
import { at, type Commitment, type Flow, groupsOf, highest, lowest, type SchedulingProblem, spread, stockPath } from './problem.ts'
import { solveUnit, type UnitPlan } from './unit.ts'

/** What all devices do: powers and the sums of flows they give. */
export interface Standing {
  powers: Float64Array[]
  flows: Float64Array[]
}

export interface Turns {
  /** True when the device can be planned by itself: alone on its stock, in proportion to no other. */
  takes(device: number): boolean
  /** Flows for powers; both are copies. */
  standing(powers: readonly Float64Array[]): Standing
  /** Replaces the power of one device. */
  move(standing: Standing, device: number, power: Float64Array): void
  /** The best plan of the device while all others stay; undefined when there is none. `slack` as in `solveUnit`. */
  turn(device: number, standing: Standing, weights: GroupWeights, slack: number): Float64Array | undefined
  /** The best plan of the device at prices for being in the flows it shares. */
  atPrices(device: number, how: AtPrices): UnitPlan | 'infeasible' | undefined
}

export interface AtPrices {
  /** Currency per kW of each flow and step. */
  prices: readonly Float64Array[]
  weights: GroupWeights
  slack: number
  /** Beside the prices of flows. */
  extra?: ExtraPrices | undefined
  /** Draws the plan to another one: currency per kW and step of difference. */
  near?: { power: Float64Array; pull: number }
}

/** How the price of an 'any' commitment is shared among its steps: [up, down] per step (both ≥ 0), by commitment. */
export type GroupWeights = Map<number, [up: Float64Array, down: Float64Array]>

/** Shares out the prices of 'any' commitments by the duals of their rows (currency per kW or kWh). */
export function weightsOf(problem: SchedulingProblem, rows: readonly GroupRow[], dual: (row: number) => number): GroupWeights {
  const weights: GroupWeights = new Map()
  for (const { commitment, step, side, row } of rows) {
    let both = weights.get(commitment)
    if (!both) {
      both = [new Float64Array(problem.steps), new Float64Array(problem.steps)]
      weights.set(commitment, both)
    }
    both[side > 0 ? 0 : 1][step] = Math.max(-dual(row), 0)
  }
  return weights
}

const isShared = (flow: Flow): boolean => flow.devices.length > 1

/** Prepares the turns of a problem. */
export function turnsOf(problem: SchedulingProblem): Turns {
  const { steps } = problem
  const users = problem.stocks.map((_, stock) => problem.devices.filter((device) => device.stock === stock).length)
  const coupled = new Set((problem.couplings ?? []).flatMap(({ members }) => members.map(({ device }) => device)))
  const takes = (device: number) => {
    const { stock } = problem.devices[device]!
    return !coupled.has(device) && (stock === undefined || users[stock] === 1)
  }
  const dear = dearest(problem)
  const groups = problem.commitments.map((commitment) =>
    commitment.grouping === 'any' ? groupsOf(commitment, steps).filter((group) => group.length > 1) : [],
  )
  const part = (flow: Flow, power: number) => (flow.part === 'consumption' ? Math.max(power, 0) : power)

  const standing = (powers: readonly Float64Array[]): Standing => ({
    powers: [...powers],
    flows: problem.flows.map((flow) => {
      const sum = spread(flow.fixed ?? 0, steps)
      for (const device of flow.devices) for (let step = 0; step < steps; step++) sum[step]! += part(flow, powers[device]![step]!)
      return sum
    }),
  })

  const move: Turns['move'] = (here, device, power) => {
    problem.flows.forEach((flow, index) => {
      if (!flow.devices.includes(device)) return
      const sum = here.flows[index]!
      for (let step = 0; step < steps; step++) sum[step]! += part(flow, power[step]!) - part(flow, here.powers[device]![step]!)
    })
    here.powers[device] = power
  }

  /** The device's own stock and flows, and commitments on them; 'any' commitments as `proxy` writes them. */
  const own = (device: number, flows: Flow[], commitments: Commitment[]): SchedulingProblem => {
    const one = problem.devices[device]!
    const { stock, ...rest } = one
    return {
      steps,
      hours: problem.hours,
      devices: [stock === undefined ? rest : { ...rest, stock: 0 }],
      stocks: stock === undefined ? [] : [problem.stocks[stock]!],
      flows,
      commitments,
    }
  }

  /** An 'any' commitment step by step: its shared-out price, and the full one above the deviation there is anyway. */
  const proxies = (index: number, on: Commitment['on'], level: (step: number) => number, weights: GroupWeights): Commitment[] => {
    const commitment = problem.commitments[index]!
    const [up, down] = weights.get(index) ?? []
    const quantity = spread(commitment.quantity, steps)
    const raised = new Float64Array(steps).fill(Number.NaN)
    const lowered = new Float64Array(steps).fill(Number.NaN)
    const above = new Float64Array(steps)
    const below = new Float64Array(steps)
    const shareUp = new Float64Array(steps)
    const shareDown = new Float64Array(steps)
    for (const group of groups[index]!) {
      let most = 0
      let least = 0
      for (const step of group) {
        const deviation = level(step) - quantity[step]!
        most = Math.max(most, deviation)
        least = Math.min(least, deviation)
      }
      const priceUp = commitment.up === undefined ? 0 : at(commitment.up, group[0]!)
      const priceDown = commitment.down === undefined ? 0 : at(commitment.down, group[0]!)
      for (const step of group) {
        shareUp[step] = up?.[step] ?? 0
        shareDown[step] = -(down?.[step] ?? 0)
        raised[step] = quantity[step]! + most
        lowered[step] = quantity[step]! + least
        above[step] = Math.max(priceUp - shareUp[step]!, 0)
        below[step] = Math.min(priceDown - shareDown[step]!, 0)
      }
    }
    const common = { name: commitment.name, on, grouping: 'each' as const }
    return [
      { ...common, quantity, up: shareUp, down: shareDown },
      { ...common, quantity: raised, up: above },
      { ...common, quantity: lowered, down: below },
    ]
  }

  const turn: Turns['turn'] = (device, { powers, flows: totals }, weights, slack) => {
    const { stock } = problem.devices[device]!
    const flows: Flow[] = []
    const commitments: Commitment[] = []
    const path = stock === undefined ? undefined : stockPath(problem, stock, powers)
    const places = new Map<number, number>()
    problem.flows.forEach((flow, index) => {
      if (!flow.devices.includes(device)) return
      const fixed = Float64Array.from(totals[index]!, (total, step) => total - part(flow, powers[device]![step]!))
      const place = flows.push({ name: flow.name, devices: [0], fixed, ...(flow.part ? { part: flow.part } : {}) }) - 1
      places.set(index, place)
      if (!isShared(flow)) {
        if (flow.min !== undefined) flows[place]!.min = flow.min
        if (flow.max !== undefined) flows[place]!.max = flow.max
        return
      }
      const on = { flow: place }
      if (flow.max !== undefined)
        commitments.push({ name: 'limit', on, grouping: 'each', quantity: held(flow.max, steps, highest), up: dear })
      if (flow.min !== undefined)
        commitments.push({ name: 'limit', on, grouping: 'each', quantity: held(flow.min, steps, lowest), down: -dear })
    })
    problem.commitments.forEach((commitment, index) => {
      const { on } = commitment
      const place = 'flow' in on ? places.get(on.flow) : on.stock === stock ? 0 : undefined
      if (place === undefined) return
      const here = 'flow' in on ? { flow: place } : { stock: 0 }
      if (groups[index]!.length === 0) commitments.push({ ...commitment, on: here })
      else {
        const level = 'flow' in on ? (step: number) => totals[on.flow]![step]! : (step: number) => path![step + 1]!
        commitments.push(...proxies(index, here, level, weights), ...singles(commitment, here, steps))
      }
    })
    const plan = solveUnit(own(device, flows, commitments), slack)
    return plan === 'infeasible' ? undefined : plan?.power
  }

  const atPrices: Turns['atPrices'] = (device, { prices, weights, slack, near, extra }) => {
    const { stock } = problem.devices[device]!
    const flows: Flow[] = [
      { name: 'net', devices: [0] },
      { name: 'consumption', devices: [0], part: 'consumption' },
    ]
    const net = new Float64Array(steps)
    const consumed = new Float64Array(steps)
    const places = new Map<number, number>()
    problem.flows.forEach((flow, index) => {
      if (!flow.devices.includes(device)) return
      if (!isShared(flow)) places.set(index, flows.push({ ...flow, devices: [0] }) - 1)
      else {
        const sum = flow.part === 'consumption' ? consumed : net
        for (let step = 0; step < steps; step++) sum[step]! += prices[index]![step]!
      }
    })
    if (extra)
      for (let step = 0; step < steps; step++) {
        net[step]! -= extra[1][step]!
        consumed[step]! += extra[0][step]! + extra[1][step]!
      }
    const commitments: Commitment[] = [
      { name: 'net', on: { flow: 0 }, grouping: 'each', quantity: 0, up: net, down: net },
      { name: 'consumption', on: { flow: 1 }, grouping: 'each', quantity: 0, up: consumed, down: consumed },
    ]
    if (near) commitments.push({ name: 'near', on: { flow: 0 }, grouping: 'each', quantity: near.power, up: near.pull, down: -near.pull })
    problem.commitments.forEach((commitment, index) => {
      const { on } = commitment
      const place = 'flow' in on ? places.get(on.flow) : on.stock === stock ? 0 : undefined
      if (place === undefined) return
      const here = 'flow' in on ? { flow: place } : { stock: 0 }
      if (groups[index]!.length === 0) commitments.push({ ...commitment, on: here })
      else {
        const [up, down] = weights.get(index) ?? []
        const quantity = commitment.quantity
        if (up && down)
          commitments.push({ name: commitment.name, on: here, grouping: 'each', quantity, up, down: down.map((each) => -each) })
        commitments.push(...singles(commitment, here, steps))
      }
    })
    return solveUnit(own(device, flows, commitments), slack)
  }

  return { takes, standing, move, turn, atPrices }
}

/** Groups of one step of an 'any' commitment: they are as good as 'each'. */
function singles(commitment: Commitment, on: Commitment['on'], steps: number): Commitment[] {
  const alone = groupsOf(commitment, steps).filter((group) => group.length === 1)
  if (alone.length === 0) return []
  const quantity = new Float64Array(steps).fill(Number.NaN)
  for (const [step] of alone) quantity[step!] = at(commitment.quantity, step!)
  return [{ ...commitment, on, grouping: 'each', quantity }]
}

const held = (series: Flow['max'], steps: number, read: typeof highest): Float64Array =>
  Float64Array.from({ length: steps }, (_, step) => {
    const value = read(series, step)
    return Number.isFinite(value) ? value : Number.NaN
  })

/** A price per kW and step above all others: what breaking a shared hard limit costs in a turn. */
function dearest({ commitments, steps }: SchedulingProblem): number {
  let most = 1e-3
  for (const { up, down } of commitments)
    for (const side of [up, down])
      if (side !== undefined)
        for (let step = 0; step < (typeof side === 'number' ? 1 : steps); step++) most = Math.max(most, Math.abs(at(side, step)) || 0)
  return 100 * most
}

/**
 * What the relaxed plan of a device costs at the prices, its own stock and flows included: the least that any relaxed plan of it costs, as
 * it belongs to these prices.
 */
export function partOf(
  problem: SchedulingProblem,
  formulation: Formulation,
  columns: Float64Array,
  device: number,
  prices: readonly Float64Array[],
  weights: GroupWeights,
  extra?: ExtraPrices,
): number {
  const { stock } = problem.devices[device]!
  const [plus, minus] = [formulation.plus[device]!, formulation.minus[device]!]
  const consumed = (step: number) => (plus[step]! < 0 ? 0 : columns[plus[step]!]!)
  const power = (flow: Flow, step: number) =>
    consumed(step) - (flow.part === 'consumption' || minus[step]! < 0 ? 0 : columns[minus[step]!]!)
  let sum = 0
  if (extra)
    for (let step = 0; step < problem.steps; step++)
      sum += extra[0][step]! * consumed(step) + (minus[step]! < 0 ? 0 : extra[1][step]! * columns[minus[step]!]!)
  problem.flows.forEach((flow, index) => {
    if (!flow.devices.includes(device) || !isShared(flow)) return
    for (let step = 0; step < problem.steps; step++) sum += prices[index]![step]! * power(flow, step)
  })
  problem.commitments.forEach((commitment, index) => {
    const { on } = commitment
    const flow = 'flow' in on ? problem.flows[on.flow]! : undefined
    if (flow ? isShared(flow) || !flow.devices.includes(device) : 'stock' in on && on.stock !== stock) return
    const level = (step: number) => (flow ? at(flow.fixed ?? 0, step) + power(flow, step) : columns[formulation.stock[stock!]![step]!]!)
    for (const group of groupsOf(commitment, problem.steps))
      for (const step of group) {
        const deviation = level(step) - at(commitment.quantity, step)
        if (!Number.isFinite(deviation)) continue
        const { up, down } = group.length === 1 ? pricesAt(commitment, step) : sharedAt(weights.get(index), step)
        sum += deviation * (deviation > 0 ? up : down)
      }
  })
  return sum
}

const sharedAt = (shares: [Float64Array, Float64Array] | undefined, step: number) => ({
  up: shares?.[0][step] ?? 0,
  down: -(shares?.[1][step] ?? 0),
})
