/** The inventory of hardware, one line a device (formats of the community, section 4; ELFE-DB-2): read whole, every fault told with its line. */
import { say } from '#kernel'
import { isRowId, type Store } from '#store'
import {
  APPLIANCE_TYPES,
  type ApplianceType,
  COMMAND,
  CONTROL,
  type CodeSpace,
  DEVICE_TYPES,
  DEVICE_USAGES,
  type DeviceType,
  type DeviceUsage,
  MODE,
  MODES,
  type Mode,
  TYPOLOGIES,
  type Typology,
} from './codes.ts'
import {
  type Appliance,
  type Device,
  keepAppliances,
  keepDevices,
  listAppliances,
  listDevices,
  type Outcome,
  writeRegistry,
} from './registry.ts'
import { inventoryLines } from './rows.ts'
import { SAYING } from './saying.ts'
import { isTopic, namedByHardware, type Topics, usualTopics } from './topics.ts'

/** What became of one line. */
export interface ImportedLine {
  line: number
  /** Of the device; what stands there, when it is none. */
  id: string
  outcome: Outcome | 'refused'
  /** Why it was refused: all that is wrong with it. */
  faults: string[]
}

const NEEDED = [
  'id',
  'equipement_domotique_type_id',
  'equipement_domotique_usage_id',
  'equipement_pilote_ou_mesure_id',
  'equipement_pilote_ou_mesure_type_id',
  'typologie_installation_domotique_id',
] as const
const FREE = [
  'id_materiel',
  'marque',
  'utilisateur',
  'nom_humain',
  'equipement_pilote_ou_mesure_mode_id',
  'puissance_w',
  'topic_mqtt_controle',
  'topic_mqtt_commande',
  'topic_mqtt_lwt',
] as const
type Column = (typeof NEEDED)[number] | (typeof FREE)[number]

const MOST_TEXT = 200
const MOST_WATTS = 10_000_000

/** A line that is right by itself. */
interface Entry {
  line: number
  id: string
  type: DeviceType
  usage: DeviceUsage
  hardware: string | null
  brand: string | null
  topics: Topics
  appliance: { id: number; type: ApplianceType; typology: Typology; name: string | null; participant: string | null; powerW: number | null }
  /** Undefined = as it is, manual for a new appliance. */
  mode: Mode | undefined
}

/**
 * Registers the devices of an inventory and their appliances, or makes them what it says. A line with a fault is left out, the others are kept. State
 * of appliances, and the mode where its cell is empty, stay as they are.
 * @param dryRun tells the same and writes nothing
 * @throws Problem `invalid-inventory` (422) when the file as a whole cannot be read
 */
export async function importInventory(store: Store, text: string, dryRun: boolean): Promise<ImportedLine[]> {
  const told: ImportedLine[] = []
  const entries: Entry[] = []
  const byId = new Map<string, Entry>()
  const byAppliance = new Map<number, Entry>()
  for (const { line, cells, fault } of inventoryLines(text, [...NEEDED, ...FREE], NEEDED)) {
    const { id, entry, faults } = cells ? readEntry(line, cells) : { id: '', entry: undefined, faults: [fault ?? ''] }
    const twin = entry && byId.get(entry.id)
    if (twin) faults.push(say(SAYING.deviceTwice, { id, line: twin.line }))
    const fellow = entry && byAppliance.get(entry.appliance.id)
    if (fellow) faults.push(...contradictions(entry, fellow))
    if (!entry || faults.length > 0) {
      told.push({ line, id, outcome: 'refused', faults })
      continue
    }
    entries.push(entry)
    byId.set(entry.id, entry)
    byAppliance.set(entry.appliance.id, fellow ? completed(fellow, entry) : entry)
  }
  const outcomes = await writeRegistry(store, dryRun, async (tx) => {
    const known = new Map((await listAppliances(tx)).map((one) => [one.id, one]))
    const before = new Map((await listDevices(tx)).map((one) => [one.id, one]))
    const appliances = await keepAppliances(
      tx,
      [...byAppliance.values()].map((entry) => applianceOf(entry, known.get(entry.appliance.id))),
    )
    const devices = await keepDevices(
      tx,
      entries.map((entry) => deviceOf(entry, before.get(entry.id))),
    )
    return entries.map(({ line, id, appliance }): ImportedLine => {
      const own = devices.get(id) ?? 'known'
      return { line, id, outcome: own === 'known' && appliances.get(appliance.id) !== 'known' ? 'updated' : own, faults: [] }
    })
  })
  return [...told, ...outcomes].sort((one, other) => one.line - other.line)
}

/** What the first line says of an appliance, and what only a later one says. */
function completed(first: Entry, { appliance, mode }: Entry): Entry {
  const { name, participant, powerW } = first.appliance
  const more = { name: name ?? appliance.name, participant: participant ?? appliance.participant, powerW: powerW ?? appliance.powerW }
  return { ...first, appliance: { ...first.appliance, ...more }, mode: first.mode ?? mode }
}

function applianceOf({ appliance, mode }: Entry, known: Appliance | undefined): Appliance {
  const fresh = {
    ...{ control: CONTROL.unknown, command: COMMAND.initial, description: 'aucun', wantedOn: false },
    ...{ mode: MODE.manual, startedAt: null, programmedAt: null, details: null },
  }
  const name = appliance.name ?? known?.name ?? APPLIANCE_TYPES.names.get(appliance.type)!
  return { ...fresh, ...known, ...appliance, name, ...(mode !== undefined && { mode }) }
}

function deviceOf({ id, type, usage, hardware, brand, topics, appliance }: Entry, known: Device | undefined): Device {
  const { id: of, participant } = appliance
  const coordinationId = known?.type === type ? known.coordinationId : null
  return { id, appliance: of, type, usage, hardware, brand, participant, topics, coordinationId }
}

/** What a line says of its appliance otherwise than earlier ones, the first of which is told. */
function contradictions({ appliance, mode }: Entry, { line, appliance: other, mode: otherMode }: Entry): string[] {
  const facts: [Column, string | number | null | undefined, string | number | null | undefined][] = [
    ['equipement_pilote_ou_mesure_type_id', appliance.type, other.type],
    ['typologie_installation_domotique_id', appliance.typology, other.typology],
    ['nom_humain', appliance.name, other.name],
    ['utilisateur', appliance.participant, other.participant],
    ['puissance_w', appliance.powerW, other.powerW],
    ['equipement_pilote_ou_mesure_mode_id', mode, otherMode],
  ]
  return facts.flatMap(([column, here, there]) =>
    here == null || there == null || here === there
      ? []
      : say(SAYING.otherFact, { column, value: here, other: there, line, appliance: appliance.id }),
  )
}

function readEntry(line: number, cells: Readonly<Record<string, string>>): { id: string; entry: Entry | undefined; faults: string[] } {
  const faults: string[] = []
  const fault = (sentence: string): undefined => void faults.push(sentence)
  const cell = (column: Column) => cells[column] ?? ''
  const text = (column: Column): string | null => {
    const value = cell(column)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: PostgreSQL keeps no U+0000, people read none of the others
    if (value.length > MOST_TEXT || /[\u0000-\u0008\u000e-\u001f]/.test(value)) fault(say(SAYING.badText, { column, most: MOST_TEXT }))
    return value === '' ? null : value
  }
  const whole = (column: Column): number | undefined => {
    const value = cell(column)
    if (value === '') return fault(say(SAYING.emptyCell, { column }))
    return /^\d{1,10}$/.test(value) && isRowId(Number(value)) ? Number(value) : fault(say(SAYING.notWhole, { column, value: brief(value) }))
  }
  const code = <C extends number>(column: Column, space: CodeSpace<C>): C | undefined => {
    const value = whole(column)
    if (value === undefined) return undefined
    return space.of(value) ?? fault(say(SAYING.unknownCode, { column, value, codes: [...space.names.keys()].join(', ') }))
  }

  const id = cell('id')
  if (!/^[A-Z]\d{1,4}$/.test(id)) fault(id === '' ? say(SAYING.emptyCell, { column: 'id' }) : say(SAYING.badDeviceId, { value: brief(id) }))
  const type = code('equipement_domotique_type_id', DEVICE_TYPES)
  const usage = code('equipement_domotique_usage_id', DEVICE_USAGES)
  const hardware = text('id_materiel')
  const brand = text('marque')
  const participant = text('utilisateur')
  const appliance = whole('equipement_pilote_ou_mesure_id')
  const applianceType = code('equipement_pilote_ou_mesure_type_id', APPLIANCE_TYPES)
  const name = text('nom_humain')
  const typology = code('typologie_installation_domotique_id', TYPOLOGIES)
  const mode = cell('equipement_pilote_ou_mesure_mode_id') === '' ? undefined : code('equipement_pilote_ou_mesure_mode_id', MODES)
  const powerW = watts(cell('puissance_w'), fault)
  const topic = (column: Column, usual: string | null): string | null => {
    const given = cell(column)
    if (given === '') return usual
    if (!isTopic(given)) fault(say(SAYING.badTopic, { column, value: brief(given) }))
    return given
  }
  const usual = type === undefined ? undefined : usualTopics(type, id, hardware)
  const topics = {
    control: topic('topic_mqtt_controle', usual?.control ?? null),
    command: topic('topic_mqtt_commande', usual?.command ?? null),
    will: topic('topic_mqtt_lwt', usual?.will ?? null),
  }
  if (type !== undefined && namedByHardware(type)) {
    if (hardware === null) fault(say(SAYING.emptyCell, { column: 'id_materiel' }))
    else if (/[/+#]/.test(hardware)) fault(say(SAYING.badHardware, { value: brief(hardware) }))
  }
  if (faults.length > 0 || !type || !usage || !appliance || !applianceType || !typology) return { id: brief(id), entry: undefined, faults }
  const of = { id: appliance, type: applianceType, typology, name, participant, powerW }
  return { id, entry: { line, id, type, usage, hardware, brand, topics, appliance: of, mode }, faults }
}

function watts(value: string, fault: (sentence: string) => undefined): number | null {
  if (value === '') return null
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  if (number <= MOST_WATTS) return number
  fault(say(SAYING.notPower, { column: 'puissance_w', value: brief(value), most: MOST_WATTS }))
  return null
}

/** As much of a cell as a sentence may quote, whatever stands in it. */
const brief = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 40)
