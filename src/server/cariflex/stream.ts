/** News of the house as server-sent events, so that pages need not ask again and again. */
import type { News, Principal } from '#ems'
import { permits } from '#ems'
import { type Clock, formatInstant, measures } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import type { StreamEvent } from '../sse.ts'
import { assetViews } from './assets.ts'
import { readableSite } from './site.ts'

export function streamRoutes(app: App, rooms: Rooms): void {
  app.get(
    '/stream',
    { schema: { tags: ['stream'], summary: 'Server-sent events; resumes after Last-Event-ID' } },
    async (request, reply) => {
      await readableSite(rooms, request)
      const who = request.principal!
      rooms.hub.subscribe(request, reply, (event) => sees(who, event))
    },
  )
}

const sees = (who: Principal, { account }: StreamEvent): boolean =>
  account === undefined ||
  permits(who, 'read', { kind: 'asset', account, consultancy: account !== null && who.clients.includes(account) ? who.account : null })

/** Live powers are gathered for so long before they are told. */
const GATHER = 1000

/** Passes the news of the steered site on to the stream. Returns how to stop. */
export function tellStream(rooms: Rooms): () => void {
  const { bus, hub, clock, steered } = rooms
  if (!steered) return () => {}
  const { site } = steered.line
  let account: number | null | undefined
  const publish = async (event: string, data: unknown) => {
    if (account === undefined) account = (await rooms.assets.get(site.asset))?.account ?? null
    hub.publish({ event, data, account })
  }
  const quietly = (told: Promise<void>) => void told.catch((error: unknown) => rooms.log.debug({ error }, 'an event was not told'))
  const tell = (event: string, data: unknown) => quietly(publish(event, data))
  /** Schedules raise alarms of other accounts' assets, too: each is told to its own. */
  const publishAlarm = async (data: { asset: number }) => {
    const asset = await rooms.assets.get(data.asset)
    if (asset) hub.publish({ event: 'alarm', data, account: asset.account })
  }
  const live = gather(clock, (assets) => tell('live', { assets }))
  const members = new Map<number, { asset: number; key: 'powerKw' | 'socKwh' }>()
  for (const device of site.devices) {
    if (device.power !== undefined) members.set(device.power, { asset: device.asset, key: 'powerKw' })
    if (device.soc !== undefined) members.set(device.soc, { asset: device.asset, key: 'socKwh' })
  }
  const heard = async (news: Extract<News, { kind: 'readings' }>) => {
    for (const { sensor, value, at } of news.readings) {
      const member = members.get(sensor)
      const unit = member && (await rooms.sensors.get(sensor))?.unit
      if (!member || unit === undefined) continue
      const scale =
        measures(unit, 'power') || measures(unit, 'energy') ? (unit.startsWith('M') ? 1000 : unit.startsWith('k') ? 1 : 0.001) : 1
      live({
        asset: member.asset,
        [member.key]: Math.round(value * scale * 1000) / 1000,
        at: formatInstant(at, site.zone),
        freshness: 'fresh',
      })
    }
  }
  const stop = bus.any((news) => {
    if (news.kind === 'readings') return void heard(news)
    if (news.kind === 'beliefs') return
    const { kind, ...data } = news
    if (news.kind === 'alarm') return quietly(publishAlarm({ ...data, asset: news.asset }))
    tell(kind, data)
  })
  // Chargers and cars speak when they like: what they said is told every few seconds, when it changed.
  const told = new Map<number, string>()
  const chargers = clock.every(TELL_CHARGERS, () => {
    if (hub.clients === 0) return
    void assetViews(rooms, steered)
      .then((views) => {
        for (const { asset, kind, live: now } of views) {
          if (kind !== 'evse' && kind !== 'vehicle') continue
          const { powerKw, socKwh, at, freshness, plugged, why } = now
          const said = JSON.stringify([powerKw, socKwh, freshness, plugged, why])
          if (told.get(asset) === said) continue
          told.set(asset, said)
          live({ asset, powerKw, socKwh, at, freshness, plugged, why })
        }
      })
      .catch((error: unknown) => rooms.log.debug({ error }, 'chargers were not told'))
  })
  return () => {
    stop()
    chargers.cancel()
    live.cancel()
  }
}

const TELL_CHARGERS = 5000

type Live = { asset: number } & Record<string, unknown>

/** Merges what is said of each asset and hands it on once in a while. */
function gather(clock: Clock, hand: (assets: Live[]) => void): ((one: Live) => void) & { cancel(): void } {
  const waiting = new Map<number, Live>()
  let timer: { cancel(): void } | undefined
  const add = (one: Live) => {
    waiting.set(one.asset, { ...waiting.get(one.asset), ...one })
    timer ??= clock.in(GATHER, () => {
      timer = undefined
      const assets = [...waiting.values()]
      waiting.clear()
      hand(assets)
    })
  }
  return Object.assign(add, { cancel: () => timer?.cancel() })
}
