/** Firmware campaigns: many stations, in waves. */
import { Type } from 'typebox'
import type { Campaign, CampaignWish, Charging } from '#charging'
import { auditAsset, type Established, steers } from '#ems'
import { formatInstant, parseInstant } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Firmware, firmwareOrder } from './firmware.ts'
import { onSite, whoOf } from './shape.ts'
import { At, closed, optional, Text } from './station-desk.ts'

export interface CampaignRouteParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

const Id = Type.Object({ id: Type.Integer({ description: 'Number of the campaign.' }) })
const Wish = Type.Object(
  {
    name: Text('What people call it.', 120),
    stations: optional(Type.Array(Text('Identity of a station.', 48), { maxItems: 20_000, description: 'Which stations.' })),
    model: optional(
      Type.Object(
        {
          vendor: optional(Text('Only of this maker.', 50)),
          model: optional(Text('Only this model.', 50)),
          firmware: optional(Text('Only those that run this version.', 50)),
        },
        { ...closed, description: 'Or those of a model, as they said in their last boot.' },
      ),
    ),
    firmware: Firmware,
    shares: optional(
      Type.Array(Type.Number({ minimum: 0, maximum: 100 }), {
        maxItems: 20,
        description: 'Percent of the stations that were asked after each wave, rising; the rest comes last. [0, 10]: one, a tenth, all.',
      }),
    ),
    startsAt: optional(At('Not before; now unless said.')),
    mostFailures: optional(
      Type.Integer({ minimum: 1, maximum: 20_000, description: 'It stops when so many stations failed; 1 unless said.' }),
    ),
  },
  closed,
)

/** Routes below `/charging/firmware-campaigns`. */
export const campaignRoutes =
  ({ charging, established, rooms }: CampaignRouteParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const { campaigns } = charging.blocks
    const zone = established.territory.site.timezone
    const tags = ['charging']
    const path = '/charging/firmware-campaigns'
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const note = (request: Request, event: string) =>
      auditAsset(rooms.store, rooms.clock.now(), whoOf(request), event.slice(0, 250), established.site)
    const shown = <Shown extends Campaign>({ firmware: { location, retrieveAt, installAt, ...firmware }, ...rest }: Shown) => ({
      ...rest,
      firmware: {
        ...(typeof location === 'string' ? { url: location } : location),
        ...firmware,
        ...(retrieveAt === undefined ? {} : { retrieveAt: formatInstant(retrieveAt, zone) }),
        ...(installAt === undefined ? {} : { installAt: formatInstant(installAt, zone) }),
      },
    })
    const view = async (id: number) => shown(await campaigns.view(id, zone))
    const ofModel = ({ vendor, model, firmware }: { vendor?: string; model?: string; firmware?: string }) =>
      charging
        .stations()
        .filter(
          (station) =>
            station.state === 'registered' &&
            (vendor === undefined || station.vendor === vendor) &&
            (model === undefined || station.model === model) &&
            (firmware === undefined || station.firmware === firmware),
        )
        .map(({ identity }) => identity)

    app.get(
      path,
      { ...read, schema: { tags, summary: 'Firmware campaigns, newest first, with how many stations are where' } },
      async () => ({
        data: (await campaigns.list(zone)).map(shown),
      }),
    )
    app.post(
      path,
      { ...operate, schema: { tags, summary: 'Begins a firmware campaign: one station, some, then the rest', body: Wish } },
      async (request, reply) => {
        const { stations, model, firmware, startsAt, ...rest } = request.body
        const wish: CampaignWish = {
          ...rest,
          stations: [...(stations ?? []), ...(model === undefined ? [] : ofModel(model))],
          firmware: firmwareOrder(firmware),
          ...(startsAt === undefined ? {} : { startsAt: parseInstant(startsAt) }),
        }
        const id = await campaigns.start(wish, whoOf(request).email)
        await note(request, `Began the firmware campaign '${rest.name}'`)
        return reply.code(201).send({ data: await view(id) })
      },
    )
    app.get(
      `${path}/:id`,
      { ...read, schema: { tags, summary: 'A firmware campaign, station by station', params: Id } },
      async ({ params }) => ({
        data: await view(params.id),
      }),
    )
    const acts = {
      stop: { summary: 'Stops a firmware campaign: what is on its way goes on, nothing more is sent', body: Type.Object({}, closed) },
      resume: { summary: 'Has a stopped firmware campaign go on', body: Type.Object({}, closed) },
      retry: {
        summary: 'Has the stations that failed try again, or one of them',
        body: Type.Object({ station: optional(Text('Only this station.', 48)) }, closed),
      },
    } as const
    for (const [act, schema] of Object.entries(acts))
      app.post(`${path}/:id/${act}`, { ...operate, schema: { tags, params: Id, ...schema } }, async (request) => {
        const { id } = request.params
        if (act === 'retry') await campaigns.retry(id, (request.body as { station?: string }).station)
        else await (act === 'stop' ? campaigns.stop(id) : campaigns.resume(id))
        await note(request, `Firmware campaign ${id}: ${act}`)
        return { data: await view(id) }
      })
  }
