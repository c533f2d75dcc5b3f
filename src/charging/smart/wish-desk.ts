/**
 * Wishes of drivers for their session: judged before they are kept, told to the planner as a wish and as limits of the charger, shown on the page
 * that the code of the EVSE opens.
 */
import { randomBytes } from 'node:crypto'
import type { Limit, LimitSource } from '#ems'
import { type Clock, describeError, formatInstant, type Instant, instant, type Log, Problem, say, wattHours, watts } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { Charger } from '../charger.ts'
import type { ChargingConfig } from '../config.ts'
import { SMALLEST_CURRENT } from '../order.ts'
import { type Plugged, pluggedAt, type Station } from '../station.ts'
import type { TariffBook } from '../tariff/book.ts'
import type { Costs } from '../tariff/costs.ts'
import { priceSession } from '../tariff/price.ts'
import { sayTariff } from '../tariff/say-tariff.ts'
import { takenBy } from '../transaction.ts'
import { EFFICIENCY, nextTime, stockOf, wishOf } from '../wish.ts'
import { type Feasibility, judgeWish } from './feasibility.ts'
import type { Outlook } from './outlook.ts'
import { SAYING } from './saying.ts'
import { type SessionModes, transferOf } from './session-modes.ts'
import type { SessionWish, Wishes } from './session-wish.ts'
import { SLOT, solarRuns, stretchesOf } from './stretches.ts'
import { type DriverPage, kilo, sayWish, sessionOf, shown, type WishInput, type WishView } from './wish-view.ts'

export interface Place {
  station: Station
  plugged: Plugged
  evse: number
}

/** What is known of the site; without it only the charger counts. */
export interface Circumstances {
  limits: readonly Limit[]
}

export interface WishDesk {
  /** The open session of that id. @throws Problem `unknown-session` (404), `ambiguous-session` (409) */
  session(id: string): Place
  /** The session on an EVSE now. @throws Problem `unknown-station` (404), `no-session` (409) */
  at(identity: string, evse?: number): Place
  /** What holds for a session now. */
  view(place: Place, around: Circumstances): Promise<WishView>
  /** What would become of a wish; nothing is kept. @throws Problem `invalid-wish` (422) */
  judge(place: Place, input: WishInput, around: Circumstances): Promise<WishView>
  /** Keeps a wish in the place of the one before, and has the plan made anew. @throws Problem `invalid-wish` (422), `unknown-session` */
  keep(place: Place, input: WishInput, origin: string, around: Circumstances): Promise<WishView>
  remove(place: Place, origin: string): Promise<void>
  /** The driver pressed for priority at the station, or let it be (2.1, K22). */
  hurried(station: Station, transaction: string, activated: boolean): Promise<void>
  /** The code of an EVSE's page; made at the first call, another one with `renew`. @throws Problem `unknown-station` (404) */
  code(identity: string, evse: number, renew?: boolean): Promise<string>
  /** The EVSE of a code. @throws Problem `unknown-page` (404) */
  placeOf(code: string): Promise<{ identity: string; evse: number }>
  page(identity: string, evse: number, around: Circumstances): Promise<DriverPage>
  /** Wh at the outlet that a session may still take of what its driver wants to spend or of the sun; undefined: as much as it wants. */
  ceiling(identity: string, transaction: string): number | undefined
  /** The next moment at which the clock of the site shows 'HH:MM'; undefined when that is no time of day. */
  nextTime(text: string): Instant | undefined
  /** Reckons the ceilings anew. */
  refresh(): Promise<void>
  limits: LimitSource
}

export interface DeskParts {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  stations: ReadonlyMap<string, Station>
  chargers: ReadonlyMap<string, Charger>
  wishes: Wishes
  outlook: Outlook
  tariffs: TariffBook
  costs: Costs
  modes: SessionModes
  tell(station: Station, what: 'changed'): void
}

/** The currency where neither a tariff nor a plan names one. */
const CURRENCY = 'EUR'

export function openWishDesk({
  store,
  clock,
  log,
  config,
  stations,
  chargers,
  wishes,
  outlook,
  tariffs,
  costs,
  modes,
  tell,
}: DeskParts): WishDesk {
  const ceilings = new Map<string, number>()
  const exhausted = new Set<string>()
  const key = (identity: string, transaction: string) => `${identity}\n${transaction}`

  const need = (identity: string): Station => {
    const station = stations.get(identity)
    if (station) return station
    throw new Problem('unknown-station', say(SAYING.unknownStation, { station: identity }), { status: 404, hint: say(SAYING.seeSessions) })
  }
  const placeAt = (station: Station, plugged: Plugged): Place => ({
    station,
    plugged,
    evse: plugged.transaction.evse ?? station.record.evse,
  })
  const chargerOf = ({ station }: Place) => chargers.get(station.record.identity)
  const clockTime = (at: Instant) => formatInstant(at, config.zone).slice(11, 16)

  /** What a kWh costs the driver at a moment, VAT included; undefined where no tariff holds. */
  const priceFor = (place: { station: string; evse: number; token: string | undefined }) => {
    const tariff = tariffs.tariffFor(place)
    if (!tariff) return { tariff, at: () => undefined }
    const at = (moment: Instant): number | undefined => {
      try {
        const { lines } = priceSession({
          tariff,
          session: {
            start_date_time: formatInstant(moment),
            end_date_time: formatInstant(instant(moment + SLOT)),
            time_zone: config.zone,
            periods: [{ start_date_time: formatInstant(moment), state: 'CHARGING', energy_kwh: 1 }],
          },
        })
        return lines.filter(({ dimension }) => dimension === 'ENERGY').reduce((sum, { incl }) => sum + incl.valueOf(), 0)
      } catch (error) {
        log.warn({ tariff: tariff.id, error: describeError(error) }, 'a tariff cannot be quoted')
        return undefined
      }
    }
    return { tariff, at }
  }

  const factsOf = async (place: Place) => {
    const { station, plugged, evse } = place
    const charger = chargerOf(place)
    const { identity, device } = station.record
    const plan = device === undefined ? undefined : await outlook.plan(device)
    const price = priceFor({ station: identity, evse, token: plugged.transaction.token })
    const power = charger?.capability().maxPower ?? 0
    const bill = await costs.bill(plugged.transaction, clock.now()).catch(() => undefined)
    const spent = bill?.bill.total ? Number(bill.bill.total.incl_vat) : undefined
    return { plan, price, power, spent, currency: price.tariff?.currency.toUpperCase() ?? plan?.currency ?? CURRENCY }
  }

  /** A wish as it would be kept. */
  const wishFrom = async (place: Place, input: WishInput, origin: string): Promise<SessionWish> => {
    const refuse = (message: string, hint: string) => new Problem('invalid-wish', message, { status: 422, hint })
    const said = Object.values(input).filter((value) => value !== undefined)
    if (said.length === 0) throw refuse(say(SAYING.wishesNothing), say(SAYING.sayWhat))
    if (input.energyKwh !== undefined && input.socPercent !== undefined) throw refuse(say(SAYING.twoAmounts), say(SAYING.oneAmount))
    if (input.by !== undefined && input.by <= clock.now()) throw refuse(say(SAYING.byPast), say(SAYING.byLater))
    if (input.priority && input.solarOnly) throw refuse(say(SAYING.fastAndSolar), say(SAYING.notBoth))
    const { spent } = await factsOf(place)
    return {
      ...(input.energyKwh === undefined ? {} : { energy: input.energyKwh * 1000 }),
      ...(input.socPercent === undefined ? {} : { soc: input.socPercent }),
      ...(input.by === undefined ? {} : { by: input.by }),
      ...(input.maxCost === undefined ? {} : { maxCost: input.maxCost }),
      ...(input.solarOnly === undefined ? {} : { solarOnly: input.solarOnly }),
      ...(input.priority === undefined ? {} : { priority: input.priority }),
      ...(input.discharge === undefined ? {} : { discharge: input.discharge }),
      madeAt: clock.now(),
      takenBefore: takenBy(place.plugged.transaction),
      ...(spent === undefined ? {} : { spentBefore: spent }),
      origin,
    }
  }

  const solarSessions = () =>
    wishes.all().filter(({ station, transaction, wish }) => wish.solarOnly && stations.get(station)?.open.has(transaction))

  /** Money left of what the driver wants to spend; undefined where that is no matter. */
  const budgetOf = (wish: SessionWish, place: Place, spent: number | undefined, usual: number | undefined): number | undefined => {
    if (wish.maxCost === undefined) return undefined
    // Without a tariff the price that the plan reckons with is what we know.
    const gone =
      spent !== undefined
        ? spent - (wish.spentBefore ?? 0)
        : ((takenBy(place.plugged.transaction) - wish.takenBefore) / 1000) * (usual ?? 0)
    return Math.max(0, wish.maxCost - gone)
  }

  const reckon = async (place: Place, wish: SessionWish | undefined, around: Circumstances) => {
    const { station, plugged } = place
    const { plan, price, power, spent, currency } = await factsOf(place)
    const now = clock.now()
    const { soc } = stockOf(plugged, config)
    // What is wanted, before the sun or the purse set its bounds.
    const { soc: target, by: soonest } = wishOf(plugged, now, config, { wish: wish && { ...wish, priority: false }, power })
    const energy = Math.max(0, (target - soc) / EFFICIENCY)
    const own = around.limits.filter(({ origin }) => origin !== ORIGIN)
    const stretches = stretchesOf({
      device: station.record.device ?? station.record.identity,
      asset: station.record.asset,
      ...{ power, plan },
      from: now,
      by: soonest,
      limits: own,
      sharers: wish?.solarOnly ? Math.max(1, solarSessions().length) : 1,
      price: price.at,
    })
    const known = stretches.flatMap((one) => one.price ?? [])
    const usual = known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length
    const budget = wish && budgetOf(wish, place, spent, usual)
    const judged = judgeWish(
      {
        energy,
        by: soonest,
        least:
          SMALLEST_CURRENT * config.voltage * (plugged.transaction.needs?.phases ?? plugged.transaction.phases ?? station.record.phases),
        ...(budget === undefined ? {} : { maxCost: budget }),
        ...(wish?.solarOnly ? { solarOnly: true } : {}),
        ...(wish?.priority ? { priority: true } : {}),
      },
      stretches,
      { currency, clock: clockTime },
    )
    return { judged: full(judged, wish, place, energy), energy, by: soonest, budget, currency }
  }

  /** What was asked for beyond what the battery has room for is missing too. */
  const full = (judged: Feasibility, wish: SessionWish | undefined, { plugged }: Place, energy: number): Feasibility => {
    if (wish?.energy === undefined) return judged
    const beyond = wish.energy - (takenBy(plugged.transaction) - wish.takenBefore) - energy
    if (beyond < 100) return judged
    const room = say(SAYING.roomOnly, { energy: `${(energy / 1000).toFixed(1)} kWh` })
    return { ...judged, feasible: false, missing: wattHours(Math.round(judged.missing + beyond)), reasons: [...judged.reasons, room] }
  }

  const viewOf = async (place: Place, wish: SessionWish | undefined, around: Circumstances): Promise<WishView> => {
    const { judged, energy, by, currency } = await reckon(place, wish, around)
    const { record } = place.station
    return {
      session: place.plugged.transaction.id,
      station: record.identity,
      evse: place.evse,
      said: wish !== undefined,
      wish: wish ? sayWish(wish, config.zone) : {},
      ...shown(judged),
      energyKwh: kilo(energy),
      by: formatInstant(by, config.zone),
      ready: judged.ready === undefined ? null : formatInstant(judged.ready, config.zone),
      currency,
    }
  }

  const refreshOne = async (place: Place, identity: string, transaction: string, wish: SessionWish) => {
    const id = key(identity, transaction)
    if (wish.maxCost === undefined && !wish.solarOnly) {
      ceilings.delete(id)
      exhausted.delete(id)
      return
    }
    const { judged, budget } = await reckon(place, wish, { limits: [] })
    ceilings.set(id, judged.reachable)
    const isOver = budget !== undefined && budget < 0.005
    if (isOver === exhausted.has(id)) return
    if (isOver) exhausted.add(id)
    else exhausted.delete(id)
    tell(place.station, 'changed')
  }

  /** Keeps a wish, or none, has the plan made anew, and tells the station what it should know of it. */
  const change = async (place: Place, wish: SessionWish | undefined, by: string) => {
    const { station, plugged } = place
    const { identity } = station.record
    const transaction = plugged.transaction.id
    const before = wishes.of(identity, transaction)
    if (wish) {
      await wishes.keep(identity, transaction, wish)
      await refreshOne(place, identity, transaction, wish)
    } else {
      ceilings.delete(key(identity, transaction))
      exhausted.delete(key(identity, transaction))
      if (!(await wishes.remove(identity, transaction))) return
    }
    tell(station, 'changed')
    const flows = (one: SessionWish | undefined) => transferOf(station, plugged.vehicle, one).length
    if (flows(before) !== flows(wish)) void modes.allow(station, plugged, wish, by)
    if ((before?.priority ?? false) !== (wish?.priority ?? false))
      void chargerOf(place)
        ?.retell()
        .catch((error: unknown) => log.warn({ station: identity, error: describeError(error) }, 'a station was not told of a hurry'))
  }

  const desk: WishDesk = {
    session(id) {
      const found = [...stations.values()].flatMap((station) => {
        const plugged = station.open.get(id)
        return plugged ? [placeAt(station, plugged)] : []
      })
      if (found.length > 1)
        throw new Problem('ambiguous-session', say(SAYING.manySessions, { session: id }), { status: 409, hint: say(SAYING.nameTheEvse) })
      if (found[0]) return found[0]
      throw new Problem('unknown-session', say(SAYING.unknownSession, { session: id }), { status: 404, hint: say(SAYING.seeSessions) })
    },
    at(identity, evse) {
      const station = need(identity)
      const plugged = pluggedAt(station, evse)
      if (plugged) return placeAt(station, plugged)
      throw new Problem('no-session', say(SAYING.noSessionHere, { station: identity }), { status: 409, hint: say(SAYING.plugFirst) })
    },
    view: (place, around) => viewOf(place, wishes.of(place.station.record.identity, place.plugged.transaction.id), around),
    judge: async (place, input, around) => viewOf(place, await wishFrom(place, input, 'nobody'), around),
    async keep(place, input, origin, around) {
      const wish = await wishFrom(place, input, origin)
      await change(place, wish, origin)
      return viewOf(place, wish, around)
    },
    remove: (place, origin) => change(place, undefined, origin),
    async hurried(station, transaction, activated) {
      const plugged = station.open.get(transaction)
      const { priority = false, ...rest } = wishes.of(station.record.identity, transaction) ?? {}
      if (!plugged || priority === activated) return
      const place = placeAt(station, plugged)
      if (activated) {
        const fresh = await wishFrom(place, { priority: true }, AT_STATION)
        await change(place, { ...fresh, ...rest, priority: true }, AT_STATION)
      } else await change(place, 'madeAt' in rest && isMore(rest) ? rest : undefined, AT_STATION)
    },
    async code(identity, evse, renew = false) {
      need(identity)
      if (renew) await store.query('delete from cariflex.driver_page where station = $1 and evse_id = $2', [identity, evse])
      const row = await store.first<{ code: string }>(
        `insert into cariflex.driver_page (code, station, evse_id, made_at) values ($1, $2, $3, $4)
         on conflict (station, evse_id) do update set station = excluded.station returning code`,
        [randomBytes(12).toString('base64url'), identity, evse, asTimestamp(clock.now())],
      )
      return row!.code
    },
    async placeOf(code) {
      const row = await store.first<{ station: string; evse_id: number }>(
        'select station, evse_id from cariflex.driver_page where code = $1',
        [code],
      )
      if (row) return { identity: row.station, evse: row.evse_id }
      throw new Problem('unknown-page', say(SAYING.unknownPage), { status: 404, hint: say(SAYING.scanAgain) })
    },
    async page(identity, evse, around) {
      const station = need(identity)
      const plugged = pluggedAt(station, evse)
      const place = plugged && placeAt(station, plugged)
      const charger = chargers.get(identity)
      const facts = place && (await factsOf(place))
      const price = facts?.price ?? priceFor({ station: identity, evse, token: undefined })
      const plan = facts?.plan ?? (station.record.device === undefined ? undefined : await outlook.plan(station.record.device))
      const now = clock.now()
      const order = charger?.order()
      const reckoned =
        plan && stretchesOf({ device: '', asset: undefined, power: 0, from: now, by: instant(now + 1000), plan, limits: [] })[0]?.price
      const perKwh = price.at(now) ?? reckoned
      return {
        price: {
          text: price.tariff ? { fr: sayTariff(price.tariff, 'fr'), en: sayTariff(price.tariff, 'en') } : null,
          perKwh: perKwh === undefined ? null : Math.round(perKwh * 1e4) / 1e4,
          currency: price.tariff?.currency.toUpperCase() ?? plan?.currency ?? CURRENCY,
          soFar: facts?.spent ?? null,
        },
        station: identity,
        name: station.record.name ?? identity,
        evse,
        online: station.session !== undefined,
        plugged: plugged !== undefined,
        session: plugged ? sessionOf(plugged, config.zone) : null,
        now: order ? { kw: kilo(order.power), because: order.because, until: formatInstant(order.until, config.zone) } : null,
        wish: place ? await viewOf(place, wishes.of(identity, place.plugged.transaction.id), around) : null,
      }
    },
    nextTime: (text) => (/^([01]\d|2[0-3]):[0-5]\d$/.test(text) ? nextTime(clock.now(), text, config.zone) : undefined),
    ceiling: (identity, transaction) => ceilings.get(key(identity, transaction)),
    async refresh() {
      for (const { station: identity, transaction, wish } of wishes.all()) {
        const station = stations.get(identity)
        const plugged = station?.open.get(transaction)
        if (station && plugged) await refreshOne(placeAt(station, plugged), identity, transaction, wish)
      }
    },
    limits: {
      name: 'wishes of drivers',
      async limits(_, from, until) {
        const found: Limit[] = []
        const sharers = Math.max(1, solarSessions().length)
        for (const { station: identity, transaction, wish } of wishes.all()) {
          const station = stations.get(identity)
          const asset = station?.record.asset
          if (!station?.open.has(transaction) || asset === undefined) continue
          const base = { rung: 'override', asset, scope: 'device', origin: ORIGIN } as const
          const id = `wish-${identity}-${transaction}`
          if (exhausted.has(key(identity, transaction)))
            found.push({ ...base, id, from, until, max: watts(0), because: say(SAYING.budgetWish) })
          else if (wish.solarOnly) {
            const plan = station.record.device === undefined ? undefined : await outlook.plan(station.record.device)
            for (const run of solarRuns(plan, from, until, sharers))
              found.push({ ...base, id: `${id}-${run.from}`, ...run, because: say(SAYING.solarWish) })
          }
        }
        return found
      },
    },
  }
  return desk
}

const ORIGIN = 'driver'
const AT_STATION = 'station'

/** Whether a wish says anything. */
const isMore = ({ energy, soc, by, maxCost, solarOnly, discharge }: SessionWish): boolean =>
  [energy, soc, by, maxCost, solarOnly, discharge].some((value) => value !== undefined)
