/** The upkeep of one station: firmware, logs, events, monitors, messages on its display, what it keeps of customers. */
import { Type } from 'typebox'
import type { Routes } from '../app.ts'
import { Firmware, firmwareOrder, Retries } from './firmware.ts'
import { At, closed, Identity, numbered, optional, Page, Part, type StationBlockParts, stationDesk, Text } from './station-desk.ts'

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

/** Routes of upkeep below `/stations/:identity`. */
export const stationUpkeepRoutes =
  (parts: StationBlockParts): Routes =>
  (app) => {
    const { blocks, zone, tags, read, operate, by, at, place, station, known } = stationDesk(parts)
    const { charging } = parts

    app.post(
      '/stations/:identity/firmware',
      { ...operate, schema: { tags, summary: 'Has a station fetch and install firmware', params: Identity, body: Firmware } },
      async (request) => {
        return { data: await blocks.errands.updateFirmware(station(request), firmwareOrder(request.body), by(request)) }
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
