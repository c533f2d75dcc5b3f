/** Checks a configuration against its schema and says every fault so that a person finds and mends it. */
import { Ajv, type ErrorObject } from 'ajv'
import { escapeKey } from './config-file.ts'
import { FORMS } from './config-forms.ts'
import { ConfigSchema, type SchemaNode } from './config-schema.ts'
import { nearest } from './nearest.ts'
import { Problem } from './problem.ts'

const MANY = 12

let validate: ReturnType<Ajv['compile']> | undefined

/** @throws Problem `config-invalid`; `details.faults` has them all */
export function checkConfig(config: unknown, originAt: (pointer: string) => string | undefined): void {
  if (!validate) {
    const ajv = new Ajv({ allErrors: true, verbose: true, strict: false })
    for (const [name, check] of Object.entries(FORMS)) ajv.addFormat(name, check)
    validate = ajv.compile(ConfigSchema)
  }
  if (validate(config)) return
  const faults = telling(validate.errors ?? []).map((error) => {
    const pointer = placeOf(error)
    const where = originAt(pointer)
    return { pointer, where, what: `${where ? `${where}: ` : ''}${sentence(error)}` }
  })
  const lines = [...new Set(faults.map(({ what }) => what))]
  const more = lines.length > MANY ? [`… and ${lines.length - MANY} more`] : []
  throw new Problem('config-invalid', [...lines.slice(0, MANY), ...more].join('\n'), {
    status: 422,
    hint: 'See docs/reference/configuration.md; editors complete the keys by cariflex.schema.json.',
    details: { faults },
  })
}

/** Without the noise: of a choice only the choice, not each of its refusals. */
const telling = (errors: ErrorObject[]): ErrorObject[] =>
  errors.filter(
    (error) => !errors.some((other) => other.keyword === 'anyOf' && other !== error && other.instancePath === error.instancePath),
  )

const placeOf = ({ keyword, instancePath, params }: ErrorObject): string =>
  keyword === 'additionalProperties' ? `${instancePath}/${escapeKey(String(params['additionalProperty']))}` : instancePath

function sentence(error: ErrorObject): string {
  const { keyword, instancePath, params, parentSchema, data } = error
  const name = instancePath.slice(1).replaceAll('/', '.') || 'the configuration'
  const node = (parentSchema ?? {}) as SchemaNode
  const got = `it is ${data === undefined ? 'missing' : shown(data, name)}`
  switch (keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty'])
      const known = Object.keys(node.properties ?? {})
      const meant = nearest(key, known)
      const where = instancePath === '' ? '' : ` in ${name}`
      return `unknown key '${key}'${where}; ${meant ? `did you mean '${meant}'?` : `known: ${known.join(', ')}`}`
    }
    case 'required':
      return `${name} lacks '${params['missingProperty']}'`
    case 'enum':
      return `${name} must be one of ${(node.enum ?? []).join(', ')}; ${got}${suggestion(data, node.enum ?? [])}`
    case 'anyOf': {
      const choices = (node.anyOf ?? []).map((choice) => String((choice as { const?: unknown }).const ?? choice.type))
      return `${name} must be one of ${choices.join(', ')}; ${got}${suggestion(data, choices)}`
    }
    case 'type':
      return `${name} must be ${article(String(params['type']))}; ${got}`
    case 'format':
      return `${name} must be ${FORMATS[String(params['format'])] ?? params['format']}; ${got}`
    default:
      return `${name} ${error.message}; ${got}`
  }
}

const FORMATS: Record<string, string> = {
  duration: "an ISO 8601 duration such as 'PT15M'",
  'time-zone': "a time zone such as 'America/Martinique'",
  uri: "an address such as 'https://flex.example.org'",
  email: 'an e-mail address',
  rate: "a rate such as '500 per minute'",
}

const article = (type: string): string =>
  ({ integer: 'a whole number', array: 'a list', object: 'a section of keys', boolean: 'true or false' })[type] ?? `a ${type}`

const suggestion = (data: unknown, known: readonly unknown[]): string => {
  const meant = typeof data === 'string' ? nearest(data, known.map(String)) : undefined
  return meant ? ` (did you mean '${meant}'?)` : ''
}

const shown = (value: unknown, name: string): string => {
  if (/password|secret|salt|token|url/i.test(name)) return 'something else'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
