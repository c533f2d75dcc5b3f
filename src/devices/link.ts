/** A template bound to a device on the line: recognised, its values found, its nominal figures known. */
import { convert, Problem, parseQuantity } from '#kernel'
import { type ModbusClient, type SunSpecChain, scanSunSpec } from '#protocols/modbus'
import { exponentOf, fetchSlots, findSlot, type Registers, type Slot, slotValue } from './slot.ts'
import type { NominalName, Template, TemplateNominal, TemplateReading, TemplateWrite } from './template.ts'

/** Figures of the device in W, Wh and shares of 1. */
export interface Nominal {
  consumption: number
  production: number
  capacity?: number
  minSoc?: number
  maxSoc?: number
  chargingEfficiency: number
  dischargingEfficiency: number
}

/** A write of the template with its registers and the power of ten in force. */
export interface BoundWrite {
  says: TemplateWrite
  slot: Slot
  exponent: number
}

export interface Link {
  template: Template
  chain: SunSpecChain | undefined
  nominal: Nominal
  readings: { name: string; says: TemplateReading; slot: Slot }[]
  /** Writes of an order, and those that hand the device back to itself (empty when the safe default is a power). */
  writes: BoundWrite[]
  safeWrites: BoundWrite[]
}

/**
 * Finds a template's values on the device behind a client. Reads only.
 * @throws Problem `device-mismatch` when it is not the device the template is for, and what the client throws
 */
export async function bind(client: ModbusClient, template: Template): Promise<Link> {
  const chain = usesSunSpec(template) ? await scanSunSpec(client) : undefined
  const words = template.bus?.words ?? 'big'
  const gap = template.bus?.gap ?? 0
  const slotOf = (place: Parameters<typeof findSlot>[0]) => findSlot(place, words, chain)
  for (const entry of template.identify ?? []) {
    const slot = slotOf(entry)
    const value = slotValue(slot, await fetchSlots(client, [slot], gap))
    const holds = entry.matches === undefined ? value === entry.is : new RegExp(entry.matches).test(String(value ?? ''))
    if (!holds)
      throw new Problem(
        'device-mismatch',
        `The device is not a '${template.name}': ${slot.label} is ${JSON.stringify(value) ?? 'empty'}.`,
        {
          status: 502,
          hint: `${entry.matches === undefined ? `${JSON.stringify(entry.is)} was expected` : `It must match ${entry.matches}`}; check host, port, unit id and template.`,
        },
      )
  }
  const places = Object.entries(template.nominal).flatMap(([name, given]) =>
    typeof given === 'string'
      ? []
      : [{ name: name as NominalName, says: given as TemplateNominal, slot: slotOf(given as TemplateNominal) }],
  )
  const registers = await fetchSlots(
    client,
    places.map(({ slot }) => slot),
    gap,
  )
  const bindWrites = async (writes: readonly TemplateWrite[]): Promise<BoundWrite[]> => {
    const slots = writes.map(slotOf)
    const scales = await fetchSlots(
      client,
      slots.filter(({ exponentAt }) => exponentAt !== undefined),
      gap,
    )
    return writes.map((says, i) => ({ says, slot: slots[i]!, exponent: exponentOf(slots[i]!, scales) }))
  }
  return {
    template,
    chain,
    nominal: nominalOf(template, places, registers),
    readings: Object.entries(template.readings).map(([name, says]) => ({ name, says, slot: slotOf(says) })),
    writes: await bindWrites(template.orders?.writes ?? []),
    safeWrites: await bindWrites(template.orders?.safe.writes ?? []),
  }
}

const usesSunSpec = (template: Template): boolean => {
  const { orders, identify = [], nominal, readings } = template
  const places = [
    ...identify,
    ...Object.values(nominal),
    ...Object.values(readings),
    ...(orders?.writes ?? []),
    ...(orders?.safe.writes ?? []),
  ]
  return places.some((place) => typeof place === 'object' && place.model !== undefined)
}

function nominalOf(template: Template, places: { name: NominalName; says: TemplateNominal; slot: Slot }[], registers: Registers): Nominal {
  const figure = (name: NominalName, unit: 'W' | 'Wh' | ''): number | undefined => {
    const given = template.nominal[name]
    if (given === undefined) return undefined
    if (typeof given === 'string') {
      const { value, unit: from } = parseQuantity(given)
      return inUnit(value, from, unit)
    }
    const { says, slot } = places.find((place) => place.name === name)!
    const value = slotValue(slot, registers, says.missing)
    if (typeof value !== 'number') return undefined
    return inUnit(scaledBy(says, value), says.unit ?? slot.unit ?? '', unit)
  }
  /** A state of charge given as a share becomes energy. */
  const inUnit = (value: number, from: string, unit: 'W' | 'Wh' | ''): number =>
    unit === 'Wh' && from === '%' ? (value / 100) * (capacity ?? 0) : convert(value, from, unit)
  let capacity: number | undefined
  capacity = figure('capacity', 'Wh')
  const minSoc = figure('minSoc', 'Wh')
  const maxSoc = figure('maxSoc', 'Wh')
  return {
    consumption: figure('consumption', 'W') ?? 0,
    production: figure('production', 'W') ?? 0,
    ...(capacity === undefined ? {} : { capacity }),
    ...(minSoc === undefined ? {} : { minSoc }),
    ...(maxSoc === undefined ? {} : { maxSoc }),
    chargingEfficiency: figure('chargingEfficiency', '') ?? 1,
    dischargingEfficiency: figure('dischargingEfficiency', '') ?? 1,
  }
}

/** Scale and offset, without the dust that multiplying by 0.1 leaves. */
const scaledBy = ({ scale = 1, offset = 0 }: { scale?: number; offset?: number }, raw: number): number =>
  Number((raw * scale + offset).toPrecision(12))

/** What a reading measured. */
export interface Measure {
  name: string
  /** Value in `unit`, consumption positive; undefined when the device has none. */
  value: number | string | undefined
  unit: string
  /** Word for the value of a state. */
  says?: string
}

/** Values of a link's readings from fetched registers: power in W, state of charge in Wh, others in their own unit. */
export function measuresOf(link: Link, registers: Registers): Measure[] {
  return link.readings.map(({ name, says, slot }) => {
    const raw = slotValue(slot, registers, says.missing)
    const word = raw === undefined ? undefined : says.says?.[String(raw)]
    const shown = word === undefined ? {} : { says: word }
    const unit = says.unit ?? slot.unit ?? ''
    if (typeof raw !== 'number') return { name, value: raw, unit, ...shown }
    const sign = says.sign === 'production-positive' ? -1 : 1
    // 0 must not become -0.
    const value = sign * scaledBy(says, raw) + 0
    if (name === 'power')
      return { name, value: unit === '%' ? (value / 100) * link.nominal[says.of ?? 'consumption']! : convert(value, unit, 'W'), unit: 'W' }
    if (name === 'soc')
      return { name, value: unit === '%' ? (value / 100) * (link.nominal.capacity ?? 0) : convert(value, unit, 'Wh'), unit: 'Wh' }
    return { name, value, unit, ...shown }
  })
}

/** The number a link measured under a name, when there is one. */
export function numberOf(measures: readonly Measure[], name: string): number | undefined {
  const value = measures.find((measure) => measure.name === name)?.value
  return typeof value === 'number' ? value : undefined
}
