/** Fields of flex-models and flex-contexts as `GET /flex/fields` tells them. */
import { FLEX_FR } from '../../i18n/flex-fr.ts'
import type { Language } from '../../i18n/i18n.ts'

export type FlexOf = 'flex-model' | 'flex-context'
export interface FlexField {
  name: string
  of: FlexOf
  kind: string
  unit?: string
  min?: number
  choices?: string[]
  default?: string
  keeps?: string
  description: string
  example?: unknown
  deprecated?: string
  stored: boolean
  inherited: boolean
  storedForms: string[]
}

export const aboutField = (field: FlexField, language: Language): string =>
  (language === 'fr' ? (FLEX_FR[`${field.of.slice(5)}.${field.name}`] ?? FLEX_FR[field.name]) : undefined) ?? field.description

/** How a value is written: a quantity, a sensor, yes or no, one of some words, several sensors, or JSON. */
export type Form = 'fixed' | 'sensor' | 'flag' | 'choice' | 'number' | 'sensors' | 'json'

const SIMPLE = new Set(['variable', 'quantity', 'text', 'duration', 'id'])
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isReference = (value: unknown): value is { sensor: number } => isObject(value) && typeof value['sensor'] === 'number'

/** Ways this field may be written when it is stored. */
export function formsOf(field: FlexField): Form[] {
  if (field.kind === 'flag') return ['flag']
  if (field.kind === 'choice') return ['choice']
  if (field.kind === 'number') return ['number']
  if (field.kind === 'sensor' || field.kind === 'output') return ['sensor']
  if (field.kind === 'sensors') return ['sensors', 'json']
  if (!SIMPLE.has(field.kind)) return ['json']
  return [...field.storedForms.filter((form): form is 'fixed' | 'sensor' => form === 'fixed' || form === 'sensor'), 'json']
}

/** The way that a value is written in. A reference with filters or a default is kept as JSON. */
export function formOf(field: FlexField, value: unknown): Form {
  const forms = formsOf(field)
  const fits: Record<Form, boolean> = {
    flag: typeof value === 'boolean',
    choice: typeof value === 'string',
    number: typeof value === 'number',
    fixed: typeof value === 'string' || typeof value === 'number',
    sensor: isReference(value) && Object.keys(value).length === 1,
    sensors: Array.isArray(value) && value.every((each) => isReference(each) && Object.keys(each).length === 1),
    json: true,
  }
  return forms.find((form) => fits[form]) ?? 'json'
}

/** What stands in a fresh field. */
export function firstValue(field: FlexField, form: Form, sensor: number | undefined): unknown {
  if (form === 'flag') return true
  if (form === 'choice') return field.choices?.[0] ?? ''
  if (form === 'number') return typeof field.example === 'number' ? field.example : 1
  if (form === 'sensor') return { sensor: sensor ?? 0 }
  if (form === 'sensors') return []
  if (form === 'fixed') return typeof field.example === 'string' || typeof field.example === 'number' ? String(field.example) : ''
  return field.example ?? ''
}

/** A value in words for reading: `{"sensor":5}` as a sensor, others as they are. */
export function shortValue(value: unknown, nameOf: (sensor: number) => string): string {
  if (isReference(value)) return nameOf(value.sensor) + (Object.keys(value).length > 1 ? ' …' : '')
  if (Array.isArray(value) && value.length > 0 && value.every(isReference)) return value.map(({ sensor }) => nameOf(sensor)).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
