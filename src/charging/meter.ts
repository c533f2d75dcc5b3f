/** MeterValue lists of OCPP 2.0.1 as clean samples: units and multipliers normalised, phases summed, odd values dropped one by one. */
import { after, type Instant, isProblem, MINUTE, parseInstant } from '#kernel'
import type { MeterValueType, SampledValueType } from '#protocols/ocpp'

export interface Sample {
  at: Instant
  /** W, consumption positive; absent when neither power nor current was measured. */
  power?: number
  /** Registers, Wh. */
  imported?: number
  exported?: number
  /** State of charge of the car, percent. */
  soc?: number
  /** Transaction.Begin, Transaction.End, Sample.Periodic … of the first value. */
  context: string
}

export interface Readings {
  samples: Sample[]
  /** One sentence per value that was left out. */
  oddities: string[]
}

const SCALE: Record<string, [kind: 'power' | 'energy' | 'current' | 'voltage' | 'percent', factor: number]> = {
  w: ['power', 1],
  kw: ['power', 1000],
  wh: ['energy', 1],
  kwh: ['energy', 1000],
  a: ['current', 1],
  v: ['voltage', 1],
  percent: ['percent', 1],
  '%': ['percent', 1],
}
const KIND: Record<string, { kind: 'power' | 'energy' | 'current' | 'voltage' | 'percent'; unit: string; most: number }> = {
  'Power.Active.Import': { kind: 'power', unit: 'W', most: 10e6 },
  'Power.Active.Export': { kind: 'power', unit: 'W', most: 10e6 },
  'Energy.Active.Import.Register': { kind: 'energy', unit: 'Wh', most: 1e13 },
  'Energy.Active.Export.Register': { kind: 'energy', unit: 'Wh', most: 1e13 },
  'Current.Import': { kind: 'current', unit: 'A', most: 10_000 },
  'Current.Export': { kind: 'current', unit: 'A', most: 10_000 },
  Voltage: { kind: 'voltage', unit: 'V', most: 100_000 },
  SoC: { kind: 'percent', unit: 'Percent', most: 100 },
}

/** Clocks of stations differ from ours by so much; what lies further ahead is wrong, and would hide whatever is measured until then. */
const AHEAD = MINUTE

/** The moment that a station gave, as it gave it; undefined when it cannot be read. */
export function saidMoment(text: string): Instant | undefined {
  try {
    return parseInstant(text)
  } catch (error) {
    if (!isProblem(error)) throw error
    return undefined
  }
}

/**
 * The station's moment, `shift` ms later where its clock is known to be off; `latest`, when it was heard, if the text cannot be read or lies
 * ahead of that.
 */
export const momentOf = (text: string, latest: Instant, shift = 0): Instant => readMoment(text, latest, shift).at

function readMoment(text: string, latest: Instant, shift: number): { at: Instant; oddity?: string } {
  const shown = `timestamp '${String(text).slice(0, 40)}'`
  const said = saidMoment(text)
  if (said === undefined) return { at: latest, oddity: `${shown} cannot be read; the moment of the message was taken` }
  const at = after(said, shift)
  return at <= latest + AHEAD ? { at } : { at: latest, oddity: `${shown} lies ahead; the moment of the message was taken` }
}

interface Measured {
  measurand: string
  phase: string
  location: string
  value: number
}

/**
 * Reads what a station measured. A bad value never spoils its neighbours.
 * @param latest moment of the message, taken when a timestamp cannot be read or lies ahead of it
 * @param phases of the EVSE, for a current that was given without phase
 * @param shift what the station's clock is behind, ms
 */
export function readMeter(values: readonly MeterValueType[], latest: Instant, phases: number, voltage = 230, shift = 0): Readings {
  const oddities: string[] = []
  const samples: Sample[] = []
  for (const entry of values) {
    const { at, oddity } = readMoment(entry.timestamp, latest, shift)
    if (oddity !== undefined) oddities.push(oddity)
    const measured: Measured[] = []
    for (const sampled of entry.sampledValue) {
      const read = readValue(sampled)
      if (typeof read === 'string') oddities.push(read)
      else if (read) measured.push(read)
    }
    samples.push(fold(measured, at, entry.sampledValue[0]?.context ?? 'Sample.Periodic', phases, voltage))
  }
  return { samples, oddities }
}

function readValue(sampled: SampledValueType): Measured | string | undefined {
  const measurand = sampled.measurand ?? 'Energy.Active.Import.Register'
  const known = KIND[measurand]
  if (!known) return undefined // frequency, temperature …: stored with the event, of no use here
  const given = sampled.unitOfMeasure?.unit ?? known.unit
  const scale = SCALE[given.toLowerCase()]
  // Field stations label power as Wh (charging reference 2.13): the number is right, the label is not.
  const mislabelled = known.kind === 'power' && scale?.[0] === 'energy'
  if (!scale || (scale[0] !== known.kind && !mislabelled)) return `${measurand} in '${given}' makes no sense; left out`
  const value = sampled.value * scale[1] * 10 ** (sampled.unitOfMeasure?.multiplier ?? 0)
  if (!Number.isFinite(value) || Math.abs(value) > known.most || (value < 0 && known.kind !== 'power' && known.kind !== 'current'))
    return `${measurand} of ${sampled.value} ${given} is not plausible; left out`
  return { measurand, phase: sampled.phase ?? '', location: sampled.location ?? 'Outlet', value }
}

function fold(measured: Measured[], at: Instant, context: string, phases: number, voltage: number): Sample {
  const sample: Sample = { at, context }
  const own = (measurand: string) => {
    const all = measured.filter((item) => item.measurand === measurand)
    const outlet = all.filter((item) => item.location === 'Outlet')
    return outlet.length > 0 ? outlet : all
  }
  /** The value without phase, else the sum over the phases against neutral. */
  const total = (measurand: string): number | undefined => {
    const items = own(measurand)
    const whole = items.findLast((item) => item.phase === '')
    if (whole) return whole.value
    const perPhase = new Map(items.filter((item) => /^L[123](-N)?$/.test(item.phase)).map((item) => [item.phase.slice(0, 2), item.value]))
    return perPhase.size > 0 ? [...perPhase.values()].reduce((sum, value) => sum + value, 0) : undefined
  }
  const voltages = new Map(own('Voltage').map((item) => [item.phase.slice(0, 2), item.value]))
  const fromCurrent = (measurand: string): number | undefined => {
    const items = own(measurand)
    const perPhase = items.filter((item) => /^L[123]/.test(item.phase))
    if (perPhase.length > 0)
      return perPhase.reduce((sum, item) => sum + item.value * (voltages.get(item.phase.slice(0, 2)) ?? voltages.get('') ?? voltage), 0)
    const whole = items.findLast((item) => item.phase === '')
    return whole ? whole.value * phases * (voltages.get('') ?? voltage) : undefined
  }
  const drawn = total('Power.Active.Import') ?? fromCurrent('Current.Import')
  const given = total('Power.Active.Export') ?? fromCurrent('Current.Export')
  if (drawn !== undefined || given !== undefined) sample.power = (drawn ?? 0) - (given ?? 0)
  const imported = total('Energy.Active.Import.Register')
  if (imported !== undefined) sample.imported = imported
  const exported = total('Energy.Active.Export.Register')
  if (exported !== undefined) sample.exported = exported
  const soc = measured.findLast((item) => item.measurand === 'SoC')
  if (soc) sample.soc = soc.value
  return sample
}
