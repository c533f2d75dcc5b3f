/** From a BootNotification to a station at work: boot states, setting up, limits, and the truth about connectors and sessions (OCPP 2.0.1 B01–B04; charging reference 2.3). */
import { type Clock, describeError, type Log } from '#kernel'
import type { BootNotificationRequest, BootNotificationResponse, GetVariablesResponse, Session } from '#protocols/ocpp'
import type { Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { openCrowd } from './crowd.ts'
import { type Path, saveModel, V2X, type Variable } from './device-model.ts'
import type { Gatherer } from './gather.ts'
import { onboard, onboardingMark, readModel } from './onboarding.ts'
import { zulu } from './order.ts'
import type { Sessions } from './sessions.ts'
import { type Station, type StationRecord, saveBoot } from './station.ts'

export interface Boots {
  /** Answers a BootNotification, and does afterwards what follows from the answer. */
  boot(station: Station, request: BootNotificationRequest, session: Session): Promise<BootNotificationResponse>
  /** The first message of an accepted station in a connection that was not a boot. */
  returned(station: Station, session: Session): void
  /**
   * Whether a station whose boot is not accepted, and which said something else, must boot first: it is asked to, once a connection. One with an
   * upstream is at work there, and so it is here.
   */
  mustBoot(station: Station, session: Session): boolean
  /** Asks for a boot now, so that another answer is given. */
  again(session: Session): Promise<void>
  /** A station whose boots another CSMS answers is at work: it is read, once for each firmware, and not set up. */
  adopt(station: Station, said: BootNotificationRequest['chargingStation'] | undefined, session: Session): Promise<void>
  /** A connection is over. */
  forget(session: Session): void
}

export interface BootParts {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  sessions: Sessions
  reports: Gatherer<[string, Variable]>
  /** Another CSMS accepts its boots, whatever we say: it is at work while we set it up. */
  hasUpstream(station: Station): boolean
  layFloor(station: Station): Promise<unknown>
  layTariffs(station: Station): Promise<unknown>
  /** What was ordered before counts no more. */
  onAccepted(station: Station): void
  variable(station: Station, path: Path, value: string): Promise<void>
}

/** A parked station waits for a person: it need not ask often. */
const PARKED = 6

/** Stations that are set up or put right at the same time: what they keep must not take every connection to the database from the events. */
const AT_ONCE = 50

export function openBoots(parts: BootParts): Boots {
  const { store, clock, log, config, sessions, reports } = parts
  /** Connections in which the state of the station was put right already, and those told to boot. */
  const settledIn = new Set<string>()
  const crowd = openCrowd(AT_ONCE)
  const toldToBoot = new Set<string>()
  const onboarding = new Set<string>()
  /** Connections in which the station was set up and told to boot. Some go on without: they are at work as well. */
  const toldAfterSetUp = new Set<string>()

  const ask = (session: Session, requestedMessage: string) =>
    session.call('TriggerMessage', { requestedMessage }, { timeout: config.patience }).catch(() => undefined)

  /** What may have changed while it was away and decides what we may order. */
  const refresh = async (station: Station, session: Session) => {
    const flags = [...station.model.values()].filter(
      ({ component, variable }) => component === V2X.component && (V2X.variables as readonly string[]).includes(variable),
    )
    if (flags.length === 0) return
    const getVariableData = flags.map(({ component, variable, evse }) => ({
      component: { name: component, ...(evse === undefined ? {} : { evse: { id: evse } }) },
      variable: { name: variable },
    }))
    const answer = (await session.call('GetVariables', { getVariableData }, { timeout: config.patience }).catch(() => undefined)) as
      | GetVariablesResponse
      | undefined
    for (const { component, variable, attributeStatus, attributeValue } of answer?.getVariableResult ?? [])
      if (attributeStatus === 'Accepted' && attributeValue !== undefined)
        await parts.variable(station, { component, variable } as Path, attributeValue)
  }
  /** After an accepted boot and after a mere reconnection: limits below everything, then the truth about connectors and sessions. */
  const settle = async (station: Station, session: Session) => {
    await parts.layFloor(station)
    await ask(session, 'StatusNotification')
    await refresh(station, session)
    await sessions.reconcile(station, session)
    await parts.layTariffs(station)
  }
  /** After the answer that is being written, not before it. */
  const afterAnswer = (work: () => void) => (config.bootPause > 0 ? clock.in(config.bootPause, work) : setImmediate(work))
  const settleSoon = (station: Station, session: Session) => {
    settledIn.add(session.epoch)
    afterAnswer(() => {
      crowd(() => settle(station, session)).catch((error: unknown) =>
        log.warn({ station: session.identity, error: describeError(error) }, 'the station could not be put right'),
      )
    })
  }

  const setUp = async (station: Station, session: Session, mark: string) => {
    const { identity } = station.record
    if (onboarding.has(identity)) return
    onboarding.add(identity)
    try {
      const model = await onboard(session, { reports, config, log })
      if (model) {
        await store.transact((tx) => saveModel(tx, identity, model))
        station.model = model
      }
      station.record = { ...station.record, onboardedAt: clock.now(), onboardedAs: mark }
      await saveBoot(store, station.record)
      if (station.record.boot === 'Accepted') settleSoon(station, session)
      else if (station.record.bootOrder === undefined) {
        toldAfterSetUp.add(session.epoch)
        await ask(session, 'BootNotification')
      }
    } catch (error) {
      log.warn({ station: identity, error: describeError(error) }, 'the station could not be set up; tried again at its next boot')
    } finally {
      onboarding.delete(identity)
    }
  }

  /** The record with what a boot said of the station. */
  const saidOf = (
    { record: { serial: _, firmware: __, ...rest } }: Station,
    { vendorName, model, serialNumber, firmwareVersion }: BootNotificationRequest['chargingStation'],
  ): StationRecord => {
    const said = { vendor: vendorName, model, serial: serialNumber, firmware: firmwareVersion }
    return { ...rest, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) }
  }

  return {
    async boot(station, request, session) {
      const { vendorName, model, serialNumber, firmwareVersion } = request.chargingStation
      const mark = onboardingMark(config, [vendorName, model, serialNumber, firmwareVersion].join('\n'))
      const { bootOrder, state, onboardedAs } = station.record
      const isSetUp = onboardedAs === mark
      const status = bootOrder ?? (state === 'registered' && (isSetUp || parts.hasUpstream(station)) ? 'Accepted' : 'Pending')
      const before = station.record
      const record: StationRecord = { ...saidOf(station, request.chargingStation), boot: status }
      // At once: what is decided while it is being kept, such as that it is set up, must not be undone by it.
      station.record = record
      try {
        await saveBoot(store, record)
      } catch (error) {
        if (station.record === record) station.record = before
        throw error
      }
      if (status === 'Accepted') parts.onAccepted(station)
      if (status === 'Accepted' && (isSetUp || bootOrder !== undefined)) settleSoon(station, session)
      else if (status !== 'Rejected' && state === 'registered' && (record.bootReport ?? !isSetUp))
        afterAnswer(() => void crowd(() => setUp(station, session, mark)))
      const wait = record.bootInterval ?? (state === 'parked' ? config.pendingInterval * PARKED : config.pendingInterval)
      return {
        currentTime: zulu(clock.now()),
        interval: status === 'Accepted' ? ((bootOrder && record.bootInterval) ?? config.heartbeat) : wait,
        status,
      }
    },
    returned(station, session) {
      if (!settledIn.has(session.epoch)) settleSoon(station, session)
    },
    mustBoot(station, session) {
      const { state, bootOrder, identity } = station.record
      if (state === 'registered' && bootOrder === undefined && (parts.hasUpstream(station) || toldAfterSetUp.has(session.epoch))) {
        station.record = { ...station.record, boot: 'Accepted' }
        saveBoot(store, station.record).catch((error: unknown) =>
          log.warn({ station: identity, error: describeError(error) }, 'the boot of a station was not kept'),
        )
        parts.onAccepted(station)
        settleSoon(station, session)
        return false
      }
      const mayBoot = state === 'registered' && (bootOrder === undefined || bootOrder === 'Accepted')
      if (!mayBoot || toldToBoot.has(session.epoch) || onboarding.has(identity)) return true
      toldToBoot.add(session.epoch)
      setImmediate(() => void ask(session, 'BootNotification'))
      return true
    },
    async adopt(station, said, session) {
      const { identity } = station.record
      station.record = { ...(said ? saidOf(station, said) : station.record), boot: 'Accepted' }
      await saveBoot(store, station.record)
      parts.onAccepted(station)
      const mark = `read ${station.record.firmware ?? ''}`
      if (station.record.onboardedAs === mark || onboarding.has(identity)) return settleSoon(station, session)
      settledIn.add(session.epoch)
      onboarding.add(identity)
      afterAnswer(() => {
        readModel(session, reports, config, log)
          .then(async (model) => {
            if (!model) return
            await store.transact((tx) => saveModel(tx, identity, model))
            station.model = model
            station.record = { ...station.record, onboardedAt: clock.now(), onboardedAs: mark }
            await saveBoot(store, station.record)
          })
          .catch((error: unknown) => log.warn({ station: identity, error: describeError(error) }, 'the station could not be read'))
          .finally(() => {
            onboarding.delete(identity)
            settleSoon(station, session)
          })
      })
    },
    async again(session) {
      await ask(session, 'BootNotification')
    },
    forget({ epoch }) {
      settledIn.delete(epoch)
      toldToBoot.delete(epoch)
      toldAfterSetUp.delete(epoch)
    },
  }
}
