/** Values of a template found on a real device: which registers, and how to fetch many of them in few requests. */
import { Problem } from '#kernel'
import {
  decodeValue,
  encodeValue,
  findModel,
  isMissing,
  type ModbusClient,
  pointsOf,
  type SunSpecChain,
  scaled,
  type ValueKind,
  type WordOrder,
  wordsOf,
} from '#protocols/modbus'
import type { TemplatePlace } from './template.ts'

/** Registers of one value on one device. */
export interface Slot {
  table: 'holding' | 'input'
  address: number
  words: number
  kind: ValueKind
  order: WordOrder
  /** Address of the SunSpec scale factor, a power of ten. */
  exponentAt?: number
  sunspec: boolean
  accumulator: boolean
  /** Unit of a SunSpec point. */
  unit?: string
  /** For people: 'register 40', '124.InWRte'. */
  label: string
}

/** Register contents that were fetched together. */
export type Registers = Map<string, number>

const MOST = 125
const key = (table: string, address: number): string => `${table}${address}`

/**
 * Where a template's value lives on this device.
 * @throws Problem `device-mismatch` when the device has none of the models
 */
export function findSlot(place: TemplatePlace, words: WordOrder, chain: SunSpecChain | undefined): Slot {
  const table = place.table ?? 'holding'
  if (place.register !== undefined) {
    const kind = place.type ?? 'u16'
    return {
      table,
      address: place.register,
      words: wordsOf(kind, place.length),
      kind,
      order: place.words ?? words,
      sunspec: false,
      accumulator: false,
      label: `register ${place.register}`,
    }
  }
  const wanted = [place.model!].flat()
  const model = chain && findModel(chain, ...wanted)
  const point = model && pointsOf(model.id)?.get(place.point!)
  if (!model || !point || point.offset + point.words > model.length + 2)
    throw new Problem('device-mismatch', `The device has no SunSpec point ${wanted.join('/')}.${place.point}.`, {
      status: 502,
      hint: `Its models are ${chain?.models.map(({ id }) => id).join(', ') || 'none'}; choose another template.`,
    })
  const scale = point.scale === undefined ? undefined : pointsOf(model.id)!.get(point.scale)
  return {
    table,
    address: model.address + point.offset,
    words: point.words,
    kind: point.kind,
    order: 'big',
    ...(scale && scale.offset < model.length + 2 ? { exponentAt: model.address + scale.offset } : {}),
    sunspec: true,
    accumulator: point.accumulator,
    ...(point.unit === undefined ? {} : { unit: point.unit }),
    label: `${model.id}.${point.name}`,
  }
}

/** Fetches all registers of the slots and their scale factors; neighbours (over gaps of `gap`) come in one request. */
export async function fetchSlots(client: ModbusClient, slots: readonly Slot[], gap: number): Promise<Registers> {
  const registers: Registers = new Map()
  for (const { table, from, until } of blocksOf(slots, gap)) {
    const values = table === 'input' ? await client.readInput(from, until - from) : await client.readHolding(from, until - from)
    for (const [i, value] of values.entries()) registers.set(key(table, from + i), value)
  }
  return registers
}

interface Block {
  table: 'holding' | 'input'
  from: number
  until: number
}

/** The fewest requests that fetch the slots. A SunSpec model is one piece: its registers all exist. */
export function blocksOf(slots: readonly Slot[], gap: number): Block[] {
  const spans = slots.flatMap((slot): (Block & { reach: number })[] => {
    const reach = slot.sunspec ? MOST : gap
    const own = { table: slot.table, from: slot.address, until: slot.address + slot.words, reach }
    return slot.exponentAt === undefined ? [own] : [own, { table: slot.table, from: slot.exponentAt, until: slot.exponentAt + 1, reach }]
  })
  spans.sort((a, b) => (a.table === b.table ? a.from - b.from : a.table < b.table ? -1 : 1))
  const blocks: Block[] = []
  for (const span of spans) {
    const last = blocks.at(-1)
    if (last && last.table === span.table && span.from <= last.until + span.reach && Math.max(last.until, span.until) - last.from <= MOST)
      last.until = Math.max(last.until, span.until)
    else blocks.push({ table: span.table, from: span.from, until: span.until })
  }
  return blocks
}

/** A slot's registers as fetched. */
export const rawWords = (slot: Slot, registers: Registers): number[] =>
  Array.from({ length: slot.words }, (_, i) => registers.get(key(slot.table, slot.address + i)) ?? 0)

/** Power of ten of a slot; 0 without a scale factor. */
export function exponentOf(slot: Slot, registers: Registers): number {
  if (slot.exponentAt === undefined) return 0
  const word = registers.get(key(slot.table, slot.exponentAt)) ?? 0x8000
  return word === 0x8000 ? 0 : (decodeValue('i16', [word]) as number)
}

/** Value of a slot, scale factor applied; undefined when the device says it has none. */
export function slotValue(slot: Slot, registers: Registers, missing: readonly number[] = []): number | string | undefined {
  const words = rawWords(slot, registers)
  if (slot.sunspec && isMissing(slot.kind, words)) return undefined
  const value = decodeValue(slot.kind, words, slot.order)
  if (typeof value === 'string') return value
  if (missing.includes(value) || Number.isNaN(value) || (slot.accumulator && value === 0)) return undefined
  return scaled(value, exponentOf(slot, registers))
}

/** Registers that hold a value in a slot. @throws Problem `modbus-value-range` */
export const slotWords = (slot: Slot, value: number, exponent: number): number[] =>
  encodeValue(slot.kind, scaled(value, -exponent), slot.order, slot.words)
