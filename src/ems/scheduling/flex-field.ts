/**
 * What a field of the flex-model or flex-context is, as data: what it takes, in which unit, what holds when it is left out, whether it is kept
 * at any price. Readers, forms on the screen and the reference pages are made from the lists of such fields.
 */

export interface FlexField {
  name: string
  of: 'flex-model' | 'flex-context'
  /**
   * 'variable': fixed, sensor or series · 'quantity': fixed only · 'variables': list of them · 'sensor': a sensor to read · 'sensors': a list
   * of those · 'output': a sensor to write · 'ids': a list of sensor ids · 'id': one id · others as their names say
   */
  kind:
    | 'variable'
    | 'quantity'
    | 'variables'
    | 'sensor'
    | 'sensors'
    | 'output'
    | 'ids'
    | 'id'
    | 'flag'
    | 'number'
    | 'text'
    | 'choice'
    | 'duration'
    | 'group'
    | 'modes'
    | 'commitments'
    | 'commodities'
  unit?: 'power' | 'energy' | 'ratio' | 'price of energy' | 'price of power' | 'price of energy or power'
  /** Lowest value that is taken. */
  min?: 0
  choices?: readonly string[]
  /** In words or as it would be written. */
  default?: string
  /** 'soft when priced': kept at any price unless the field in `softBy` is there. */
  keeps?: 'hard' | 'soft' | 'hard unless priced' | 'output' | 'preference'
  softBy?: string
  description: string
  example?: unknown
  /** FlexMeasures version that brought it, or 'Cariflex' for what is ours alone; absent = always. */
  since?: string
  /** What to write instead. */
  deprecated?: string
  /** May be stored on an asset (always without series; see `storedForms`). */
  stored: boolean
  /** Flex-context: found on the nearest asset up the tree that states it. */
  inherited: boolean
  /** Flex-context: may differ between commodities. */
  perCommodity?: boolean
}

/** A field as the lists tell it: its name is the key, where it stands is the list. */
export type Told = Omit<FlexField, 'name' | 'of' | 'stored' | 'inherited'> & { stored?: boolean }

/** The forms a value may take when sent, or when stored on an asset (never a series there; prices only from sensors, as in FlexMeasures). */
export function formsOf(field: FlexField, stored: boolean): ('fixed' | 'sensor' | 'series')[] {
  switch (field.kind) {
    case 'variable':
      if (stored && /^(consumption|production)-price$/.test(field.name)) return ['sensor']
      return stored ? ['fixed', 'sensor'] : ['fixed', 'sensor', 'series']
    case 'quantity':
      return stored && (field.name === 'soc-min' || field.name === 'soc-max') ? ['fixed', 'sensor'] : ['fixed']
    case 'variables':
      return ['fixed', 'sensor']
    case 'sensor':
      return field.name === 'state-of-charge' && !stored ? ['sensor', 'series'] : ['sensor']
    case 'sensors':
    case 'output':
      return ['sensor']
    default:
      return ['fixed']
  }
}
