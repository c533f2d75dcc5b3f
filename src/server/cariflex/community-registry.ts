/** The hardware registry of a community: appliances, devices, the inventory they come from, a coordination database taken over. */
import { type TSchema, Type } from 'typebox'
import {
  APPLIANCE_TYPES,
  type Appliance,
  type ApplianceDetails,
  adoptCoordination,
  COMMAND_STATES,
  CONTROL_STATES,
  type CodeSpace,
  DETAIL_TABLES,
  DEVICE_TYPES,
  DEVICE_USAGES,
  importInventory,
  listAppliances,
  listDevices,
  MODES,
  TYPOLOGIES,
} from '#community'
import { auditAccount, steers } from '#ems'
import { formatInstant, type Instant, parseInstant } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, onSite, whoOf } from './shape.ts'

export interface CommunityRegistryParts {
  account: number
  zone: string
  rooms: Rooms
}

const closed = { additionalProperties: false }
const orNull = <Shape extends TSchema>(shape: Shape, description: string) => Type.Union([shape, Type.Null()], { description })
const code = <C extends number>({ names }: CodeSpace<C>, description: string) =>
  Type.Unsafe<C>(Type.Enum([...names.keys()], { description }))

const Id = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'equipement_pilote_ou_mesure_id' })
const Text = Type.String({ maxLength: 200 })
const Participant = orNull(Text, 'Pseudonym, as R004; null when it is nobody’s.')
const At = Type.String({ format: 'date-time' })
const Row = Type.Record(
  Type.String({ maxLength: 63 }),
  Type.Union([Type.String({ maxLength: 1000 }), Type.Number(), Type.Boolean(), Type.Null()]),
)
const Details = Type.Unsafe<ApplianceDetails>(
  Type.Object({ table: Type.Enum([...DETAIL_TABLES]), row: Row, children: Type.Array(Row, { maxItems: 100 }) }, closed),
)
const ApplianceShape = Type.Object(
  {
    id: Id,
    type: code(APPLIANCE_TYPES, 'Code of the appliance: 112 is a washing machine.'),
    typology: code(TYPOLOGIES, 'How its devices switch it.'),
    mode: code(MODES, '1 only measured, 10 being installed, 20 manual, 30 piloted, 70 disabled, 80 removed.'),
    control: code(CONTROL_STATES, 'What it does: 15 on, 25 off, 60 does not answer, 70 unknown.'),
    command: code(COMMAND_STATES, 'Where its orders stand.'),
    name: Text,
    description: Type.String({ maxLength: 1000 }),
    participant: Participant,
    powerW: orNull(Type.Number({ minimum: 0 }), 'Nominal, used when no cycle is known.'),
    wantedOn: Type.Boolean({ description: 'What the planner wants now.' }),
    startedAt: orNull(At, 'When it was started last.'),
    programmedAt: orNull(At, 'When it was declared last.'),
    details: orNull(Details, 'What the coordination database knows of its kind only, its columns named as there.'),
  },
  closed,
)
const Topic = orNull(Type.String({ maxLength: 65_535, pattern: '^[^+#]+$' }), 'Null when it has none, or none is known.')
const DeviceShape = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Z]\\d{1,4}$', description: 'ELFE id, as A101.' }),
    appliance: Id,
    type: code(DEVICE_TYPES, 'Code of the device: 111 is a Shelly Plug S.'),
    usage: code(DEVICE_USAGES, 'What it is for: 11 measures and switches.'),
    hardware: orNull(Text, 'Hardware id.'),
    brand: orNull(Text, 'Brand.'),
    participant: Participant,
    topics: Type.Object({ control: Topic, command: Topic, will: Topic }, closed),
    coordinationId: orNull(Id, 'Its id in the coordination database’s table of its family.'),
  },
  closed,
)
const Outcome = Type.Enum(['made', 'updated', 'known'])
const Imported = Type.Object({
  line: Type.Integer(),
  id: Type.String(),
  outcome: Type.Enum(['made', 'updated', 'known', 'refused']),
  faults: Type.Array(Type.String(), { description: 'All that is wrong with the line.' }),
})
const Adopted = Type.Object({
  appliances: Type.Array(Type.Object({ id: Id, outcome: Outcome })),
  devices: Type.Array(Type.Object({ id: Type.String(), outcome: Outcome })),
})
const DryRun = Type.Boolean({ default: false, description: 'Only tells what would become of each.' })
const ByParticipant = Type.Object({
  participant: Type.Optional(Type.String({ maxLength: 200, description: 'Only those of this participant.' })),
})
/** Bytes; twenty thousand devices are five million. */
const LONGEST = 16 << 20

/** Reading is for those who may read the site, writing for those who may steer it. */
export const communityRegistryRoutes =
  ({ account, zone, rooms }: CommunityRegistryParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const read = { onRequest: [authenticate, onSite(account, 'read')] }
    const write = { bodyLimit: LONGEST, onRequest: [authenticate, onSite(account, 'update'), requirePermission(steers)] }
    const tags = ['community']
    const at = (moment: Instant | null) => (moment === null ? null : formatInstant(moment, zone))
    const moment = (text: string | null) => (text === null ? null : parseInstant(text))
    const shown = (one: Appliance) => ({ ...one, startedAt: at(one.startedAt), programmedAt: at(one.programmedAt) })
    const note = (request: Request, event: string) => auditAccount(rooms.store, rooms.clock.now(), whoOf(request), event, { account })

    app.get(
      '/community/appliances',
      {
        ...read,
        schema: {
          ...{ tags, summary: 'What is piloted or measured in the community', querystring: ByParticipant },
          response: { 200: Data(Type.Array(ApplianceShape)) },
        },
      },
      async ({ query }) => ({ data: (await listAppliances(rooms.store, query.participant)).map(shown) }),
    )
    app.get(
      '/community/devices',
      {
        ...read,
        schema: {
          ...{ tags, summary: 'Plugs, relays, fingers, sensors and screens of the community', querystring: ByParticipant },
          response: { 200: Data(Type.Array(DeviceShape)) },
        },
      },
      async ({ query }) => ({ data: await listDevices(rooms.store, query) }),
    )
    app.post(
      '/community/devices/import',
      {
        ...write,
        schema: {
          tags,
          summary: 'Registers the devices of an inventory and their appliances: good lines are kept, of the others every fault is told',
          body: Type.Object(
            { csv: Type.String({ description: 'The file: RFC 4180, its first line names the columns.' }), dryRun: DryRun },
            closed,
          ),
          response: { 200: Data(Type.Array(Imported)) },
        },
      },
      async (request) => {
        const { csv, dryRun = false } = request.body
        const data = await importInventory(rooms.store, csv, dryRun)
        const changed = data.filter(({ outcome }) => outcome === 'made' || outcome === 'updated').length
        if (!dryRun && changed > 0) await note(request, `Imported ${changed} devices of an inventory`)
        return { data }
      },
    )
    app.post(
      '/community/adoption',
      {
        ...write,
        schema: {
          tags,
          summary: 'Takes appliances and devices of a coordination database over into the registry',
          body: Type.Object(
            {
              appliances: Type.Array(ApplianceShape, { maxItems: 20_000, description: 'As the list of appliances shows them.' }),
              devices: Type.Array(DeviceShape, { maxItems: 20_000, description: 'As the list of devices shows them.' }),
              dryRun: DryRun,
            },
            closed,
          ),
          response: { 200: Data(Adopted) },
        },
      },
      async (request) => {
        const { appliances, devices, dryRun = false } = request.body
        const given = appliances.map((one) => ({ ...one, startedAt: moment(one.startedAt), programmedAt: moment(one.programmedAt) }))
        const data = await adoptCoordination(rooms.store, { appliances: given, devices }, dryRun)
        if (!dryRun) await note(request, `Took ${given.length} appliances and ${devices.length} devices of a coordination database over`)
        return { data }
      },
    )
  }
