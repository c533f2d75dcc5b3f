/**
 * What differs between the versions of OCPP-J, as one interface: which messages there are, who sends which, what is valid, and how refusals
 * travel. The schemas are those that `ocpp-rpc` carries, unmodified.
 */
import { createRequire } from 'node:module'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { RPC_ERROR_CODES, type RpcErrorCode } from './call-error.ts'

/** The WebSocket subprotocol, which alone decides the version of a connection. */
export type OcppVersion = 'ocpp1.6' | 'ocpp2.0.1' | 'ocpp2.1'
export type End = 'station' | 'csms'
export type Part = 'request' | 'response'
export type Verdict = { ok: true } | { ok: false; code: RpcErrorCode; description: string }

export interface Dialect<Action extends string = string> {
  readonly version: OcppVersion
  /** As people say it: '1.6', '2.0.1' or '2.1'. */
  readonly name: string
  /** All actions, alphabetically. */
  readonly actions: readonly Action[]
  isAction(action: string): action is Action
  /** Whether this end may send that action, as a CALL or a SEND. */
  mayCall(sender: End, action: string): boolean
  /** Whether the action travels as a SEND, which nobody answers (2.1). */
  isSend(action: string): boolean
  /**
   * Whether the payload is a valid request or response of the action; if not, the code and text of the CALLERROR it deserves.
   *
   *     v201.validate('Heartbeat', 'response', {})
   *     // → { ok: false, code: 'OccurrenceConstraintViolation', description: "Heartbeat response: 'currentTime' is missing." }
   */
  validate(action: string, part: Part, payload: unknown): Verdict
  /** The JSON schema of a message, as published; undefined when there is no such action. */
  schema(action: string, part: Part): Readonly<Record<string, unknown>> | undefined
  /** Every fault of the payload at once, in Ajv's words: what `mend` works on. Slower than `validate`. */
  faults(action: Action, part: Part, payload: unknown): readonly ErrorObject[]
  /** How a code is spelt in a CALLERROR of this version. */
  codeOut(code: RpcErrorCode): string
  /** The code of 2.x for one that came in, whichever spelling; codes nobody knows stay as they are. */
  codeIn(code: string): RpcErrorCode
  readonly framing: Framing
}

/** How a version treats frames. */
export interface Framing {
  /** What a message type number nobody knows gets: a CALLERROR or silence. */
  readonly unknownType: 'refuse' | 'ignore'
  /** What a frame whose message id cannot be read gets: a CALLERROR with the id "-1" or silence. */
  readonly unreadable: 'refuse' | 'ignore'
  /** Whether CALLRESULTERROR (5) and SEND (6) exist. */
  readonly extended: boolean
}

export interface DialectParts<Action extends string> {
  version: OcppVersion
  actions: readonly Action[]
  /** What stations send; DataTransfer goes both ways, everything else is sent by the CSMS. */
  fromStation: readonly NoInfer<Action>[]
  sends?: readonly NoInfer<Action>[]
  /** File of `ocpp-rpc` and the `$id` of a message in it. */
  schemas: string
  schemaId(action: string, part: Part): string
  /** Arrays that the standard wants filled although the published schemas let them be empty. */
  filled?: readonly string[]
  /** Codes that are spelt otherwise in this version. */
  spelling?: Readonly<Record<string, string>>
  /** The code of a text that is not the date and time it must be. */
  badFormat: RpcErrorCode
  framing: Framing
}

/** Which refusal a schema fault deserves (charging reference 2.1; OCPP 2.0.1 Part 4, table of error codes). */
const CODE_OF: Record<string, RpcErrorCode> = {
  required: 'OccurrenceConstraintViolation',
  minItems: 'OccurrenceConstraintViolation',
  maxItems: 'OccurrenceConstraintViolation',
  type: 'TypeConstraintViolation',
  enum: 'PropertyConstraintViolation',
  maxLength: 'PropertyConstraintViolation',
  minLength: 'PropertyConstraintViolation',
  maximum: 'PropertyConstraintViolation',
  minimum: 'PropertyConstraintViolation',
  multipleOf: 'PropertyConstraintViolation',
}

type Compile = (schema: object, all: boolean) => ValidateFunction
type Schema = { $id: string } & object

const VALID: Verdict = { ok: true }
const load = createRequire(import.meta.url)

/** Ajv is loaded with the first message of any version. */
let ajv: Compile | undefined
function openAjv(): Compile {
  const { Ajv } = load('ajv') as typeof import('ajv')
  const addFormats = load('ajv-formats') as (ajv: InstanceType<typeof Ajv>, formats: string[]) => void
  const open = (allErrors: boolean) => {
    // The precision is for the 0.1 of limits in 1.6, which no binary fraction is a multiple of.
    const one = new Ajv({ strictSchema: false, strictTypes: false, multipleOfPrecision: 6, allErrors })
    addFormats(one, ['date-time', 'uri'])
    return one
  }
  const first = open(false)
  let every: ReturnType<typeof open> | undefined
  return (schema, all) => {
    if (!all) return first.compile(schema)
    every ??= open(true)
    return every.compile(schema)
  }
}

/** Puts a version together. Its schemas are read at the first message, each validator is compiled at its first use: starting up stays quick. */
export function dialectFrom<Action extends string>(parts: DialectParts<Action>): Dialect<Action> {
  const { actions, version, framing, spelling = {} } = parts
  const name = version.slice('ocpp'.length)
  const known = new Set<string>(actions)
  const fromStation = new Set<string>(parts.fromStation)
  const sends = new Set<string>(parts.sends)
  const spelt = new Map(Object.entries(spelling))
  const standard = new Set<string>(RPC_ERROR_CODES)
  const meant = new Map(
    Object.entries(spelling)
      .filter(([, wire]) => !standard.has(wire))
      .reverse()
      .map(([code, wire]) => [wire, code]),
  )
  const validators = { request: new Map<string, ValidateFunction>(), response: new Map<string, ValidateFunction>() }
  const thorough = { request: new Map<string, ValidateFunction>(), response: new Map<string, ValidateFunction>() }
  let schemas: Map<string, object> | undefined

  const schemaOf = (action: string, part: Part): object => {
    // Without `$id`: 'urn:Heartbeat.req' has no namespace and newer Ajv refuses it; every $ref points inside its own schema.
    schemas ??= new Map((load(`ocpp-rpc/lib/schemas/${parts.schemas}`) as Schema[]).map(({ $id, ...schema }) => [$id, schema]))
    return filled(schemas.get(parts.schemaId(action, part))!, parts.filled ?? []) as object
  }
  const validatorOf = (action: string, part: Part, all: boolean): ValidateFunction => {
    const known = (all ? thorough : validators)[part]
    const ready = known.get(action)
    if (ready) return ready
    ajv ??= openAjv()
    const validate = ajv(schemaOf(action, part), all)
    known.set(action, validate)
    return validate
  }

  const isAction = (action: string): action is Action => known.has(action)

  return {
    version,
    name,
    actions,
    isAction,
    mayCall: (sender, action) => known.has(action) && (action === 'DataTransfer' || fromStation.has(action) === (sender === 'station')),
    isSend: (action) => sends.has(action),
    validate(action, part, payload) {
      if (!isAction(action))
        return { ok: false, code: 'NotImplemented', description: `OCPP ${name} has no message '${action.slice(0, 50)}'.` }
      if (part === 'response' && sends.has(action)) return { ok: false, code: 'ProtocolError', description: `${action} is never answered.` }
      const validate = validatorOf(action, part, false)
      if (validate(payload)) return VALID
      const fault = validate.errors![0]!
      const code = fault.keyword === 'format' ? parts.badFormat : (CODE_OF[fault.keyword] ?? 'FormatViolation')
      return { ok: false, code, description: `${action} ${part}: ${describe(fault)}.` }
    },
    schema: (action, part) => (isAction(action) && !(part === 'response' && sends.has(action)) ? { ...schemaOf(action, part) } : undefined),
    faults(action, part, payload) {
      const validate = validatorOf(action, part, true)
      return validate(payload) ? [] : validate.errors!
    },
    codeOut: (code) => spelt.get(code) ?? code,
    codeIn: (code) => meant.get(code) ?? code,
    framing,
  }
}

/** The schema with at least one item wanted of the arrays of these names. */
function filled(schema: unknown, names: readonly string[]): unknown {
  if (names.length === 0 || typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map((part) => filled(part, names))
  return Object.fromEntries(
    Object.entries(schema).map(([key, part]) => {
      const inner = filled(part, names)
      const isArray = names.includes(key) && (part as { type?: unknown }).type === 'array'
      return [key, isArray ? { minItems: 1, ...(inner as object) } : inner]
    }),
  )
}

function describe({ instancePath, keyword, params, message }: ErrorObject): string {
  const at = instancePath.slice(1)
  const inside = (name: string) => (at === '' ? name : `${at}/${name}`)
  if (keyword === 'required') return `'${inside(params['missingProperty'] as string)}' is missing`
  if (keyword === 'additionalProperties') return `'${inside((params['additionalProperty'] as string).slice(0, 50))}' is not known`
  if (keyword === 'enum') return `'${at}' must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
  return `'${at}' ${message ?? 'is not valid'}`
}
