/** Cuts the plan of a device into blocks a person can point at: one per reason, or per direction where no reason was given. */
import type { PlannedDevice } from '../wire.ts'

export interface Block {
  device: string
  asset: number
  /** Slots `[from, to)`. */
  from: number
  to: number
  because: string
  /** Mean power, kW, consumption positive. */
  meanKw: number
  /** Energy over the block, kWh, consumption positive. */
  energyKwh: number
}

const direction = (kw: number): number => (Math.abs(kw) < 0.05 ? 0 : Math.sign(kw))

/** Blocks of the first `slots` slots in order of time; together they cover them without gap or overlap. */
export function blocksOf(planned: PlannedDevice, slots: number, stepMs: number): Block[] {
  const count = Math.min(slots, planned.powerKw.length)
  const reasonAt: string[] = new Array(count).fill('')
  for (const { from, to, because } of planned.reasons)
    for (let slot = Math.max(0, from); slot < Math.min(to, count); slot++) reasonAt[slot] = because
  const blocks: Block[] = []
  for (let slot = 0; slot < count; ) {
    const because = reasonAt[slot]!
    const way = direction(planned.powerKw[slot]!)
    let to = slot + 1
    while (to < count && reasonAt[to] === because && direction(planned.powerKw[to]!) === way) to++
    const powers = planned.powerKw.slice(slot, to)
    const sum = powers.reduce((total, kw) => total + kw, 0)
    blocks.push({
      device: planned.device,
      asset: planned.asset,
      from: slot,
      to,
      because,
      meanKw: sum / powers.length,
      energyKwh: (sum * stepMs) / 3_600_000,
    })
    slot = to
  }
  return blocks
}

/** Where the eye goes from one block by arrow key: along the row, or to the row above or below at the same time. */
export function neighbour(rows: Block[][], row: number, index: number, key: string): { row: number; index: number } | undefined {
  const here = rows[row]?.[index]
  if (!here) return undefined
  if (key === 'ArrowLeft') return index > 0 ? { row, index: index - 1 } : undefined
  if (key === 'ArrowRight') return index < rows[row]!.length - 1 ? { row, index: index + 1 } : undefined
  if (key === 'Home') return { row, index: 0 }
  if (key === 'End') return { row, index: rows[row]!.length - 1 }
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return undefined
  const next = row + (key === 'ArrowDown' ? 1 : -1)
  const found = rows[next]?.findIndex((block) => block.from <= here.from && here.from < block.to) ?? -1
  return found < 0 ? undefined : { row: next, index: found }
}

/** Stepped outline for an SVG of `slots` × 100: `zero` is the height of no power, `most` the power that reaches an edge. */
export function outline(values: number[], zero: number, most: number): string {
  if (values.length === 0 || most <= 0) return ''
  const y = (value: number) => {
    const room = value >= 0 ? zero : 100 - zero
    return Math.round((zero - Math.max(-1, Math.min(1, value / most)) * room) * 10) / 10
  }
  let path = `M0 ${zero}`
  values.forEach((value, slot) => {
    path += `V${y(value)}H${slot + 1}`
  })
  return `${path}V${zero}`
}
