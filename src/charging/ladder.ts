/** Why a car does not charge faster: everything that keeps the power of an EVSE down, and which of it does now. */
import { formatInstant } from '#kernel'
import type { Bound, Charger } from './charger.ts'
import { powerOf } from './order.ts'
import { pluggedAt, type Station } from './station.ts'

export interface LadderStep {
  what: Bound['what'] | 'order' | 'laid'
  kw: number
  /** Of an order: who it comes from, why, and until when. */
  rung?: string
  because?: string
  until?: string
}

export interface Ladder {
  evse: number
  steps: LadderStep[]
  /** The step that binds: the lowest; an order before what it is as low as. */
  binds: LadderStep['what']
  /** What flows, as it was measured last; null while nothing was. */
  measuredKw: number | null
  measuredAt: string | null
  /** Whether a session goes on that it holds for. */
  plugged: boolean
}

const kilo = (power: number) => Math.round(power) / 1000

export function ladderOf(station: Station, charger: Charger | undefined, zone: string): Ladder {
  const plugged = pluggedAt(station)
  const order = charger?.order()
  const hold = charger?.hold()
  const least = new Map<Bound['what'], number>()
  for (const { what, power } of charger?.bounds() ?? []) least.set(what, Math.min(power, least.get(what) ?? Infinity))
  const bounds = [...least].map(([what, power]): LadderStep => ({ what, kw: kilo(power) }))
  const said: LadderStep[] = order
    ? [{ what: 'order', kw: kilo(order.power), rung: order.rung, because: order.because, until: formatInstant(order.until, zone) }]
    : []
  const laid: LadderStep[] =
    order && hold ? [{ what: 'laid', kw: kilo(hold.held ?? powerOf(hold.limit, hold.wires)), until: formatInstant(hold.until, zone) }] : []
  const steps = [...said, ...laid, ...bounds]
  const sample = plugged?.sample
  return {
    evse: plugged?.transaction.evse ?? station.record.evse,
    steps,
    binds: [...said, ...bounds].reduce(
      (least, step) => (step.kw < least.kw ? step : least),
      said[0] ?? bounds[0] ?? { what: 'station', kw: 0 },
    ).what,
    measuredKw: sample?.power === undefined ? null : kilo(sample.power),
    measuredAt: sample?.power === undefined ? null : formatInstant(sample.at, zone),
    plugged: plugged !== undefined,
  }
}
