import type { ExiObject, ExiValue } from './codec.ts'
import type { Datatype, Grammar, Type } from './grammar.ts'

/** The least that can be said of a type: required fields only, each at its first value. What a refusal must still fill in. */
export const blank = (grammar: Grammar, type: string): ExiObject => leastOf(grammar.type(type)) as ExiObject

function leastOf(type: Type): ExiValue {
  if (type.datatype) return leastPlain(type.datatype)
  const out: ExiObject = {}
  for (const { min, max, options } of type.slots) {
    const option = options.find((each) => !each.closed)
    if (min === 0 || !option) continue
    const value = leastOf(option.type)
    out[option.name] = max > 1 ? [value] : value
  }
  return out
}

function leastPlain(datatype: Datatype): ExiValue {
  switch (datatype.kind) {
    case 'bool':
      return false
    case 'uint':
      return datatype.low
    case 'int':
      return 0
    case 'bits':
      return Math.max(0, datatype.low)
    case 'enum':
      return datatype.names[0]!
    default:
      return ''
  }
}
