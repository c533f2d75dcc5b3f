/** An existing coordination database as appliances and devices of our registry. */
import { type Instant, instant, SECOND, say } from '#kernel'
import type { Queryable } from '#store'
import {
  APPLIANCE_TYPES,
  COMMAND_STATES,
  CONTROL_STATES,
  type CodeSpace,
  DEVICE_TYPES,
  DEVICE_USAGES,
  MODES,
  TYPOLOGIES,
} from '../registry/codes.ts'
import type { Appliance, ApplianceDetails, CoordinationRow, Device } from '../registry/registry.ts'
import { SAYING } from './saying.ts'
import { APPLIANCES, checkCoordination, columnsOf, DEVICES, FAMILIES, KINDS, NONE, SCHEMA, type Table, UNSAID } from './schema.ts'

/** What cannot be taken over, or not be written, and why. */
export interface LeftOut {
  what: string
  why: string
}

export interface Coordination {
  appliances: Appliance[]
  devices: Device[]
  leftOut: LeftOut[]
}

/** Reads all of it. Nothing is written. @throws Problem `no-coordination-database` */
export async function readCoordination(store: Queryable): Promise<Coordination> {
  await checkCoordination(store)
  const leftOut: LeftOut[] = []
  const details = await readDetails(store)
  const appliances = (await rowsOf(store, APPLIANCES)).flatMap((row): Appliance[] => {
    const code = <C extends number>(column: string, space: CodeSpace<C>) => codeOf(row, column, space)
    const codes = [
      code('equipement_pilote_ou_mesure_type_id', APPLIANCE_TYPES),
      code('typologie_installation_domotique_id', TYPOLOGIES),
      code('equipement_pilote_ou_mesure_mode_id', MODES),
      code('etat_controle_id', CONTROL_STATES),
      code('etat_commande_id', COMMAND_STATES),
    ] as const
    const [type, typology, mode, control, command] = codes
    if (
      typeof type === 'string' ||
      typeof typology === 'string' ||
      typeof mode === 'string' ||
      typeof control === 'string' ||
      typeof command === 'string'
    ) {
      leftOut.push({ what: `${row['id']}`, why: codes.filter((one) => typeof one === 'string').join(' ') })
      return []
    }
    const id = Number(row['id'])
    const own = details.get(id)?.find((one) => one.row['id'] === row['equipement_pilote_specifique_id']) ?? null
    return [
      {
        ...{ id, type, typology, mode, control, command, details: own },
        ...{ name: String(row['nom_humain']), description: String(row['description']), participant: textOf(row['utilisateur']) },
        powerW: wattsOf(own),
        wantedOn: row['ems_consigne_marche'] === true,
        startedAt: momentOf(row['timestamp_derniere_mise_en_marche']),
        programmedAt: momentOf(row['timestamp_derniere_programmation']),
      },
    ]
  })
  const taken = new Set(appliances.map(({ id }) => id))
  const topics = await readTopics(store)
  const devices = (await rowsOf(store, DEVICES)).flatMap((row): Device[] => {
    const id = String(row['id'])
    const refuse = (why: string): Device[] => {
      leftOut.push({ what: id, why })
      return []
    }
    const type = codeOf(row, 'equipement_domotique_type_id', DEVICE_TYPES)
    const usage = codeOf(row, 'equipement_domotique_usage_id', DEVICE_USAGES)
    const appliance = Number(row['equipement_pilote_ou_mesure_id'])
    if (typeof type === 'string') return refuse(type)
    if (typeof usage === 'string') return refuse(usage)
    if (!/^[A-Z]\d{1,4}$/.test(id)) return refuse(say(SAYING.strangeId))
    if (!taken.has(appliance)) return refuse(say(SAYING.applianceAway, { appliance }))
    const own = topics.get(`${type} ${row['equipement_domotique_specifique_id']} ${id}`)
    return [
      {
        ...{ id, appliance, type, usage, hardware: textOf(row['id_materiel']), brand: textOf(row['marque']) },
        participant: textOf(row['utilisateur']),
        topics: own ?? { control: null, command: null, will: null },
        coordinationId: own ? Number(row['equipement_domotique_specifique_id']) : null,
      },
    ]
  })
  return { appliances, devices, leftOut }
}

/** Rows of the tables of kinds, by appliance. */
async function readDetails(store: Queryable): Promise<Map<number, ApplianceDetails[]>> {
  const found = new Map<number, ApplianceDetails[]>()
  for (const kind of KINDS) {
    const below = kind.child ? await rowsOf(store, kind.child) : []
    for (const row of await rowsOf(store, kind)) {
      const appliance = Number(row['equipement_pilote_ou_mesure_id'])
      const children = kind.child ? below.filter((one) => one[kind.child!.parent] === row['id']) : []
      found.set(appliance, [...(found.get(appliance) ?? []), { table: kind.name, row, children }])
    }
  }
  return found
}

/** Topics by type, row and device. */
async function readTopics(store: Queryable): Promise<Map<string, Device['topics']>> {
  const found = new Map<string, Device['topics']>()
  for (const [type, family] of FAMILIES)
    for (const row of await rowsOf(store, family)) {
      const [control, command, will] = [row[family.control], row[family.command], row['topic_mqtt_lwt']].map(textOf)
      found.set(`${type} ${row['id']} ${row['equipement_domotique_id']}`, { control: control!, command: command!, will: will! })
    }
  return found
}

/** None when the database has no such table: younger and older ones leave some out. */
async function rowsOf(store: Queryable, table: Table): Promise<CoordinationRow[]> {
  const name = `${SCHEMA}.${table.name}`
  const found = await store.first<{ there: boolean }>('select to_regclass($1) is not null as there', [name])
  return found?.there ? store.query<CoordinationRow>(`select ${columnsOf(table)} from ${name} order by 1`) : []
}

/** The code, or what is wrong with it. */
function codeOf<C extends number>(row: CoordinationRow, column: string, space: CodeSpace<C>): C | string {
  const value = Number(row[column])
  return space.of(value) ?? say(SAYING.strangeCode, { column, value })
}

const textOf = (value: CoordinationRow[string] | undefined): string | null =>
  value === null || value === undefined || value === UNSAID || value === NONE || value === '' ? null : String(value)
const momentOf = (value: CoordinationRow[string] | undefined): Instant | null =>
  value === 0 || value === null || value === undefined ? null : instant(Number(value) * SECOND)

/** The nominal power that tables of some kinds hold. */
function wattsOf(details: ApplianceDetails | null): number | null {
  const { row } = details ?? {}
  const watts = row?.['puissance_chauffe'] ?? row?.['puissance_de_charge'] ?? row?.['puissance'] ?? null
  return watts === null ? null : Number(watts)
}
