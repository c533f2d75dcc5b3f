/** Reads a device template from a YAML file and says, with line numbers and a guess at what was meant, what is wrong with it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv, type ErrorObject } from 'ajv'
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from 'yaml'
import { describeError, nearest, Problem } from '#kernel'
import { type Template, TemplateSchema } from './template.ts'
import { faultsOf } from './template-sense.ts'

/** One thing wrong in a template. */
export interface TemplateFault {
  line: number
  /** 'orders.writes.0.unit' */
  path: string
  message: string
}

const SHIPPED = fileURLToPath(new URL('./templates/', import.meta.url))
const validate = new Ajv({ allErrors: true, strict: false, verbose: true }).compile(TemplateSchema)

/** Names of the templates that come with the program: 'battery/plain-battery', … */
export const shippedTemplates = (): string[] =>
  readdirSync(SHIPPED, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.yaml$/, ''))
    .sort()

/** Path of a template given by the name of a shipped one or by the path of a file. @throws Problem `template-not-found` */
export function templatePath(name: string): string {
  if (/^[a-z]+\/[a-z0-9-]+$/.test(name) && existsSync(join(SHIPPED, `${name}.yaml`))) return join(SHIPPED, `${name}.yaml`)
  if (existsSync(name)) return name
  const meant = nearest(name, shippedTemplates())
  throw new Problem('template-not-found', `There is no device template '${name}'.`, {
    status: 422,
    hint: meant ? `Did you mean '${meant}'?` : `Give the path of a YAML file, or one of ${shippedTemplates().join(', ')}.`,
  })
}

/**
 * A template by the name of a shipped one ('battery/sunspec-battery') or by the path of any YAML file.
 * @throws Problem `template-not-found`, `template-invalid` (details.faults: TemplateFault[])
 */
export function loadTemplate(name: string): Template {
  const path = templatePath(name)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Problem('template-not-found', `The template ${name} cannot be read: ${describeError(cause)}.`, { status: 422, cause })
  }
  const { template, faults } = parseTemplate(text)
  if (template) return template
  throw new Problem('template-invalid', faults.map(({ line, message }) => `${basename(path)}:${line}: ${message}`).join('\n'), {
    status: 422,
    hint: 'docs/reference/device-templates.md says what a template may hold.',
    details: { faults },
  })
}

/** The template in a YAML text, or what is wrong with it. */
export function parseTemplate(text: string): { template?: Template; faults: TemplateFault[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  if (document.errors.length > 0)
    return {
      faults: document.errors.map((error) => ({ line: error.linePos?.[0].line ?? 1, path: '', message: error.message.split('\n')[0]! })),
    }
  const data: unknown = document.toJS()
  const lineOf = (path: string[]): number => lineIn(document, lines, path)
  if (!validate(data)) {
    const faults = chief(validate.errors ?? []).map((error) => faultIn(error, lineOf))
    return { faults: unique(faults).sort((a, b) => a.line - b.line) }
  }
  const faults = faultsOf(data as Template).map(({ path, message }) => ({ line: lineOf(path), path: path.join('.'), message }))
  return faults.length > 0 ? { faults: faults.sort((a, b) => a.line - b.line) } : { template: data as Template, faults }
}

/** Line of the key at a path, or of the nearest thing above it. */
function lineIn(document: Document, lines: LineCounter, path: string[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true)
    const key = path[length - 1]!
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key)
      : undefined
    const node = pair?.key ?? document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

/** The errors worth telling: where alternatives failed, only what the nearest of them says. */
function chief(errors: ErrorObject[]): ErrorObject[] {
  const within = (error: ErrorObject, path: string) => error.instancePath === path || error.instancePath.startsWith(`${path}/`)
  return errors.filter((error) => {
    for (const union of errors.filter(({ keyword }) => keyword === 'anyOf')) {
      if (error === union) {
        if (errors.some((other) => other !== union && within(other, union.instancePath) && !isMismatch(other, union))) return false
      } else if (within(error, union.instancePath) && isMismatch(error, union)) return false
    }
    return true
  })
}

/** An alternative of a union that is not of the kind of thing that was written at all. */
const isMismatch = (error: ErrorObject, union: ErrorObject): boolean =>
  error.instancePath === union.instancePath && (error.keyword === 'type' || error.keyword === 'const')

function faultIn(error: ErrorObject, lineOf: (path: string[]) => number): TemplateFault {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const name = path.join('.') || 'the template'
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty'])
    const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {})
    const meant = nearest(key, known)
    const rest = meant ? `Did you mean '${meant}'?` : `Known: ${known.join(', ')}.`
    return { line: lineOf([...path, key]), path: [...path, key].join('.'), message: `'${key}' is not known in ${name}. ${rest}` }
  }
  const fault = (message: string): TemplateFault => ({ line: lineOf(path), path: path.join('.'), message })
  if (error.keyword === 'required') {
    const missing = String(error.params['missingProperty'])
    const meant = nearest(missing, Object.keys((error.data ?? {}) as object))
    return fault(`'${missing}' is missing in ${name}.${meant ? ` Is '${meant}' meant for it?` : ''}`)
  }
  if (error.keyword === 'anyOf') {
    const choices = ((error.schema as { const?: unknown }[]) ?? []).map((choice) => choice.const).filter((choice) => choice !== undefined)
    if (choices.length > 0) {
      const meant = nearest(String(error.data), choices.map(String))
      return fault(`${name} is '${error.data}'${meant ? `. Did you mean '${meant}'?` : `, which is none of ${choices.join(', ')}.`}`)
    }
    return fault(`${name} is neither a number with its unit nor a place on the device.`)
  }
  if (error.keyword === 'const') return fault(`${name} must be ${JSON.stringify(error.params['allowedValue'])}.`)
  return fault(`${name} ${error.message ?? 'is wrong'}.`)
}

function unique(faults: TemplateFault[]): TemplateFault[] {
  return faults.filter((fault, i) => faults.findIndex((other) => other.line === fault.line && other.message === fault.message) === i)
}
