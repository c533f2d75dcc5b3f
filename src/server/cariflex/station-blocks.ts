/** What an operator asks of one station beyond a single command: variables, lists, reservations, firmware, logs, monitors, messages, customers. */
import { type TSchema, Type } from 'typebox'
import type { Charging } from '#charging'
import { type Established, steers } from '#ems'
import { parseInstant } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { onSite, whoOf } from './shape.ts'

export interface StationBlockParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

const identity = Type.String({ description: 'Identity of the station: the last part of its URL.' })
const Identity = Type.Object({ identity })
const numbered = (description: string) => Type.Object({ identity, id: Type.Integer({ description }) })
const Text = (description: string, most = 255) => Type.String({ minLength: 1, maxLength: most, description })
const At = (description: string) => Type.String({ format: 'date-time', description })
const optional = <Shape extends TSchema>(shape: Shape) => Type.Optional(shape)
const closed = { additionalProperties: false } as const
const Part = (what: string) =>
  Type.Object(
    { name: Text(`Name of the ${what}.`, 50), instance: optional(Text(`Its instance.`, 50)) },
    { additionalProperties: true, description: `The ${what}, as OCPP has it.` },
  )
const Page = Type.Object({
  before: optional(Type.Integer({ description: 'Only what came before this entry.' })),
  limit: optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'So many at most.' })),
})
const Retries = {
  retries: optional(Type.Integer({ minimum: 0, maximum: 100, description: 'How often the station tries again.' })),
  retryInterval: optional(Type.Integer({ minimum: 0, maximum: 86_400, description: 'Seconds between its tries.' })),
}
const Boot = Type.Object(
  {
    status: Type.Union([Type.Literal('Accepted'), Type.Literal('Pending'), Type.Literal('Rejected'), Type.Null()], {
      description: 'How its boots are answered from now on; null: accepted once it is set up.',
    }),
    interval: optional(Type.Integer({ minimum: 0, maximum: 86_400, description: 'Seconds between its boots while it is not accepted.' })),
  },
  closed,
)
const Firmware = Type.Object(
  {
    url: optional(Text('Where the station fetches it.', 512)),
    file: optional(Type.Integer({ description: 'Or the number of a file that was uploaded here.' })),
    retrieveAt: optional(At('Not fetched before; default now.')),
    installAt: optional(At('Not installed before.')),
    signingCertificate: optional(Text('PEM of the certificate that signed it.', 5500)),
    signature: optional(Text('Base64 of the signature over the file.', 800)),
    ...Retries,
  },
  closed,
)
const Publish = Type.Object(
  {
    url: optional(Text('Where the local controller fetches it.', 512)),
    file: optional(Type.Integer({ description: 'Or the number of a file that was uploaded here.' })),
    checksum: Text('MD5 of the file.', 32),
    ...Retries,
  },
  closed,
)
const Log = Type.Object(
  {
    type: Type.Union([Type.Literal('DiagnosticsLog'), Type.Literal('SecurityLog')], { description: 'Which log.' }),
    url: optional(Text('Where the station brings it; default: here.', 512)),
    from: optional(At('Only what was logged since.')),
    until: optional(At('Only what was logged until then.')),
    ...Retries,
  },
  closed,
)
const Reservation = Type.Object(
  {
    token: Text('Badge that may charge.', 36),
    type: optional(Text('Kind of the badge; Central unless said.', 20)),
    group: optional(Text('Any badge of this group may charge too.', 36)),
    evse: optional(Type.Integer({ minimum: 1, description: 'EVSE that is reserved; any unless said.' })),
    connectorType: optional(Text('Kind of connector that is reserved, such as cCCS2.', 20)),
    until: At('When the reservation ends.'),
  },
  closed,
)
const Message = Type.Object(
  {
    content: Text('What is shown.', 512),
    id: optional(Type.Integer({ minimum: 0, description: 'Replaces the message of this number; a new one unless said.' })),
    language: optional(Text('RFC 5646, such as fr.', 8)),
    format: optional(
      Type.Union([Type.Literal('UTF8'), Type.Literal('ASCII'), Type.Literal('HTML'), Type.Literal('URI')], {
        description: 'UTF8 unless said.',
      }),
    ),
    priority: optional(
      Type.Union([Type.Literal('NormalCycle'), Type.Literal('InFront'), Type.Literal('AlwaysFront')], {
        description: 'NormalCycle unless said.',
      }),
    ),
    state: optional(
      Type.Union([Type.Literal('Idle'), Type.Literal('Charging'), Type.Literal('Faulted'), Type.Literal('Unavailable')], {
        description: 'Only while the station is in this state.',
      }),
    ),
    from: optional(At('Not shown before.')),
    until: optional(At('Not shown after.')),
    transaction: optional(Text('Only during this transaction.', 36)),
  },
  closed,
)
const Customer = Type.Object(
  {
    token: optional(Text('Badge of the customer.', 36)),
    type: optional(Text('Kind of the badge; ISO14443 unless said.', 20)),
    identifier: optional(Text('Or what the operator calls the customer.', 64)),
    report: optional(Type.Boolean({ description: 'Tell what is kept; true unless said.' })),
    clear: optional(Type.Boolean({ description: 'Erase it.' })),
  },
  closed,
)
const Monitor = Type.Object(
  {
    component: Part('component'),
    variable: Part('variable'),
    type: Type.Union(
      [
        Type.Literal('UpperThreshold'),
        Type.Literal('LowerThreshold'),
        Type.Literal('Delta'),
        Type.Literal('Periodic'),
        Type.Literal('PeriodicClockAligned'),
      ],
      { description: 'When it speaks.' },
    ),
    value: Type.Number({ description: 'Threshold, change or seconds.' }),
    severity: Type.Integer({ minimum: 0, maximum: 9, description: '0 danger … 4 error … 9 debug; up to 4 people are told.' }),
    transaction: optional(Type.Boolean({ description: 'Only during transactions.' })),
    id: optional(Type.Integer({ description: 'Replaces the monitor of this number.' })),
  },
  closed,
)

/** Routes below `/stations/:identity`. */
export const stationBlockRoutes =
  ({ charging, established, rooms }: StationBlockParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const { blocks } = charging
    const zone = established.territory.site.timezone
    const tags = ['stations']
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const by = (request: Request) => whoOf(request).email
    const at = (text: string | undefined) => (text === undefined ? undefined : parseInstant(text))
    const place = ({ url, file }: { url?: string; file?: number }) => (file === undefined ? (url ?? '') : { file })
    const station = ({ params }: { params: { identity: string } }) => charging.station(params.identity)
    const known = <T extends object>(given: T) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T

    app.get(
      '/stations/:identity',
      { ...read, schema: { tags, summary: 'One station: what it is, what it does', params: Identity } },
      async (request) => {
        const { record } = station(request)
        const listed = charging.stations().find((one) => one.identity === record.identity)
        return {
          data: {
            ...listed,
            serial: record.serial ?? null,
            bootOrder: record.bootOrder ?? null,
            bootInterval: record.bootInterval ?? null,
            nominalKw: record.nominal / 1000,
            phases: record.phases,
            variables: station(request).model.size,
          },
        }
      },
    )
    app.put(
      '/stations/:identity/boot',
      { ...operate, schema: { tags, summary: 'Decides how the boots of a station are answered', params: Identity, body: Boot } },
      async ({ params, body: { status, interval } }) => {
        await charging.orderBoot(params.identity, status ?? undefined, interval)
        return { data: { status, interval: interval ?? null } }
      },
    )
    app.get(
      '/stations/:identity/commands',
      {
        ...read,
        schema: { tags, summary: 'What was sent to a station, its answers, and what followed', params: Identity, querystring: Page },
      },
      async ({ params, query }) => ({ data: await blocks.commands.list(params.identity, query, zone) }),
    )

    app.get(
      '/stations/:identity/variables',
      {
        ...read,
        schema: {
          tags,
          summary: 'The device model of a station',
          params: Identity,
          querystring: Type.Object({ search: optional(Text('Only names that hold this text.', 100)) }),
        },
      },
      async (request) => ({ data: blocks.variables.list(station(request), request.query.search) }),
    )
    app.patch(
      '/stations/:identity/variables',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Sets variables, in as many messages as the station takes',
          params: Identity,
          body: Type.Object(
            {
              set: Type.Array(
                Type.Object(
                  {
                    component: Part('component'),
                    variable: Part('variable'),
                    value: Type.String({ maxLength: 1000, description: 'Its new value.' }),
                  },
                  closed,
                ),
                {
                  minItems: 1,
                  maxItems: 500,
                  description: 'What is set.',
                },
              ),
            },
            closed,
          ),
        },
      },
      async (request) => {
        const data = request.body.set.map(({ component, variable, value }) => ({ component, variable, attributeValue: value }))
        return { data: await blocks.variables.set(station(request), data, by(request)) }
      },
    )
    app.post(
      '/stations/:identity/variables/report',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Asks the station for its device model anew and waits for it',
          params: Identity,
          body: Type.Object(
            {
              base: Type.Union([Type.Literal('FullInventory'), Type.Literal('ConfigurationInventory'), Type.Literal('SummaryInventory')], {
                description: 'How much of it.',
              }),
            },
            closed,
          ),
        },
      },
      async (request) => ({ data: await blocks.variables.report(station(request), request.body.base, by(request)) }),
    )
    app.get(
      '/stations/:identity/variables/history',
      {
        ...read,
        schema: {
          tags,
          summary: 'What a variable was before',
          params: Identity,
          querystring: Type.Object({ key: Text('As the list of variables has it.', 300) }),
        },
      },
      async ({ params, query }) => ({ data: await blocks.variables.history(params.identity, query.key, zone) }),
    )

    app.get(
      '/stations/:identity/local-list',
      { ...read, schema: { tags, summary: 'What the local list of a station holds', params: Identity } },
      async (request) => ({
        data: await blocks.localLists.state(station(request), zone),
      }),
    )
    app.post(
      '/stations/:identity/local-list',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Brings the local list of a station up to date',
          params: Identity,
          body: Type.Object({ full: optional(Type.Boolean({ description: 'Send it whole, even where a difference would do.' })) }, closed),
        },
      },
      async (request) => ({ data: await blocks.localLists.sync(station(request), { ...request.body, by: by(request) }) }),
    )

    app.get(
      '/stations/:identity/reservations',
      { ...read, schema: { tags, summary: 'Reservations of a station', params: Identity } },
      async ({ params }) => ({
        data: await blocks.reservations.list(params.identity, zone),
      }),
    )
    app.post(
      '/stations/:identity/reservations',
      { ...operate, schema: { tags, summary: 'Reserves a place at a station', params: Identity, body: Reservation } },
      async (request) => {
        const order = { ...request.body, until: parseInstant(request.body.until) }
        return { data: await blocks.reservations.reserve(station(request), order, by(request)) }
      },
    )
    app.delete(
      '/stations/:identity/reservations/:id',
      { ...operate, schema: { tags, summary: 'Cancels a reservation', params: numbered('Number of the reservation.') } },
      async (request) => ({ data: await blocks.reservations.cancel(station(request), request.params.id, by(request)) }),
    )

    app.post(
      '/stations/:identity/firmware',
      { ...operate, schema: { tags, summary: 'Has a station fetch and install firmware', params: Identity, body: Firmware } },
      async (request) => {
        const { retrieveAt, installAt, url, file, ...rest } = request.body
        const order = known({
          ...rest,
          location: place(known({ url, file }) as { url?: string; file?: number }),
          retrieveAt: at(retrieveAt),
          installAt: at(installAt),
        })
        return { data: await blocks.errands.updateFirmware(station(request), order as never, by(request)) }
      },
    )
    app.post(
      '/stations/:identity/firmware/publish',
      { ...operate, schema: { tags, summary: 'Has a local controller publish firmware to its stations', params: Identity, body: Publish } },
      async (request) => {
        const { url, file, ...rest } = request.body
        const order = { ...rest, location: place(known({ url, file }) as { url?: string; file?: number }) }
        return { data: await blocks.errands.publishFirmware(station(request), order, by(request)) }
      },
    )
    app.post(
      '/stations/:identity/logs',
      { ...operate, schema: { tags, summary: 'Has a station bring one of its logs', params: Identity, body: Log } },
      async (request) => {
        const { type, url, from, until, ...rest } = request.body
        const order = known({ ...rest, type, location: url, from: at(from), until: at(until) })
        return { data: await blocks.errands.fetchLog(station(request), order as never, by(request)) }
      },
    )

    app.get(
      '/stations/:identity/events',
      { ...read, schema: { tags, summary: 'Events that a station reported', params: Identity, querystring: Page } },
      async ({ params, query }) => ({
        data: await blocks.monitoring.list(params.identity, query, zone),
      }),
    )
    app.get(
      '/stations/:identity/security-events',
      { ...read, schema: { tags, summary: 'Security events of a station', params: Identity, querystring: Page } },
      async ({ params, query }) => ({
        data: await charging.archive.securityEvents({ station: params.identity, ...query }),
      }),
    )
    app.get(
      '/stations/:identity/monitors',
      { ...read, schema: { tags, summary: 'Monitors on the variables of a station', params: Identity } },
      async ({ params }) => ({
        data: await blocks.monitoring.monitors(params.identity),
      }),
    )
    app.post(
      '/stations/:identity/monitors',
      { ...operate, schema: { tags, summary: 'Sets a monitor on a variable', params: Identity, body: Monitor } },
      async (request) => ({ data: await blocks.monitoring.set(station(request), [request.body], by(request)) }),
    )
    app.post(
      '/stations/:identity/monitors/report',
      { ...operate, schema: { tags, summary: 'Asks a station for all its monitors', params: Identity } },
      async (request) => ({
        data: await blocks.monitoring.report(station(request), by(request)),
      }),
    )
    app.put(
      '/stations/:identity/monitoring',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Which monitors of its own a station uses, and from which severity on it reports',
          params: Identity,
          body: Type.Object(
            {
              base: optional(
                Type.Union([Type.Literal('All'), Type.Literal('FactoryDefault'), Type.Literal('HardWiredOnly')], {
                  description: 'Which set of monitors.',
                }),
              ),
              level: optional(Type.Integer({ minimum: 0, maximum: 9, description: 'Severity up to which events are reported.' })),
            },
            closed,
          ),
        },
      },
      async (request) => {
        const { base, level } = request.body
        const answers = []
        if (base !== undefined) answers.push(await blocks.monitoring.base(station(request), base, by(request)))
        if (level !== undefined) answers.push(await blocks.monitoring.level(station(request), level, by(request)))
        return { data: answers }
      },
    )
    app.delete(
      '/stations/:identity/monitors/:id',
      { ...operate, schema: { tags, summary: 'Takes a monitor away', params: numbered('Number of the monitor.') } },
      async (request) => ({ data: await blocks.monitoring.clear(station(request), [request.params.id], by(request)) }),
    )

    app.get(
      '/stations/:identity/messages',
      { ...read, schema: { tags, summary: 'Messages on the display of a station', params: Identity } },
      async ({ params }) => ({
        data: await blocks.displays.list(params.identity, zone),
      }),
    )
    app.post(
      '/stations/:identity/messages',
      { ...operate, schema: { tags, summary: 'Shows a message on the display of a station', params: Identity, body: Message } },
      async (request) => {
        const { from, until, ...rest } = request.body
        return {
          data: await blocks.displays.show(station(request), known({ ...rest, from: at(from), until: at(until) }) as never, by(request)),
        }
      },
    )
    app.post(
      '/stations/:identity/messages/report',
      { ...operate, schema: { tags, summary: 'Asks a station what its display shows', params: Identity } },
      async (request) => ({
        data: await blocks.displays.report(station(request), by(request)),
      }),
    )
    app.delete(
      '/stations/:identity/messages/:id',
      { ...operate, schema: { tags, summary: 'Takes a message off the display', params: numbered('Number of the message.') } },
      async (request) => ({ data: await blocks.displays.clear(station(request), request.params.id, by(request)) }),
    )

    app.get(
      '/stations/:identity/customers',
      { ...read, schema: { tags, summary: 'What a station told of customers', params: Identity } },
      async ({ params }) => ({
        data: await blocks.customers.list(params.identity, zone),
      }),
    )
    app.post(
      '/stations/:identity/customers',
      {
        ...operate,
        schema: { tags, summary: 'Asks a station what it keeps of a customer, or has it erased', params: Identity, body: Customer },
      },
      async (request) => {
        const { token, type = 'ISO14443', identifier, report = true, clear = false } = request.body
        const question = {
          report,
          clear,
          ...(token === undefined ? {} : { token: { idToken: token, type } }),
          ...(identifier === undefined ? {} : { identifier }),
        }
        return { data: await blocks.customers.ask(station(request), question, by(request)) }
      },
    )
  }
