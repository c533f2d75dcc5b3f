/** What an operator asks of one station beyond a single command: boots, variables, local lists, reservations; its profiles and its upkeep are beside. */
import { Type } from 'typebox'
import { parseInstant } from '#kernel'
import type { Routes } from '../app.ts'
import { At, closed, Identity, numbered, optional, Page, Part, type StationBlockParts, stationDesk, Text } from './station-desk.ts'
import { stationProfileRoutes } from './station-profiles.ts'
import { stationUpkeepRoutes } from './station-upkeep.ts'

const Boot = Type.Object(
  {
    status: Type.Union([Type.Literal('Accepted'), Type.Literal('Pending'), Type.Literal('Rejected'), Type.Null()], {
      description: 'How its boots are answered from now on; null: accepted once it is set up.',
    }),
    interval: optional(Type.Integer({ minimum: 0, maximum: 86_400, description: 'Seconds between its boots while it is not accepted.' })),
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
/** Routes below `/stations/:identity`. */
export const stationBlockRoutes =
  (parts: StationBlockParts): Routes =>
  (app) => {
    const { blocks, zone, tags, read, operate, by, station } = stationDesk(parts)
    const { charging } = parts

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
    stationProfileRoutes(parts)(app)
    stationUpkeepRoutes(parts)(app)
  }
