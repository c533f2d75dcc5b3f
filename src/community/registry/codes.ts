/**
 * ELFE's code spaces (ELFE reference 1.4). 111 is a plug as a device and a dishwasher as an appliance: each space has a type of its own, which the
 * compiler lets nobody mix.
 */
declare const space: unique symbol
type Code<Space extends string> = number & { readonly [space]: Space }

export type DeviceType = Code<'equipement_domotique_type'>
export type DeviceUsage = Code<'equipement_domotique_usage'>
export type ApplianceType = Code<'equipement_pilote_ou_mesure_type'>
export type Mode = Code<'equipement_pilote_ou_mesure_mode'>
export type ControlState = Code<'equipement_pilote_etat_controle'>
export type CommandState = Code<'equipement_pilote_etat_commande'>
export type Typology = Code<'equipement_pilote_typologie_installation_domotique'>

/** One space: its table in the coordination database and the names of its codes there. */
export interface CodeSpace<C extends number> {
  readonly table: string
  readonly names: ReadonlyMap<number, string>
  /** The code, when the number is one of this space. */
  of(value: number): C | undefined
}

function codeSpace<C extends number>(table: string, names: Record<number, string>): CodeSpace<C> {
  const known = new Map(Object.entries(names).map(([code, name]) => [Number(code), name]))
  return { table, names: known, of: (value) => (known.has(value) ? (value as C) : undefined) }
}

/** Codes of one space by what they mean here. */
const code =
  <C extends number>() =>
  <Name extends string>(names: Record<Name, number>): Readonly<Record<Name, C>> =>
    names as Record<Name, C>

export const DEVICE_TYPES = codeSpace<DeviceType>('equipement_domotique_type', {
  111: 'shellyplugs_shellycloud_v1',
  112: 'nous_a1t_tasmota_v12',
  211: 'teleinfo_tasmota_v12',
  311: 'switchbot_mqtt2ble_v7',
  411: 'shellyplus1pm_shellycloud_v1',
  611: 'shellyht_shellycloud_v1',
  711: 'm5stackcore2_openhasp_v0',
  811: 'socorel_automate_v0',
})

export const DEVICE_USAGES = codeSpace<DeviceUsage>('equipement_domotique_usage', {
  11: 'mesurer_elec_commuter',
  12: 'commuter',
  21: 'mesurer_elec',
  31: 'appuyer_power',
  32: 'appuyer_demarrage',
  61: 'mesurer_ambiance',
  71: 'ihm',
})

export const APPLIANCE_TYPES = codeSpace<ApplianceType>('equipement_pilote_ou_mesure_type', {
  1: 'machine_generique',
  111: 'lave_vaisselle',
  112: 'lave_linge',
  113: 'seche_linge',
  131: 'ballon_ecs',
  151: 'chauffage_non_asservi',
  155: 'chauffage_asservi',
  221: 'voiture_electrique',
  225: 'velo_assistance_electrique',
  410: 'compteur_electrique',
  515: 'chariot_elevateur_electrique',
  901: 'centrale_elec_generique',
  910: 'centrale_solaire_elec',
  920: 'centrale_eolienne_elec',
})

export const MODES = codeSpace<Mode>('equipement_pilote_ou_mesure_mode', {
  1: 'non_pilote',
  10: 'installation',
  20: 'manuel',
  30: 'pilote',
  70: 'desactive',
  80: 'suppr',
})

export const CONTROL_STATES = codeSpace<ControlState>('equipement_pilote_etat_controle', {
  15: 'on',
  25: 'off',
  60: 'errcom',
  70: 'inconnu',
})

export const COMMAND_STATES = codeSpace<CommandState>('equipement_pilote_etat_commande', {
  1: 'etat_initial',
  11: 'pilote_stand_by',
  12: 'manuel_pilote_on',
  13: 'manuel_on',
  21: 'pilote_en_activation',
  30: 'err',
  99: 'non_commande',
})

export const TYPOLOGIES = codeSpace<Typology>('equipement_pilote_typologie_installation_domotique', {
  110: 'deux_relais',
  120: 'prise_commande',
  130: 'prise_et_doigt',
  140: 'relai_et_capteur_temperature',
  150: 'prise_et_deux_doigts',
  160: 'prise_et_doigt_double_appui',
  170: 'prise_rallume_et_doigt',
  180: 'relai_et_compteur',
  190: 'relai_inverse',
  200: 'TIC',
})

/** Who drives the appliance. */
export const MODE = code<Mode>()({ measured: 1, installing: 10, manual: 20, piloted: 30, disabled: 70, removed: 80 })
/** How the appliance is, not its relay. */
export const CONTROL = code<ControlState>()({ on: 15, off: 25, fault: 60, unknown: 70 })
/** Where its order stands. */
export const COMMAND = code<CommandState>()({ initial: 1, waiting: 11, pilotedOn: 12, running: 13, starting: 21, fault: 30, none: 99 })
