/** JSON schemas as OCPP publishes them: what a form needs to know of a field, and the value that a form begins with. */
export interface JsonSchema {
  type?: string
  $ref?: string
  definitions?: Record<string, JsonSchema>
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  enum?: string[]
  format?: string
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
}
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = Record<string, Json>

/** The schema behind a reference into its own definitions; what stands beside the reference goes before. */
export function meant(root: JsonSchema, schema: JsonSchema): JsonSchema {
  const name = schema.$ref?.split('/').at(-1)
  const target = name === undefined ? undefined : root.definitions?.[name]
  if (!target) return schema
  const { $ref: _ref, ...own } = schema
  return { ...meant(root, target), ...own }
}

/** Fields of an object in the order of the form: what must be there first. `customData` is for programs. */
export function fieldsOf({ properties = {}, required = [] }: JsonSchema): { name: string; schema: JsonSchema; must: boolean }[] {
  const all = Object.entries(properties)
    .filter(([name]) => name !== 'customData')
    .map(([name, schema]) => ({ name, schema, must: required.includes(name) }))
  return [...all.filter(({ must }) => must), ...all.filter(({ must }) => !must)]
}

/** The first sentence of a description. */
export function hintOf({ description = '' }: JsonSchema): string {
  const text = description
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const end = text.search(/\.\s|\.$/)
  const first = end < 0 ? text : text.slice(0, end + 1)
  return first.length > 160 ? `${first.slice(0, 159)}…` : first
}

/** A value to begin with: what must be there, empty; a choice of one is made. */
export function blank(root: JsonSchema, given: JsonSchema): Json | undefined {
  const schema = meant(root, given)
  if (schema.enum) return schema.enum.length === 1 ? schema.enum[0]! : undefined
  if (schema.type === 'object' || schema.properties) {
    const object: JsonObject = {}
    for (const { name, schema: field, must } of fieldsOf(schema)) {
      const value = must ? blank(root, field) : undefined
      if (value !== undefined) object[name] = value
    }
    return object
  }
  if (schema.type === 'array') return (schema.minItems ?? 0) > 0 ? [blank(root, schema.items ?? {}) ?? ''] : []
  if (schema.type === 'boolean') return false
  return undefined
}
