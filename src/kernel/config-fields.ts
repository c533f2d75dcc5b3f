/** How the fields of the configuration are written down: a kind, a default, a description. */
import { type TSchema, Type } from 'typebox'
import type { Millis } from './quantity.ts'

export const closed = { additionalProperties: false }
export const Text = (byDefault: string, description: string) => Type.String({ default: byDefault, description })
export const Flag = (byDefault: boolean, description: string) => Type.Boolean({ default: byDefault, description })
export const Count = (byDefault: number, description: string, minimum = 0) => Type.Integer({ default: byDefault, minimum, description })
export const Share = (byDefault: number, description: string) => Type.Number({ default: byDefault, minimum: 0, maximum: 1, description })
export const Length = (byDefault: string, description: string) =>
  Type.Unsafe<Millis>({ type: 'string', format: 'duration', default: byDefault, description, examples: [byDefault] })
export const Port = (description: string) => Type.Integer({ minimum: 0, maximum: 65_535, description })
export const Section = <T extends Record<string, TSchema>>(description: string, properties: T) =>
  Type.Object(properties, { ...closed, default: {}, description })
export const Kept = (description: string) => Type.Record(Type.String(), Type.String(), { default: {}, description })
export const Words = (byDefault: string[], description: string) => Type.Array(Type.String(), { default: byDefault, description })
export const TextsByName = (byDefault: Record<string, string>, description: string) =>
  Type.Record(Type.String(), Type.String(), { default: byDefault, description })
export const LengthsByName = (description: string) =>
  Type.Record(Type.String(), Type.Unsafe<Millis>({ type: 'string', format: 'duration' }), { default: {}, description })
