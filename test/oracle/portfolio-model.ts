// A second, naive model of portfolios: commodities, nodes, groups, operation modes, couplings, shared stocks, commitments. Written from plain numbers
// straight to LP text with a whole-number sign everywhere; shares nothing with the code under test but the solver behind it.
import loader, { type Highs } from 'highs'
import type { Commitment, Coupling, Flow, ProblemDevice, SchedulingProblem, Stock } from '../../src/ems/scheduling/problem.ts'

const highs = await (loader as unknown as () => Promise<Highs>)()

/** Plain numbers: kW, kWh, currency per kWh and per kW. Consumption positive. */
export interface Portfolio {
  n: number
  h: number
  devices: {
    commodity: number
    lo: number[]
    hi: number[]
    bands?: [number, number][]
    stock?: number
    etaC: number
    etaD: number
    coupling?: { name: string; coefficient: number }
  }[]
  stocks: { start: number; min: number; max: number; eps: number; inflow: number; least?: { tick: number; kwh: number; price: number } }[]
  /** A commodity without prices is a node: what is produced is consumed. */
  commodities: { priceC?: number[]; priceP?: number[]; fixed: number[]; hi?: number; lo?: number; soft?: { cap: number; price: number } }[]
  groups: { members: number[]; cap?: number; soft?: { cap: number; price: number } }[]
  commitments: { members: number[]; baseline: number[]; up: number; down: number }[]
}

const of = (model: Portfolio, commodity: number): number[] =>
  model.devices.flatMap((one, index) => (one.commodity === commodity ? [index] : []))

/** The portfolio as a problem of ours. */
export function portfolioProblem(model: Portfolio): SchedulingProblem {
  const { n, h } = model
  const flows: Flow[] = []
  const commitments: Commitment[] = []
  const breach = (flow: number, cap: number, price: number) => {
    commitments.push({ name: 'any breach', on: { flow }, grouping: 'any', quantity: cap, up: price })
    commitments.push({ name: 'all breaches', on: { flow }, grouping: 'each', quantity: cap, up: price * h })
  }
  model.commodities.forEach(({ priceC, priceP, fixed, hi, lo, soft }, index) => {
    const bounds = priceC ? { ...(hi !== undefined && { max: hi }), ...(lo !== undefined && { min: lo }) } : { min: 0, max: 0 }
    const flow = flows.push({ name: `commodity ${index}`, role: priceC ? 'site' : 'node', devices: of(model, index), fixed, ...bounds }) - 1
    if (!priceC) return
    const [up, down] = [priceC.map((price) => price * h), (priceP ?? priceC).map((price) => price * h)]
    commitments.push({ name: 'energy', on: { flow }, grouping: 'each', quantity: 0, up, down })
    if (soft) breach(flow, soft.cap, soft.price)
  })
  for (const { members, cap, soft } of model.groups) {
    const flow = flows.push({ name: 'group', role: 'group', devices: members, ...(cap !== undefined && { min: -cap, max: cap }) }) - 1
    if (soft) breach(flow, soft.cap, soft.price)
  }
  for (const { members, baseline, up, down } of model.commitments) {
    const flow = flows.push({ name: 'wish', role: 'scope', devices: members }) - 1
    commitments.push({ name: 'wish', on: { flow }, grouping: 'each', quantity: baseline, up, down })
  }
  model.stocks.forEach(({ least }, stock) => {
    if (!least) return
    const quantity = Array.from({ length: n }, (_, step) => (step === least.tick - 1 ? least.kwh : Number.NaN))
    commitments.push({ name: 'any soc minima', on: { stock }, grouping: 'any', quantity, down: -least.price / h })
    commitments.push({ name: 'all soc minima', on: { stock }, grouping: 'each', quantity, down: -least.price })
  })
  const couplings = new Map<string, Coupling['members'][number][]>()
  model.devices.forEach(({ coupling }, device) => {
    if (coupling) couplings.set(coupling.name, [...(couplings.get(coupling.name) ?? []), { device, coefficient: coupling.coefficient }])
  })
  return {
    steps: n,
    hours: h,
    devices: model.devices.map(
      ({ lo, hi, bands, stock, etaC, etaD }, index): ProblemDevice => ({
        name: `device ${index}`,
        min: lo,
        max: hi,
        ...(bands && { bands: bands.map(([from, to]) => ({ from, to })) }),
        ...(stock !== undefined && { stock }),
        chargingEfficiency: etaC,
        dischargingEfficiency: etaD,
      }),
    ),
    stocks: model.stocks.map(
      ({ start, min, max, eps, inflow }, index): Stock => ({ name: `stock ${index}`, start, min, max, retention: eps, inflow }),
    ),
    flows,
    commitments,
    ...(couplings.size > 0 && { couplings: [...couplings].map(([name, members]) => ({ name, members })) }),
  }
}

/** Least cost by the naive model; undefined when nothing is feasible. */
export function portfolioOptimum(model: Portfolio): number | undefined {
  const { n, h } = model
  const cost: string[] = []
  const rows: string[] = []
  const bounds: string[] = []
  const binaries: string[] = []
  const free: string[] = []
  const term = (value: number, name: string) => `${value < 0 ? '-' : '+'} ${Math.abs(value).toPrecision(17)} ${name}`
  const BIG = 500
  const power = (members: number[], t: number, factor = 1) =>
    members.map((d) => `${term(factor, `c${d}_${t}`)} ${term(-factor, `d${d}_${t}`)}`).join(' ')
  /** u and v, the parts above and below; never both. */
  const parts = (name: string, sum: string, right: number) => {
    rows.push(`${sum} - u${name} + v${name} = ${right}`, `u${name} - ${BIG} w${name} <= 0`, `v${name} + ${BIG} w${name} <= ${BIG}`)
    binaries.push(`w${name}`)
  }
  model.devices.forEach((device, d) => {
    for (let t = 0; t < n; t++) {
      const [lo, hi] = [device.lo[t]!, device.hi[t]!]
      bounds.push(`0 <= c${d}_${t} <= ${Math.max(hi, 0)}`, `0 <= d${d}_${t} <= ${Math.max(-lo, 0)}`)
      rows.push(`c${d}_${t} ${term(-Math.max(hi, 0), `z${d}_${t}`)} <= 0`)
      rows.push(`d${d}_${t} ${term(Math.max(-lo, 0), `z${d}_${t}`)} <= ${Math.max(-lo, 0)}`)
      rows.push(`${power([d], t)} >= ${lo}`, `${power([d], t)} <= ${hi}`)
      binaries.push(`z${d}_${t}`)
      if (device.bands) {
        const choice = device.bands.map((_, b) => `y${d}_${b}_${t}`)
        binaries.push(...choice)
        rows.push(`${choice.map((name) => `+ ${name}`).join(' ')} = 1`)
        rows.push(`${power([d], t)} ${device.bands.map(([from], b) => term(-from, choice[b]!)).join(' ')} >= 0`)
        rows.push(`${power([d], t)} ${device.bands.map(([, to], b) => term(-to, choice[b]!)).join(' ')} <= 0`)
      }
      if (device.coupling) {
        free.push(`a${device.coupling.name}_${t}`)
        rows.push(`${power([d], t)} ${term(-device.coupling.coefficient, `a${device.coupling.name}_${t}`)} = 0`)
      }
    }
  })
  model.stocks.forEach(({ start, min, max, eps, inflow, least }, k) => {
    const [a, b] = eps >= 1 ? [1, 1] : [eps, (eps - 1) / Math.log(eps)]
    for (let t = 0; t < n; t++) {
      bounds.push(`${min} <= s${k}_${t} <= ${max}`)
      const flows = model.devices
        .map((device, d) =>
          device.stock === k ? `${term(-b * h * device.etaC, `c${d}_${t}`)} ${term((b * h) / device.etaD, `d${d}_${t}`)}` : '',
        )
        .join(' ')
      rows.push(`s${k}_${t} ${t > 0 ? term(-a, `s${k}_${t - 1}`) : ''} ${flows} = ${(t === 0 ? a * start : 0) + b * h * inflow}`)
    }
    if (!least || least.tick > n) return
    cost.push(term(least.price / h + least.price, `e${k}`))
    rows.push(`s${k}_${least.tick - 1} + e${k} >= ${least.kwh}`)
  })
  const soften = (name: string, members: number[], fixed: number[], { cap, price }: { cap: number; price: number }) => {
    cost.push(term(price, `${name}max`))
    for (let t = 0; t < n; t++) {
      cost.push(term(price * h, `${name}_${t}`))
      rows.push(`${power(members, t)} - ${name}_${t} <= ${cap - fixed[t]!}`, `${name}_${t} - ${name}max <= 0`)
    }
  }
  model.commodities.forEach(({ priceC, priceP, fixed, hi, lo, soft }, k) => {
    const members = of(model, k)
    for (let t = 0; t < n; t++) {
      if (!priceC) {
        rows.push(`${members.length > 0 ? power(members, t) : '0 nothing'} = ${-fixed[t]!}`)
        continue
      }
      cost.push(term(priceC[t]! * h, `uk${k}_${t}`), term(-(priceP ?? priceC)[t]! * h, `vk${k}_${t}`))
      parts(`k${k}_${t}`, members.length > 0 ? power(members, t) : '0 nothing', -fixed[t]!)
      if (hi !== undefined && members.length > 0) rows.push(`${power(members, t)} <= ${hi - fixed[t]!}`)
      if (lo !== undefined && members.length > 0) rows.push(`${power(members, t)} >= ${lo - fixed[t]!}`)
    }
    if (soft && members.length > 0) soften(`bk${k}`, members, fixed, soft)
  })
  model.groups.forEach(({ members, cap, soft }, g) => {
    if (cap !== undefined) for (let t = 0; t < n; t++) rows.push(`${power(members, t)} <= ${cap}`, `${power(members, t)} >= ${-cap}`)
    if (soft) soften(`bg${g}`, members, new Array<number>(n).fill(0), soft)
  })
  model.commitments.forEach(({ members, baseline, up, down }, m) => {
    for (let t = 0; t < n; t++) {
      cost.push(term(up, `um${m}_${t}`), term(-down, `vm${m}_${t}`))
      parts(`m${m}_${t}`, power(members, t), baseline[t]!)
    }
  })
  const text = `Minimize\n obj: ${cost.join('\n ')} + 0 nothing\nSubject To\n${rows.map((row, index) => ` r${index}: ${row}`).join('\n')}\nBounds\n ${bounds.join('\n ')}\n${[...new Set(free)].map((name) => ` ${name} free`).join('\n')}\nBinaries\n ${binaries.join(' ')}\nEnd\n`
  const solved = highs.solve(text, {
    output_flag: false,
    mip_rel_gap: 0,
    mip_abs_gap: 1e-10,
    time_limit: 30,
    primal_feasibility_tolerance: 1e-9,
    dual_feasibility_tolerance: 1e-9,
    mip_feasibility_tolerance: 1e-9,
  })
  return solved.Status === 'Optimal' ? solved.ObjectiveValue : undefined
}

/** A small random portfolio: two to four devices, of every kind the model knows. */
export function randomPortfolio(next: () => number): Portfolio {
  const n = 3 + Math.floor(next() * 4)
  const h = [0.25, 0.5, 1][Math.floor(next() * 3)]!
  const round = (value: number) => Math.round(value * 1000) / 1000
  const chance = (share: number) => next() < share
  const series = (make: () => number) => Array.from({ length: n }, () => round(make()))
  const prices = (low: number) => series(() => 0.02 + 0.2 * next() - (chance(low) ? 0.15 : 0))
  const bought = prices(0.1)
  const model: Portfolio = {
    n,
    h,
    devices: [],
    stocks: [],
    groups: [],
    commitments: [],
    commodities: [
      {
        priceC: bought,
        ...(chance(0.6) && { priceP: bought.map((price) => round(price - 0.05 * next())) }),
        fixed: series(() => 6 * next() - 2),
        ...(chance(0.3) && { hi: 40, lo: -40 }),
        ...(chance(0.4) && { soft: { cap: round(4 + 8 * next()), price: round(5 * next()) } }),
      },
    ],
  }
  const storage = (stock: number, share = 1) => {
    const power = round((4 + 10 * next()) * share)
    return {
      commodity: 0,
      lo: chance(0.3) ? new Array<number>(n).fill(0) : new Array<number>(n).fill(-power),
      hi: chance(0.4) ? series(() => (chance(0.3) ? 0 : power)) : new Array<number>(n).fill(power),
      stock,
      etaC: round(0.85 + 0.15 * next()),
      etaD: round(0.85 + 0.15 * next()),
    }
  }
  const stock = () => {
    const start = round(4 + 8 * next())
    return {
      start,
      min: chance(0.5) ? 0 : 1,
      max: round(start + 10 * next() + 2),
      eps: chance(0.3) ? round(0.97 + 0.03 * next()) : 1,
      inflow: 0,
      ...(chance(0.6) && { least: { tick: 1 + Math.floor(next() * n), kwh: round(6 + 8 * next()), price: round(0.5 + 3 * next()) } }),
    }
  }
  const one = model.stocks.push(stock()) - 1
  model.devices.push(storage(one))
  if (chance(0.35)) model.devices.push(storage(one, 0.6))
  if (chance(0.6)) model.devices.push(storage(model.stocks.push(stock()) - 1))
  if (chance(0.4)) {
    const [low, high] = [round(2 + 2 * next()), round(5 + 4 * next())]
    model.devices[0]!.bands = chance(0.5)
      ? [
          [0, 0],
          [low, high],
        ]
      : [
          [-high, -low],
          [0, 0],
          [low, high],
        ]
  }
  if (chance(0.35)) addEngine(model, next, round, series)
  const electric = of(model, 0)
  if (electric.length > 1 && chance(0.5))
    model.groups.push({
      members: electric.slice(0, 2),
      ...(chance(0.6) && { cap: round(5 + 6 * next()) }),
      soft: { cap: round(3 + 4 * next()), price: round(3 * next()) },
    })
  if (chance(0.4)) {
    const down = round(0.2 * next() - 0.15)
    model.commitments.push({
      members: [electric[Math.floor(next() * electric.length)]!],
      baseline: series(() => 4 * next() - 2),
      up: round(down + 0.1 * next()),
      down,
    })
  }
  return model
}

/** Gas becomes heat and power, or power becomes heat: a node of heat with a need to meet. */
function addEngine(model: Portfolio, next: () => number, round: (value: number) => number, series: (make: () => number) => number[]): void {
  const { n } = model
  const flat = (value: number) => new Array<number>(n).fill(value)
  const gas = model.commodities.push({ priceC: flat(round(0.03 + 0.08 * next())), fixed: flat(0), lo: 0 }) - 1
  const heat = model.commodities.push({ fixed: series(() => 2 + 2 * next()) }) - 1
  const port = (commodity: number, name: string, coefficient: number) => ({
    commodity,
    lo: flat(coefficient < 0 ? -40 : 0),
    hi: flat(coefficient > 0 ? 40 : 0),
    etaC: 1,
    etaD: 1,
    coupling: { name, coefficient },
  })
  model.devices.push(
    port(gas, 'chp', 1),
    port(heat, 'chp', -0.5),
    port(0, 'chp', -0.3),
    port(0, 'boiler', 1),
    port(heat, 'boiler', -round(0.9 + 2 * next())),
  )
}
