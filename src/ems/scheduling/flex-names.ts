/** Sensors and assets that raw flex-models and flex-contexts name, with the place where they do. */

export interface NamedSensor {
  id: number
  /** Keys on the way, as in ['flex-model', '0', 'state-of-charge', 'sensor']. */
  path: string[]
}

const isId = (value: unknown): number | undefined => {
  const id = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : undefined
}

/** Every sensor named anywhere below, in order: under `sensor`, `…-sensor`, `sensors`, `…-sensors`, and the bare `aggregate-power`. */
export function sensorsNamedIn(raw: unknown, path: string[] = [], found: NamedSensor[] = []): NamedSensor[] {
  if (Array.isArray(raw)) for (const [index, item] of raw.entries()) sensorsNamedIn(item, [...path, String(index)], found)
  else if (typeof raw === 'object' && raw !== null)
    for (const [key, value] of Object.entries(raw)) {
      const here = [...path, key]
      const name = key.replaceAll('_', '-')
      const take = (one: unknown) => {
        const id = isId(one)
        if (id !== undefined) found.push({ id, path: here })
      }
      if (name === 'sensor' || name.endsWith('-sensor') || (name === 'aggregate-power' && typeof value !== 'object')) take(value)
      else if ((name === 'sensors' || name.endsWith('-sensors')) && !(typeof value === 'object' && !Array.isArray(value)))
        (Array.isArray(value) ? value : [value]).forEach(take)
      else sensorsNamedIn(value, here, found)
    }
  return found
}

/** Every asset named under `asset`. */
export function assetsNamedIn(raw: unknown, found: Set<number> = new Set()): Set<number> {
  if (Array.isArray(raw)) for (const item of raw) assetsNamedIn(item, found)
  else if (typeof raw === 'object' && raw !== null)
    for (const [key, value] of Object.entries(raw)) {
      if (key === 'asset' && Number.isInteger(value)) found.add(value as number)
      else assetsNamedIn(value, found)
    }
  return found
}
