/** Which wishes about stocks a plan keeps and which it misses, moment by moment. */
import type { FlexProblem } from './flex-problem.ts'
import { type FlexPlan, momentOf } from './flex-request.ts'
import { at } from './problem.ts'
import type { KeptWish, UnmetWish } from './scheduler.ts'

/** Stocks are told in whole Wh: a difference that rounds away is none. */
const round = (kwh: number): number => Math.round(kwh * 1000) / 1000

/** Every wish at every tick it binds; `stocks` are kWh per device, start first. Targets that are met are not told, as there is no room in them. */
export function reportOf(
  plan: FlexPlan,
  { problem, wishes }: FlexProblem,
  stocks: (ArrayLike<number> | undefined)[],
): { unmet: UnmetWish[]; kept: KeptWish[] } {
  const unmet: UnmetWish[] = []
  const kept: KeptWish[] = []
  for (const { device: index, name, wanted } of wishes) {
    const path = stocks[index]
    if (!path) continue
    const device = plan.devices[index]!
    const asset = device.sensor?.asset ?? device.asset ?? plan.request.asset
    const rooms = Array.from(wanted, (amount, tick) => roomOf(name, amount, path[tick + 1]!))
    const misses = rooms.some((room) => room < 0)
    rooms.forEach((room, tick) => {
      if (Number.isNaN(room)) return
      const when = momentOf(plan.steps, tick + 1)
      if (room < 0)
        unmet.push({
          asset,
          ...(device.sensor ? { sensor: device.sensor.id } : {}),
          name,
          at: when,
          violationKwh: -room,
          powerKw: Math.max(...Array.from({ length: tick + 1 }, (_, step) => at(problem.devices[index]!.max, step))),
        })
      else if (!misses && name !== 'soc-targets') kept.push({ asset, name, at: when, marginKwh: room })
    })
  }
  return { unmet, kept }
}

/** kWh to spare; below 0 = missed by so much. */
function roomOf(name: UnmetWish['name'], wanted: number, has: number): number {
  const over = round(round(has) - wanted)
  if (name === 'soc-maxima' || name === 'soc-max') return -over || 0
  return name === 'soc-targets' ? -Math.abs(over) || 0 : over
}
