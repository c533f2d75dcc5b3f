/** The registry in the database: appliances, and the devices that measure and switch them. */
import { type Instant, Problem, say } from '#kernel'
import { asJson, asTimestamp, type Connections, type Queryable, type Transaction } from '#store'
import type { ApplianceType, CommandState, ControlState, DeviceType, DeviceUsage, Mode, Typology } from './codes.ts'
import { dryRunOf } from './dry-run.ts'
import { SAYING } from './saying.ts'
import type { Topics } from './topics.ts'

/** A row of the coordination database, its columns named as there. */
export type CoordinationRow = Readonly<Record<string, string | number | boolean | null>>

/** What the coordination database knows of one kind of appliance only: its row in the table of its kind, and the rows that belong to that. */
export interface ApplianceDetails {
  table: string
  row: CoordinationRow
  children: readonly CoordinationRow[]
}

export interface Appliance {
  /** equipement_pilote_ou_mesure_id */
  id: number
  type: ApplianceType
  typology: Typology
  mode: Mode
  control: ControlState
  command: CommandState
  name: string
  description: string
  /** Pseudonym, e.g. R004; null when it is nobody's. */
  participant: string | null
  /** Nominal, used when no cycle is known. */
  powerW: number | null
  /** What the planner wants now. */
  wantedOn: boolean
  startedAt: Instant | null
  programmedAt: Instant | null
  details: ApplianceDetails | null
}

export interface Device {
  /** ELFE id, e.g. A101. */
  id: string
  appliance: number
  type: DeviceType
  usage: DeviceUsage
  hardware: string | null
  brand: string | null
  participant: string | null
  topics: Topics
  /** Its id in the coordination database's table of its family. */
  coordinationId: number | null
}

export type Outcome = 'made' | 'updated' | 'known'

const APPLIANCE = `id, type, typology, mode, control, command, name, description, participant, power_w as "powerW", wanted_on as "wantedOn",
  started_at as "startedAt", programmed_at as "programmedAt", details`
const DEVICE = `id, appliance, type, usage, hardware, brand, participant,
  jsonb_build_object('control', control_topic, 'command', command_topic, 'will', will_topic) as topics, coordination_id as "coordinationId"`

/** All appliances, by id; those of one participant when asked. */
export const listAppliances = (store: Queryable, participant?: string): Promise<Appliance[]> =>
  store.query<Appliance>(`select ${APPLIANCE} from cariflex.community_appliance where $1::text is null or participant = $1 order by id`, [
    participant ?? null,
  ])

/** All devices, by id; those of one participant or of one appliance when asked. */
export const listDevices = (store: Queryable, of: { participant?: string; appliance?: number } = {}): Promise<Device[]> =>
  store.query<Device>(
    `select ${DEVICE} from cariflex.community_device
     where ($1::text is null or participant = $1) and ($2::int is null or appliance = $2) order by id`,
    [of.participant ?? null, of.appliance ?? null],
  )

/** @throws Problem `unknown-device` */
export async function findDevice(store: Queryable, id: string): Promise<Device> {
  const device = await store.first<Device>(`select ${DEVICE} from cariflex.community_device where id = $1`, [id])
  if (device) return device
  throw new Problem('unknown-device', say(SAYING.unknownDevice, { id: id.slice(0, 40) }), { status: 404, hint: say(SAYING.importIt) })
}

/** Keeps what is given; resolves to what became of each, by id. Devices need their appliances first. */
export function keepAppliances(store: Queryable, appliances: readonly Appliance[]): Promise<Map<number, Outcome>> {
  const rows = appliances.map(({ powerW, wantedOn, startedAt, programmedAt, ...same }) => ({
    ...same,
    power_w: powerW,
    wanted_on: wantedOn,
    started_at: startedAt === null ? null : asTimestamp(startedAt),
    programmed_at: programmedAt === null ? null : asTimestamp(programmedAt),
  }))
  return keep(store, 'community_appliance', rows)
}

/** Like `keepAppliances`. */
export function keepDevices(store: Queryable, devices: readonly Device[]): Promise<Map<string, Outcome>> {
  const rows = devices.map(({ topics, coordinationId, ...same }) => ({
    ...same,
    control_topic: topics.control,
    command_topic: topics.command,
    will_topic: topics.will,
    coordination_id: coordinationId,
  }))
  return keep(store, 'community_device', rows)
}

/** Only rows that differ are written. */
async function keep<Id>(store: Queryable, table: string, rows: readonly { id: Id }[]): Promise<Map<Id, Outcome>> {
  if (rows.length === 0) return new Map()
  const columns = Object.keys(rows[0]!)
  const written = await store.query<{ id: Id; made: boolean }>(
    `insert into cariflex.${table} as kept (${columns.join(', ')})
     select ${columns.join(', ')} from jsonb_populate_recordset(null::cariflex.${table}, $1)
     on conflict (id) do update set ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
     where kept.* is distinct from excluded.*
     returning id, xmax = 0 as made`,
    [asJson(rows)],
  )
  const outcome = new Map(rows.map(({ id }): [Id, Outcome] => [id, 'known']))
  for (const { id, made } of written) outcome.set(id, made ? 'made' : 'updated')
  return outcome
}

/**
 * Lets `work` write the registry, one at a time. With `dryRun` all of it is done and nothing of it stays.
 * @returns what `work` resolves to
 */
export const writeRegistry = <T>(store: Connections, dryRun: boolean, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  dryRunOf(store, dryRun, async (tx) => {
    await tx.query('lock table cariflex.community_appliance, cariflex.community_device in share row exclusive mode')
    return work(tx)
  })
