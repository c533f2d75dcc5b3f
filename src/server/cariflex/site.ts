/** The site this program steers, for the head of every page. */
import { Type } from 'typebox'
import { demand } from '#ems'
import { formatInstant, Problem, say, VERSION } from '#kernel'
import type { App, Request } from '../app.ts'
import type { Rooms, SteeredSite } from '../rooms.ts'
import { SAYING } from './saying.ts'

const Site = Type.Object({
  data: Type.Object({
    asset: Type.Integer(),
    name: Type.String(),
    timezone: Type.String(),
    currency: Type.String(),
    latitude: Type.Number(),
    longitude: Type.Number(),
    demo: Type.Boolean(),
    platformName: Type.String(),
    version: Type.String(),
    now: Type.String({ format: 'date-time' }),
    maxConsumptionKw: Type.Union([Type.Number(), Type.Null()]),
    maxProductionKw: Type.Union([Type.Number(), Type.Null()]),
  }),
})

/** The steered site, when the one who asks may read it. @throws Problem `no-site` (404), `forbidden` (403) */
export async function readableSite({ steered, assets }: Rooms, request: Request): Promise<SteeredSite> {
  const asset = steered && (await assets.get(steered.line.site.asset))
  if (!steered || !asset)
    throw new Problem('no-site', say(SAYING.noSite), {
      status: 404,
      hint: say(SAYING.describeSite),
    })
  demand(request.principal!, 'read', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
  return steered
}

const kw = (power: number | undefined) => (power === undefined ? null : power / 1000)

export function siteRoutes(app: App, rooms: Rooms): void {
  const { config, clock } = rooms
  app.get('/site', { schema: { tags: ['site'], summary: 'The site this program steers', response: { 200: Site } } }, async (request) => {
    const { line, demo } = await readableSite(rooms, request)
    const { asset, name, zone, currency, latitude, longitude, maxConsumption, maxProduction } = line.site
    return {
      data: {
        asset,
        name,
        timezone: zone,
        currency,
        latitude,
        longitude,
        demo,
        platformName: config.platformName,
        version: VERSION,
        now: formatInstant(clock.now(), zone),
        maxConsumptionKw: kw(maxConsumption),
        maxProductionKw: kw(maxProduction),
      },
    }
  })
}
