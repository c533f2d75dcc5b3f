/** Writes and reads messages by a grammar: schema-informed EXI, bit-packed, not strict, no options in the header, as V2G prescribes. */
import { Problem } from '#kernel'
import { type BitReader, type BitWriter, bitReader, bitWriter } from './bits.ts'
import type { Datatype, Grammar, Option, Type } from './grammar.ts'
import { widthOf } from './grammar.ts'

/**
 * A message as plain JSON. Binary values are text (hexBinary in upper case, base64Binary in base64), numbers beyond 2^53 decimal text, the text of
 * an element with attributes is its `value`.
 */
export type ExiValue = string | number | boolean | ExiValue[] | ExiObject
export interface ExiObject {
  [name: string]: ExiValue | undefined
}

/** $80: EXI 1.0, final version, no options; what V2G messages begin with. */
const HEADER = 0x80

const broken = (trail: readonly string[], why: string) =>
  new Problem('exi-invalid-message', `${trail.join('.') || 'The message'} ${why}.`, { status: 422, details: { path: trail.join('.') } })

/**
 * The bytes of `{ RootElement: content }`.
 * @throws Problem exi-invalid-message naming the field that is missing, unknown, of a wrong type or out of its range
 */
export function encodeExi(grammar: Grammar, message: ExiObject): Buffer {
  const [name, ...others] = Object.keys(message)
  const code = grammar.roots.findIndex((root) => root.name === name && !root.closed)
  if (name === undefined || others.length > 0 || code < 0)
    throw new Problem('exi-unknown-message', `${name ?? 'Nothing'} is not a message of ${grammar.namespace}.`, { status: 422 })
  const out = bitWriter()
  out.bits(HEADER, 8)
  out.bits(code, grammar.rootWidth)
  writeElement(out, grammar.roots[code]!.type, message[name]!, [name])
  return out.finish()
}

/** The bytes of one element standing alone, which is what is digested and signed. @throws Problem as {@link encodeExi} */
export function encodeFragment(grammar: Grammar, name: string, value: ExiValue): Buffer {
  const found = grammar.fragments.get(name)
  if (!found) throw new Problem('exi-unknown-message', `${name} is not signed by itself in ${grammar.namespace}.`, { status: 422 })
  const out = bitWriter()
  out.bits(HEADER, 8)
  out.bits(found.code, grammar.fragmentWidth)
  if (grammar.relaxed?.names.includes(name)) writeRelaxed(out, grammar, value, [name])
  else writeElement(out, found.type, value, [name])
  out.bits(grammar.fragmentEnd, grammar.fragmentWidth)
  return out.finish()
}

/**
 * `{ RootElement: content }` from the bytes of one document. Anything may be passed in: work and memory are bounded by the length of the data.
 * @throws Problem exi-truncated, exi-invalid-message, exi-unknown-message, exi-unreadable (a valid stream with content outside the schema)
 */
export function decodeExi(grammar: Grammar, data: Uint8Array): ExiObject {
  const input = bitReader(data)
  if (input.bits(8) !== HEADER) throw new Problem('exi-unreadable', 'These bytes do not begin with the EXI header of V2G messages, 80.')
  const code = input.bits(grammar.rootWidth)
  const root = grammar.roots[code]
  if (!root || root.closed)
    throw new Problem('exi-unknown-message', `Code ${code} (${root?.name ?? 'none'}) begins no message of ${grammar.namespace}.`)
  const strings: Strings = { local: new Map(), all: [] }
  return { [root.name]: readElement(input, root.type, [root.name], strings) }
}

function writeElement(out: BitWriter, type: Type, value: ExiValue, trail: string[]): void {
  if (type.datatype) {
    out.bits(0, 1)
    writePlain(out, type.datatype, value, trail)
    out.bits(0, 1)
    return
  }
  if (type.opaque) throw broken(trail, 'cannot be written here')
  if (typeof value !== 'object' || Array.isArray(value)) throw broken(trail, 'must be an object')
  let used = 0
  let state = type.states[0]![0]
  type.slots.forEach((slot, index) => {
    let count = 0
    slot.options.forEach((option, place) => {
      const given = option.closed ? undefined : value[option.name]
      if (given === undefined) return
      used++
      const items = slot.max > 1 && Array.isArray(given) ? given : [given]
      if (slot.max > 1 && !Array.isArray(given)) throw broken([...trail, option.name], 'must be a list')
      for (const item of items) {
        if (++count > slot.max) throw broken(trail, `has more than ${slot.max} of ${slot.options.map((each) => each.name).join(' and ')}`)
        out.bits(
          state.next.findIndex((next) => next.slot === index && next.option === place),
          state.width,
        )
        trail.push(option.name)
        if (slot.kind === 'element') writeElement(out, option.type, item, trail)
        else writePlain(out, option.type.datatype!, item, trail)
        trail.pop()
        state = type.states[index]![count >= slot.max ? 2 : count >= slot.min ? 1 : 0]
      }
    })
    if (count < slot.min) throw broken(trail, `lacks ${slot.options.map((each) => each.name).join(' or ')}`)
  })
  const keys = Object.keys(value)
  if (used < keys.filter((key) => value[key] !== undefined).length) {
    const known = new Set(type.slots.flatMap((slot) => slot.options.filter((each) => !each.closed).map((each) => each.name)))
    throw broken(trail, `has no field ${keys.find((key) => !known.has(key))}`)
  }
  out.bits(state.end, state.width)
}

/** An element with an Id and text whose name has several types in the schema (EXI 8.5.3): any attribute, any element or text may follow. */
function writeRelaxed(out: BitWriter, { elements, relaxed }: Grammar, value: ExiValue, trail: string[]): void {
  const { attributes, id } = relaxed!
  const { Id, value: text } = value as ExiObject
  const any: Datatype = { kind: 'string', max: 0xffff }
  // Attributes, another one, elements, another one, the end, text, what the schema does not know.
  const width = widthOf(attributes + elements + 5)
  out.bits(id, width)
  writePlain(out, any, Id ?? '', [...trail, 'Id'])
  out.bits(attributes + elements + 3, width)
  writePlain(out, any, text ?? '', trail)
  out.bits(elements + 1, widthOf(elements + 4))
}

function writePlain(out: BitWriter, datatype: Datatype, value: ExiValue, trail: string[]): void {
  switch (datatype.kind) {
    case 'bool':
      if (typeof value !== 'boolean') throw broken(trail, 'must be true or false')
      out.bits(value ? 1 : 0, 1)
      break
    case 'uint': {
      const number = wholeOf(value, trail)
      if (number < datatype.low) throw broken(trail, `must be at least ${datatype.low}`)
      out.unsigned(number)
      break
    }
    case 'int': {
      const number = wholeOf(value, trail)
      out.bits(number < 0 ? 1 : 0, 1)
      out.unsigned(number < 0 ? -1n - BigInt(number) : number)
      break
    }
    case 'bits': {
      const number = Number(wholeOf(value, trail))
      if (number < datatype.low || number > datatype.high) throw broken(trail, `must be from ${datatype.low} to ${datatype.high}`)
      out.bits(number - datatype.low, datatype.width)
      break
    }
    case 'enum': {
      const index = datatype.names.indexOf(value as string)
      if (index < 0) throw broken(trail, `must be one of ${datatype.names.join(', ')}`)
      out.bits(index, datatype.width)
      break
    }
    case 'string': {
      if (typeof value !== 'string') throw broken(trail, 'must be text')
      const points = Array.from(value, (character) => character.codePointAt(0)!)
      if (points.length > datatype.max) throw broken(trail, `must have at most ${datatype.max} characters`)
      out.unsigned(points.length + 2)
      for (const point of points) out.unsigned(point)
      break
    }
    default: {
      if (typeof value !== 'string') throw broken(trail, `must be text in ${datatype.kind}`)
      const data = Buffer.from(value, datatype.kind)
      if (data.toString(datatype.kind).toUpperCase() !== value.toUpperCase()) throw broken(trail, `must be text in ${datatype.kind}`)
      if (data.length > datatype.max) throw broken(trail, `must have at most ${datatype.max} bytes`)
      out.unsigned(data.length)
      out.bytes(data)
    }
  }
}

function wholeOf(value: ExiValue, trail: string[]): number | bigint {
  if (Number.isSafeInteger(value)) return value as number
  if (typeof value === 'string' && /^-?\d{1,60}$/.test(value)) return BigInt(value)
  throw broken(trail, 'must be a whole number')
}

/** Texts met so far, which a stream may point back to: by the element they stood in, and all of them. */
interface Strings {
  local: Map<string, string[]>
  all: string[]
}

function readElement(input: BitReader, type: Type, trail: string[], strings: Strings): ExiValue {
  if (type.datatype) {
    if (input.bits(1) !== 0) throw foreign(trail)
    const value = readPlain(input, type.datatype, trail, strings)
    if (input.bits(1) !== 0) throw foreign(trail)
    return value
  }
  if (type.opaque) throw foreign(trail)
  const out: ExiObject = {}
  let state = type.states[0]![0]
  let current = -1
  let count = 0
  for (;;) {
    const code = input.bits(state.width)
    if (code === state.end) return out
    const next = state.next[code]
    if (!next) throw foreign(trail)
    const slot = type.slots[next.slot]!
    const option = slot.options[next.option]!
    if (option.closed) throw foreign([...trail, option.name])
    trail.push(option.name)
    const value =
      slot.kind === 'element' ? readElement(input, option.type, trail, strings) : readPlain(input, option.type.datatype!, trail, strings)
    trail.pop()
    keep(out, option, value, slot.max > 1)
    count = next.slot === current ? count + 1 : 1
    current = next.slot
    state = type.states[current]![count >= slot.max ? 2 : count >= slot.min ? 1 : 0]
  }
}

function keep(out: ExiObject, option: Option, value: ExiValue, many: boolean): void {
  if (!many) {
    out[option.name] = value
    return
  }
  const list = out[option.name]
  if (Array.isArray(list)) list.push(value)
  else out[option.name] = [value]
}

const foreign = (trail: readonly string[]) =>
  new Problem('exi-unreadable', `The stream holds something at ${trail.join('.')} that the schema does not know.`)

function readPlain(input: BitReader, datatype: Datatype, trail: string[], strings: Strings): ExiValue {
  switch (datatype.kind) {
    case 'bool':
      return input.bits(1) === 1
    case 'uint': {
      const number = input.unsigned()
      if (number < datatype.low) throw broken(trail, `must be at least ${datatype.low}`)
      return jsonOf(number)
    }
    case 'int': {
      const negative = input.bits(1) === 1
      const number = input.unsigned()
      return jsonOf(negative ? -1n - BigInt(number) : number)
    }
    case 'bits': {
      const number = input.bits(datatype.width) + datatype.low
      if (number > datatype.high) throw broken(trail, `is ${number}, beyond ${datatype.high}`)
      return number
    }
    case 'enum': {
      const index = input.bits(datatype.width)
      const name = datatype.names[index]
      if (name === undefined) throw broken(trail, `has code ${index}, which stands for nothing`)
      return name
    }
    case 'string':
      return readText(input, datatype.max, trail, strings)
    default: {
      const length = Number(input.unsigned())
      if (length > datatype.max) throw broken(trail, `has ${length} bytes, more than ${datatype.max}`)
      const data = input.bytes(length)
      return datatype.kind === 'hex' ? data.toString('hex').toUpperCase() : data.toString('base64')
    }
  }
}

function readText(input: BitReader, max: number, trail: string[], strings: Strings): string {
  const marker = Number(input.unsigned())
  const name = trail.at(-1)!
  let local = strings.local.get(name)
  if (marker < 2) {
    const table = marker === 0 ? (local ?? []) : strings.all
    const text = table[input.bits(table.length === 0 ? 0 : widthOf(table.length))]
    if (text === undefined) throw broken(trail, 'points back to a text that was not sent')
    return text
  }
  const length = marker - 2
  if (length > max) throw broken(trail, `has ${length} characters, more than ${max}`)
  if (length * 8 > input.left()) throw new Problem('exi-truncated', 'The EXI stream ends in the middle of a value.')
  let text = ''
  for (let i = 0; i < length; i++) {
    const point = Number(input.unsigned())
    if (point > 0x10ffff) throw broken(trail, 'holds a character that does not exist')
    text += String.fromCodePoint(point)
  }
  if (length === 0) return text
  if (!local) {
    local = []
    strings.local.set(name, local)
  }
  local.push(text)
  strings.all.push(text)
  return text
}

const jsonOf = (number: number | bigint): number | string => {
  if (typeof number === 'number') return number
  const small = Number(number)
  return Number.isSafeInteger(small) ? small : number.toString()
}
