/** Smart charging put together: cards of models, the outlook of plans, wishes of drivers, and the watch over what stations really draw. */
import type { News } from '#ems'
import { type Bus, type Clock, describeError, type Log, MINUTE, SECOND } from '#kernel'
import type { ClearedChargingLimitRequest, NotifyChargingLimitRequest, NotifyEVChargingScheduleRequest, V21 } from '#protocols/ocpp'
import type { Store } from '#store'
import type { Charger } from '../charger.ts'
import type { Commands } from '../commands.ts'
import type { ChargingConfig } from '../config.ts'
import { type Plugged, pluggedAt, type Station } from '../station.ts'
import type { TariffBook } from '../tariff/book.ts'
import type { Costs } from '../tariff/costs.ts'
import type { Vehicle } from '../vehicle.ts'
import { type Cards, openCards } from './capability-card.ts'
import { type ExternalLimits, openExternalLimits } from './external-limits.ts'
import { excessOf } from './needs.ts'
import { type Outlook, openOutlook } from './outlook.ts'
import { openSessionModes, type SessionModes } from './session-modes.ts'
import { openWishes, type Wishes } from './session-wish.ts'
import { openWishDesk, type WishDesk } from './wish-desk.ts'

export interface SmartParts {
  store: Store
  clock: Clock
  bus: Bus<News>
  log: Log
  config: ChargingConfig
  stations: ReadonlyMap<string, Station>
  chargers: ReadonlyMap<string, Charger>
  tariffs: TariffBook
  costs: Costs
  commands: Commands
  tell(station: Station, what: 'changed'): void
  alarm(station: Station, code: string, sentence: string | undefined): void
}

export interface Smart {
  /** What every charger is given. */
  parts: {
    cards: Cards
    outlook: Outlook
    wishes: Wishes
    ceiling: WishDesk['ceiling']
    external: ExternalLimits
    usePriority: SessionModes['usePriority']
    disobeyed(station: Station, why: string | undefined): void
  }
  desk: WishDesk
  /** Somebody else limits the station, or does not any more (K11–K14): the plan is made anew below it. */
  limited(station: Station, request: NotifyChargingLimitRequest): void
  unlimited(station: Station, request: ClearedChargingLimitRequest): void
  /** The owner of a plugged car said anew what may be done with it. */
  consented(station: Station, plugged: Plugged, car: Vehicle): void
  /** A car was told that its profile follows. */
  promised(station: Station): void
  /** Whether the schedule that a car chose keeps to what was laid on its EVSE (K15.FR.13, K17). */
  chose(station: Station, request: NotifyEVChargingScheduleRequest): 'Accepted' | 'Rejected'
  /** 2.1: what a Dynamic profile of ours shall say now (PullDynamicScheduleUpdate); undefined: it is none of ours. */
  dynamicUpdate(station: Station, profileId: number): Promise<V21.ChargingScheduleUpdateType | undefined>
  close(): void
}

/** How often what is drawn is compared with what is allowed. */
const WATCH = 5 * SECOND

/** Opens what is kept of models and wishes, and begins to watch. @throws Problem `database-unavailable` */
export async function openSmart(given: SmartParts): Promise<Smart> {
  const { store, clock, bus, log, chargers, tell, alarm } = given
  const [cards, wishes] = await Promise.all([openCards(store, clock), openWishes(store, clock)])
  const external = openExternalLimits(clock)
  const outlook = await openOutlook({ store, bus, clock, log })
  const modes = openSessionModes(given)
  const desk = openWishDesk({ ...given, wishes, outlook, modes })
  const refresh = () =>
    desk.refresh().catch((error: unknown) => log.warn({ error: describeError(error) }, 'what sessions may still take was not reckoned'))
  const timers = [
    clock.every(WATCH, () => {
      for (const charger of chargers.values()) charger.watch()
    }),
    clock.every(MINUTE, () => void refresh()),
  ]
  const leave = bus.any((news) => {
    if (news.kind === 'plan') void refresh()
  })
  return {
    parts: {
      cards,
      outlook,
      wishes,
      ceiling: desk.ceiling,
      external,
      usePriority: modes.usePriority,
      disobeyed(station, why) {
        log.warn({ station: station.record.identity, why }, why ? 'a station does not keep its limit' : 'a station keeps its limit again')
        alarm(station, 'station-disobeys', why)
        tell(station, 'changed')
      },
    },
    desk,
    limited(station, request) {
      external.noted(station.record.identity, request)
      tell(station, 'changed')
    },
    unlimited(station, request) {
      external.cleared(station.record.identity, request)
      tell(station, 'changed')
    },
    consented(station, plugged, car) {
      const was = plugged.vehicle?.v2g
      plugged.vehicle = car
      tell(station, 'changed')
      if (was !== car.v2g) void modes.allow(station, plugged, wishes.of(station.record.identity, plugged.transaction.id), 'owner')
    },
    promised: (station) => chargers.get(station.record.identity)?.promise(),
    chose(station, request) {
      const hold = chargers.get(station.record.identity)?.hold()
      if (!hold || hold.evse !== request.evseId || hold.transaction !== pluggedAt(station, request.evseId)?.transaction.id)
        return 'Accepted'
      try {
        const excess = excessOf(request, hold.compiled)
        if (!excess) return 'Accepted'
        log.warn({ station: station.record.identity, excess }, 'a car chose more than it was offered')
      } catch (error) {
        log.warn({ station: station.record.identity, error: describeError(error) }, 'the schedule of a car cannot be read')
      }
      return 'Rejected'
    },
    async dynamicUpdate(station, profileId) {
      const hold = chargers.get(station.record.identity)?.hold()
      if (hold?.form.rung !== 'dynamic' || hold.compiled.profile.id !== profileId || clock.now() >= hold.until) return undefined
      return { setpoint: hold.limit, limit: Math.max(0, hold.limit), dischargeLimit: Math.min(0, hold.limit) }
    },
    close() {
      for (const timer of timers) timer.cancel()
      leave()
      outlook.close()
    },
  }
}
