/** Our registry written into a coordination database: what is there already as we know it is not touched. */
import { isDeepStrictEqual } from 'node:util'
import { type Instant, SECOND, say } from '#kernel'
import type { Queryable, Store } from '#store'
import { dryRunOf } from '../registry/dry-run.ts'
import type { Appliance, ApplianceDetails, CoordinationRow, Device, Outcome } from '../registry/registry.ts'
import { type LeftOut, readCoordination } from './read.ts'
import { SAYING } from './saying.ts'
import { APPLIANCES, DEVICES, FAMILIES, KINDS, NONE, SCHEMA, type Table, UNSAID } from './schema.ts'

export interface Written {
  appliances: Record<Outcome, number>
  devices: Record<Outcome, number>
  leftOut: LeftOut[]
}

/**
 * Brings the rows of these appliances and devices up to what is given, in one transaction. A row that says the same already stays as it is, byte for byte;
 * nothing is ever removed. An appliance that is new there needs its details, a device the topics of its family.
 * @throws Problem `no-coordination-database`
 */
export function writeCoordination(
  store: Store,
  { appliances, devices }: { appliances: readonly Appliance[]; devices: readonly Device[] },
  dryRun: boolean,
): Promise<Written> {
  return dryRunOf(store, dryRun, async (tx) => {
    const there = await readCoordination(tx)
    const knownAppliances = new Map(there.appliances.map((one) => [one.id, one]))
    const knownDevices = new Map(there.devices.map((one) => [one.id, one]))
    const told: Written = {
      appliances: { made: 0, updated: 0, known: 0 },
      devices: { made: 0, updated: 0, known: 0 },
      leftOut: [],
    }
    const leave = (what: string | number, why: string) => told.leftOut.push({ what: `${what}`, why })
    const grown = new Set<string>()
    for (const appliance of appliances) {
      const known = knownAppliances.get(appliance.id)
      const { id, details = null } = { ...appliance, details: appliance.details ?? known?.details }
      if (known && isDeepStrictEqual({ ...known, powerW: null }, { ...appliance, details, powerW: null })) told.appliances.known++
      else if (!known && !details) leave(id, say(SAYING.noDetails))
      else if (details && (await isTaken(tx, details))) leave(id, say(SAYING.idsTaken))
      else {
        await put(tx, APPLIANCES, applianceRow(appliance, details?.row['id']), known !== undefined, grown)
        if (details && !isDeepStrictEqual(details, known?.details)) await putDetails(tx, details, grown)
        knownAppliances.set(id, appliance)
        told.appliances[known ? 'updated' : 'made']++
      }
    }
    for (const given of devices) {
      const known = knownDevices.get(given.id)
      const device = { ...given, coordinationId: given.coordinationId ?? (known?.type === given.type ? known.coordinationId : null) }
      const { control, command } = device.topics
      if (known && isDeepStrictEqual(known, device)) told.devices.known++
      else if (!knownAppliances.has(device.appliance)) leave(device.id, say(SAYING.applianceAway, { appliance: device.appliance }))
      else if (control === null || command === null) leave(device.id, say(SAYING.noTopics))
      else {
        const family = FAMILIES.get(device.type)!
        const kept = known?.coordinationId === device.coordinationId ? device.coordinationId : null
        const own = kept ?? (await freeId(tx, family, device.coordinationId))
        await put(tx, DEVICES, deviceRow(device, own, known), known !== undefined, grown)
        const topics = { [family.control]: control, [family.command]: command, topic_mqtt_lwt: device.topics.will ?? NONE }
        await put(tx, family, { id: own, equipement_domotique_id: device.id, ...topics }, kept !== null, grown)
        told.devices[known ? 'updated' : 'made']++
      }
    }
    for (const table of grown) await countOn(tx, table)
    return told
  })
}

const kindOf = ({ table }: ApplianceDetails) => KINDS.find(({ name }) => name === table)!

/** Whether rows with these ids belong to others there. */
async function isTaken(tx: Queryable, details: ApplianceDetails): Promise<boolean> {
  const { row, children } = details
  const { child, ...kind } = kindOf(details)
  const foreign = ({ name }: Table, owner: string, one: CoordinationRow) =>
    tx.first(`select from ${SCHEMA}.${name} where id = $1 and ${owner} <> $2`, [one['id'], one[owner]])
  if (await foreign(kind, 'equipement_pilote_ou_mesure_id', row)) return true
  for (const one of child ? children : []) if (await foreign(child!, child!.parent, one)) return true
  return false
}

async function putDetails(tx: Queryable, details: ApplianceDetails, grown: Set<string>): Promise<void> {
  const { row, children } = details
  const { child, ...kind } = kindOf(details)
  await put(tx, kind, row, await has(tx, kind, row['id']), grown)
  for (const one of child ? children : []) await put(tx, child!, one, await has(tx, child!, one['id']), grown)
}

const has = async (tx: Queryable, { name }: Table, id: CoordinationRow[string] | undefined): Promise<boolean> =>
  (await tx.first(`select from ${SCHEMA}.${name} where id = $1`, [id])) !== undefined

/** Writes the columns that the row has; one that says so already is not touched. */
async function put(tx: Queryable, { name, columns }: Table, row: CoordinationRow, isThere: boolean, grown: Set<string>): Promise<void> {
  const given = Object.keys(columns).filter((column) => row[column] !== undefined)
  const values = given.map((column) => row[column])
  const names = given.join(', ')
  const slots = given.map((_, index) => `$${index + 1}`).join(', ')
  if (isThere)
    await tx.query(
      `update ${SCHEMA}.${name} set (${names}) = row(${slots}) where id = $1 and row(${names}) is distinct from row(${slots})`,
      values,
    )
  else {
    await tx.query(`insert into ${SCHEMA}.${name} (${names}) values (${slots})`, values)
    grown.add(name)
  }
}

/** The id that is wished when nobody has it there. */
async function freeId(tx: Queryable, table: Table, wished: number | null): Promise<number> {
  if (wished !== null && !(await has(tx, table, wished))) return wished
  return (await tx.first<{ id: number }>(`select coalesce(max(id), 0) + 1 as id from ${SCHEMA}.${table.name}`))!.id
}

/** Rows were given their ids here: its own tools count on behind them. */
async function countOn(tx: Queryable, name: string): Promise<void> {
  if (name === DEVICES.name) return
  const table = `${SCHEMA}.${name}`
  await tx.query(
    `select setval(counter::regclass, greatest(max(id), nextval(counter::regclass) - 1)) from ${table}, pg_get_serial_sequence($1, 'id') as counter
     where counter is not null group by counter`,
    [table],
  )
}

const seconds = (at: Instant | null): number => (at === null ? 0 : Math.floor(at / SECOND))

const applianceRow = (one: Appliance, specific: CoordinationRow[string] | undefined): CoordinationRow => ({
  id: one.id,
  ...(specific !== undefined && { equipement_pilote_specifique_id: specific }),
  typologie_installation_domotique_id: one.typology,
  nom_humain: one.name,
  description: one.description,
  equipement_pilote_ou_mesure_type_id: one.type,
  equipement_pilote_ou_mesure_mode_id: one.mode,
  etat_controle_id: one.control,
  etat_commande_id: one.command,
  ems_consigne_marche: one.wantedOn,
  timestamp_derniere_mise_en_marche: seconds(one.startedAt),
  timestamp_derniere_programmation: seconds(one.programmedAt),
  utilisateur: one.participant ?? UNSAID,
})

const deviceRow = (one: Device, specific: number, known: Device | undefined): CoordinationRow => ({
  id: one.id,
  equipement_pilote_ou_mesure_id: one.appliance,
  equipement_domotique_type_id: one.type,
  equipement_domotique_usage_id: one.usage,
  id_materiel: one.hardware ?? UNSAID,
  marque: one.brand ?? UNSAID,
  utilisateur: one.participant ?? UNSAID,
  ...(known?.participant !== one.participant && { utilisateur_affecte: one.participant !== null }),
  equipement_domotique_specifique_id: specific,
})
