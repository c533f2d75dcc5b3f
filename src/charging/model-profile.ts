/** How much a model of station is forgiven (charging reference 2.13): everything that can be understood, unless it is held to the letter. */
import { LENIENT, type Lenience, STRICT } from '#protocols/ocpp'

/**
 * The lenience for a model.
 * @param strictModels 'Vendor/Model' each, `*` for anything: 'ACME/*', '*'; without regard to case
 */
export function lenienceFor({ vendor = '', model = '' }: { vendor?: string; model?: string }, strictModels: readonly string[]): Lenience {
  const name = `${vendor}/${model}`.toLowerCase()
  return strictModels.some((pattern) => matches(name, pattern.toLowerCase())) ? STRICT : LENIENT
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
