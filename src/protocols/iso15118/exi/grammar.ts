/**
 * Schema-informed EXI grammars from compact data of our own. A notation line is one declaration:
 *
 *     Name = A | B | C                          an enumeration, in the order of its codes
 *     Name < Base : @Id string, Field Type?     a structure; attributes carry @; `< Base` puts the fields of Base first
 *
 * A field is `Name Type` (Type is NameType when left out) followed by nothing (once), `?` (at most once), `*`, `+` or `{2,5}`. Alternatives stand
 * in brackets, `(A | B TypeOfB | ~C)?`, in the order of their event codes; `~C` has a code of its own but is abstract and never sent. `any` is an
 * element of another namespace, which has a code and cannot be read here; `=string` is text content; `mixed` says that text may stand between.
 * Datatypes: bool, uint, int, bits(LOW,HIGH) (a range of at most 4096 values), string, string(MAX), hex(MAX), base64(MAX), enumerations by name.
 * What is followed by `opaque` instead of fields has a code but cannot be read.
 */

export type Datatype =
  | { kind: 'bool' }
  | { kind: 'uint'; low: number }
  | { kind: 'int' }
  | { kind: 'bits'; low: number; high: number; width: number }
  | { kind: 'enum'; names: string[]; width: number }
  | { kind: 'string'; max: number }
  | { kind: 'hex' | 'base64'; max: number }

export interface Option {
  name: string
  type: Type
  /** Has an event code, but no such element can be sent or read. */
  closed: boolean
}

/** One place in a structure: an attribute, its text, or one of several elements, so many times. */
export interface Slot {
  kind: 'attribute' | 'element' | 'text'
  options: Option[]
  min: number
  max: number
}

/** What may come next: the alternatives in the order of their codes, and the code of the end (-1 while something must come). */
export interface State {
  next: { slot: number; option: number }[]
  end: number
  width: number
}

export interface Type {
  name: string
  /** Set for plain values. */
  datatype?: Datatype
  opaque?: boolean
  slots: Slot[]
  /** By slot: before its minimum is met, after it, and when its maximum is reached. */
  states: [State, State, State][]
}

export interface Grammar {
  namespace: string
  type(name: string): Type
  /** The elements a document may begin with, by code; undefined where no message of ours begins so. */
  roots: Option[]
  rootWidth: number
  /** Code of each element that is signed by itself, in a fragment of this schema. */
  fragments: Map<string, { code: number; type: Type }>
  /** Elements of the whole schema. */
  elements: number
  /** Where elements of one name have several types, their fragments are written by what all attributes of the schema are: how many, which is Id. */
  relaxed?: { names: string[]; attributes: number; id: number }
  /** The code that ends a fragment: after those of all elements and of an unknown one. */
  fragmentEnd: number
  fragmentWidth: number
}

export const widthOf = (alternatives: number): number => Math.ceil(Math.log2(alternatives))

const PLAIN = /^(bool|uint|int|string|hex|base64|bits)(?:\(([-\d]+)(?:,([-\d]+))?\))?$/

function plain(text: string): Datatype | undefined {
  const hit = PLAIN.exec(text)
  if (!hit) return undefined
  const [, kind, first, second] = hit
  switch (kind) {
    case 'bool':
    case 'int':
      return { kind }
    case 'uint':
      return { kind, low: first === undefined ? 0 : Number(first) }
    case 'bits': {
      const [low, high] = [Number(first), Number(second)]
      return { kind, low, high, width: widthOf(high - low + 1) }
    }
    default:
      return { kind: kind as 'string' | 'hex' | 'base64', max: first === undefined ? 0xffff : Number(first) }
  }
}

const OFTEN: Record<string, [number, number]> = { '': [1, 1], '?': [0, 1], '*': [0, Infinity], '+': [1, Infinity] }

function often(mark: string): [number, number] {
  const known = OFTEN[mark]
  if (known) return known
  const [, low, high] = /^\{(\d+),(\d+)\}$/.exec(mark) ?? []
  if (high === undefined) throw new Error(`Not a number of times: ${mark}`)
  return [Number(low), Number(high)]
}

interface Source {
  base: string | undefined
  fields: string[]
  mixed: boolean
}

/**
 * Compiles a notation. `roots` are the names of all global elements of the schema in the order of their codes (documents begin with V2G_Message, or where there is
 * none with the requests and answers); `fragments` are the elements that can stand alone with their codes (and types of other names), `elements` how many the whole schema has.
 */
export function grammarOf(
  namespace: string,
  notation: string,
  roots: string,
  fragments: Record<string, number | [code: number, type: string]> = {},
  elements = 0,
): Grammar {
  const enums = new Map<string, Datatype>()
  const sources = new Map<string, Source>()
  for (const line of notation.split('\n').map((text) => text.trim())) {
    if (line === '') continue
    const listed = /^(\w+) = (.+)$/.exec(line)
    if (listed) {
      const [, name = '', body = ''] = listed
      const datatype = plain(body)
      const names = body.split(' | ')
      enums.set(name, datatype ?? { kind: 'enum', names, width: widthOf(names.length) })
      continue
    }
    const [, name, base, rest] = /^(\w+)(?: < (\w+))? ?:(.*)$/.exec(line) ?? []
    if (name === undefined) throw new Error(`Not a declaration: ${line}`)
    const fields = (rest ?? '')
      .split(/,(?![^({]*[)}])/)
      .map((field) => field.trim())
      .filter((field) => field !== '')
    sources.set(name, { base, fields: fields.filter((field) => field !== 'mixed'), mixed: fields.includes('mixed') })
  }

  const types = new Map<string, Type>()
  const type = (name: string): Type => {
    const known = types.get(name)
    if (known) return known
    const datatype = plain(name) ?? enums.get(name)
    if (datatype) {
      const made: Type = { name, datatype, slots: [], states: [] }
      types.set(name, made)
      return made
    }
    const source = sources.get(name)
    if (!source) throw new Error(`${namespace} has no type ${name}`)
    const made: Type = { name, slots: [], states: [] }
    types.set(name, made)
    const lines: string[] = []
    let mixed = false
    for (let at: Source | undefined = source; at; at = at.base === undefined ? undefined : sources.get(at.base)) {
      lines.unshift(...at.fields)
      mixed ||= at.mixed
    }
    if (lines[0] === 'opaque') made.opaque = true
    else made.slots = lines.map(slot)
    made.states = made.slots.map((each, index) => [
      stateAt(made.slots, index, each.min > 0 ? 0 : 1, mixed),
      stateAt(made.slots, index, 1, mixed),
      stateAt(made.slots, index, 2, mixed),
    ])
    if (made.slots.length === 0) made.states = [[closing(mixed), closing(mixed), closing(mixed)]]
    return made
  }
  const option = (text: string): Option => {
    if (text === 'any') return { name: '*', type: { name: '*', slots: [], states: [] }, closed: true }
    const closed = text.startsWith('~')
    const [name = '', named] = text.replace('~', '').split(' ')
    return { name, type: closed ? { name, slots: [], states: [] } : type(named ?? `${name}Type`), closed }
  }
  const slot = (line: string): Slot => {
    if (line.startsWith('=')) return { kind: 'text', options: [option(`value ${line.slice(1)}`)], min: 1, max: 1 }
    const choice = /^\((.+)\)([?*+]|\{.+\})?$/.exec(line)
    const [body, mark] = choice
      ? [choice[1]!, choice[2] ?? '']
      : [line.replace(/([?*+]|\{.+\})$/, ''), /([?*+]|\{.+\})$/.exec(line)?.[1] ?? '']
    const [min, max] = often(mark)
    const options = (choice ? body.split(' | ') : [body.replace(/^@/, '')]).map(option)
    return { kind: line.startsWith('@') ? 'attribute' : 'element', options, min, max }
  }

  const rootNames = roots.trim().split(/\s+/)
  return {
    namespace,
    type,
    roots: rootNames.map((name) => {
      const known = rootNames.includes('V2G_Message') ? name === 'V2G_Message' : /Re[qs]$/.test(name) && sources.has(`${name}Type`)
      return { name, type: known ? type(`${name}Type`) : { name, slots: [], states: [] }, closed: !known }
    }),
    rootWidth: widthOf(rootNames.length + 1),
    fragments: new Map(
      Object.entries(fragments).map(([name, place]) => {
        const [code, of] = typeof place === 'number' ? [place, `${name}Type`] : place
        return [name, { code, type: type(of) }]
      }),
    ),
    elements,
    fragmentEnd: elements + 1,
    fragmentWidth: widthOf(elements + 2),
  }
}

/** Only the end, text where it may stand between, and what the schema does not know. */
const closing = (mixed: boolean): State => ({ next: [], end: 0, width: widthOf(mixed ? 3 : 2) })

/**
 * The state in slot `index` (phase 0: its minimum is not met, 1: met, 2: full). Codes go by place: attributes, elements (those of other namespaces
 * last), the end, text. Grammars are not strict, so one code more leads to what the schema does not know.
 */
function stateAt(slots: Slot[], index: number, phase: 0 | 1 | 2, mixed: boolean): State {
  const next: State['next'] = []
  const foreign: State['next'] = []
  let open = true
  for (let at = phase === 2 ? index + 1 : index; at < slots.length; at++) {
    slots[at]!.options.forEach((each, option) => {
      ;(each.name === '*' ? foreign : next).push({ slot: at, option })
    })
    if (at === index ? phase === 0 : slots[at]!.min > 0) {
      open = false
      break
    }
  }
  next.push(...foreign)
  const attributesLeft = next.length > 0 && !open && slots[next.at(-1)!.slot]!.kind === 'attribute'
  const codes = next.length + (open ? 1 : 0) + (mixed && !attributesLeft ? 1 : 0) + 1
  return { next, end: open ? next.length : -1, width: widthOf(codes) }
}
