/** Reads a settings file in Python as data: `KEY = literal` lines. Nothing is ever executed; what is no literal is passed over and said. */
import { DAY, HOUR, MINUTE, SECOND } from './quantity.ts'

/** What a Python literal may be; `timedelta(…)` becomes its length. */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | { milliseconds: number }
  | PythonValue[]
  | { pairs: [PythonValue, PythonValue][] }

export interface PythonSettings {
  values: Map<string, { value: PythonValue; line: number }>
  /** What was passed over, with its line. */
  unread: { line: number; text: string }[]
}

/** Settings of a whole file; a name set twice has its last value. */
export function readPythonSettings(text: string): PythonSettings {
  const values: PythonSettings['values'] = new Map()
  const unread: PythonSettings['unread'] = []
  for (const { line, text: statement } of statementsOf(text)) {
    if (/^(from\s+[\w.]+\s+)?import\s/.test(statement)) continue
    const [whole = '', name = ''] = /^([A-Za-z_]\w*)\s*(?::[^=]+)?=(?!=)\s*/.exec(statement) ?? []
    const value = name === '' ? undefined : parsePython(statement.slice(whole.length))
    if (value === undefined) unread.push({ line, text: statement.split('\n')[0]!.slice(0, 80) })
    else values.set(name, { value, line })
  }
  return { values, unread }
}

/** A Python literal; undefined when it is something else, such as a call or a sum. */
export function parsePython(text: string): PythonValue | undefined {
  const at = { text, index: 0, depth: 0 }
  try {
    const value = read(at)
    skip(at)
    return at.index === text.length ? value : undefined
  } catch (error) {
    if (error instanceof NotLiteral) return undefined
    throw error
  }
}

/** Logical lines: brackets and long texts hold them together, comments and blank lines are gone. */
function* statementsOf(text: string): Generator<{ line: number; text: string }> {
  const token =
    /'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|#[^\n]*|\\\r?\n|[()[\]{}]|\r?\n|[^'"#()[\]{}\\\r\n]+|./g
  let line = 1
  let first = 1
  let depth = 0
  let kept = ''
  for (const [part] of text.matchAll(token)) {
    if (kept.trim() === '') first = line
    const isBreak = part === '\n' || part === '\r\n'
    if (isBreak && depth === 0) {
      if (kept.trim() !== '') yield { line: first, text: kept.trim() }
      kept = ''
    } else if (part.startsWith('#') || /^\\\r?\n$/.test(part)) kept += ' '
    else {
      if (/^[([{]$/.test(part)) depth++
      if (/^[)\]}]$/.test(part)) depth = Math.max(0, depth - 1)
      kept += part
    }
    line += part.split('\n').length - 1
  }
  if (kept.trim() !== '') yield { line: first, text: kept.trim() }
}

class NotLiteral extends Error {}

interface Place {
  text: string
  index: number
  depth: number
}

const DEEPEST = 20

const skip = (at: Place): void => {
  while (/\s/.test(at.text[at.index] ?? '')) at.index++
}

const take = (at: Place, form: RegExp): RegExpExecArray | undefined => {
  skip(at)
  const sticky = new RegExp(form.source, `${form.flags}y`)
  sticky.lastIndex = at.index
  const hit = sticky.exec(at.text)
  if (hit) at.index = sticky.lastIndex
  return hit ?? undefined
}

function read(at: Place): PythonValue {
  if (++at.depth > DEEPEST) throw new NotLiteral()
  const value = one(at)
  at.depth--
  return value
}

const WORDS: Record<string, PythonValue> = { True: true, False: false, None: null }

function one(at: Place): PythonValue {
  const text = take(at, /([rRuU]?)('''([\s\S]*?)'''|"""([\s\S]*?)"""|'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)")/)
  if (text) {
    // Texts beside each other are one text.
    const part = plain(text[3] ?? text[4] ?? text[5] ?? text[6] ?? '', /r/i.test(text[1] ?? ''))
    const rest = take(at, /(?=[rRuU]?['"])/) ? one(at) : ''
    return part + String(rest)
  }
  const number = take(at, /[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/)
  if (number) return Number(number[0].replaceAll('_', ''))
  const word = take(at, /(True|False|None)\b/)
  if (word) return WORDS[word[1]!]!
  if (take(at, /(?:datetime\.)?timedelta\s*\(/)) return timedelta(at)
  if (take(at, /\[/)) return items(at, /\]/).list
  if (take(at, /\(/)) {
    const { list, comma } = items(at, /\)/)
    return list.length === 1 && !comma ? list[0]! : list
  }
  if (take(at, /\{/)) return dictionary(at)
  if (take(at, /dict\s*\(/)) return { pairs: named(at) }
  throw new NotLiteral()
}

function items(at: Place, end: RegExp): { list: PythonValue[]; comma: boolean } {
  const list: PythonValue[] = []
  let comma = false
  while (!take(at, end)) {
    list.push(read(at))
    comma = take(at, /,/) !== undefined
    if (!comma && !take(at, new RegExp(`(?=${end.source})`))) throw new NotLiteral()
  }
  return { list, comma }
}

function dictionary(at: Place): PythonValue {
  const entries: [PythonValue, PythonValue][] = []
  while (!take(at, /\}/)) {
    const key = read(at)
    if (!take(at, /:/)) throw new NotLiteral()
    entries.push([key, read(at)])
    if (!take(at, /,/) && !take(at, /(?=\})/)) throw new NotLiteral()
  }
  return { pairs: entries }
}

/** `name=value, …)` */
function named(at: Place): [string, PythonValue][] {
  const entries: [string, PythonValue][] = []
  while (!take(at, /\)/)) {
    const name = take(at, /([A-Za-z_]\w*)\s*=(?!=)/)
    if (!name) throw new NotLiteral()
    entries.push([name[1]!, read(at)])
    if (!take(at, /,/) && !take(at, /(?=\))/)) throw new NotLiteral()
  }
  return entries
}

const LENGTHS: Record<string, number> = {
  days: DAY,
  seconds: SECOND,
  microseconds: 0.001,
  milliseconds: 1,
  minutes: MINUTE,
  hours: HOUR,
  weeks: 7 * DAY,
}

function timedelta(at: Place): PythonValue {
  let length = 0
  // Without names the parts come in this order.
  for (const part of Object.values(LENGTHS)) {
    const number = take(at, /[+-]?\d+(?:\.\d+)?(?=\s*[,)])/)
    if (!number) break
    length += Number(number[0]) * part
    take(at, /,/)
  }
  for (const [name, value] of named(at)) {
    const part = LENGTHS[name]
    if (part === undefined || typeof value !== 'number') throw new NotLiteral()
    length += value * part
  }
  return { milliseconds: length }
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\n': '' }

const plain = (text: string, raw: boolean): string =>
  raw
    ? text
    : text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])/g, (_, code: string) =>
        code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
      )
