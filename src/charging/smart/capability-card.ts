/** What a station can be told, by its own words and by what was found out of its model (charging reference 2.9, 2.13). */
import type { Clock } from '#kernel'
import type { ProfileVersion } from '#protocols/ocpp'
import { asJson, asTimestamp, type Store } from '#store'
import { dischargePower, keyOf, lookUp, rateUnits } from '../device-model.ts'
import type { Station } from '../station.ts'

/** How an order is put: purpose and kind, from the first that is tried to the last. */
export const RUNGS = ['priority', 'dynamic', 'tx', 'default', 'default-zero', 'default-relative', 'station-max'] as const
export type ProfileRung = (typeof RUNGS)[number]

export interface Form {
  rung: ProfileRung
  unit: 'A' | 'W'
}
/** 'tx W' */
export const formName = ({ rung, unit }: Form): string => `${rung} ${unit}`

/** What was found out by trying. */
export interface Learned {
  /** The form that worked last. */
  form?: string
  /** Forms that were accepted and changed nothing. */
  deaf?: string[]
  /** It keeps the old profile when a new one has the same id: clear first. */
  clearFirst?: boolean
  /** It does not know GetCompositeSchedule. */
  readsBack?: boolean
}

/** What a person may say of a model; each stands before what the station says of itself. */
export interface Said {
  units?: ('A' | 'W')[]
  maxPeriods?: number
  wholeAmperes?: boolean
  minCurrent?: number
  negative?: boolean
  dynamic?: boolean
}

export interface CapabilityCard {
  version: ProfileVersion
  /** Best first: W is exact, A is rounded to a tenth. */
  units: readonly ('A' | 'W')[]
  maxPeriods: number
  maxStackLevel: number | undefined
  maxProfiles: number | undefined
  phaseSwitching: boolean
  /** Steps that it keeps, A. */
  step: number
  /** Below it a car cannot be told anything but to pause, A (IEC 61851: 6). */
  minCurrent: number
  /** It declares that it gives power back, so that a negative limit or a set-point below 0 is understood. */
  negative: boolean
  /** Profiles that are updated in place (2.1, K28). */
  dynamic: boolean
  /** Priority charging (2.1, K21), in a profile that ends in the safe limit. */
  priority: boolean
  learned: Learned
}

export interface CardView {
  vendor: string
  model: string
  protocol: ProfileVersion
  card: Omit<CapabilityCard, 'learned' | 'version'>
  learned: Learned
  said: Said
}

export interface Cards {
  of(station: Station): CapabilityCard
  view(station: Station): CardView
  /** Keeps what was found out of the model of the station; from now on it holds for all of that model. */
  learn(station: Station, found: Partial<Learned>): Promise<void>
  /** Keeps what a person knows of the model. */
  say(station: Station, said: Said): Promise<void>
}

/** The version on the wire, whatever the room speaks to it. */
export function wireVersion({ session }: Station): ProfileVersion {
  const wire = (session as { wire?: { version: string } } | undefined)?.wire ?? session
  const version = wire?.version.slice('ocpp'.length)
  return version === '1.6' || version === '2.1' ? version : '2.0.1'
}

const whole = (text: string | undefined): number | undefined => {
  const value = Number(text)
  return text !== undefined && Number.isInteger(value) && value >= 0 ? value : undefined
}
const isTrue = (text: string | undefined): boolean => text?.trim().toLowerCase() === 'true'

/** Direct current has a voltage that nobody here knows: amperes would be a guess. */
const chargesDirect = ({ open }: Pick<Station, 'open'>): boolean =>
  [...open.values()].some(({ transaction }) => transaction.needs?.transfer?.startsWith('DC'))

/** The card of a station, from its device model and what is known of its kind. Pure. */
export function cardFrom(
  station: Pick<Station, 'model' | 'record' | 'open'>,
  version: ProfileVersion,
  learned: Learned,
  said: Said,
): CapabilityCard {
  const { model, record } = station
  const value = (variable: string) => lookUp(model, 'SmartChargingCtrlr', variable, record.evse)?.value
  const entries = model.get(
    keyOf({ component: { name: 'SmartChargingCtrlr' }, variable: { name: 'Entries', instance: 'ChargingProfiles' } }),
  )
  // A station that does not say how many periods it takes gets one: the plainest profile is the one that is kept.
  const maxPeriods = Math.max(1, Math.min(1024, said.maxPeriods ?? whole(value('PeriodsPerSchedule')) ?? 1))
  return {
    version,
    units: said.units ?? rateUnits(model) ?? (chargesDirect(station) ? ['W', 'A'] : ['A', 'W']),
    maxPeriods,
    maxStackLevel: whole(value('ProfileStackLevel')),
    maxProfiles: whole(entries?.value),
    phaseSwitching: isTrue(value('ACPhaseSwitchingSupported')),
    step: said.wholeAmperes ? 1 : 0.1,
    minCurrent: said.minCurrent ?? 6,
    negative: said.negative ?? dischargePower(model, record.evse, record.nominal) > 0,
    dynamic: version === '2.1' && (said.dynamic ?? isTrue(value('SupportsDynamicProfiles'))),
    priority: version === '2.1' && maxPeriods > 1,
    learned,
  }
}

/** Forms in the order in which they are tried: what worked before first, what was found without effect last. */
export function ladder({ units, dynamic, learned, maxPeriods }: CapabilityCard, discharges: boolean): Form[] {
  const forms: Form[] = []
  // Set-points for what gives power back; otherwise the plain profile that every station knows.
  if (dynamic && discharges) for (const unit of units) forms.push({ rung: 'dynamic', unit })
  for (const rung of ['tx', 'default'] as const) for (const unit of units) forms.push({ rung, unit })
  // These end by themselves in the safe limit, which takes a second period.
  if (maxPeriods > 1 || dynamic) forms.push({ rung: 'default-zero', unit: units[0]! })
  forms.push({ rung: 'default-relative', unit: units[0]! })
  if (maxPeriods > 1) forms.push({ rung: 'station-max', unit: units[0]! })
  const isDeaf = (form: Form) => (learned.deaf?.includes(formName(form)) ? 1 : 0)
  const isLiked = (form: Form) => (learned.form === formName(form) ? 0 : 1)
  return forms.toSorted((one, other) => isDeaf(one) - isDeaf(other) || (discharges ? 0 : isLiked(one) - isLiked(other)))
}

/** Forms for a car whose driver is in a hurry. */
export const priorityForms = ({ units }: CapabilityCard): Form[] => units.map((unit) => ({ rung: 'priority', unit }))

/** Opens the cards kept in the database. @throws Problem `database-unavailable` */
export async function openCards(store: Store, clock: Clock): Promise<Cards> {
  const kept = new Map<string, { learned: Learned; said: Said }>()
  const rows = await store.query<{ vendor: string; model: string; protocol: string; learned: Learned; said: Said }>(
    'select vendor, model, protocol, learned, said from cariflex.capability_card',
  )
  const keyFor = (vendor: string, model: string, protocol: string) => JSON.stringify([vendor, model, protocol])
  for (const { vendor, model, protocol, learned, said } of rows) kept.set(keyFor(vendor, model, protocol), { learned, said })

  const nameOf = (station: Station) => ({
    vendor: station.record.vendor ?? '',
    // One whose model nobody knows is a kind of its own.
    model: station.record.model ?? station.record.identity,
    protocol: wireVersion(station),
  })
  const entry = (station: Station) => {
    const { vendor, model, protocol } = nameOf(station)
    return kept.get(keyFor(vendor, model, protocol)) ?? { learned: {}, said: {} }
  }
  const keep = async (station: Station, { learned, said }: { learned: Learned; said: Said }) => {
    const { vendor, model, protocol } = nameOf(station)
    kept.set(keyFor(vendor, model, protocol), { learned, said })
    await store.query(
      `insert into cariflex.capability_card (vendor, model, protocol, learned, said, updated_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (vendor, model, protocol) do update set learned = excluded.learned, said = excluded.said, updated_at = excluded.updated_at`,
      [vendor, model, protocol, asJson(learned), asJson(said), asTimestamp(clock.now())],
    )
  }
  const of = (station: Station) => {
    const { learned, said } = entry(station)
    return cardFrom(station, wireVersion(station), learned, said)
  }
  return {
    of,
    view(station) {
      const { learned, said } = entry(station)
      const { learned: _, version: __, ...card } = of(station)
      return { ...nameOf(station), card, learned, said }
    },
    async learn(station, found) {
      const { learned, said } = entry(station)
      const more = { ...learned, ...found }
      // Many stations of a model find out the same at the same time: it is written once.
      if (JSON.stringify(more) !== JSON.stringify(learned)) await keep(station, { learned: more, said })
    },
    async say(station, said) {
      await keep(station, { learned: entry(station).learned, said })
    },
  }
}
