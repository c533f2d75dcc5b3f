/**
 * The plan of a site for the platform's own line: batteries and cars, a profile nobody decides, prices, limits. Every limit that could
 * make the plan impossible has a price far above energy, so there is always a plan; what it could not keep is named with its amount.
 */
import { Problem } from '#kernel'
import { type Explanation, explain } from './explain.ts'
import type { Claim } from './fairness.ts'
import { at, type Commitment, type ProblemDevice, type SchedulingProblem, type Series, type Stock } from './problem.ts'
import { bindingOf, type Reason, reasonsOf } from './reason.ts'
import type { SiteProblem, SiteStorage } from './site-problem.ts'
import { isSolved, type Solution, solve } from './solve.ts'
import { type SolverPool, sharedSolverPool } from './solver-pool.ts'
import { fullSooner } from './tie-break.ts'
import { type BrokenBound, brokenBounds, type MissedWish, missedWishes } from './wish.ts'

export interface SiteOptions {
  /** For everything together, ms. */
  deadlineMs: number
  /** Relative gap that is good enough; default 0.001. */
  gap?: number
  pool?: SolverPool
}

export interface DeviceSchedule {
  id: string
  powerKw: number[]
  /** At the start and after each slot, kWh (slots + 1 values); only for storages. */
  storedKwh?: number[]
  /** Why, in runs of slots. */
  reasons: Reason[]
  /** What one more kWh in the storage after each slot is worth, currency per MWh; when the solver says so. */
  storedValue?: number[]
}

export interface SiteSchedule {
  devices: DeviceSchedule[]
  /** Net power of the site, kW per slot. */
  netKw: number[]
  /** What one more kW in a slot would cost, currency per MWh; absent when the plan needed whole-number columns. */
  marginalPrice?: number[]
  /** Cost of energy (and wear), currency: without the weights that stand for wishes and limits. */
  cost: number
  objective: number
  bound: number
  gap: number
  solver: string
  solveMs: number
  /** Cost by name. */
  costs: Record<string, number>
  missedWishes: MissedWish[]
  brokenBounds: BrokenBound[]
  /** What holds each device and the site, and what more of each would bring; devices in the order of the problem, the site first of the flows. */
  explanation: Explanation
}

/** Weights above energy prices, per kWh, as multiples of the dearest price: a higher rung costs many times a lower one. */
const WEIGHT = { wish: 100, floor: 300, site: 3000, empty: 10_000 }

/**
 * Plans a site. Slots, units and signs as in `SiteProblem`; the answer is in the order of its devices.
 * @throws Problem `bad-site-problem` for series of wrong length or bounds that cross, `solver-killed` when no answer came in time
 */
export async function scheduleSite(site: SiteProblem, options: SiteOptions): Promise<SiteSchedule> {
  const begin = performance.now()
  const first = await planned(site, options)
  // A plan with trickles is better than none: when asking again fails, it stands.
  let answer = first
  for (let round = 0; round < TRICKLE_ROUNDS; round++) {
    const without = withoutTrickles(answer.site, answer.outcome)
    const deadlineMs = options.deadlineMs - (performance.now() - begin)
    if (!without || deadlineMs <= 0) break
    const next = await planned(without, { ...options, deadlineMs }).catch(() => undefined)
    if (!next) break
    answer = next
  }
  if (answer === first) return answerOf(site, first.problem, first.outcome)
  // Told against what is proven of the question as it was asked.
  const { outcome } = answer
  const bound = Math.min(first.outcome.bound, outcome.objective)
  const gap = (outcome.objective - bound) / Math.max(Math.abs(outcome.objective), 1e-9)
  const solveMs = performance.now() - begin
  return answerOf(answer.site, answer.problem, { ...outcome, bound, gap, solveMs })
}

interface Planned {
  site: SiteProblem
  problem: SchedulingProblem
  outcome: Solution
}

async function planned(site: SiteProblem, options: SiteOptions): Promise<Planned> {
  const problem = siteFormulation(site)
  const outcome = await solve(problem, {
    pool: options.pool ?? sharedSolverPool(),
    deadlineMs: options.deadlineMs,
    gap: options.gap ?? 0.001,
    sharing: { claims: claimsOf(site), way: 'max-min' },
  })
  if (isSolved(outcome)) return { site, problem, outcome }
  throw new Problem('no-plan', `The solver found no plan in ${(outcome.solveMs / 1000).toFixed(1)} s.`, {
    status: 503,
    retry: 'later',
    hint: 'The previous plan stays in force. Give more time, or plan a shorter window.',
  })
}

/** How often a site is asked again without its trickles: these may come back elsewhere. */
const TRICKLE_ROUNDS = 2
/** kW below which a power is rounding. */
const NONE = 1e-6

/** The site without power where a device would run below what is of use to it; undefined when none does. */
function withoutTrickles(site: SiteProblem, { powers }: Solution): SiteProblem | undefined {
  let found = false
  const devices = site.devices.map((device, index) => {
    const { leastKw = 0, minKw, maxKw } = device
    const isTrickle = (power: number, slot: number) =>
      Math.abs(power) > NONE && Math.abs(power) < leastKw - NONE && at(minKw, slot) <= 0 && at(maxKw, slot) >= 0
    const slots = [...powers[index]!.entries()].filter(([slot, power]) => isTrickle(power, slot)).map(([slot]) => slot)
    if (slots.length === 0) return device
    found = true
    const still = (series: Series) => Array.from({ length: site.slots }, (_, slot) => (slots.includes(slot) ? 0 : at(series, slot)))
    return { ...device, minKw: still(minKw), maxKw: still(maxKw) }
  })
  return found ? { ...site, devices } : undefined
}

/** What devices want of energy that may not suffice for all. */
const claimsOf = (site: SiteProblem): Claim[] =>
  site.devices.flatMap(({ storage, priority = 1 }, device) =>
    (storage?.wishes ?? []).flatMap(({ kind, slot, kwh }) =>
      kind === 'maximum' || slot < 0 || slot >= site.slots ? [] : [{ device, step: slot, kwh: Math.min(kwh, storage!.maxKwh), priority }],
    ),
  )

/** The site's problem in the general form, kW and kWh. Exported for tests and benches. */
export function siteFormulation(site: SiteProblem): SchedulingProblem {
  check(site)
  const { slots } = site
  const hours = site.step / 3_600_000
  const series = (value: Series, each: (value: number, slot: number) => number): number[] =>
    Array.from({ length: slots }, (_, slot) => each(at(value, slot), slot))
  const dearest = Math.max(
    50,
    ...series(site.consumptionPrice, (price) => Math.abs(price)),
    ...series(site.productionPrice, (price) => Math.abs(price)),
  )
  const perKwh = (factor: number) => (factor * dearest) / 1000
  const consumption = series(site.consumptionPrice, (price) => price / 1000)
  const production = series(site.productionPrice, (price) => price / 1000)
  const spreadOfPrices = Math.max(...consumption) - Math.min(...consumption)

  const stocks: Stock[] = []
  const commitments: Commitment[] = []
  const flows: SchedulingProblem['flows'] = [
    { name: 'site', devices: site.devices.map((_, index) => index), fixed: series(site.inflexibleKw, (power) => power) },
    {
      name: 'flexible consumption',
      devices: site.devices.flatMap((device, index) => (device.flexible === false ? [] : [index])),
      part: 'consumption',
      ...(site.flexibleConsumptionKw === undefined ? {} : { max: capsOf(site, site.flexibleConsumptionKw) }),
    },
  ]
  commitments.push({
    name: 'energy',
    on: { flow: 0 },
    grouping: 'each',
    quantity: 0,
    up: consumption.map((price) => price * hours),
    down: production.map((price) => price * hours),
  })
  const breach = perKwh(WEIGHT.site) * hours
  if (site.importKw !== undefined)
    commitments.push({ name: 'site import', on: { flow: 0 }, grouping: 'each', quantity: series(site.importKw, finite), up: breach })
  if (site.exportKw !== undefined)
    commitments.push({
      name: 'site export',
      on: { flow: 0 },
      grouping: 'each',
      quantity: series(site.exportKw, (power) => -finite(power)),
      down: -breach,
    })

  const devices = site.devices.map((device, index): ProblemDevice => {
    const wear = (device.wearPrice ?? 0) / 1000
    const own = () => flows.push({ name: device.id, devices: [index] }) - 1
    if (wear > 0)
      commitments.push({ name: 'wear', on: { flow: own() }, grouping: 'each', quantity: 0, up: wear * hours, down: -wear * hours })
    const change = ((site.changePrice ?? 0) / 1000) * hours
    if (change > 0 && device.previousKw !== undefined)
      commitments.push({
        name: 'change from the last plan',
        on: { flow: own() },
        grouping: 'each',
        quantity: device.previousKw,
        up: change,
        down: -change,
        tieBreak: true,
      })
    const general = { name: device.id, min: device.minKw, max: device.maxKw }
    const { storage } = device
    if (!storage) return general
    const stock = stocks.push(stockOf(device.id, storage, slots)) - 1
    const on = { stock }
    if (storage.minKwh > 0)
      commitments.push({ name: `floor ${device.id}`, on, grouping: 'each', quantity: storage.minKwh, down: -perKwh(WEIGHT.floor) * hours })
    if (storage.inflowKw !== undefined)
      commitments.push({ name: `empty ${device.id}`, on, grouping: 'each', quantity: 0, down: -perKwh(WEIGHT.empty) * hours })
    for (const kind of ['minimum', 'maximum', 'target'] as const) {
      const wishes = (storage.wishes ?? []).filter((wish) => wish.kind === kind && wish.slot >= 0 && wish.slot < slots)
      if (wishes.length === 0) continue
      const quantity = new Array<number>(slots).fill(Number.NaN)
      const weight = perKwh(WEIGHT.wish * Math.max(...wishes.map((wish) => wish.weight ?? 1)))
      for (const wish of wishes) {
        const before = quantity[wish.slot]!
        const wanted = kind === 'maximum' ? wish.kwh : Math.min(wish.kwh, storage.maxKwh)
        quantity[wish.slot] = Number.isNaN(before) ? wanted : kind === 'maximum' ? Math.min(before, wanted) : Math.max(before, wanted)
      }
      commitments.push({
        name: `${kind} ${device.id}`,
        on,
        grouping: 'each',
        quantity,
        ...(kind === 'minimum' ? {} : { up: weight }),
        ...(kind === 'maximum' ? {} : { down: -weight }),
      })
    }
    commitments.push({
      name: 'full sooner',
      on,
      grouping: 'each',
      quantity: storage.maxKwh,
      down: fullSooner(spreadOfPrices, slots, hours),
      tieBreak: true,
    })
    return {
      ...general,
      stock,
      ...(storage.chargingEfficiency === undefined ? {} : { chargingEfficiency: storage.chargingEfficiency }),
      ...(storage.dischargingEfficiency === undefined ? {} : { dischargingEfficiency: storage.dischargingEfficiency }),
    }
  })
  return { steps: slots, hours, devices, stocks, flows, commitments }
}

const finite = (power: number): number => (Number.isFinite(power) ? power : Number.NaN)

/** Empty is hard (0), full is hard; a stock that starts outside is not cut off: it may stay where it is and come back. */
function stockOf(name: string, storage: SiteStorage, slots: number): Stock {
  const inflow = storage.inflowKw
  // A trip may want more than there is: then the storage would go below zero, and that must not make the whole site impossible.
  const floor = inflow === undefined ? Math.min(0, storage.kwh) : -Infinity
  return {
    name,
    start: storage.kwh,
    min: floor,
    max: new Array<number>(slots).fill(Math.max(storage.maxKwh, storage.kwh)),
    ...(storage.retention === undefined ? {} : { retention: storage.retention }),
    ...(inflow === undefined ? {} : { inflow }),
  }
}

/** The cap, but never below what devices are forced to take. */
function capsOf(site: SiteProblem, cap: Series): number[] {
  return Array.from({ length: site.slots }, (_, slot) => {
    let forced = 0
    for (const device of site.devices) if (device.flexible !== false) forced += Math.max(at(device.minKw, slot), 0)
    const value = at(cap, slot)
    return Number.isNaN(value) ? Infinity : Math.max(value, forced, 0)
  })
}

function check(site: SiteProblem): void {
  const refuse = (message: string) =>
    new Problem('bad-site-problem', message, { hint: 'This is a fault of the program: report it with its log.' })
  const long = (name: string, series: Series | undefined, mayBeInfinite = false) => {
    if (series === undefined) return
    if (typeof series !== 'number' && series.length !== site.slots)
      throw refuse(`${name} has ${series.length} values for ${site.slots} slots.`)
    for (let slot = 0; slot < (typeof series === 'number' ? 1 : site.slots); slot++)
      if (!Number.isFinite(at(series, slot)) && !mayBeInfinite) throw refuse(`${name} is ${at(series, slot)} at slot ${slot}.`)
  }
  if (!(site.slots >= 1 && Number.isInteger(site.slots) && site.step > 0))
    throw refuse(`${site.slots} slots of ${site.step} ms cannot be planned.`)
  long('inflexibleKw', site.inflexibleKw)
  long('consumptionPrice', site.consumptionPrice)
  long('productionPrice', site.productionPrice)
  long('importKw', site.importKw, true)
  long('exportKw', site.exportKw, true)
  long('flexibleConsumptionKw', site.flexibleConsumptionKw, true)
  for (const device of site.devices) {
    long(`${device.id}: minKw`, device.minKw)
    long(`${device.id}: maxKw`, device.maxKw)
    long(`${device.id}: previousKw`, device.previousKw, true)
    for (let slot = 0; slot < site.slots; slot++)
      if (at(device.minKw, slot) > at(device.maxKw, slot)) throw refuse(`${device.id}: minKw is above maxKw at slot ${slot}.`)
    const { storage } = device
    if (!storage) continue
    long(`${device.id}: inflowKw`, storage.inflowKw)
    for (const value of [storage.kwh, storage.minKwh, storage.maxKwh, storage.chargingEfficiency ?? 1, storage.dischargingEfficiency ?? 1])
      if (!Number.isFinite(value)) throw refuse(`${device.id}: a storage value is ${value}.`)
  }
}

function answerOf(site: SiteProblem, problem: SchedulingProblem, solution: Solution): SiteSchedule {
  const netKw = Array.from(solution.flows[0]!)
  const hours = problem.hours
  const missed = missedWishes(site, problem, solution)
  const binding = bindingOf(site, problem, solution)
  const marginal = solution.flowValues?.[0]
  return {
    devices: site.devices.map((device, index): DeviceSchedule => {
      const { stock } = problem.devices[index]!
      const value = stock === undefined ? undefined : solution.stockValues?.[stock]
      return {
        id: device.id,
        powerKw: Array.from(solution.powers[index]!),
        ...(stock === undefined ? {} : { storedKwh: Array.from(solution.stocks[stock]!) }),
        ...(value === undefined ? {} : { storedValue: Array.from(value, (each) => each * 1000) }),
        reasons: reasonsOf(site, index, solution, binding),
      }
    }),
    netKw,
    ...(marginal === undefined ? {} : { marginalPrice: Array.from(marginal, (each) => (each / hours) * 1000) }),
    cost: (solution.costs['energy'] ?? 0) + (solution.costs['wear'] ?? 0),
    objective: solution.objective,
    bound: solution.bound,
    gap: solution.gap,
    solver: solution.solver,
    solveMs: solution.solveMs,
    costs: solution.costs,
    missedWishes: missed,
    brokenBounds: brokenBounds(site, problem, solution),
    explanation: explain(problem, solution),
  }
}
