/** Options as FlexMeasures' command line has them: long names, opposites, repetition, and what a value may be. */
import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { type Instant, isZone, Problem, parseDurationLength, parseInstant } from '#kernel'

export type Kind =
  | 'text'
  | 'whole'
  | 'number'
  | 'flag'
  | 'truth'
  | 'moment'
  | 'length'
  | 'zone'
  | 'json'
  | 'file'
  | 'text-and-whole'
  | 'text-and-moment'

export interface Option {
  /** Without the dashes. */
  name: string
  kind?: Kind
  /** Older spellings. */
  also?: readonly string[]
  /** The opposite of a flag. */
  off?: string
  required?: boolean
  many?: boolean
  choices?: readonly string[]
  /** One line of help. */
  what: string
}

/** What was given, read as the options say. */
export interface Given {
  /** Words that belong to no option. */
  readonly words: readonly string[]
  has(name: string): boolean
  /** True when the flag was given, false when its opposite was, else `usual`. */
  flag(name: string, usual?: boolean): boolean
  text(name: string): string | undefined
  texts(name: string): string[]
  /** Of an option that must be given. */
  need(name: string): string
  number(name: string): number | undefined
  numbers(name: string): number[]
  /** The id an option must name. */
  id(name: string): number
  moment(name: string): Instant | undefined
  /** Milliseconds. */
  length(name: string): number | undefined
  /** JSON in the word itself, or in the file of that name. @throws Problem `usage` */
  json(name: string): unknown
  /** Content of the JSON or YAML file; undefined when not given. @throws Problem `usage` */
  file(name: string): unknown
  pairs(name: string): [string, string][]
}

const WIDE: readonly Kind[] = ['text-and-whole', 'text-and-moment']
const widthOf = ({ kind = 'text' }: Option): number => (kind === 'flag' ? 0 : WIDE.includes(kind) ? 2 : 1)

const wrong = (text: string): Problem => new Problem('usage', text, { hint: 'Add --help to see how it is used.' })

/**
 * Reads the words after a verb.
 * @throws Problem `usage` for unknown, missing, repeated or unreadable options, and for words too many
 */
export function readOptions(args: readonly string[], options: readonly Option[], argument?: { name: string; required: boolean }): Given {
  const values = new Map<string, string[][]>()
  const words: string[] = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!
    if (!word.startsWith('--')) {
      if (/^-[a-zA-Z]$/.test(word)) throw wrong(`No such option: ${word}`)
      words.push(word)
      continue
    }
    const [written, inline] = splitAt(word)
    const option = options.find(({ name, also = [], off }) => [name, off, ...also].includes(written))
    if (!option) throw wrong(`No such option: --${written}${near(written, options)}`)
    const width = widthOf(option)
    if (width === 0 && inline !== undefined) throw wrong(`Option '--${written}' does not take a value.`)
    const rest = args.slice(at + 1, at + 1 + width - (inline === undefined ? 0 : 1))
    const taken = width === 0 ? [written === option.off ? 'no' : 'yes'] : [...(inline === undefined ? [] : [inline]), ...rest]
    if (taken.length < width) throw wrong(`Option '--${written}' requires ${width === 1 ? 'an argument' : `${width} arguments`}.`)
    at += rest.length
    checkValue(option, taken)
    values.set(option.name, option.many ? [...(values.get(option.name) ?? []), taken] : [taken])
  }
  for (const { name, required } of options) if (required && !values.has(name)) throw wrong(`Missing option '--${name}'.`)
  if (argument?.required && words.length === 0) throw wrong(`Missing argument '${argument.name}'.`)
  const [extra] = words.slice(argument ? 1 : 0)
  if (extra !== undefined) throw wrong(`Got unexpected extra argument (${extra})`)
  return reader(values, words)
}

function splitAt(word: string): [string, string | undefined] {
  const at = word.indexOf('=')
  return at < 0 ? [word.slice(2), undefined] : [word.slice(2, at), word.slice(at + 1)]
}

function near(written: string, options: readonly Option[]): string {
  const like = options.filter(({ name }) => name.startsWith(written) || written.startsWith(name)).map(({ name }) => `--${name}`)
  return like.length > 0 ? ` (did you mean ${like.join(', ')}?)` : ''
}

function checkValue({ name, kind = 'text', choices }: Option, [value = '', second = '']: string[]): void {
  const refuse = (why: string) => wrong(`Invalid value for '--${name}': ${why}`)
  if (choices && !choices.includes(value)) throw refuse(`'${value}' is not one of ${choices.map((one) => `'${one}'`).join(', ')}.`)
  if (kind === 'whole' && !/^-?\d{1,15}$/.test(value)) throw refuse(`'${value}' is not a valid integer.`)
  if (kind === 'number' && !isNumber(value)) throw refuse(`'${value}' is not a valid float.`)
  if (kind === 'truth' && truthOf(value) === undefined) throw refuse(`'${value}' is not a valid boolean.`)
  if (kind === 'text-and-whole' && !/^-?\d{1,15}$/.test(second)) throw refuse(`'${second}' is not a valid integer.`)
  if (kind === 'zone' && !isZone(value)) throw refuse(`Timezone ${value} is unknown!`)
  try {
    if (kind === 'moment') parseInstant(value)
    if (kind === 'text-and-moment') parseInstant(second)
    if (kind === 'length') parseDurationLength(value)
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error))
  }
}

const isNumber = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text))

const truthOf = (text: string): boolean | undefined => {
  if (/^(1|true|t|yes|y|on)$/i.test(text)) return true
  return /^(0|false|f|no|n|off)$/i.test(text) ? false : undefined
}

function reader(values: ReadonlyMap<string, string[][]>, words: readonly string[]): Given {
  const last = (name: string) => values.get(name)?.at(-1)
  const text = (name: string) => last(name)?.[0]
  const fromFile = (path: string, name: string): unknown => {
    let content: string
    try {
      content = readFileSync(path, 'utf8')
    } catch {
      throw wrong(`Invalid value for '--${name}': '${path}': No such file or directory`)
    }
    try {
      return parseYaml(content)
    } catch (error) {
      throw wrong(
        `Invalid value for '--${name}': ${path} is neither JSON nor YAML: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
      )
    }
  }
  return {
    words,
    has: (name) => values.has(name),
    flag: (name, usual = false) => (values.has(name) ? truthOf(text(name)!)! : usual),
    text,
    texts: (name) => (values.get(name) ?? []).map(([value]) => value!),
    need: (name) => text(name)!,
    number: (name) => (values.has(name) ? Number(text(name)) : undefined),
    numbers: (name) => (values.get(name) ?? []).map(([value]) => Number(value)),
    id: (name) => Number(text(name)),
    moment: (name) => (values.has(name) ? parseInstant(text(name)!) : undefined),
    length: (name) => (values.has(name) ? parseDurationLength(text(name)!) : undefined),
    json(name) {
      const value = text(name)
      if (value === undefined) return undefined
      if (!/^\s*[[{]/.test(value)) return fromFile(value, name)
      try {
        return JSON.parse(value)
      } catch {
        throw wrong(`Invalid value for '--${name}': not a valid JSON string.`)
      }
    },
    file: (name) => (values.has(name) ? (fromFile(text(name)!, name) ?? {}) : undefined),
    pairs: (name) => (values.get(name) ?? []).map(([one, other]) => [one!, other!]),
  }
}
