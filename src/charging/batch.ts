/** Lists cut to what one message to a station may hold (OCPP 2.0.1 B05.FR.11, B06.FR.14, D01.FR.15: ItemsPerMessage, BytesPerMessage). */
import { type DeviceModel, keyOf } from './device-model.ts'

export interface Bounds {
  items: number
  bytes: number
}

/** When a station does not say what it takes. */
const USUAL: Bounds = { items: 10, bytes: 60_000 }
/** However much it says it takes. */
const MOST_ITEMS = 1000

/** What the station says one message of the action may hold: instances of the variables of a component, or the variable without instance. */
export function boundsOf(model: DeviceModel, component: string, instance: string | undefined, usual = USUAL): Bounds {
  const read = (name: string, otherwise: number) => {
    const variable = instance === undefined ? { name } : { name, instance }
    const said = Number(model.get(keyOf({ component: { name: component }, variable }))?.value)
    return Number.isInteger(said) && said > 0 ? said : otherwise
  }
  return { items: Math.min(read('ItemsPerMessage', usual.items), MOST_ITEMS), bytes: read('BytesPerMessage', usual.bytes) }
}

/** What a message has around its list. */
const ENVELOPE = 300

/** The list in pieces, each within the bounds; an item that is too long by itself goes alone. */
export function batchesOf<Item>(items: readonly Item[], { items: most, bytes }: Bounds): Item[][] {
  const batches: Item[][] = []
  let room = 0
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1
    const last = batches.at(-1)
    if (last && last.length < most && size <= room) {
      last.push(item)
      room -= size
    } else {
      batches.push([item])
      room = bytes - ENVELOPE - size
    }
  }
  return batches
}
