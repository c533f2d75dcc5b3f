/** Checks values against TypeBox schemas and words what is wrong as FlexMeasures does, field by field (reference 2.2, Annex A). */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { Static, TSchema } from 'typebox'
import { type FieldErrors, invalid } from './envelope.ts'
import { formats } from './format.ts'

const options = { allErrors: true, strict: false, verbose: true, formats } as const
const strict = new Ajv({ ...options, coerceTypes: false })
const lenient = new Ajv({ ...options, coerceTypes: 'array' })
const strictOnes = new WeakMap<TSchema, ValidateFunction>()
const lenientOnes = new WeakMap<TSchema, ValidateFunction>()

/**
 * The value, typed, when it fits the schema. Values of query and path are text and become numbers; bodies are taken as they are.
 * @throws the 422 that names every wrong field under `location`
 */
export function check<T extends TSchema>(schema: T, value: unknown, location: 'json' | 'query' | 'path' | string): Static<T> {
  const errors = findErrors(schema, value, location === 'query' || location === 'path')
  if (errors) throw invalid(location, errors)
  return value as Static<T>
}

/** What is wrong, by field; undefined when nothing is. */
export function findErrors(schema: TSchema, value: unknown, coerce: boolean): FieldErrors | undefined {
  const validate = validatorOf(schema, coerce)
  if (validate(value)) return undefined
  const errors: FieldErrors = {}
  for (const error of validate.errors ?? []) add(errors, pathOf(error), textOf(error))
  return errors
}

function validatorOf(schema: TSchema, coerce: boolean): ValidateFunction {
  const known = coerce ? lenientOnes : strictOnes
  const hit = known.get(schema)
  if (hit) return hit
  const made = (coerce ? lenient : strict).compile(schema as object)
  known.set(schema, made)
  return made
}

/** Puts a text at a path of nested fields. */
export function add(errors: FieldErrors, path: string[], text: string): void {
  let at = errors
  for (const part of path.slice(0, -1)) {
    const next = at[part] ?? {}
    if (Array.isArray(next)) return
    at[part] = next
    at = next
  }
  const last = path.at(-1) ?? '_schema'
  const known = at[last]
  if (known === undefined) at[last] = [text]
  else if (Array.isArray(known) && !known.includes(text)) known.push(text)
}

function pathOf(error: ErrorObject): string[] {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (error.keyword === 'required') path.push(String(error.params['missingProperty']))
  if (error.keyword === 'additionalProperties') path.push(String(error.params['additionalProperty']))
  return path.length === 0 ? ['_schema'] : path
}

const TYPES: Record<string, string> = {
  integer: 'Not a valid integer.',
  number: 'Not a valid number.',
  string: 'Not a valid string.',
  boolean: 'Not a valid boolean.',
  array: 'Not a valid list.',
  object: 'Not a valid mapping type.',
}

function textOf(error: ErrorObject): string {
  const { params, data } = error
  switch (error.keyword) {
    case 'required':
      return 'Missing data for required field.'
    case 'additionalProperties':
      return 'Unknown field.'
    case 'type': {
      if (error.instancePath === '') return 'Invalid input type.'
      if (data === null) return 'Field may not be null.'
      return TYPES[[params['type']].flat().filter((type) => type !== 'null')[0] as string] ?? 'Not a valid value.'
    }
    case 'minLength':
      return `Shorter than minimum length ${params['limit']}.`
    case 'maxLength':
      return `Longer than maximum length ${params['limit']}.`
    case 'enum':
      return `Must be one of: ${(params['allowedValues'] as unknown[]).join(', ')}.`
    case 'minimum':
      return `Must be greater than or equal to ${params['limit']}.`
    case 'maximum':
      return `Must be less than or equal to ${params['limit']}.`
    case 'format':
      return wordFormat(String(params['format']), data)
    default:
      return 'Not a valid value.'
  }
}

function wordFormat(format: string, data: unknown): string {
  if (format === 'aware-datetime')
    return /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(String(data)) ? 'Not a valid aware datetime.' : 'Not a valid datetime.'
  if (format === 'iso-duration') return `Cannot parse ${JSON.stringify(data)} as ISO8601 duration.`
  if (format === 'timezone') return `Timezone ${String(data)} doesn't exist.`
  if (format === 'unit') return `Unknown unit '${String(data)}'.`
  if (format === 'email') return 'Not a valid email address.'
  if (format === 'web-address') return `'${String(data)}' is not a valid URL.`
  if (format === 'colour') return `${String(data).startsWith('#') ? '' : '#'}${String(data)} is not a valid hex color code.`
  return 'Not a valid value.'
}
