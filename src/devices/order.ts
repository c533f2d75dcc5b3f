/** An order in watts turned into register writes, and the registers read back into what the device holds. */
import { convert } from '#kernel'
import { decodeValue, type ModbusClient, scaled } from '#protocols/modbus'
import type { BoundWrite, Link } from './link.ts'
import { fetchSlots, rawWords, type Slot, slotWords } from './slot.ts'
import { seconds } from './template-sense.ts'

export interface Written extends BoundWrite {
  words: number[]
}

/** What a device holds after it was ordered. */
export interface Held {
  /** Power it holds, W, consumption positive; undefined when the registers do not tell. */
  power: number | undefined
  /** The first value that is not what was written: '124.InWRte'. */
  differs?: string
}

/** Register words for an order of `power` watts (consumption positive); `counter` counts the orders given so far. */
export const prepare = (link: Link, writes: readonly BoundWrite[], power: number, counter: number): Written[] =>
  writes.map((bound) => {
    const value = carried(link, bound, power, counter) / (bound.says.scale ?? 1)
    return { ...bound, words: slotWords(bound.slot, value, bound.exponent) }
  })

function carried(link: Link, bound: BoundWrite, power: number, counter: number): number {
  const { from, part, sign, value } = bound.says
  if (from === 'watchdog') return Math.ceil(seconds(link.template.orders?.watchdog ?? '0 s'))
  if (from === 'counter') return counter & 0x7fff
  if (from === 'power') {
    const per = wattsPer(link, bound)
    if (per === 0) return 0
    if (part !== undefined) return Math.max(0, part === 'consumption' ? power : -power) / per
    return (sign === 'production-positive' ? -power : power) / per
  }
  if (typeof value !== 'object') return value ?? 0
  if (value.free !== undefined && power <= -link.nominal.production) return value.free
  return (power > 0 ? value.consume : power < 0 ? value.produce : value.idle) ?? value.idle ?? 0
}

/** Watts per unit of what a write carries. */
function wattsPer(link: Link, { says, slot }: BoundWrite): number {
  const unit = says.unit ?? slot.unit ?? 'W'
  return unit === '%' ? link.nominal[says.of ?? 'consumption'] / 100 : convert(1, unit, 'W')
}

/** Writes in the order of the template; values that stand side by side go in one request. */
export async function write(client: ModbusClient, written: readonly Written[]): Promise<void> {
  const runs: { address: number; words: number[]; single: boolean }[] = []
  for (const { says, slot, words } of written) {
    const last = runs.at(-1)
    const single = says.function === 6
    if (last && !last.single && !single && slot.address === last.address + last.words.length) last.words.push(...words)
    else runs.push({ address: slot.address, words: [...words], single })
  }
  for (const { address, words, single } of runs) {
    if (!single) await client.writeRegisters(address, words)
    else for (const [i, word] of words.entries()) await client.writeRegister(address + i, word)
  }
}

/** Reads the written registers back: what power does the device hold, and does it hold what was written? */
export async function readBack(client: ModbusClient, link: Link, written: readonly Written[]): Promise<Held> {
  const checked = written.filter(({ says }) => says.check ?? (says.from === 'power' || says.value !== undefined))
  const slots = checked.map(({ slot }) => slot)
  const registers = await fetchSlots(client, slots, link.template.bus?.gap ?? 0)
  const values = slots.map((slot) => decode(slot, rawWords(slot, registers)))
  const other = checked.find(({ slot, words }, i) => !isSame(slot, values[i]!, decode(slot, words)))
  return { power: heldPower(link, checked, values), ...(other ? { differs: other.slot.label } : {}) }
}

const decode = (slot: Slot, words: number[]): number => Number(decodeValue(slot.kind, words, slot.order))

function heldPower(link: Link, checked: readonly Written[], values: readonly number[]): number | undefined {
  let sum: number | undefined
  for (const [i, bound] of checked.entries()) {
    const { from, part, sign, scale = 1 } = bound.says
    if (from !== 'power') continue
    const watts = scaled(values[i]!, bound.exponent) * scale * wattsPer(link, bound)
    // Adding 0 turns -0 into 0.
    const signed = (part ?? (sign === 'production-positive' ? 'production' : 'consumption')) === 'production' ? 0 - watts : watts
    // Two writes without a part say the same thing twice; two parts add up.
    if (part === undefined) return signed
    sum = (sum ?? 0) + signed
  }
  return sum
}

/** Equal but for the last digit, which devices round as they like. */
const isSame = ({ kind }: Slot, held: number, written: number): boolean =>
  Math.abs(held - written) <= (kind.startsWith('f') ? 1e-3 * Math.max(1, Math.abs(written)) : 1)
