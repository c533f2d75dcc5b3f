/**
 * What stations in the field get wrong and can be understood all the same (charging reference 2.13). A message that breaks the schema is
 * mended where its meaning is beyond doubt, and what was mended is told; everything else is refused as the standard says. Only what comes
 * in is mended: what we send is always valid.
 */
import type { ErrorObject } from 'ajv'
import type { Dialect, Part, Verdict } from './dialect.ts'
import { isObject } from './frame.ts'

/** Each can be switched off for a model that must be held to the letter. */
export const QUIRKS = [
  /** `"transactionId":,` and a byte order mark or NUL around the text. */
  'broken-json',
  /** Message ids of more than 36 characters. */
  'long-ids',
  /** null, {} and [] where the key should be absent. */
  'empties',
  /** One object where an array of objects belongs. */
  'unwrapped',
  /** Keys the schema does not know; they are dropped. */
  'foreign-keys',
  /** Texts longer than allowed; they are kept. */
  'long-texts',
  /** Times without a zone (taken as UTC) or with a space instead of the T. */
  'zoneless-times',
  /** "12" for 12, 12 for "12", "true" for true, 12.5 for an integer. */
  'mistyped',
  /** Enumerations in another case, and unknown values of those that grow in the field. */
  'open-enums',
  /** Samples of meter values that are mistyped or of a kind nobody knows; of those that stay unusable, the others are kept. */
  'odd-samples',
] as const

export type Quirk = (typeof QUIRKS)[number]
export type Lenience = ReadonlySet<Quirk>
/** For models that are known to need it. */
export const LENIENT: Lenience = new Set(QUIRKS)
/** For models nobody knows: what says nothing else than it would say if it were right. All else is refused, as the standard wants. */
export const ORDINARY: Lenience = new Set<Quirk>(['broken-json', 'long-ids', 'unwrapped', 'foreign-keys', 'odd-samples'])
/** For models that are held to the letter. */
export const STRICT: Lenience = new Set()

/** Ids longer than this are not ids. */
export const LONGEST_LENIENT_ID = 255
const ROUNDS = 6
const TOLD = 20

/** Enumerations whose unknown values are taken as they are (charging reference 2.6). */
const OPEN_ENUMS = new Set([
  'measurand',
  'context',
  'location',
  'unit',
  'phase',
  'format',
  'triggerReason',
  'reason',
  'stoppedReason',
  'errorCode',
])
/** Messages whose `status` grows in the field. */
const OPEN_STATUS = /^(Firmware|SignedFirmware|PublishFirmware|Log|Diagnostics)StatusNotification$/

export type Mended = { ok: true; payload: unknown; mended: readonly string[] } | (Verdict & { ok: false })

/** The text without what is known to break JSON in the field; the same text when nothing was found. */
export const salvage = (text: string): string =>
  text
    .replace(/^\uFEFF/, '')
    .replace(/\0+$/, '')
    .replace(/,\s*"\w+"\s*:\s*(?=[,}])/g, '')
    .replace(/"\w+"\s*:\s*,/g, '')

/**
 * Makes an invalid payload valid, as far as `lenience` allows. The payload itself is left as it is.
 *
 *     mend(v16, 'MeterValues', 'request', { connectorId: 1, meterValue: { timestamp, sampledValue: { value: 12 } } }, LENIENT)
 *     // → { ok: true, payload: { connectorId: 1, meterValue: [{ timestamp, sampledValue: [{ value: '12' }] }] }, mended: ['meterValue: wrapped', …] }
 */
export function mend(dialect: Dialect, action: string, part: Part, payload: unknown, lenience: Lenience): Mended {
  const verdict = dialect.validate(action, part, payload)
  if (verdict.ok) return { ok: true, payload, mended: [] }
  if (lenience.size === 0 || !dialect.isAction(action) || !isObject(payload)) return verdict
  const copy = structuredClone(payload)
  const told = new Map<string, string>()
  const emptied = new Set<unknown>()
  for (let round = 0; round < ROUNDS; round++) {
    const left = dialect.faults(action, part, copy).filter((fault) => !isTolerable(action, fault, copy, lenience, told, emptied))
    if (left.length === 0) return { ok: true, payload: copy, mended: [...told.values()].slice(0, TOLD) }
    const leaving = new Map<unknown[], Set<number>>()
    let changed = false
    for (const fault of left) {
      const how = repair(fault, copy, lenience, leaving)
      if (how === undefined) continue
      changed = true
      told.set(`${fault.instancePath} ${how}`, how)
    }
    for (const [list, indices] of leaving) {
      list.splice(0, list.length, ...list.filter((_, index) => !indices.has(index)))
      emptied.add(list)
    }
    if (!changed) break
  }
  return verdict
}

/** Faults that are let pass with the value as it is. */
function isTolerable(
  action: string,
  fault: ErrorObject,
  root: unknown,
  lenience: Lenience,
  told: Map<string, string>,
  emptied: ReadonlySet<unknown>,
): boolean {
  const { keyword, instancePath } = fault
  const name = lastOf(instancePath)
  const tell = (how: string) => {
    told.set(`${instancePath} ${how}`, `${instancePath.slice(1)}: ${how}`)
    return true
  }
  if (keyword === 'maxLength' && lenience.has('long-texts')) return tell('longer than allowed')
  // Values left over when every sample was unusable: nothing to keep, nothing to refuse.
  if (keyword === 'minItems' && emptied.has(at(root, instancePath)?.value)) return tell('empty')
  if (keyword === 'enum' && (lenience.has('open-enums') || isOdd(instancePath, lenience))) {
    const value = at(root, instancePath)?.value
    const spelt = typeof value === 'string' && (fault.params['allowedValues'] as unknown[]).some((one) => sameText(one, value))
    const open = OPEN_ENUMS.has(name) || instancePath.endsWith('dToken/type') || (name === 'status' && OPEN_STATUS.test(action))
    if (typeof value === 'string' && open && !spelt) return tell(`'${value.slice(0, 50)}' is not in the standard`)
  }
  return false
}

/** Changes the value a fault is about, or marks it as leaving its array; says how, or undefined when it is beyond repair. */
function repair(fault: ErrorObject, root: unknown, lenience: Lenience, leaving: Map<unknown[], Set<number>>): string | undefined {
  const { keyword, instancePath, params } = fault
  const where = at(root, instancePath)
  if (!where) return undefined
  const { holder, key, value } = where
  const path = instancePath.slice(1)
  const set = (changed: unknown, how: string) => {
    if (holder === undefined) return undefined
    ;(holder as Record<string, unknown>)[key] = changed
    return `${path}: ${how}`
  }
  const drop = (how: string) => {
    if (holder === undefined) return undefined
    if (Array.isArray(holder)) leaving.set(holder, (leaving.get(holder) ?? new Set()).add(Number(key)))
    else delete (holder as Record<string, unknown>)[key]
    return `${path}: ${how}`
  }
  if (keyword === 'additionalProperties' && lenience.has('foreign-keys')) {
    const name = params['additionalProperty'] as string
    delete (value as Record<string, unknown>)[name]
    return `${path === '' ? '' : `${path}/`}${name.slice(0, 50)}: dropped`
  }
  if (isEmpty(value) && lenience.has('empties')) return drop('empty, dropped')
  if (keyword === 'type') {
    const wanted = params['type'] as string
    if (wanted === 'array' && isObject(value) && lenience.has('unwrapped')) return set([value], 'wrapped')
    const retyped = lenience.has('mistyped') || isOdd(instancePath, lenience) ? retype(value, wanted) : undefined
    if (retyped !== undefined) return set(retyped, `read as ${wanted}`)
  }
  if (keyword === 'format' && typeof value === 'string' && lenience.has('zoneless-times')) {
    const zoned = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.exec(value.trim())
    if (zoned) return set(`${value.trim().replace(' ', 'T')}${zoned[1] === undefined ? ':00' : ''}Z`, 'taken as UTC')
  }
  if (keyword === 'enum' && typeof value === 'string' && (lenience.has('open-enums') || isOdd(instancePath, lenience))) {
    const meant = (params['allowedValues'] as unknown[]).find((one) => sameText(one, value))
    if (meant !== undefined) return set(meant, `read as ${String(meant)}`)
  }
  // What is left is beyond repair; inside a meter value only its own sample is lost.
  const sample = lenience.has('odd-samples') ? SAMPLE.exec(instancePath)?.[1] : undefined
  const lost = sample === undefined ? undefined : at(root, sample)
  if (lost && Array.isArray(lost.holder)) {
    leaving.set(lost.holder, (leaving.get(lost.holder) ?? new Set()).add(Number(lost.key)))
    return `${sample!.slice(1)}: unusable, dropped`
  }
  return undefined
}

const SAMPLE = /^(.*\/sampledValue\/\d+)(\/|$)/
/** A fault within one sample of a meter value, for a model that may have odd ones. */
const isOdd = (instancePath: string, lenience: Lenience): boolean => lenience.has('odd-samples') && SAMPLE.test(instancePath)

function retype(value: unknown, wanted: string): unknown {
  if (wanted === 'string') return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
  if (wanted === 'boolean') return value === 'true' || value === 'false' ? value === 'true' : undefined
  if (wanted !== 'number' && wanted !== 'integer') return undefined
  const number = typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
  return wanted === 'integer' ? Math.round(number) : number
}

const isEmpty = (value: unknown): boolean =>
  value === null || (Array.isArray(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0)

const sameText = (one: unknown, other: string): boolean => typeof one === 'string' && one.toLowerCase() === other.trim().toLowerCase()

const lastOf = (pointer: string): string => pointer.slice(pointer.lastIndexOf('/') + 1)

interface Place {
  holder: object | undefined
  key: string
  value: unknown
}

/** What a JSON pointer points at, and where it lies. */
function at(root: unknown, pointer: string): Place | undefined {
  let place: Place = { holder: undefined, key: '', value: root }
  if (pointer === '') return place
  for (const step of pointer.slice(1).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    const holder = place.value
    if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) return undefined
    place = { holder, key, value: (holder as Record<string, unknown>)[key] }
  }
  return place
}
