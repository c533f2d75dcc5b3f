/** What is going on now, kept fresh by the stream: session, site, assets, limits, alarms, connection. Pages only read it. */
import { onSignedOut, Refusal, read } from './api.ts'
import { cell } from './cell.ts'
import { listen, type StreamEvent } from './event-stream.ts'
import type { Alarm, Asset, Limit, LiveNews, Order, Receipt, Site, User } from './wire.ts'

export type Session = { state: 'unknown' } | { state: 'none' } | { state: 'in'; user: User }
export interface Connection {
  state: 'connecting' | 'live' | 'offline'
  /** Moment (of this browser) of the last sign of life. */
  heard: number
}
/** Counters that move when something a page has read may have changed. */
export interface Versions {
  plan: number
  setpoints: number
  limits: number
  devices: number
  forecast: number
  caughtUp: number
}

export const session = cell<Session>({ state: 'unknown' })
export const site = cell<Site | null>(null)
export const assets = cell<Asset[] | null>(null)
export const limits = cell<Limit[] | null>(null)
export const alarms = cell<Alarm[] | null>(null)
export const connection = cell<Connection>({ state: 'connecting', heard: Date.now() })
export const versions = cell<Versions>({ plan: 0, setpoints: 0, limits: 0, devices: 0, forecast: 0, caughtUp: 0 })
/** By peer, moves when something was said. */
export const talks = cell<Record<string, number>>({})
/** Why the first picture could not be read; null when it was. */
export const trouble = cell<Refusal | null>(null)

let ahead = 0
/** Now by the clock of the platform (a demonstration may run on its own clock), ms. */
export const platformNow = (): number => Date.now() + ahead

const bump = (...names: (keyof Versions)[]) => {
  const next = { ...versions.get() }
  for (const name of names) next[name]++
  versions.set(next)
}

/** Runs `act` at most once per `every` ms, the last call always counted; waits while the page is hidden. */
function calmly(every: number, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = 0
  let asked = false
  const run = () => {
    timer = undefined
    if (document.hidden) {
      asked = true
      return
    }
    last = Date.now()
    act()
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && asked) {
      asked = false
      run()
    }
  })
  return () => {
    if (timer === undefined) timer = setTimeout(run, Math.max(0, last + every - Date.now()))
  }
}

async function refresh<T>(target: { set(value: T): void }, path: string): Promise<void> {
  try {
    target.set(await read<T>(path))
    trouble.set(null)
  } catch (error) {
    if (error instanceof Refusal) trouble.set(error)
    else throw error
  }
}

const readSite = async () => {
  await refresh<Site | null>(site, '/site')
  const now = Date.parse(site.get()?.now ?? '')
  if (!Number.isNaN(now)) ahead = Math.abs(now - Date.now()) < 2_000 ? 0 : now - Date.now()
}
const readAssets = () => refresh<Asset[] | null>(assets, '/assets')
const readLimits = () => refresh<Limit[] | null>(limits, '/limits?ahead=true')
const readAlarms = () => refresh<Alarm[] | null>(alarms, '/alarms')

/** Reads everything again: at the start and after every gap of the stream. */
export async function catchUp(): Promise<void> {
  await Promise.all([readSite(), readAssets(), readLimits(), readAlarms()])
  bump('plan', 'setpoints', 'limits', 'devices', 'caughtUp')
}

function mergeLive(news: LiveNews): void {
  const now = assets.get()
  if (!now || !Array.isArray(news.assets)) return
  const changes = new Map(news.assets.map((change) => [change.asset, change]))
  assets.set(
    now.map((asset) => {
      const change = changes.get(asset.asset)
      if (!change) return asset
      const live = { ...asset.live }
      if (change.powerKw !== undefined) live.powerKw = change.powerKw
      if (change.socKwh !== undefined) live.socKwh = change.socKwh
      if (change.at !== undefined) live.at = change.at
      if (change.freshness) live.freshness = change.freshness
      return { ...asset, live }
    }),
  )
}

/** An order or a receipt that came whole over the stream is shown at once; otherwise the assets are read again soon. */
function mergeOrder(news: Partial<Order> & { receipt?: Receipt | null }): boolean {
  if (typeof news.asset !== 'number' || typeof news.powerKw !== 'number' || !news.because || !news.until || !news.rung) return false
  const order = { receipt: null, ...news } as Order
  const now = assets.get()
  if (now) assets.set(now.map((asset) => (asset.asset === order.asset ? { ...asset, order } : asset)))
  return true
}

function follow(): () => void {
  const assetsSoon = calmly(3_000, readAssets)
  const limitsSoon = calmly(200, async () => {
    await Promise.all([readLimits(), readAssets()])
    bump('limits', 'setpoints')
  })
  const alarmsSoon = calmly(1_000, readAlarms)
  const planSoon = calmly(1_000, () => bump('plan'))
  const ordersSoon = calmly(3_000, () => bump('setpoints'))
  const spoke = new Set<string>()
  const talkSoon = calmly(1_500, () => {
    const next = { ...talks.get() }
    for (const peer of spoke) next[peer] = (next[peer] ?? 0) + 1
    spoke.clear()
    talks.set(next)
  })
  const devicesSoon = calmly(500, () => bump('devices'))
  const act: Record<string, (data: never) => void> = {
    live: mergeLive,
    setpoint: (news: Partial<Order>) => {
      if (!mergeOrder(news)) assetsSoon()
      ordersSoon()
    },
    receipt: () => {
      assetsSoon()
      ordersSoon()
    },
    plan: () => planSoon(),
    limits: () => limitsSoon(),
    alarm: () => alarmsSoon(),
    device: () => {
      assetsSoon()
      devicesSoon()
    },
    forecast: () => bump('forecast'),
    conversation: ({ peer }: { peer: string }) => {
      spoke.add(peer)
      talkSoon()
    },
    // What happened meanwhile is no longer remembered over there: read everything afresh.
    reset: () => void catchUp(),
  }
  let broken = false
  const sign = () => {
    const now = Date.now()
    const seen = connection.get()
    if (seen.state !== 'live' || now - seen.heard > 900) connection.set({ state: 'live', heard: now })
  }
  const lost = () => {
    broken = true
    const { heard } = connection.get()
    connection.set({ state: 'offline', heard })
  }
  const stop = listen('/api/cariflex/v1/stream', {
    onOpen() {
      sign()
      if (broken) void catchUp()
      broken = false
    },
    onSign: sign,
    onEvent(event: StreamEvent) {
      let data: unknown
      try {
        data = JSON.parse(event.data)
      } catch {
        return
      }
      act[event.event]?.(data as never)
    },
    onClose(refusedWith) {
      lost()
      if (refusedWith === 401) session.set({ state: 'none' })
    },
  })
  // The stream tells what changed; this catches what no event told (a clock that was frozen, a device that fell silent).
  const again = setInterval(() => {
    if (!document.hidden && connection.get().state === 'live') void Promise.all([readSite(), readAssets(), readLimits(), readAlarms()])
  }, 30_000)
  addEventListener('offline', lost)
  return () => {
    stop()
    clearInterval(again)
    removeEventListener('offline', lost)
  }
}

/** Asks who is signed in and lives with the answer: the stream runs while somebody is. */
export async function begin(): Promise<void> {
  let stop: (() => void) | undefined
  session.watch(() => {
    const on = session.get().state === 'in'
    if (on && !stop) {
      stop = follow()
      void catchUp()
    } else if (!on && stop) {
      stop()
      stop = undefined
      for (const target of [assets, limits, alarms]) target.set(null)
    }
  })
  onSignedOut(() => session.set({ state: 'none' }))
  await whoAmI()
}

export async function whoAmI(): Promise<void> {
  try {
    const response = await fetch('/api/cariflex/v1/session', { credentials: 'same-origin', headers: { accept: 'application/json' } })
    const body = response.ok ? ((await response.json()) as { user?: User | null; data?: { user?: User | null } }) : {}
    const user = body.user ?? body.data?.user
    if (user) session.set({ state: 'in', user })
    else if (response.ok || response.status === 401 || response.status === 403) session.set({ state: 'none' })
    else throw new Error(String(response.status))
    trouble.set(null)
  } catch {
    trouble.set(new Refusal('', 'unreachable', 0))
    setTimeout(() => void whoAmI(), 3_000)
  }
}
