/** Messages made by chance from a grammar: every field is used sooner or later, every value lies within its range. */
import type { ExiObject, ExiValue } from './codec.ts'
import type { Datatype, Grammar, Option, Type } from './grammar.ts'

/** A repeatable sequence of numbers from 0 to 1. */
export function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return ((state >>> 8) ^ (state & 0xff)) / 0x1000000
  }
}

export function sample(root: Option, random: () => number): ExiObject {
  return { [root.name]: value(root.type, random, 0) }
}

/** One of each element that can stand in the body of a message of a grammar with V2G_Message. */
export function sampleBody(grammar: Grammar, name: string, random: () => number): ExiObject {
  const body = grammar.type('BodyType').slots[0]!.options.find((option) => option.name === name)!
  const header = value(grammar.type('MessageHeaderType'), random, 0)
  return { V2G_Message: { Header: header, Body: { [name]: value(body.type, random, 0) } } }
}

function value(type: Type, random: () => number, depth: number): ExiValue {
  if (type.datatype) return plain(type.datatype, random)
  const out: ExiObject = {}
  for (const slot of type.slots) {
    const open = slot.options.filter(
      (option) => !option.closed && !option.type.opaque && !(slot.max > 1 && slot.options.length > 1 && option.name === 'KeyValue'),
    )
    const top = Math.min(slot.max, slot.min + (depth > 5 ? 0 : 2))
    const count = slot.min + Math.floor(random() * (top - slot.min + 1))
    if (count === 0 || open.length === 0) continue
    const option = open[Math.floor(random() * open.length)]!
    const items = Array.from({ length: count }, () => value(option.type, random, depth + 1))
    out[option.name] = slot.max > 1 ? items : items[0]!
  }
  return out
}

function plain(datatype: Datatype, random: () => number): ExiValue {
  const upTo = (max: number) => Math.floor(random() * (max + 1))
  switch (datatype.kind) {
    case 'bool':
      return random() < 0.5
    case 'uint':
      return datatype.low + upTo([9, 300, 60000][upTo(2)]!)
    case 'int':
      return upTo([9, 300, 32767][upTo(2)]!) * (random() < 0.4 ? -1 : 1) + 0
    case 'bits':
      return datatype.low + upTo(datatype.high - datatype.low)
    case 'enum':
      return datatype.names[upTo(datatype.names.length - 1)]!
    case 'string':
      return Array.from({ length: 1 + upTo(Math.min(datatype.max - 1, 13)) }, () => 'aZ09:é€'[upTo(6)]!).join('')
    default: {
      const data = Buffer.from(Array.from({ length: 1 + upTo(Math.min(datatype.max - 1, 39)) }, () => upTo(255)))
      return datatype.kind === 'hex' ? data.toString('hex').toUpperCase() : data.toString('base64')
    }
  }
}
