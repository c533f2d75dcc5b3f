/**
 * The bridge to a running CitrineOS (charging reference 1.4, 1.5, 1.9): its stations are stations of ours. What they say is read off its broker
 * and, where the broker had a gap, out of its tables; our orders go to them through its broker or its API; and every few minutes both sides are
 * compared.
 */
import { type Clock, DAY, describeError, type Instant, instant, type Log, MINUTE } from '#kernel'
import { type Frame, type Handler, OCPP16, OCPP201, type OcppVersion, type Session } from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import { lookUp } from '../device-model.ts'
import type { Hold } from '../orders.ts'
import type { ExternalLimits } from '../smart/external-limits.ts'
import type { Station } from '../station.ts'
import type { RealTimeAuthorizer } from '../token.ts'
import type { CitrineAdapter, TapMessage } from './citrineos-adapter.ts'
import { openCitrineApi } from './citrineos-api.ts'
import { openBroker } from './citrineos-broker.ts'
import { openIntake } from './citrineos-intake.ts'
import { openKnown } from './citrineos-known.ts'
import type { Way } from './citrineos-line.ts'
import { type Drift, openReconciler } from './citrineos-reconcile.ts'
import { type CitrineStation, openCitrineRows, type ToldRow } from './citrineos-rows.ts'
import type { CitrineSettings } from './citrineos-settings.ts'
import { type BridgedStation, openBridgedStation } from './citrineos-station.ts'
import { CITRINEOS_1_8 } from './citrineos-v1-8.ts'

export interface BridgeParts {
  settings: CitrineSettings
  store: Store
  clock: Clock
  log: Log
  /** Milliseconds to wait for an answer to a question of ours. */
  patience: number
  stations: ReadonlyMap<string, Station>
  /** Answers a station in its version. */
  handler(station: Station, version: OcppVersion): Handler
  /** A connection of a station that is open now. */
  welcome(session: Session): void
  /** Its boot is CitrineOS' affair: it is at work. */
  adopt(station: Station): Promise<void>
  /** It reaches CitrineOS through us: what it says we hear at first hand. */
  isProxied(identity: string): boolean
  holdOf(station: Station): Hold | undefined
  /** What was laid on it holds no more. */
  forgetOrders(station: Station): void
  /** Raises an alarm on a station, or ends it. */
  alarm(station: Station, code: string, sentence: string | undefined): void
  onFrame(identity: string, version: OcppVersion, frame: Frame): void
}

export interface BridgeView {
  version: string
  broker: { open: boolean; fault: string | null }
  api: boolean
  database: boolean
  orders: CitrineSettings['orders']
  /** Up to when, by its clock, everything that its stations said is here. */
  heardUntil: Instant | null
  stations: { identity: string; version: string; online: boolean }[]
  /** Stations of CitrineOS that are not ours. */
  strangers: string[]
  drifts: Drift[]
  comparedAt: Instant | null
  counts: { taken: number; unread: number; strange: number }
}

export interface BridgeCheck {
  what: 'broker' | 'tap' | 'api' | 'database'
  ok: boolean
  detail: string
}

export interface Bridge {
  view(): BridgeView
  /** Tries every way to CitrineOS now. */
  check(): Promise<BridgeCheck[]>
  /** Compares both sides now, as it happens by itself every few minutes. */
  reconcile(): Promise<Drift[]>
  /** What its tables hold of its stations; undefined without a database. */
  inventory(): Promise<CitrineStation[]> | undefined
  /** What CitrineOS said of badges that our table does not have. */
  readonly authorizer: RealTimeAuthorizer
  /** W that profiles of others for a whole station allow now; undefined: none does. */
  allowed(identity: string, wires: { phases: number; voltage: number }): number | undefined
  close(): Promise<void>
}

/** The first look into its tables goes back so far. */
const FIRST_LOOK = DAY
/** Clocks and transactions that commit late: so much is read again. */
const MARGIN = 2 * MINUTE
const PRESENCE = MINUTE
const STRANGERS = 100

const ADAPTERS: Readonly<Record<CitrineSettings['version'], CitrineAdapter>> = { '1.8': CITRINEOS_1_8 }

/** Opens the bridge; it connects by itself, now or when CitrineOS is there. @throws Problem `invalid-database-url` */
export function openBridge(parts: BridgeParts): Bridge {
  const { settings, store, clock, stations } = parts
  const { tenant, queue } = settings
  const log = parts.log.child({ bridge: 'citrineos' })
  const adapter = ADAPTERS[settings.version]
  const known = openKnown(store)
  const rows = settings.database === undefined ? undefined : openCitrineRows({ url: settings.database, tenant, clock, log })
  const bridged = new Map<string, Promise<BridgedStation>>()
  const present = new Map<string, BridgedStation>()
  const strangers = new Set<string>()
  let heard: Instant | undefined
  let isClosed = false

  const broker = openBroker({
    ...{ url: settings.amqp, adapter, exchange: settings.exchange, queue, tenant, clock, log },
    ...(settings.authority !== undefined && { authority: settings.authority }),
    onDelivery: (delivery) => intake.take(delivery),
    onOpen: () => void caughtUp('the tap is open'),
    onLost() {
      intake.clear()
      for (const one of present.values()) one.leave('the broker of CitrineOS is away')
      present.clear()
    },
  })
  const throughBroker: Way = { kind: 'broker', send: (call) => broker.publish(adapter.write(call, tenant)) }
  const api = settings.api === undefined ? undefined : openCitrineApi({ url: settings.api, token: settings.token, tenant, adapter, clock })
  const way = settings.orders === 'inject' || !api ? throughBroker : api

  const bridgedOf = (station: Station, version: OcppVersion): Promise<BridgedStation> => {
    const { identity } = station.record
    const before = bridged.get(identity)
    const opened = (before ?? Promise.resolve(undefined)).then((one) => {
      if (one && one.version === version) return one
      one?.leave('it speaks another version')
      return openBridgedStation({
        ...{ station, version, store, clock, log, known, settings, way, handler: parts.handler(station, version) },
        top: () => topOf(station),
        onFrame: (frame) => parts.onFrame(identity, version, frame),
      })
    })
    bridged.set(identity, opened)
    opened.catch(() => bridged.delete(identity))
    return opened
  }
  /** Ours, and not connected to us in another way. */
  const ownStation = (identity: string): Station | undefined => {
    const station = stations.get(identity)
    if (station?.record.state !== 'registered' || parts.isProxied(identity)) return undefined
    const { session } = station
    const isOurs = !session || session.wire.epoch === present.get(identity)?.epoch()
    if (!isOurs) present.get(identity)?.leave('it came to us')
    return isOurs ? station : undefined
  }
  const arrive = async (one: BridgedStation) => {
    const { identity } = one.station.record
    if (present.get(identity) === one || isClosed || !broker.isOpen()) return
    present.set(identity, one)
    const { session } = one.arrive()
    void session.closed.then(() => {
      if (present.get(identity) === one) present.delete(identity)
    })
    parts.welcome(session)
    await parts.adopt(one.station)
  }

  const intake = openIntake({
    ...{ adapter, tenant, clock },
    async stationOf(message: TapMessage) {
      const station = ownStation(message.station)
      if (!station) {
        if (!stations.has(message.station) && strangers.size < STRANGERS) strangers.add(message.station)
        return undefined
      }
      strangers.delete(message.station)
      const one = await bridgedOf(station, message.version)
      if (message.from === 'station') await arrive(one).catch((error: unknown) => complain(error, 'a station could not be taken up'))
      return one
    },
    kept(one, { action, payload }) {
      const id = (payload['transactionInfo'] as { transactionId?: string } | undefined)?.transactionId
      const session = action === 'TransactionEvent' && id !== undefined ? one.station.open.get(id)?.transaction : undefined
      // A number is missing: what lies before it passed while nobody listened.
      if (session && session.maxSeq + 1 > session.events) readGap(one.station, session.firstAt)
    },
  })
  const complain = (error: unknown, what: string) => log.warn({ error: describeError(error) }, what)

  /** Hands what the tables tell to our room. Resolves to up to where they were read. */
  const handRows = async (since: Instant, identity?: string): Promise<Instant | undefined> => {
    if (!rows) return undefined
    const { told, until } = await rows.toldSince(since, identity)
    await Promise.all(told.map(handRow))
    return until !== undefined && until > since ? handRows(until, identity) : undefined
  }
  const handRow = async ({ station: identity, version, action, payload, answer }: ToldRow) => {
    const station = ownStation(identity)
    if (station) await (await bridgedOf(station, version)).hand({ action, payload, answer })
  }
  const rereading = new Set<string>()
  const reread = async (station: Station, since: Instant) => {
    const { identity } = station.record
    if (rereading.has(identity)) return
    rereading.add(identity)
    await handRows(instant(since - MARGIN), identity).catch((error: unknown) => complain(error, 'the tables of CitrineOS were not read'))
    rereading.delete(identity)
  }

  /** A station that never begins at 0 seems to lack a number for ever: its tables are not read again and again for that. */
  const gapsRead = new Map<string, Instant>()
  const readGap = (station: Station, since: Instant) => {
    const { identity } = station.record
    if (!rows || clock.now() - (gapsRead.get(identity) ?? -Infinity) < settings.reconcile) return
    gapsRead.set(identity, clock.now())
    void reread(station, since)
  }

  const load = async () => {
    const row = await store.first<{ heard_at: Instant }>(
      'select heard_at from cariflex.citrineos_bridge where queue = $1 and tenant = $2',
      [...[queue, tenant]],
    )
    return row?.heard_at ?? instant(clock.now() - FIRST_LOOK)
  }
  const mark = async (at: Instant) => {
    heard = at
    await store.query(
      `insert into cariflex.citrineos_bridge (queue, tenant, heard_at) values ($1, $2, $3)
       on conflict (queue, tenant) do update set heard_at = excluded.heard_at`,
      [queue, tenant, asTimestamp(at)],
    )
  }
  /** After every gap, and now and then: the tables since the moment up to which all is here, then who is connected. */
  const catchUp = async () => {
    heard ??= await load()
    const now = clock.now()
    await handRows(instant(heard - MARGIN))
    if (!broker.isOpen()) return
    // Without the tables a gap stays a gap, but what comes now is followed.
    await mark(instant(Math.min(now, intake.oldest() ?? now)))
    await look()
  }
  let catching: Promise<void> | undefined
  const caughtUp = (why: string): Promise<void> => {
    catching ??= catchUp()
      .catch((error: unknown) => complain(error, `not caught up although ${why}`))
      .finally(() => {
        catching = undefined
      })
    return catching
  }

  /** Who is connected to CitrineOS, by the queues that it keeps for connected stations. */
  const look = async () => {
    for (const { record } of stations.values()) {
      const { identity, protocol } = record
      const station = ownStation(identity)
      if (!station || !broker.isOpen()) continue
      const isThere = await broker.hasQueue(adapter.stationQueue(tenant, identity))
      if (isThere === false) present.get(identity)?.leave('it is not connected to CitrineOS')
      else if (isThere && !present.has(identity) && protocol !== undefined) await arrive(await bridgedOf(station, versionOf(protocol)))
    }
  }
  const presence = clock.every(PRESENCE, () => void look().catch((error: unknown) => complain(error, 'nobody was looked for')))

  const reconciler = openReconciler({
    ...{ rows, clock, log, present, patience: parts.patience, reread, catchUp: () => caughtUp('it is time to compare') },
    ...{ holdOf: parts.holdOf, forgetOrders: parts.forgetOrders, alarm: parts.alarm },
  })
  const comparing = clock.every(settings.reconcile, () => void reconciler.run())

  return {
    view: () => ({
      ...{ version: settings.version, orders: settings.orders, api: api !== undefined, database: rows !== undefined },
      broker: { open: broker.isOpen(), fault: broker.fault() ?? null },
      heardUntil: heard ?? null,
      stations: [...present.values()].map(({ station: { record }, version }) => ({ identity: record.identity, version, online: true })),
      strangers: [...strangers],
      ...{ drifts: reconciler.drifts(), comparedAt: reconciler.comparedAt() ?? null, counts: intake.counts() },
    }),
    async check() {
      const tried = async (what: BridgeCheck['what'], work: () => Promise<string>): Promise<BridgeCheck> => {
        try {
          return { what, ok: true, detail: await work() }
        } catch (error) {
          return { what, ok: false, detail: describeError(error) }
        }
      }
      const checks = [
        tried('broker', async () => {
          if (!broker.isOpen()) throw new Error(broker.fault() ?? 'not connected')
          return `exchange '${settings.exchange}'`
        }),
        tried('tap', async () => {
          if ((await broker.hasQueue(queue)) !== true) throw new Error(`our queue '${queue}' is not there`)
          return `${intake.counts().taken} messages taken`
        }),
        ...(api ? [tried('api', () => api.health().then(() => settings.api!))] : []),
        ...(rows ? [tried('database', async () => `${(await rows.stations()).length} stations`)] : []),
      ]
      return Promise.all(checks)
    },
    reconcile: () => reconciler.run(),
    inventory: () => rows?.stations(),
    authorizer: async (_, { station }) => {
      const status = (await bridged.get(station))?.verdict()
      return status === undefined ? undefined : { status: status as never }
    },
    allowed: (identity, wires) => present.get(identity)?.allowed(wires),
    async close() {
      isClosed = true
      presence.cancel()
      comparing.cancel()
      for (const one of present.values()) one.leave('the bridge is closed')
      present.clear()
      intake.clear()
      await broker.close()
      await catching
      await rows?.close()
    },
  }
}

/** Limits that stations told and those that others laid through CitrineOS, together. */
export const besideBridge = (external: ExternalLimits, bridge: () => Bridge | undefined): ExternalLimits => ({
  ...external,
  on(identity, evse, wires) {
    const told = external.on(identity, evse, wires)
    const allowed = bridge()?.allowed(identity, wires)
    return told === undefined ? allowed : allowed === undefined ? told : Math.min(told, allowed)
  },
})

const topOf = (station: Station) => {
  const said = Number(lookUp(station.model, 'SmartChargingCtrlr', 'ProfileStackLevel', station.record.evse)?.value)
  return Number.isInteger(said) && said >= 0 ? said : undefined
}
const versionOf = (protocol: string): OcppVersion => (protocol === '1.6' ? OCPP16 : OCPP201)
