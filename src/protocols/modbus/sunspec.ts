/** SunSpec over Modbus, both ends: finds the chain of models behind the marker 'SunS', reads and writes points by name, and lays a chain out for a server. */
import { Problem } from '#kernel'
import type { ModbusClient } from './client.ts'
import { ModbusException } from './pdu.ts'
import type { Unit } from './server.ts'
import { lengthOf, type Point, pointsOf } from './sunspec-model.ts'
import { decodeValue, encodeValue, isMissing } from './value.ts'

/** One model of a device's chain. */
export interface ModelPlace {
  id: number
  /** Address of its header (the register that holds the id). */
  address: number
  /** Registers after the header. */
  length: number
}

export interface SunSpecChain {
  base: number
  models: ModelPlace[]
}

/** Values of one model by point name in the point's unit (scale factor applied); undefined = not implemented. */
export type ModelValues = Record<string, number | string | undefined>

const BASES = [40_000, 50_000, 0]
const SUNS = [0x5375, 0x6e53]
const END = 0xffff
const MOST_MODELS = 100

/**
 * Finds the chain of models of a device.
 * @throws Problem `sunspec-not-found` when no marker stands at a known base, `sunspec-broken` when the chain has no end
 */
export async function scanSunSpec(client: ModbusClient, bases: readonly number[] = BASES): Promise<SunSpecChain> {
  for (const base of bases) {
    const mark = await readOrUndefined(client, base, 2)
    if (mark && mark[0] === SUNS[0] && mark[1] === SUNS[1]) return { base, models: await walk(client, base) }
  }
  throw new Problem('sunspec-not-found', `No SunSpec marker 'SunS' at ${bases.join(', ')}.`, {
    status: 502,
    hint: 'SunSpec may have to be switched on in the device, or it uses another unit id.',
  })
}

async function walk(client: ModbusClient, base: number): Promise<ModelPlace[]> {
  const models: ModelPlace[] = []
  let address = base + 2
  while (models.length < MOST_MODELS && address < 0xfffe) {
    const header = await readOrUndefined(client, address, 2)
    // Some devices end their chain with nothing instead of the end marker.
    if (!header || header[0] === END || header[0] === 0) {
      if (models.length > 0) return models
      break
    }
    models.push({ id: header[0]!, address, length: header[1]! })
    address += 2 + header[1]!
  }
  throw new Problem('sunspec-broken', `The chain of SunSpec models at ${base} is ${models.length === 0 ? 'empty' : 'endless'}.`, {
    status: 502,
  })
}

/** Registers, or undefined when the device says there are none. */
async function readOrUndefined(client: ModbusClient, address: number, count: number): Promise<number[] | undefined> {
  try {
    return await client.readHolding(address, count)
  } catch (error) {
    if (error instanceof Problem && error.code === 'modbus-exception') return undefined
    throw error
  }
}

/** The first model of the chain with one of these ids. */
export const findModel = (chain: SunSpecChain, ...ids: number[]): ModelPlace | undefined =>
  chain.models.find((model) => ids.includes(model.id))

/**
 * Reads a model whole.
 * @throws Problem `sunspec-unknown-model` for a model without a known layout
 */
export async function readModel(client: ModbusClient, place: ModelPlace): Promise<ModelValues> {
  const points = pointsOf(place.id)
  if (!points) throw new Problem('sunspec-unknown-model', `The layout of SunSpec model ${place.id} is not known here.`, { status: 422 })
  const words = [0, 0]
  for (let at = 0; at < place.length; at += 125)
    words.push(...(await client.readHolding(place.address + 2 + at, Math.min(125, place.length - at))))
  return readPoints(points, words)
}

/** Values of a model's registers (header included); points beyond the end of a shorter model are undefined. */
function readPoints(points: ReadonlyMap<string, Point>, words: ArrayLike<number>): ModelValues {
  const raw = (point: Point): number | string | undefined => {
    if (point.offset + point.words > words.length) return undefined
    const own = Array.from({ length: point.words }, (_, i) => words[point.offset + i]!)
    if (isMissing(point.kind, own)) return undefined
    const value = decodeValue(point.kind, own)
    return point.accumulator && value === 0 ? undefined : value
  }
  const values: ModelValues = {}
  for (const point of points.values()) {
    const value = raw(point)
    const scale = point.scale === undefined ? 0 : (raw(points.get(point.scale)!) ?? 0)
    values[point.name] = typeof value === 'number' ? scaled(value, Number(scale)) : value
  }
  return values
}

/** value × 10^exponent without the dust that multiplying by 0.1 leaves. */
export const scaled = (value: number, exponent: number): number => (exponent < 0 ? value / 10 ** -exponent : value * 10 ** exponent)

export interface SunSpecImage {
  readonly base: number
  /** All registers from `base` on: marker, models, end. */
  readonly words: Uint16Array
  /** Sets a point from a value in its unit; undefined writes the marker for "not implemented". */
  set(model: number, point: string, value: number | string | undefined): void
  get(model: number, point: string): number | string | undefined
}

/**
 * Lays out a chain of models in memory, everything "not implemented" but the scale factors given.
 *
 *     const image = sunSpecImage([{ id: 1 }, { id: 103, scales: { W_SF: -1 } }])
 *     image.set(103, 'W', 4123.4)
 */
export function sunSpecImage(models: { id: number; scales?: Record<string, number> }[], base = 40_000): SunSpecImage {
  const start = new Map<number, number>()
  let size = 2
  for (const { id } of models) {
    start.set(id, size)
    size += 2 + lengthOf(id)
  }
  const words = new Uint16Array(size + 2)
  words.set(SUNS, 0)
  words.set([END, 0], size)
  const place = (model: number, name: string): [number, Point, ReadonlyMap<string, Point>] => {
    const points = pointsOf(model)
    const point = points?.get(name)
    const at = start.get(model)
    if (!points || !point || at === undefined) throw new Error(`no point ${name} in model ${model} of this image`)
    return [at, point, points]
  }
  const exponent = (model: number, point: Point): number => Number(point.scale === undefined ? 0 : (get(model, point.scale) ?? 0))
  const set = (model: number, name: string, value: number | string | undefined): void => {
    const [at, point] = place(model, name)
    const own = words.subarray(at + point.offset, at + point.offset + point.words)
    if (value === undefined) own.set(missingWords(point))
    else own.set(encodeValue(point.kind, typeof value === 'number' ? scaled(value, -exponent(model, point)) : value, 'big', point.words))
  }
  const get = (model: number, name: string): number | string | undefined => {
    const [at, , points] = place(model, name)
    return readPoints(points, words.subarray(at, at + 2 + lengthOf(model)))[name]
  }
  for (const { id, scales = {} } of models) {
    words.set([id, lengthOf(id)], start.get(id)!)
    for (const point of pointsOf(id)!.values()) set(id, point.name, undefined)
    for (const [name, value] of Object.entries(scales)) set(id, name, value)
  }
  return { base, words, set, get }
}

function missingWords({ kind, words, accumulator }: Point): number[] {
  if (accumulator || kind === 'string') return new Array(words).fill(0)
  if (kind === 'f32' || kind === 'f64') return encodeValue(kind, Number.NaN)
  return kind.startsWith('u') ? new Array(words).fill(0xffff) : [0x8000, ...new Array(words - 1).fill(0)]
}

/** A Modbus unit that serves an image; writes to points that cannot be written are refused with exception 2. */
export function sunSpecUnit(
  image: SunSpecImage,
  told: {
    /** Before registers are read: bring the image up to date. */
    refresh?: () => void
    /** After points were written, with their names as 'model.point'; may throw ModbusException, the write is then undone. */
    written?: (points: string[]) => void
  } = {},
): Unit {
  const writable = new Map<number, string>()
  let at = 2
  while (image.words[at] !== END) {
    const id = image.words[at]!
    for (const point of pointsOf(id)?.values() ?? [])
      for (let i = 0; i < point.words; i++) if (point.writable) writable.set(at + point.offset + i, `${id}.${point.name}`)
    at += 2 + image.words[at + 1]!
  }
  const offset = (address: number, count: number): number => {
    const from = address - image.base
    if (from < 0 || from + count > image.words.length) throw new ModbusException(2)
    return from
  }
  return {
    read(table, address, count) {
      if (table !== 'holding') throw new ModbusException(1)
      const from = offset(address, count)
      told.refresh?.()
      return image.words.subarray(from, from + count)
    },
    write(table, address, values) {
      if (table !== 'holding') throw new ModbusException(1)
      const from = offset(address, values.length)
      const names = values.map((_, i) => writable.get(from + i))
      if (names.some((name) => name === undefined)) throw new ModbusException(2)
      const before = image.words.slice(from, from + values.length)
      image.words.set(values, from)
      try {
        told.written?.([...new Set(names as string[])])
      } catch (error) {
        image.words.set(before, from)
        throw error
      }
    },
  }
}
