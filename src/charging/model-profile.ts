/** How much a model of station is forgiven (charging reference 2.13): little, unless it is known to need more. */
import { LENIENT, type Lenience, ORDINARY, STRICT } from '#protocols/ocpp'

/** Makers whose stations were met with messages that break the schema. */
const KNOWN = ['aefa/*', 'huawei*/*', 'vestel*/*', 'wall*box*/*', 'sap*/*']

/** Models as 'Vendor/Model', `*` for anything: 'ACME/*', '*'; without regard to case. `strictModels` win. */
export interface ModelLists {
  strictModels: readonly string[]
  lenientModels: readonly string[]
}

/** The lenience for a model. */
export function lenienceFor(
  { vendor = '', model = '' }: { vendor?: string; model?: string },
  { strictModels, lenientModels }: ModelLists,
): Lenience {
  const name = `${vendor}/${model}`.toLowerCase()
  const isOneOf = (patterns: readonly string[]): boolean => patterns.some((pattern) => matches(name, pattern.toLowerCase()))
  if (isOneOf(strictModels)) return STRICT
  return isOneOf(lenientModels) || isOneOf(KNOWN) ? LENIENT : ORDINARY
}

function matches(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return name === pattern
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const [index, part] of rest.entries()) {
    const last = index === rest.length - 1
    if (last) return name.length - part.length >= at && name.endsWith(part)
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return true
}
