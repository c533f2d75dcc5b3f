/** Why a device does what it does in a slot, told from the plan itself. */
import { say } from '#kernel'
import { SAYING } from '../saying.ts'
import { at, type SchedulingProblem } from './problem.ts'
import type { SiteProblem } from './site-problem.ts'
import type { Solution } from './solution.ts'
import { bindsCap, bindsExport, bindsSite } from './wish.ts'

export type ReasonCode =
  /** Not there: no power possible. */
  | 'absent'
  /** Consumes: below its floor · for a wish ahead · from local surplus · because energy is cheap now */
  | 'floor'
  | 'wish'
  | 'surplus'
  | 'cheap'
  /** Produces: to cover the site's own need · because energy is dear now · to keep the import limit */
  | 'cover'
  | 'dear'
  | 'import-limit'
  /** Rests: full · empty · waits for a cheaper slot · for its turn · keeps its energy for a dearer slot or a wish · no gain */
  | 'full'
  | 'empty'
  | 'wait'
  | 'turn'
  | 'keep'
  | 'no-gain'
  /** Curtailed: export limit · price below zero · otherwise free */
  | 'export-limit'
  | 'negative-price'
  | 'free'

/** What held a device back in a slot. */
export type Binding = 'power' | 'flexible-cap' | 'site-import' | 'site-export' | 'full' | 'empty'

/** Slots `from` to `to` (exclusive) share a reason. */
export interface Reason {
  from: number
  to: number
  code: ReasonCode
  /** The limit at which the power stands, when at one. */
  heldBy?: Binding
  /** The slot whose end is waited or charged for, when the reason has one. */
  aim?: number
  /** Mean price over the slots (consumption price; production price for production), currency per MWh. */
  price: number
}

const SMALL = 1e-3

/** The limit at which each device stands, per slot. */
export function bindingOf(site: SiteProblem, problem: SchedulingProblem, solution: Solution): (Binding | undefined)[][] {
  return site.devices.map((device, index) => {
    const stock = problem.devices[index]!.stock
    const path = stock === undefined ? undefined : solution.stocks[stock]!
    return Array.from({ length: site.slots }, (_, slot) => {
      const power = solution.powers[index]![slot]!
      if (at(device.minKw, slot) === 0 && at(device.maxKw, slot) === 0) return undefined
      if (path && device.storage && power >= -SMALL && path[slot + 1]! >= device.storage.maxKwh - SMALL) return 'full'
      if (path && device.storage && power <= SMALL && path[slot + 1]! <= device.storage.minKwh + SMALL) return 'empty'
      if (power >= at(device.maxKw, slot) - SMALL || power <= at(device.minKw, slot) + SMALL) {
        if (Math.abs(power) > SMALL) return 'power'
      }
      if (power >= -SMALL && device.flexible !== false && bindsCap(site, solution, slot)) return 'flexible-cap'
      if (power >= -SMALL && bindsSite(site, solution, slot)) return 'site-import'
      if (power <= SMALL && bindsExport(site, solution, slot)) return 'site-export'
      return undefined
    })
  })
}

/** Reasons of one device in runs of slots. */
export function reasonsOf(site: SiteProblem, index: number, solution: Solution, bindings: (Binding | undefined)[][]): Reason[] {
  const runs: (Reason & { sum: number })[] = []
  for (let slot = 0; slot < site.slots; slot++) {
    const { code, aim } = because(site, index, solution, slot, bindings[index]![slot])
    const binding = bindings[index]![slot]
    const heldBy = binding && heeds(code, binding) ? binding : undefined
    const power = solution.powers[index]![slot]!
    const price = at(power < -SMALL ? site.productionPrice : site.consumptionPrice, slot)
    const last = runs.at(-1)
    if (last && last.code === code && last.heldBy === heldBy && last.aim === aim) {
      last.to = slot + 1
      last.sum += price
    } else
      runs.push({
        from: slot,
        to: slot + 1,
        code,
        ...(heldBy ? { heldBy } : {}),
        ...(aim === undefined ? {} : { aim }),
        price: 0,
        sum: price,
      })
  }
  return runs.map(({ sum, ...reason }) => ({ ...reason, price: sum / (reason.to - reason.from) }))
}

/** True when the limit is why the device does not do more of what it does. */
function heeds(code: ReasonCode, binding: Binding): boolean {
  if (binding === 'flexible-cap' || binding === 'site-import') return ['floor', 'wish', 'surplus', 'cheap', 'wait', 'turn'].includes(code)
  if (binding === 'site-export') return ['dear', 'cover', 'keep', 'export-limit'].includes(code)
  return true
}

function because(
  site: SiteProblem,
  index: number,
  solution: Solution,
  slot: number,
  binding: Binding | undefined,
): { code: ReasonCode; aim?: number } {
  const device = site.devices[index]!
  const power = solution.powers[index]![slot]!
  const net = solution.flows[0]![slot]!
  if (at(device.minKw, slot) === 0 && at(device.maxKw, slot) === 0) return { code: 'absent' }
  if (!device.storage) {
    if (power <= at(device.minKw, slot) + SMALL) return { code: 'free' }
    return { code: bindsExport(site, solution, slot) ? 'export-limit' : at(site.productionPrice, slot) < 0 ? 'negative-price' : 'free' }
  }
  const { storage } = device
  if (power > SMALL) {
    if (storedBefore(solution, site, index, slot) < storage.minKwh - SMALL) return { code: 'floor' }
    const aim = nextWish(site, index, slot)
    if (aim !== undefined && !producesBefore(solution, index, slot, aim)) return { code: 'wish', aim }
    return { code: net - power < -SMALL && net <= power * 0.05 + SMALL ? 'surplus' : 'cheap' }
  }
  if (power < -SMALL) {
    if (bindsSite(site, solution, slot)) return { code: 'import-limit' }
    return { code: net >= -SMALL ? 'cover' : 'dear' }
  }
  if (binding === 'full') return { code: 'full' }
  if (binding === 'empty') return { code: 'empty' }
  const later = solution.powers[index]!.findIndex((value, ahead) => ahead > slot && Math.abs(value) > SMALL)
  if (later < 0) return { code: 'no-gain' }
  if (solution.powers[index]![later]! < 0) return { code: 'keep', aim: later }
  return { code: at(site.consumptionPrice, later) < at(site.consumptionPrice, slot) ? 'wait' : 'turn', aim: later }
}

function storedBefore(solution: Solution, site: SiteProblem, index: number, slot: number): number {
  // Stocks are numbered in the order of the storages.
  let stock = -1
  for (let device = 0; device <= index; device++) if (site.devices[device]!.storage) stock++
  return solution.stocks[stock]![slot]!
}

function nextWish(site: SiteProblem, index: number, slot: number): number | undefined {
  const ahead = (site.devices[index]!.storage?.wishes ?? []).filter(
    (wish) => wish.kind !== 'maximum' && wish.slot >= slot && wish.slot < site.slots,
  )
  return ahead.length === 0 ? undefined : Math.min(...ahead.map((wish) => wish.slot))
}

const producesBefore = (solution: Solution, index: number, slot: number, aim: number): boolean =>
  solution.powers[index]!.some((power, ahead) => ahead > slot && ahead <= aim && power < -SMALL)

/** The reason in English; `time` gives the clock time of a slot's start, `currency` as in 'EUR'. */
export function sayReason(reason: Reason, { time, currency }: { time: (slot: number) => string; currency: string }): string {
  const price = `${reason.price.toFixed(0)} ${currency}/MWh`
  const aim = time(reason.aim ?? 0)
  const said: Record<ReasonCode, string> = {
    absent: say(SAYING.absent),
    floor: say(SAYING.floor),
    wish: say(SAYING.wish, { time: time((reason.aim ?? 0) + 1) }),
    surplus: say(SAYING.surplus),
    cheap: say(SAYING.cheap, { price }),
    cover: say(SAYING.cover, { price }),
    dear: say(SAYING.dear, { price }),
    'import-limit': say(SAYING.importLimit),
    full: say(SAYING.full),
    empty: say(SAYING.empty),
    wait: say(SAYING.wait, { time: aim }),
    turn: say(SAYING.turn, { time: aim }),
    keep: say(SAYING.keep, { time: aim }),
    'no-gain': say(SAYING.noGain),
    'export-limit': say(SAYING.exportLimit),
    'negative-price': say(SAYING.negativePrice),
    free: say(SAYING.free),
  }
  const held: Partial<Record<Binding, string>> = {
    'flexible-cap': SAYING.heldByLoadControl,
    'site-import': SAYING.heldByImport,
    'site-export': SAYING.heldByExport,
  }
  const more = reason.heldBy && !['import-limit', 'export-limit'].includes(reason.code) ? held[reason.heldBy] : undefined
  return more ? `${said[reason.code]} ${more}` : said[reason.code]
}
