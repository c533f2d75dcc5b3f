/** Sites to plan, from a seed: one battery, an island, a house with cars, many storages, storages that run in modes. */
import type { PlanDevice, SiteProblem } from '#ems'
import type { Band, Commitment, ProblemDevice, SchedulingProblem, Stock } from '../src/ems/scheduling/problem.ts'
import { fullSooner } from '../src/ems/scheduling/tie-break.ts'

export const median = (values: number[]): number => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!

/** Numbers from 0 to 1, the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const spreadOf = (price: readonly number[]) => Math.max(...price) - Math.min(...price)
const energy = (price: readonly number[], paid: readonly number[], hours: number): Commitment => ({
  name: 'energy',
  on: { flow: 0 },
  grouping: 'each',
  quantity: 0,
  up: price.map((each) => each * hours),
  down: paid.map((each) => each * hours),
})
const sooner = (stock: number, full: number, spread: number, steps: number, hours: number): Commitment => ({
  name: `full sooner ${stock}`,
  on: { stock },
  grouping: 'each',
  quantity: full,
  down: fullSooner(spread, steps, hours),
  tieBreak: true,
})

/** One battery of 100 kWh behind a load. */
export function battery(seed: number, steps = 96): SchedulingProblem {
  const next = random(seed)
  const price = Array.from({ length: steps }, (_, step) => 0.15 + 0.06 * Math.sin(step / 8) + 0.02 * next())
  return {
    steps,
    hours: 0.25,
    devices: [{ name: 'battery', min: -50, max: 50, stock: 0, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 }],
    stocks: [{ name: 'battery', start: 20 + 60 * next(), min: 5, max: 100, retention: 0.9999 }],
    flows: [{ name: 'site', devices: [0], fixed: price.map(() => 60 * (next() - 0.5)), max: 90 }],
    commitments: [
      energy(
        price,
        price.map((each) => 0.6 * each),
        0.25,
      ),
      sooner(0, 100, spreadOf(price), steps, 0.25),
    ],
  }
}

/** A battery, two cars that must be full in the morning, and a roof that may be held back. */
export function house(seed: number): SchedulingProblem {
  const next = random(seed)
  const steps = 96
  const price = Array.from({ length: steps }, (_, step) => 0.2 + 0.08 * Math.sin(step / 7) + 0.02 * next())
  const car = (index: number): ProblemDevice => ({
    name: `car ${index}`,
    min: 0,
    max: Array.from({ length: steps }, (_, step) => (step < 30 + 4 * index || step > 70 ? 11 : 0)),
    stock: index,
    chargingEfficiency: 0.92,
  })
  const wish = (stock: number, kwh: number, step: number): Commitment[] => {
    const quantity = Array.from({ length: steps }, (_, at) => (at === step ? kwh : Number.NaN))
    return [
      { name: 'any soc minima', on: { stock }, grouping: 'any', quantity, down: -4000 },
      { name: 'all soc minima', on: { stock }, grouping: 'each', quantity, down: -1000 },
    ]
  }
  const stocks: Stock[] = [
    { name: 'battery', start: 8, min: 1, max: 20 },
    { name: 'car 1', start: 15 + 10 * next(), min: 0, max: 60 },
    { name: 'car 2', start: 10 + 10 * next(), min: 0, max: 50 },
  ]
  const sun = Array.from({ length: steps }, (_, step) => -12 * Math.max(0, Math.sin(((step - 26) / 44) * Math.PI)))
  return {
    steps,
    hours: 0.25,
    devices: [
      { name: 'battery', min: -10, max: 10, stock: 0, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 },
      car(1),
      car(2),
      { name: 'roof', min: sun, max: 0 },
    ],
    stocks,
    flows: [{ name: 'site', devices: [0, 1, 2, 3], fixed: price.map(() => 1 + 2 * next()), max: 25, min: -8 }],
    commitments: [
      energy(
        price,
        price.map((each) => 0.4 * each),
        0.25,
      ),
      ...wish(1, 55, 33),
      ...wish(2, 45, 37),
      ...stocks.map(({ max }, stock) => sooner(stock, max as number, spreadOf(price), steps, 0.25)),
    ],
  }
}

/** Batteries of all sizes on one connection that cannot carry them all. */
export function storages(count: number, seed: number, steps = 96): SchedulingProblem {
  const { bands: _, ...site } = banded(seed, { count, steps })
  return { ...site, devices: site.devices.map(({ bands: __, ...device }) => device) }
}

/**
 * Storages that run in modes (at rest, or between a third to two thirds and all of their power, either way; some also at a trickle), with wishes,
 * over a load and a midday sun, on a connection of half their power; prices for selling equal to those for buying, or at 85 or 60 % of them.
 */
export function banded(seed: number, { count = 10, steps = 96 } = {}): SchedulingProblem & { bands: Band[][] } {
  const next = random(seed * 7919 + 1)
  const kind = seed % 4
  const phase = next() * 3
  const hour = (step: number) => (step % 96) / 4
  const price = Array.from(
    { length: steps },
    (_, step) =>
      0.12 +
      0.05 * Math.sin(((hour(step) + phase) / 12) * 2 * Math.PI) +
      0.03 * Math.sin((hour(step) / 24) * 2 * Math.PI) +
      0.015 * (next() - 0.5),
  )
  const paid = price.map((each) => each * [1, 0.6, 0.85, 0.85][kind]!)
  const devices: ProblemDevice[] = []
  const stocks: Stock[] = []
  const bands: Band[][] = []
  const commitments: Commitment[] = []
  let total = 0
  for (let index = 0; index < count; index++) {
    const power = 10 + Math.round(40 * next())
    total += power
    const efficiency = 0.92 + 0.06 * next()
    const capacity = power * (2 + 2 * next())
    const low = power * (0.3 + 0.3 * next())
    bands.push([
      { from: 0, to: 0 },
      { from: low, to: power },
      { from: -power, to: -low },
      ...(kind === 3 ? [{ from: power * 0.1, to: power * 0.15 }] : []),
    ])
    const name = `storage ${index}`
    devices.push({
      name,
      min: -power,
      max: power,
      bands: bands[index]!,
      stock: index,
      chargingEfficiency: efficiency,
      dischargingEfficiency: efficiency,
    })
    stocks.push({ name, start: capacity * (0.2 + 0.5 * next()), min: 0.05 * capacity, max: capacity })
    const due = 30 + Math.floor((20 * index) / count)
    if (next() < 0.4)
      commitments.push({
        name: 'all soc minima',
        on: { stock: index },
        grouping: 'each',
        quantity: Array.from({ length: steps }, (_, step) => (step === due ? 0.8 * capacity : Number.NaN)),
        down: -1000,
      })
    commitments.push(sooner(index, capacity, spreadOf(price), steps, 0.25))
  }
  const fixed = Array.from(
    { length: steps },
    (_, step) => total * (0.15 + 0.05 * next() - 0.35 * Math.max(0, Math.sin(((hour(step) - 6) / 12) * Math.PI))),
  )
  return {
    steps,
    hours: 0.25,
    devices,
    stocks,
    flows: [{ name: 'site', role: 'site', devices: devices.map((_, index) => index), fixed, max: total / 2, min: -total / 2 }],
    commitments: [energy(price, paid, 0.25), ...commitments],
    bands,
  }
}

/** Ten batteries and ten cars that leave in the morning and return in the afternoon, over a midday sun, with all limits in force. */
export function territory(slots: number, isNegative: boolean, seed: number): SiteProblem {
  const next = random(seed)
  const hourOf = (slot: number) => (slot % 96) / 4
  const price = Array.from({ length: slots }, (_, slot) => {
    const usual = 150 + 60 * Math.sin((hourOf(slot) * 2 * Math.PI) / 12) + 10 * next()
    return isNegative && hourOf(slot) > 10 && hourOf(slot) < 14 ? usual - 200 : usual
  })
  const devices = Array.from({ length: 20 }, (_, index): PlanDevice => {
    if (index < 10)
      return {
        id: `BAT${index}`,
        minKw: -50,
        maxKw: 50,
        storage: { kwh: 20 + 60 * next(), minKwh: 10, maxKwh: 100, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 },
      }
    const there = (slot: number) => slot % 96 < 26 + index || slot % 96 > 70
    const series = (power: number) => Array.from({ length: slots }, (_, slot) => (there(slot) ? power : 0))
    return {
      id: `V2G${index}`,
      minKw: series(index % 2 ? -11 : 0),
      maxKw: series(11),
      storage: {
        kwh: 20 + 30 * next(),
        minKwh: 15,
        maxKwh: 75,
        chargingEfficiency: 0.93,
        dischargingEfficiency: 0.93,
        wishes: [{ slot: 25 + index, kwh: 70, kind: 'minimum' }],
      },
    }
  })
  return {
    slots,
    step: 900_000,
    devices,
    inflexibleKw: Array.from({ length: slots }, (_, slot) => 30 - 50 * Math.max(0, Math.sin(((hourOf(slot) - 6) / 12) * Math.PI))),
    consumptionPrice: price,
    productionPrice: price.map((each) => (each > 0 ? each * 0.6 : each)),
    importKw: 300,
    exportKw: 300,
    flexibleConsumptionKw: 400,
  }
}
