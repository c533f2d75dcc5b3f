// A scheduling problem in plain numbers (MW, MWh), its translation into ours, and a second, naive formulation to judge plans by.
import loader, { type Highs } from 'highs'
import type { Commitment, Flow, ProblemDevice, SchedulingProblem, Stock } from '../../src/ems/scheduling/problem.ts'
import { fullSooner } from '../../src/ems/scheduling/tie-break.ts'

const highs = await (loader as unknown as () => Promise<Highs>)()

/** The plain-number form of the recorded cases: MW, MWh, EUR/MWh, consumption positive. */
export interface Canonical {
  n: number
  step_h: number
  price_c: number | number[]
  price_p?: number | number[]
  fixed?: (number | number[])[]
  devices: {
    key: string
    soc0: number
    soc_min?: number
    soc_max?: number
    eta_c?: number
    eta_d?: number
    eps?: number
    delta?: number
    p_max: number | number[]
    p_min: number | number[]
    targets?: [number, number][]
    minima?: [number, number][]
    maxima?: [number, number][]
    hard?: boolean
  }[]
  site: {
    hi?: number
    lo?: number
    soft_c?: number
    soft_p?: number
    breach_c?: number
    breach_p?: number
    peak_c?: number
    peak_c_price?: number
    peak_p?: number
    peak_p_price?: number
  }
  soc_breach?: { minima?: number; maxima?: number }
  groups?: { members: string[]; cap?: number; soft_c?: number; soft_p?: number }[]
}

const list = (value: number | number[], n: number): number[] => (typeof value === 'number' ? new Array<number>(n).fill(value) : value)
const ticks = (pairs: [number, number][] | undefined, n: number): number[] => {
  const series = new Array<number>(n).fill(Number.NaN)
  for (const [tick, value] of pairs ?? []) if (tick >= 1 && tick <= n) series[tick - 1] = value
  return series
}
const fixedOf = (model: Canonical): number[] =>
  Array.from({ length: model.n }, (_, t) => (model.fixed ?? []).reduce<number>((sum, one) => sum + list(one, model.n)[t]!, 0))

/** The canonical model as a problem of ours: kW, kWh. */
export function problemOf(model: Canonical, tieBreak = true): SchedulingProblem {
  const { n, step_h: h } = model
  const kilo = (series: number[]) => series.map((value) => value * 1000)
  const pc = list(model.price_c, n)
  const pp = list(model.price_p ?? model.price_c, n)
  const stocks: Stock[] = []
  const commitments: Commitment[] = []
  const site: Flow = {
    name: 'site',
    devices: model.devices.map((_, index) => index),
    fixed: kilo(fixedOf(model)),
    ...(model.site.hi === undefined ? {} : { max: model.site.hi * 1000 }),
    ...(model.site.lo === undefined ? {} : { min: model.site.lo * 1000 }),
  }
  const flows = [site]
  commitments.push({
    name: 'energy',
    on: { flow: 0 },
    grouping: 'each',
    quantity: 0,
    up: pc.map((price) => (price * h) / 1000),
    down: pp.map((price) => (price * h) / 1000),
  })
  const both = (flow: number, name: string, quantity: number, price: number, side: 'up' | 'down') => {
    const sign = side === 'up' ? 1 : -1
    const common = { on: { flow }, quantity: sign * quantity * 1000 }
    commitments.push({ name: `any ${name}`, grouping: 'any', ...common, [side]: (sign * price) / 1000 })
    commitments.push({ name: `all ${name}`, grouping: 'each', ...common, [side]: (sign * price * h) / 1000 })
  }
  const s = model.site
  if (s.soft_c !== undefined) both(0, 'consumption breach', s.soft_c, s.breach_c ?? 1e7, 'up')
  if (s.soft_p !== undefined) both(0, 'production breach', s.soft_p, s.breach_p ?? 1e7, 'down')
  if (s.peak_c_price !== undefined)
    commitments.push({ name: 'peak', on: { flow: 0 }, grouping: 'any', quantity: (s.peak_c ?? 0) * 1000, up: s.peak_c_price / 1000 })
  const spread = (Math.max(...pc) - Math.min(...pc)) / 1000
  const devices = model.devices.map((device, index): ProblemDevice => {
    const stock: Stock = {
      name: device.key,
      start: device.soc0 * 1000,
      min: kilo(list(device.soc_min ?? Number.NaN, n)),
      max: kilo(list(device.soc_max ?? Number.NaN, n)),
      retention: device.eps ?? 1,
      inflow: (device.delta ?? 0) * 1000,
    }
    const breach = { minima: device.hard ? 0 : (model.soc_breach?.minima ?? 1e6), maxima: model.soc_breach?.maxima ?? 1e6 }
    const wish = (name: string, series: number[], side: 'up' | 'down') => {
      if (series.every(Number.isNaN)) return
      const price = (side === 'up' ? breach.maxima : -breach.minima) / 1000
      const common = { on: { stock: index }, quantity: kilo(series) }
      commitments.push({ name: `any soc ${name}`, grouping: 'any', ...common, [side]: price / h })
      commitments.push({ name: `all soc ${name}`, grouping: 'each', ...common, [side]: price })
    }
    const targets = ticks(device.targets, n)
    const minima = ticks(device.minima, n)
    const maxima = ticks(device.maxima, n)
    if (device.hard) {
      const min = stock.min as number[]
      const max = stock.max as number[]
      for (let t = 0; t < n; t++) {
        for (const low of [minima[t]!, targets[t]!])
          if (!Number.isNaN(low)) min[t] = Math.max(Number.isNaN(min[t]!) ? -Infinity : min[t]!, low * 1000)
        for (const high of [maxima[t]!, targets[t]!])
          if (!Number.isNaN(high)) max[t] = Math.min(Number.isNaN(max[t]!) ? Infinity : max[t]!, high * 1000)
      }
    } else {
      wish('minima', minima, 'down')
      wish('maxima', maxima, 'up')
      wish('targets', targets, 'down')
      wish('targets', targets, 'up')
    }
    stocks.push(stock)
    if (tieBreak && device.soc_max !== undefined)
      commitments.push({
        name: `prefer a full storage ${index} sooner`,
        on: { stock: index },
        grouping: 'each',
        quantity: device.soc_max * 1000,
        down: fullSooner(spread, n, h),
        tieBreak: true,
      })
    return {
      name: device.key,
      stock: index,
      min: kilo(list(device.p_min, n)),
      max: kilo(list(device.p_max, n)),
      chargingEfficiency: device.eta_c ?? 1,
      dischargingEfficiency: device.eta_d ?? 1,
    }
  })
  for (const group of model.groups ?? []) {
    const members = group.members.map((key) => model.devices.findIndex((device) => device.key === key))
    const cap = group.cap === undefined ? {} : { min: -group.cap * 1000, max: group.cap * 1000 }
    const flow = flows.push({ name: 'group', devices: members, ...cap }) - 1
    if (group.soft_c !== undefined) both(flow, 'group consumption breach', group.soft_c, 1e7, 'up')
  }
  return { steps: n, hours: h, devices, stocks, flows, commitments }
}

/** The same model in kW, kWh and prices per kW and kWh: the solver's tolerances are absolute. */
function inKilo(model: Canonical): Canonical {
  const prices = new Set(['price_c', 'price_p', 'breach_c', 'breach_p', 'peak_c_price', 'peak_p_price', 'minima', 'maxima'])
  const plain = new Set(['n', 'step_h', 'eta_c', 'eta_d', 'eps', 'key', 'hard', 'members'])
  const scale = (value: unknown, factor: number): unknown =>
    typeof value === 'number' ? value * factor : Array.isArray(value) ? value.map((each) => scale(each, factor)) : value
  const pairs = (value: unknown): unknown => (value as [number, number][]).map(([tick, level]) => [tick, level * 1000])
  const walk = (value: object): object =>
    Object.fromEntries(
      Object.entries(value).map(([key, each]) => {
        if (plain.has(key)) return [key, each]
        if (['targets', 'minima', 'maxima'].includes(key) && Array.isArray(each)) return [key, pairs(each)]
        if (key === 'devices') return [key, (each as object[]).map(walk)]
        if (typeof each === 'object' && !Array.isArray(each)) return [key, walk(each)]
        return [key, scale(each, prices.has(key) ? 1e-3 : 1e3)]
      }),
    )
  return walk({ ...model, soc_breach: { minima: 1e6, maxima: 1e6, ...model.soc_breach } }) as Canonical
}

/**
 * A second, naive formulation, written from the canonical model straight to LP text, in kW, with a whole-number sign everywhere.
 * Shares nothing with the code under test but the solver behind it.
 */
export function naiveOptimum(given: Canonical): number | undefined {
  const model = inKilo(given)
  const { n, step_h: h } = model
  const pc = list(model.price_c, n)
  const pp = list(model.price_p ?? model.price_c, n)
  const fixed = fixedOf(model)
  const cost: string[] = []
  const rows: string[] = []
  const bounds: string[] = []
  const binaries: string[] = []
  const term = (value: number, name: string) => `${value < 0 ? '-' : '+'} ${Math.abs(value).toPrecision(17)} ${name}`
  for (const [d, device] of model.devices.entries()) {
    const eps = device.eps ?? 1
    const [a, b] = eps >= 1 ? [1, 1] : [eps, (eps - 1) / Math.log(eps)]
    for (let t = 0; t < n; t++) {
      const hi = list(device.p_max, n)[t]!
      const lo = list(device.p_min, n)[t]!
      bounds.push(`0 <= c${d}_${t} <= ${Math.max(hi, 0)}`, `0 <= d${d}_${t} <= ${Math.max(-lo, 0)}`)
      rows.push(
        `c${d}_${t} ${term(-Math.max(hi, 0), `z${d}_${t}`)} <= 0`,
        `d${d}_${t} ${term(Math.max(-lo, 0), `z${d}_${t}`)} <= ${Math.max(-lo, 0)}`,
      )
      binaries.push(`z${d}_${t}`)
      const target = ticks(device.targets, n)[t]!
      const min = Math.max(device.soc_min ?? -1e9, device.hard ? Math.max(ticks(device.minima, n)[t]! || -1e9, target || -1e9) : -1e9)
      const max = Math.min(device.soc_max ?? 1e9, device.hard ? Math.min(ticks(device.maxima, n)[t]! || 1e9, target || 1e9) : 1e9)
      if (min > max) return undefined
      bounds.push(`${min} <= s${d}_${t} <= ${max}`)
      const before = t > 0 ? term(-a, `s${d}_${t - 1}`) : ''
      rows.push(
        `s${d}_${t} ${before} ${term(-b * h * (device.eta_c ?? 1), `c${d}_${t}`)} ${term((b * h) / (device.eta_d ?? 1), `d${d}_${t}`)} = ${(t === 0 ? a * device.soc0 : 0) + b * h * (device.delta ?? 0)}`,
      )
    }
    if (device.hard) continue
    for (const [name, pairs, sides] of [
      ['m', device.minima, [-1]],
      ['x', device.maxima, [1]],
      ['g', device.targets, [-1, 1]],
    ] as const) {
      const wanted = ticks(pairs as [number, number][] | undefined, n)
      const values = new Set(wanted.filter((value) => !Number.isNaN(value)))
      for (const side of sides) {
        const price = side < 0 ? (model.soc_breach?.minima ?? 0) : (model.soc_breach?.maxima ?? 0)
        let run = -1
        for (let t = 0; t < n; t++) {
          if (Number.isNaN(wanted[t]!)) continue
          if (run < 0 || (values.size > 1 && wanted[t] !== wanted[t - 1])) {
            run = t
            cost.push(term(price / h, `any${name}${d}_${run}_${side + 1}`))
          }
          cost.push(term(price, `each${name}${d}_${t}_${side + 1}`))
          rows.push(`${side < 0 ? '-' : ''} s${d}_${t} - each${name}${d}_${t}_${side + 1} <= ${side * wanted[t]!}`)
          rows.push(`each${name}${d}_${t}_${side + 1} - any${name}${d}_${run}_${side + 1} <= 0`)
        }
      }
    }
  }
  const net = (t: number, factor: number, members = model.devices.map((_, d) => d)) =>
    members.map((d) => `${term(factor, `c${d}_${t}`)} ${term(-factor, `d${d}_${t}`)}`).join(' ')
  for (let t = 0; t < n; t++) {
    cost.push(term(pc[t]! * h, `u${t}`), term(-pp[t]! * h, `v${t}`))
    rows.push(`${net(t, 1)} - u${t} + v${t} = ${-fixed[t]!}`)
    bounds.push(`0 <= u${t} <= 1000`, `0 <= v${t} <= 1000`)
    rows.push(`u${t} - 1000 y${t} <= 0`, `v${t} + 1000 y${t} <= 1000`)
    binaries.push(`y${t}`)
    if (model.site.hi !== undefined) rows.push(`${net(t, 1)} <= ${model.site.hi - fixed[t]!}`)
    if (model.site.lo !== undefined) rows.push(`${net(t, 1)} >= ${model.site.lo - fixed[t]!}`)
    if (model.site.soft_c !== undefined) {
      const price = model.site.breach_c ?? 1e4
      cost.push(term(price * h, `e${t}`))
      if (t === 0) cost.push(term(price, 'emax'))
      rows.push(`${net(t, 1)} - e${t} <= ${model.site.soft_c - fixed[t]!}`, `e${t} - emax <= 0`)
    }
    if (model.site.peak_c_price !== undefined) {
      if (t === 0) cost.push(term(model.site.peak_c_price, 'peak'))
      rows.push(`${net(t, 1)} - peak <= ${(model.site.peak_c ?? 0) - fixed[t]!}`)
    }
  }
  const text = `Minimize\n obj: ${cost.join('\n ')}\nSubject To\n${rows.map((row, index) => ` r${index}: ${row}`).join('\n')}\nBounds\n ${bounds.join('\n ')}\nBinaries\n ${binaries.join(' ')}\nEnd\n`
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

/** Small, well spread random numbers from a seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** A random site: a day of hours or less, prices of all kinds, one or two storages, everything the canonical form knows. */
export function randomModel(next: () => number, kind: 'tame' | 'wild', devices = 1): Canonical {
  const n = 4 + Math.floor(next() * 12)
  const h = [0.25, 0.5, 1][Math.floor(next() * 3)]!
  const round = (value: number) => Math.round(value * 1e5) / 1e5
  const price = Array.from({ length: n }, () => round(next() * 200 - (kind === 'wild' && next() < 0.3 ? 150 : 0)))
  const flat = next() < 0.2
  const model: Canonical = {
    n,
    step_h: h,
    price_c: flat ? 100 : price,
    ...(next() < 0.6
      ? {
          price_p: flat
            ? round(100 * next())
            : price.map((each) => round(each > 0 ? each * next() * (kind === 'wild' && next() < 0.2 ? 2 : 1) : each - next())),
        }
      : {}),
    fixed: next() < 0.6 ? [Array.from({ length: n }, () => round((next() - 0.5) * 0.06))] : [],
    site: {
      ...(next() < 0.3 ? { hi: 0.09, lo: -0.09 } : {}),
      ...(next() < 0.3 ? { soft_c: round(0.01 + 0.03 * next()) } : {}),
      ...(next() < 0.2 ? { peak_c: 0.01, peak_c_price: 260 } : {}),
    },
    ...(next() < 0.5 ? { soc_breach: { minima: 2000, maxima: 500 } } : {}),
    devices: Array.from({ length: devices }, (_, d) => {
      const power = round(0.01 + 0.05 * next())
      const at = () => 1 + Math.floor(next() * n)
      const level = () => round(0.02 + 0.07 * next())
      return {
        key: `d${d}`,
        soc0: round(0.02 + 0.05 * next()),
        soc_min: next() < 0.7 ? 0.005 : 0,
        soc_max: 0.1,
        eta_c: round(0.8 + 0.2 * next()),
        eta_d: round(0.8 + 0.2 * next()),
        ...(next() < 0.3 ? { eps: round(0.97 + 0.03 * next()) } : {}),
        ...(next() < 0.3 ? { delta: round((next() - 0.5) * 0.004) } : {}),
        p_max: next() < 0.5 ? power : Array.from({ length: n }, () => (next() < 0.3 ? 0 : power)),
        p_min: next() < 0.3 ? 0 : -power,
        ...(next() < 0.4 ? { targets: [[at(), level()]] as [number, number][] } : {}),
        ...(next() < 0.4
          ? {
              minima: [
                [at(), level()],
                [at(), level()],
              ] as [number, number][],
            }
          : {}),
        ...(next() < 0.3 ? { maxima: [[at(), level()]] as [number, number][] } : {}),
        hard: next() < 0.15,
      }
    }),
  }
  return model
}
