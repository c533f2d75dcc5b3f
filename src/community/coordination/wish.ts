/** What the coordination database says of an appliance, as the wish that the planner places. Seconds of the day are the home's wall clock. */
import { formatInstant, instant, SECOND } from '#kernel'
import type { Span, Wish } from '../declarations/wish.ts'
import type { Appliance, ApplianceDetails } from '../registry/registry.ts'
import { HEATING, MACHINE, VEHICLE, WATER_HEATER } from './schema.ts'

/** Only what is piloted is planned. */
const PILOTED = 30

/**
 * What is declared in the details of a piloted appliance; undefined when it is not piloted, or nothing is declared of its kind there: servo heating is
 * left out, since the thermal model that it needs is not in the database.
 */
export const wishOf = ({ mode, details }: Appliance): Wish | undefined =>
  mode === PILOTED && details ? WISHES[details.table]?.(details) : undefined

const WISHES: Readonly<Record<string, (details: ApplianceDetails) => Wish | undefined>> = {
  [MACHINE]({ row, children }) {
    const cycle = children.find((one) => one['id'] === row['cycle_equipement_pilote_machine_generique_id'])
    const seconds = Number(cycle?.['duree_cycle'] ?? 0)
    return {
      ...{ kind: 'machine', done: { at: moment(row['timestamp_de_fin_souhaite']) } },
      delayMinutes: Math.floor(Number(row['delai_attente_maximale_apres_fin']) / 60),
      ...(seconds > 0 && { durationMinutes: Math.ceil(seconds / 60) }),
    }
  },
  [VEHICLE]({ row }) {
    return {
      ...{ kind: 'vehicle', done: { at: moment(row['timestamp_dispo_souhaitee']) }, charging: 'continuous' },
      capacityWh: Number(row['capacite_de_batterie']),
      nowPercent: Number(row['pourcentage_charge_restant']),
      leastPercent: Number(row['pourcentage_charge_finale_minimale_souhaitee']),
      powersW: [Number(row['puissance_de_charge'])],
    }
  },
  [WATER_HEATER]({ row, children }) {
    const offPeak = children.filter((one) => one['actif'] === true).map((one) => span(one['debut'], one['fin']))
    if (offPeak.length === 0) return undefined
    return { kind: 'water-heater', volumeL: Number(row['volume_ballon']), powerW: Number(row['puissance_chauffe']), offPeak }
  },
  [HEATING]({ row }) {
    const comfort = (part: string): Span[] =>
      [1, 2].flatMap((number) => {
        const period = `prog_${part}_periode_${number}_confort`
        return row[`${period}_actif`] === true ? [span(row[`${period}_heure_debut`], row[`${period}_heure_fin`])] : []
      })
    return {
      ...{ kind: 'heating', ecoW: Number(row['puissance_moyenne_eco']), comfortW: Number(row['puissance_moyenne_confort']) },
      ...{ ecoPercent: Number(row['pourcentage_eco_force']), week: comfort('semaine'), weekend: comfort('weekend') },
    }
  },
}

const moment = (seconds: unknown): string => formatInstant(instant(Number(seconds) * SECOND))
const span = (start: unknown, end: unknown): Span => ({ startSecond: Number(start), endSecond: Number(end) })
