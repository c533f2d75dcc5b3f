/** OCPP 2.0.1: its 64 messages, who sends which, and their validation by the published schemas (carried unmodified by `ocpp-rpc`). */
import { createRequire } from 'node:module'
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { RpcErrorCode } from './call-error.ts'
import { ACTIONS, type Action } from './v201.gen.ts'

export const OCPP201 = 'ocpp2.0.1'

/** What a station sends to its CSMS; DataTransfer goes both ways, everything else is sent by the CSMS. */
const FROM_STATION = new Set<string>([
  'Authorize',
  'BootNotification',
  'ClearedChargingLimit',
  'DataTransfer',
  'FirmwareStatusNotification',
  'Get15118EVCertificate',
  'GetCertificateStatus',
  'Heartbeat',
  'LogStatusNotification',
  'MeterValues',
  'NotifyChargingLimit',
  'NotifyCustomerInformation',
  'NotifyDisplayMessages',
  'NotifyEVChargingNeeds',
  'NotifyEVChargingSchedule',
  'NotifyEvent',
  'NotifyMonitoringReport',
  'NotifyReport',
  'PublishFirmwareStatusNotification',
  'ReportChargingProfiles',
  'ReservationStatusUpdate',
  'SecurityEventNotification',
  'SignCertificate',
  'StatusNotification',
  'TransactionEvent',
] satisfies Action[])
const known = new Set<string>(ACTIONS)

export const v201 = {
  version: OCPP201,
  /** The 64 actions, alphabetically. */
  actions: ACTIONS as readonly string[],
  isAction: (action: string): action is Action => known.has(action),
  /** Whether this end may send a CALL of that action. */
  mayCall: (sender: 'station' | 'csms', action: string): boolean =>
    known.has(action) && (action === 'DataTransfer' || FROM_STATION.has(action) === (sender === 'station')),
} as const

export type Verdict = { ok: true } | { ok: false; code: RpcErrorCode; description: string }

type Compile = (schema: object) => ValidateFunction
type Schema = { $id: string } & object

const load = createRequire(import.meta.url)
let workshop: { compile: Compile; schemas: Map<string, object> } | undefined
const compiled = new Map<string, ValidateFunction>()

/** Ajv and the schemas are loaded at the first message, each validator is compiled at its first use: starting up stays quick. */
function validatorOf(action: string, part: 'request' | 'response'): ValidateFunction {
  const id = `urn:${action}.${part === 'request' ? 'req' : 'conf'}`
  const ready = compiled.get(id)
  if (ready) return ready
  if (!workshop) {
    const { Ajv } = load('ajv') as typeof import('ajv')
    const addFormats = load('ajv-formats') as (ajv: InstanceType<typeof Ajv>, formats: string[]) => void
    const ajv = new Ajv({ strictSchema: false, allowUnionTypes: true })
    addFormats(ajv, ['date-time'])
    const schemas = load('ocpp-rpc/lib/schemas/ocpp2_0_1.json') as Schema[]
    // Without `$id`: 'urn:Heartbeat.req' has no namespace and newer Ajv refuses it; every $ref points inside its own schema.
    workshop = { compile: (schema) => ajv.compile(schema), schemas: new Map(schemas.map(({ $id, ...schema }) => [$id, schema])) }
  }
  const validate = workshop.compile(workshop.schemas.get(id)!)
  compiled.set(id, validate)
  return validate
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
}

/**
 * Whether the payload is a valid request or response of the action in OCPP 2.0.1; if not, the code and text of the CALLERROR it deserves.
 *
 *     validateMessage('Heartbeat', 'response', {})
 *     // → { ok: false, code: 'OccurrenceConstraintViolation', description: "Heartbeat response: 'currentTime' is missing." }
 */
export function validateMessage(action: string, part: 'request' | 'response', payload: unknown): Verdict {
  if (!v201.isAction(action))
    return { ok: false, code: 'NotImplemented', description: `OCPP 2.0.1 has no message '${action.slice(0, 50)}'.` }
  const validate = validatorOf(action, part)
  if (validate(payload)) return { ok: true }
  const fault = validate.errors![0]!
  return { ok: false, code: CODE_OF[fault.keyword] ?? 'FormatViolation', description: `${action} ${part}: ${describe(fault)}.` }
}

function describe({ instancePath, keyword, params, message }: ErrorObject): string {
  const at = instancePath.slice(1)
  const inside = (name: string) => (at === '' ? name : `${at}/${name}`)
  if (keyword === 'required') return `'${inside(params['missingProperty'] as string)}' is missing`
  if (keyword === 'additionalProperties') return `'${inside((params['additionalProperty'] as string).slice(0, 50))}' is not known`
  if (keyword === 'enum') return `'${at}' must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
  return `'${at}' ${message ?? 'is not valid'}`
}

/**
 * A copy without what field stations send although the standard forbids it: keys with null, empty arrays and empty objects below the top.
 * Used in lenient mode before validation.
 */
export function withoutEmpties<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutEmpties) as T
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value)
    .filter(([, item]) => item !== null && !(typeof item === 'object' && Object.keys(item).length === 0))
    .map(([key, item]) => [key, withoutEmpties(item)])
  return Object.fromEntries(kept) as T
}
