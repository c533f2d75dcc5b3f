/** What is handed to an operation: by position or by name, with references to other frames already looked up. */
import { type Frame, isFrame, refuseReport } from './frame.ts'

/** Readers refuse what is not of their kind, with Problem `invalid-report`. */
export interface Given {
  has(name: string): boolean
  raw(name: string): unknown
  number(name: string, otherwise?: number): number
  integer(name: string, otherwise?: number): number
  text(name: string, otherwise?: string): string
  list(name: string): unknown[]
  /** A number, or the frame that '@name' stood for. */
  operand(name: string): number | Frame
  /** Only these values are understood. */
  oneOf<T extends string | number | boolean>(name: string, known: readonly T[], otherwise: T): T
  /** Along rows (0) or columns (1). */
  axis(otherwise: 0 | 1): 0 | 1
  refuse(name: string, wanted: string): Error
}

/** @throws Problem `invalid-report` when there are more arguments than `names`, or others */
export function readGiven(
  operation: string,
  names: readonly string[],
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): Given {
  const given = new Map<string, unknown>()
  const takes = names.length === 0 ? 'It takes none.' : `It takes: ${names.join(', ')}.`
  if (args.length > names.length) throw refuseReport(`'${operation}' was given ${args.length} arguments.`, takes)
  for (const [k, value] of args.entries()) given.set(names[k]!, value)
  for (const [name, value] of Object.entries(kwargs)) {
    if (!names.includes(name)) throw refuseReport(`'${operation}' has no argument '${name}'.`, takes)
    if (given.has(name)) throw refuseReport(`'${operation}' was given '${name}' twice.`)
    given.set(name, value)
  }
  const refuse = (name: string, wanted: string): Error => refuseReport(`'${operation}' wants ${wanted} as '${name}'.`)
  const raw = (name: string): unknown => given.get(name) ?? undefined
  const number = (name: string, otherwise?: number): number => {
    const value = raw(name) ?? otherwise
    if (typeof value === 'number' && !Number.isNaN(value)) return value
    throw refuse(name, 'a number')
  }
  const oneOf = <T extends string | number | boolean>(name: string, known: readonly T[], otherwise: T): T => {
    const value = (raw(name) ?? otherwise) as T
    if (known.includes(value)) return value
    throw refuse(name, `one of ${known.join(', ')}`)
  }
  return {
    has: (name) => raw(name) !== undefined,
    raw,
    number,
    oneOf,
    refuse,
    integer(name, otherwise) {
      const value = number(name, otherwise)
      if (Number.isInteger(value)) return value
      throw refuse(name, 'a whole number')
    },
    text(name, otherwise) {
      const value = raw(name) ?? otherwise
      if (typeof value === 'string') return value
      throw refuse(name, 'a text')
    },
    list(name) {
      const value = raw(name)
      return value === undefined ? [] : Array.isArray(value) ? value : [value]
    },
    operand(name) {
      const value = raw(name)
      if (typeof value === 'number' || isFrame(value)) return value
      if (typeof value === 'boolean') return value ? 1 : 0
      throw refuse(name, "a number, or a frame by '@name'")
    },
    axis: (otherwise) => {
      const axis = oneOf<string | number>('axis', [0, 1, 'index', 'columns', 'rows'], otherwise)
      return axis === 1 || axis === 'columns' ? 1 : 0
    },
  }
}
