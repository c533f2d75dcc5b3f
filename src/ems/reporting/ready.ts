/** The ready reports: self-consumption, self-sufficiency, cost and CO₂ against the site without flexibility, flexibility delivered. */
import { dayAfter, dayStart, formatInstant, type Instant, say } from '#kernel'
import { staysAt, withoutFlexibility } from './baseline.ts'
import { deliveredFlexibility } from './flexibility.ts'
import type { ReadyOrder, ReadyReport, ReportLine } from './ready-report.ts'
import { SAYING } from './saying.ts'
import { type FlowParts, HOURS, intensityOf, netOf, pricesOf, type SiteFlows, siteFlows, slotStart } from './site-flows.ts'

export type ReadyParts = FlowParts

/** A series of amounts a slot; null where it is not known. */
type Amounts = readonly (number | null)[]

/** @param note told how far it is: done, total, stage */
export async function computeReady(
  parts: ReadyParts,
  asset: number,
  { report, start, end }: ReadyOrder,
  note: (done: number, total: number, stage: string) => void = () => undefined,
): Promise<ReadyReport> {
  note(0, 3, 'measurements')
  const site = await siteFlows(parts, asset, start, end)
  const days = daysOf(site)
  note(1, 3, 'baseline')
  const stays = await staysAt(
    parts.store,
    site.flows.filter(({ kind }) => kind === 'evse').map((flow) => flow.asset),
    start,
    end,
  )
  const baseline = withoutFlexibility(site, stays)
  note(2, 3, 'result')
  const told = await tell(parts, site, report, baseline)
  return { report, zone: site.zone, dates: days.dates, lines: told.lines.map((line) => summed(line, days)), notes: told.notes }
}

/** A line before its days are counted: a sum of amounts, or a share of two sums. */
type Line = { name: string; unit: string } & ({ amounts: Amounts } | { part: Amounts; whole: Amounts; complement?: boolean })

async function tell(
  parts: ReadyParts,
  site: SiteFlows,
  report: ReadyOrder['report'],
  baseline: ReturnType<typeof withoutFlexibility>,
): Promise<{ lines: Line[]; notes: string[] }> {
  const net = netOf(site)
  const without = netOf(site, baseline.of)
  const known = say(SAYING.counted, { count: site.flows.length })
  if (report === 'flexibility') return flexibility(parts, site, baseline)
  if (report === 'cost') {
    const prices = await pricesOf(parts, site.asset, site.start, site.end)
    const cost = (kw: Amounts) =>
      kw.map((value, slot) => {
        if (value === null) return null
        const price = value >= 0 ? prices.consumption[slot] : prices.production[slot]
        return price === null || price === undefined ? (value === 0 ? 0 : null) : (value * HOURS * price) / 1000
      })
    return { lines: compared(cost(net), cost(without), prices.currency), notes: [...baseline.notes, prices.note, known] }
  }
  if (report === 'co2') {
    const asset = await parts.store.first<{ account: number | null }>('select account_id as account from generic_asset where id = $1', [
      site.asset,
    ])
    const intensity = await intensityOf(parts, site.asset, asset?.account ?? null, site.start, site.end)
    const mass = (kw: Amounts) =>
      kw.map((value, slot) => {
        const per = intensity[slot] ?? null
        return value === null || per === null ? null : (Math.max(0, value) * HOURS * per) / 1000
      })
    return { lines: compared(mass(net), mass(without), 'kg'), notes: [...baseline.notes, say(SAYING.feedInUncredited), known] }
  }
  const energy = energyOf(site, net)
  if (report === 'self-consumption')
    return {
      lines: [
        { name: 'produced', unit: 'kWh', amounts: energy.produced },
        { name: 'self-consumed', unit: 'kWh', amounts: energy.selfConsumed },
        { name: 'share', unit: '%', part: energy.selfConsumed, whole: energy.produced },
        { name: 'share without flexibility', unit: '%', part: energyOf(site, without).selfConsumed, whole: energy.produced },
      ],
      notes: [say(SAYING.selfConsumed), ...baseline.notes, known],
    }
  const idle = energyOf(site, without)
  return {
    lines: [
      { name: 'consumed', unit: 'kWh', amounts: energy.consumed },
      { name: 'imported', unit: 'kWh', amounts: energy.imported },
      { name: 'share', unit: '%', part: energy.imported, whole: energy.consumed, complement: true },
      { name: 'share without flexibility', unit: '%', part: idle.imported, whole: idle.consumed, complement: true },
    ],
    notes: [say(SAYING.consumed), ...baseline.notes, known],
  }
}

const compared = (real: Amounts, without: Amounts, unit: string): Line[] => {
  const saved = real.map((value, slot) => (value === null || (without[slot] ?? null) === null ? null : without[slot]! - value))
  return [
    { name: 'with flexibility', unit, amounts: real },
    { name: 'without flexibility', unit, amounts: without },
    { name: 'saved', unit, amounts: saved },
  ]
}

/** kWh a slot, where the net of the site is known. */
function energyOf(site: SiteFlows, net: Amounts) {
  const plants = site.flows.filter(({ kind }) => kind === 'pv')
  const produced = net.map((value, slot) =>
    value === null ? null : plants.reduce((sum, { kw }) => sum + Math.max(0, -(kw[slot] ?? 0)), 0) * HOURS,
  )
  const each = (turn: (kwh: number, made: number) => number) =>
    net.map((value, slot) => (value === null ? null : turn(value * HOURS, produced[slot]!)))
  return {
    produced,
    imported: each((kwh) => Math.max(0, kwh)),
    consumed: each((kwh, made) => Math.max(0, kwh + made)),
    selfConsumed: each((kwh, made) => Math.max(0, made - Math.max(0, -kwh))),
  }
}

async function flexibility(
  { store }: ReadyParts,
  site: SiteFlows,
  baseline: ReturnType<typeof withoutFlexibility>,
): Promise<{ lines: Line[]; notes: string[] }> {
  const delivered = await deliveredFlexibility(store, site, baseline.of)
  const lines = delivered.flatMap(({ rung, less, more, curtailed }): Line[] => [
    { name: `${rung}: consumption reduced`, unit: 'kWh', amounts: [...less] },
    { name: `${rung}: consumption added`, unit: 'kWh', amounts: [...more] },
    { name: `${rung}: production curtailed`, unit: 'kWh', amounts: [...curtailed] },
  ])
  return {
    lines,
    notes: [say(SAYING.ordersAgainst), say(SAYING.couldGive), ...baseline.notes],
  }
}

interface Days {
  dates: string[]
  /** Which day a slot begins on. */
  of: number[]
}

function daysOf(site: SiteFlows): Days {
  const dates: string[] = []
  const of: number[] = []
  let next: Instant | undefined
  for (let slot = 0; slot < site.slots; slot++) {
    const at = slotStart(site, slot)
    if (next === undefined || at >= next) {
      dates.push(formatInstant(dayStart(at, site.zone), site.zone).slice(0, 10))
      next = dayAfter(at, site.zone)
    }
    of.push(dates.length - 1)
  }
  return { dates, of }
}

function summed(line: Line, { dates, of }: Days): ReportLine {
  const sums = (amounts: Amounts, also: Amounts = amounts) => {
    const days = new Array<number | null>(dates.length).fill(null)
    let total: number | null = null
    amounts.forEach((value, slot) => {
      if (value === null || (also[slot] ?? null) === null) return
      total = (total ?? 0) + value
      days[of[slot]!] = (days[of[slot]!] ?? 0) + value
    })
    return { total: total as number | null, days }
  }
  const { name, unit } = line
  if ('amounts' in line) {
    const { total, days } = sums(line.amounts)
    return { name, unit, total: tidy(total), days: days.map(tidy) }
  }
  const [part, whole] = [sums(line.part, line.whole), sums(line.whole, line.part)]
  const share = (some: number | null, all: number | null): number | null => {
    if (some === null || all === null || all <= 0) return null
    return tidy(100 * (line.complement ? 1 - some / all : some / all))
  }
  return { name, unit, total: share(part.total, whole.total), days: part.days.map((day, k) => share(day, whole.days[k]!)) }
}

const tidy = (value: number | null): number | null => (value === null ? null : Math.round(value * 1e6) / 1e6 || 0)
