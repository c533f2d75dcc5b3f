/** All fields of flex-model and flex-context in one list. */
import { COMMODITY, WHOLE } from './flex-context-fields.ts'
import { EXTRA_CONTEXT, EXTRA_MODEL } from './flex-extra-fields.ts'
import type { FlexField, Told } from './flex-field.ts'
import { MODEL } from './flex-model-fields.ts'

const fields = (of: FlexField['of'], told: Record<string, Told>, more: Partial<FlexField> = {}): FlexField[] =>
  Object.entries(told).map(([name, field]) => ({ name, of, stored: true, inherited: of === 'flex-context', ...more, ...field }))

/** Fields of an entry of the flex-model. */
export const FLEX_MODEL_FIELDS: readonly FlexField[] = fields('flex-model', { ...MODEL, ...EXTRA_MODEL })
/** Fields of the flex-context of one commodity. */
export const COMMODITY_FIELDS: readonly FlexField[] = fields('flex-context', COMMODITY, { perCommodity: true })
/** Fields of the flex-context. */
export const FLEX_CONTEXT_FIELDS: readonly FlexField[] = [
  ...COMMODITY_FIELDS,
  ...fields('flex-context', { ...WHOLE, ...EXTRA_CONTEXT }, { perCommodity: false }),
]
/** All of them. */
export const FLEX_FIELDS: readonly FlexField[] = [...FLEX_MODEL_FIELDS, ...FLEX_CONTEXT_FIELDS]
