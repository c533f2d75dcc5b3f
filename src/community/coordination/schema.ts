/**
 * ELFE's coordination database, schema v6.3 (ELFE reference 1.4): names and types of its tables and columns are interface facts. Columns that are not
 * listed here are neither read nor written.
 */
import { Problem, say } from '#kernel'
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
import { SAYING } from './saying.ts'

export const SCHEMA = 'bdd_coordination_schema'
/** How a text column says that nothing is known. */
export const UNSAID = 'non renseigné'
/** How a text column says that there is none. */
export const NONE = 'aucun'

export interface Table {
  name: string
  /** Definitions of columns, by name; the first is the key. */
  columns: Readonly<Record<string, string>>
}

/** A table of one kind of appliance, with the table of what belongs to its rows. */
export interface KindTable extends Table {
  child?: Table & { parent: string }
}

export const columnsOf = ({ columns }: Table): string => Object.keys(columns).join(', ')

export const APPLIANCE = 'equipement_pilote_ou_mesure'
export const DEVICE = 'equipement_domotique'

const WHOLE = 'integer not null'
const TEXT = 'text not null'
const YES_NO = 'boolean not null'
const KEY = 'serial primary key'
const ofAppliance = { equipement_pilote_ou_mesure_id: `integer not null references ${SCHEMA}.${APPLIANCE} (id) on update cascade` }
const ofDevice = { equipement_domotique_id: `text not null references ${SCHEMA}.${DEVICE} (id) on update cascade` }
const of = (space: CodeSpace<number>) => `integer not null references ${SCHEMA}.${space.table} (id) on update cascade`

export const APPLIANCES: Table = {
  name: APPLIANCE,
  columns: {
    id: KEY,
    equipement_pilote_specifique_id: WHOLE,
    typologie_installation_domotique_id: of(TYPOLOGIES),
    nom_humain: TEXT,
    description: TEXT,
    equipement_pilote_ou_mesure_type_id: of(APPLIANCE_TYPES),
    equipement_pilote_ou_mesure_mode_id: of(MODES),
    etat_controle_id: of(CONTROL_STATES),
    etat_commande_id: of(COMMAND_STATES),
    ems_consigne_marche: YES_NO,
    timestamp_derniere_mise_en_marche: 'integer not null default 0',
    timestamp_derniere_programmation: 'integer not null default 0',
    utilisateur: `text default '${UNSAID}'`,
  },
}

export const DEVICES: Table = {
  name: DEVICE,
  columns: {
    id: 'text primary key',
    ...ofAppliance,
    equipement_domotique_type_id: of(DEVICE_TYPES),
    equipement_domotique_usage_id: of(DEVICE_USAGES),
    id_materiel: `text default '${UNSAID}'`,
    marque: `text default '${UNSAID}'`,
    utilisateur: `text default '${UNSAID}'`,
    utilisateur_affecte: YES_NO,
    equipement_domotique_specifique_id: WHOLE,
  },
}

/** Comfort of week and weekend, two periods each. */
const comfort = Object.fromEntries(
  ['semaine', 'weekend'].flatMap((part) =>
    [1, 2].flatMap((number) => {
      const period = `prog_${part}_periode_${number}_confort`
      return [
        [`${period}_actif`, YES_NO],
        [`${period}_heure_debut`, WHOLE],
        [`${period}_heure_fin`, WHOLE],
      ]
    }),
  ),
)
const power = { mesures_puissance_elec_id: WHOLE }
const child = (name: string, parent: string, key: string, columns: Record<string, string>) => ({
  ...{ name, parent: key },
  columns: { id: KEY, [key]: `integer not null references ${SCHEMA}.${parent} (id) on update cascade`, ...columns },
})

export const MACHINE = 'equipement_pilote_machine_generique'
export const VEHICLE = 'equipement_pilote_vehicule_electrique_generique'
export const WATER_HEATER = 'equipement_pilote_ballon_ecs'
export const HEATING = 'equipement_pilote_chauffage_non_asservi'
export const SERVO_HEATING = 'equipement_pilote_chauffage_asservi'

const THERMAL_MODELS: Table = { name: 'chauffage_asservi_modele_thermique', columns: { id: KEY, nom: TEXT, description: TEXT } }

export const KINDS: readonly KindTable[] = [
  {
    name: MACHINE,
    columns: {
      ...{ id: KEY, ...ofAppliance, timestamp_de_fin_souhaite: WHOLE, delai_attente_maximale_apres_fin: WHOLE },
      ...{ cycle_equipement_pilote_machine_generique_id: WHOLE, ...power },
    },
    child: child('equipement_pilote_machine_generique_cycle', MACHINE, 'equipement_pilote_machine_generique_id', {
      ...{ duree_cycle: WHOLE, nom: TEXT, description: TEXT, timestamp_dernier_declechement: 'integer not null default 0' },
    }),
  },
  {
    name: VEHICLE,
    columns: {
      ...{ id: KEY, ...ofAppliance, pourcentage_charge_restant: WHOLE, pourcentage_charge_finale_minimale_souhaitee: WHOLE },
      ...{
        duree_de_charge_estimee: WHOLE,
        timestamp_dispo_souhaitee: WHOLE,
        puissance_de_charge: WHOLE,
        capacite_de_batterie: WHOLE,
        ...power,
      },
    },
  },
  {
    name: WATER_HEATER,
    columns: { id: KEY, ...ofAppliance, volume_ballon: WHOLE, puissance_chauffe: WHOLE, ...power },
    child: child('equipement_pilote_ballon_ecs_heures_creuses', WATER_HEATER, 'equipement_pilote_ballon_ecs_id', {
      ...{ nom: TEXT, description: TEXT, actif: YES_NO, debut: WHOLE, fin: WHOLE },
    }),
  },
  {
    name: SERVO_HEATING,
    columns: {
      ...{ id: KEY, ...ofAppliance, temperature_eco: WHOLE, temperature_confort: WHOLE, ...comfort },
      ...{ delta_temp_maximale_temp_demandee: WHOLE, puissance: WHOLE },
      modele_thermique_id: `integer not null references ${SCHEMA}.${THERMAL_MODELS.name} (id) on update cascade`,
      ...{ ...power, mesure_temperature_id: WHOLE },
    },
  },
  {
    name: HEATING,
    columns: {
      ...{
        id: KEY,
        ...ofAppliance,
        ...comfort,
        puissance_moyenne_eco: WHOLE,
        puissance_moyenne_confort: WHOLE,
        pourcentage_eco_force: WHOLE,
      },
      ...power,
    },
  },
  // The number of a delivery point is a text: it may begin with 0.
  { name: 'equipement_mesure_compteur_electrique', columns: { id: KEY, ...ofAppliance, numero_pdl: TEXT, ...power } },
  { name: 'equipement_mesure_centrale_elec_generique', columns: { id: KEY, ...ofAppliance, ...power } },
]

/** Tables that hold what is known of one kind of appliance only. */
export const DETAIL_TABLES: readonly string[] = KINDS.map(({ name }) => name)

export interface FamilyTable extends Table {
  /** Names of its columns of topics. */
  control: string
  command: string
}

/** Tables of the topics of devices, by their type. That of the Shelly Plus 1PM names its columns otherwise, and counts its ids itself. */
export const FAMILIES: ReadonlyMap<number, FamilyTable> = new Map(
  [...DEVICE_TYPES.names].map(([type, name]): [number, FamilyTable] => {
    const plus = type === 411
    const control = plus ? 'topic_mqtt_controle_et_mesure_json' : 'topic_mqtt_controle_json'
    const command = plus ? 'topic_mqtt_commande_json' : 'topic_mqtt_commande_text'
    const key = plus ? 'integer primary key' : KEY
    const will = plus ? `text default '${NONE}'` : TEXT
    const columns = { id: key, ...ofDevice, [control]: TEXT, [command]: TEXT, topic_mqtt_lwt: will }
    return [type, { name: `${DEVICE}_${name}`, columns, control, command }]
  }),
)

const SPACES: readonly CodeSpace<number>[] = [
  DEVICE_TYPES,
  DEVICE_USAGES,
  APPLIANCE_TYPES,
  MODES,
  CONTROL_STATES,
  COMMAND_STATES,
  TYPOLOGIES,
]

/** Makes the schema with its codes in an empty database (ELFE-DB-1). Names for people are those of the codes. */
export async function createCoordination(store: Queryable): Promise<void> {
  const make = ({ name, columns }: Table) =>
    store.query(
      `create table ${SCHEMA}.${name} (${Object.entries(columns)
        .map((column) => column.join(' '))
        .join(', ')})`,
    )
  await store.query(`create schema ${SCHEMA}`)
  for (const { table, names } of SPACES) {
    await make({ name: table, columns: { id: 'integer primary key', nom: TEXT, nom_humain: TEXT, description: TEXT } })
    await store.query(
      `insert into ${SCHEMA}.${table} (id, nom, nom_humain, description)
       select id, nom, replace(nom, '_', ' '), $3 from unnest($1::int[], $2::text[]) as code (id, nom)`,
      [[...names.keys()], [...names.values()], NONE],
    )
  }
  for (const table of [APPLIANCES, DEVICES, THERMAL_MODELS]) await make(table)
  for (const kind of KINDS) {
    await make(kind)
    if (kind.child) await make(kind.child)
  }
  for (const family of FAMILIES.values()) await make(family)
}

/** @throws Problem `no-coordination-database` */
export async function checkCoordination(store: Queryable): Promise<void> {
  const found = await store.first<{ there: boolean }>('select to_regclass($1) is not null as there', [`${SCHEMA}.${APPLIANCE}`])
  if (!found?.there) throw new Problem('no-coordination-database', say(SAYING.noSchema, { name: SCHEMA }), { hint: say(SAYING.lookAtUrl) })
}
