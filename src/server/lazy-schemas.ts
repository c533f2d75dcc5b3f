/**
 * Validators and writers of schemas, made when a request first needs them: an app has several hundred schemas, most of which are never used
 * by a process, and making all of them was most of the time of a start. A schema is compiled once in a process, whichever app asks.
 */
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import writerOf from 'fast-json-stringify'

type Compile<T> = (schema: object) => T
type Write = (value: unknown) => string

/** Schemas that were registered and not needed yet. */
const waiting = new Set<() => unknown>()

/** Compiles everything that still waits. @throws what the first faulty schema causes */
export function compileWaiting(): number {
  const all = [...waiting]
  for (const compile of all) compile()
  return all.length
}

/** Remembers by schema, and compiles at the first use only. */
function once<T>(compile: Compile<T>): (schema: object) => () => T {
  const known = new WeakMap<object, () => T>()
  return (schema) => {
    const hit = known.get(schema)
    if (hit) return hit
    let made: T | undefined
    const use = () => {
      waiting.delete(use)
      made ??= compile(schema)
      return made
    }
    waiting.add(use)
    known.set(schema, use)
    return use
  }
}

/** As the framework sees one of ajv: `schemaEnv` makes it hand over where the value stands, so that a changed value is put there. */
interface LazyValidator {
  (value: unknown, place?: Parameters<ValidateFunction>[1]): boolean
  schemaEnv: true
  errors: ErrorObject[] | null
}

function lazily(use: () => ValidateFunction): LazyValidator {
  const validate: LazyValidator = Object.assign(
    (value: unknown, place?: Parameters<ValidateFunction>[1]) => {
      const real = use()
      const fits = real(value, place)
      validate.errors = real.errors ?? null
      return fits
    },
    { schemaEnv: true as const, errors: null as ErrorObject[] | null },
  )
  return validate
}

const compiler = (options: Options): Compile<ValidateFunction> => {
  const ajv = addFormats.default(new Ajv({ removeAdditional: false, useDefaults: true, strict: false, ...options }))
  return (schema) => ajv.compile(schema)
}

/** Bodies are checked as they are; text in query, path and headers is turned into numbers and booleans. */
const bodies = once(compiler({ coerceTypes: false, allErrors: false }))
const texts = once(compiler({ coerceTypes: 'array' }))
const writers = once<Write>((schema) => writerOf(schema))

/** For `setValidatorCompiler`. */
export const validatorFor = ({ schema, httpPart }: { schema: unknown; httpPart?: string }): LazyValidator =>
  lazily((httpPart === 'body' ? bodies : texts)(schema as object))

/** For `setSerializerCompiler`. */
export function writerFor({ schema }: { schema: unknown }): Write {
  const use = writers(schema as object)
  return (value) => use()(value)
}
