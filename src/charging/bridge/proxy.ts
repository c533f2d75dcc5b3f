/**
 * A station that also belongs to another CSMS: it connects to us, and we connect there as the station (charging reference 1.9, 2.2). What it
 * says goes there and the answer from there comes back; our own room hears the same and its answer is dropped. What the other CSMS asks goes to
 * the station, among our own calls, one at a time. While the other CSMS is away our room answers, and what counts is told there later, in order.
 */
import { after, type Clock, describeError, type Instant, isProblem, type Log, MINUTE, SECOND, type Timer } from '#kernel'
import {
  CallError,
  type ConnectOptions,
  connectStation,
  type Frame,
  type Handler,
  type Installed,
  OCPP16,
  OCPP201,
  type OcppVersion,
  type Payload,
  type Session,
  withoutProfiles,
} from '#protocols/ocpp'
import { lookUp } from '../device-model.ts'
import { pluggedAt, type Station } from '../station.ts'
import { numberIn, openProxyNumbers } from './proxy-numbers.ts'
import { openProxyOrders } from './proxy-orders.ts'
import { clearOwn, idAbove, idBelow, periodsAbove, type Standing, setBelow, setOwn, UNBOUNDED } from './proxy-profiles.ts'
import type { ProxyShelf } from './proxy-shelf.ts'
import { counts, ownPassword, REPORTS, slotOf, type UpstreamTerms, withOurWord, withoutConsent } from './proxy-words.ts'

export interface ProxyParts {
  station: Station
  url: string
  password: string | undefined
  terms: UpstreamTerms
  /** How it is reached now: where its name leads, and whom we believe that it is the upstream. @throws Problem `address-not-allowed` */
  way(): Promise<Pick<ConnectOptions, 'lookup' | 'tls'>>
  shelf: ProxyShelf
  clock: Clock
  log: Log
  /** Volts and amperes of our standing limits. */
  standing(): Standing
  onFrame(version: OcppVersion, frame: Frame): void
  /** What the upstream allows is other than before. */
  changed(): void
}

export interface StationProxy {
  readonly url: string
  readonly terms: UpstreamTerms
  /** Answers the station; `own` is our room. */
  handler(own: Handler): Handler
  /** The connection for our own calls. */
  wire(down: Session): Session
  /** The station is here. */
  bind(down: Session): void
  isConnected(): boolean
  /** Why it is not connected, as the last attempt ended. */
  fault(): string | undefined
  /** Messages that the upstream has not heard yet. */
  waiting(): number
  /** W that its profiles allow on an EVSE now. */
  allowed(evse: number, wires: { phases: number; voltage: number }): number | undefined
  close(): void
}

/** A station waits 30 s for an answer: connecting and asking upstream fit into it. */
const CONNECT = 10 * SECOND
const ANSWER = 15 * SECOND
/** An upstream that is away is tried again after so long, doubled up to the most. */
const RETRY = 10 * SECOND
const RETRY_MOST = 5 * MINUTE
/** A message that the upstream refuses is told so often. */
const ATTEMPTS = 3

/** The proxy of one station; what was kept of it is taken up again. */
export async function openProxy({
  station,
  url,
  password,
  terms,
  way,
  shelf,
  clock,
  log,
  standing,
  onFrame,
  changed,
}: ProxyParts): Promise<StationProxy> {
  const { identity } = station.record
  let waiting = await shelf.count()
  let profiles: readonly Installed[] = await shelf.profiles()
  let version: OcppVersion = OCPP201
  const numbers = await openProxyNumbers(shelf, () => version === OCPP16)
  let down: Session | undefined
  let up: Session | undefined
  let arriving: Promise<void> | undefined
  let first: Promise<void> | undefined
  let giveUp: AbortController | undefined
  let retry: Timer | undefined
  let pause = RETRY
  let fault: string | undefined
  let draining = false
  let again = false
  /** Reports that were asked for, by whom. */
  const asked = { here: new Set<unknown>(), there: new Set<unknown>() }
  const wires = new WeakMap<Session, Session>()

  const warn = (error: unknown, what: string) => log.warn({ station: identity, error: describeError(error) }, what)
  const top = () => {
    const said = Number(lookUp(station.model, 'SmartChargingCtrlr', 'ProfileStackLevel', station.record.evse)?.value)
    return Number.isInteger(said) && said >= 0 ? said : undefined
  }

  /** Tells the upstream what it missed, until it has heard everything or does not listen. */
  const drain = async (): Promise<void> => {
    if (draining) {
      again = true
      return
    }
    draining = true
    try {
      do {
        again = false
        for (let next = await shelf.next(); next && up; next = await shelf.next()) {
          const session = up
          try {
            const answer = await session.call(next.action, numbers.toTheirs(next.payload), { timeout: ANSWER })
            if (next.action === 'BootNotification' && answer['status'] !== 'Accepted') return later()
            const theirs = numberIn(answer)
            if (next.said !== null && theirs !== undefined)
              await numbers.keep({ said: next.said, ours: numbers.of(next.said)?.ours, theirs })
          } catch (error) {
            if (!(error instanceof CallError)) return later()
            log.warn({ station: identity, action: next.action, error: describeError(error) }, 'the upstream refused what it had missed')
            if (next.attempts + 1 < ATTEMPTS) {
              await shelf.refused(next.id)
              return later()
            }
          }
          await shelf.told(next.id)
          waiting = await shelf.count()
        }
      } while (again && up)
    } catch (error) {
      warn(error, 'what the upstream missed was not told')
      later()
    } finally {
      draining = false
    }
  }
  const later = () => {
    retry ??= clock.in(RETRY, () => {
      retry = undefined
      if (up) void drain()
      else connect()
    })
  }

  const connect = (): void => {
    if (!down || up || arriving) return
    const bound = down
    const stop = new AbortController()
    giveUp = stop
    const limit = clock.in(CONNECT, () => stop.abort())
    arriving = way()
      .then((reached) =>
        connectStation(url, {
          identity,
          clock,
          versions: [version],
          forwards: true,
          handler: fromUpstream,
          signal: stop.signal,
          ping: MINUTE,
          onFrame: (frame) => onFrame(version, frame),
          onFault: (error) => warn(error, 'a fault of ours in a conversation with an upstream'),
          ...(password === undefined ? {} : { password }),
          ...reached,
        }),
      )
      .then((session) => {
        if (down !== bound) return session.close(1000, 'the station is gone')
        up = session
        fault = undefined
        pause = RETRY
        void session.closed.then(() => {
          if (up !== session) return
          up = undefined
          lost()
        })
        void drain()
      })
      .catch((error: unknown) => {
        warn(error, 'the upstream cannot be reached')
        fault = describeError(error)
        if (down === bound) lost()
      })
      .finally(() => {
        limit.cancel()
        arriving = undefined
        if (down && down !== bound) connect()
      })
  }
  const lost = () => {
    retry ??= clock.in(pause, () => {
      retry = undefined
      connect()
    })
    pause = Math.min(pause * 2, RETRY_MOST)
  }
  const leave = () => {
    giveUp?.abort()
    retry?.cancel()
    retry = undefined
    const session = up
    up = undefined
    session?.close(1000, 'the station is gone')
  }

  const askStation = async (action: string, payload: Payload): Promise<Payload> => {
    if (!down) throw new CallError('GenericError', 'The station is not connected.')
    try {
      return await down.call(action, payload, { timeout: 25 * SECOND })
    } catch (error) {
      if (error instanceof CallError) throw error
      throw new CallError('GenericError', isProblem(error) ? error.message.slice(0, 255) : 'The station did not answer.')
    }
  }

  const ours = openProxyOrders({
    now: () => clock.now(),
    maxPeriods: () => Number(lookUp(station.model, 'SmartChargingCtrlr', 'PeriodsPerSchedule', station.record.evse)?.value) || 1,
    ceiling: (from, until, unit) => ceiling(station.record.evse, { from, until, unit, ...standing() }),
  })
  /** What the upstream's profiles allow on an EVSE, for the transaction that runs there. */
  const ceiling = (evse: number, window: Parameters<typeof periodsAbove>[3]) => {
    const transaction = pluggedAt(station, evse)?.transaction
    const running = profiles.filter(({ profile: { chargingProfilePurpose: purpose, transactionId } }) => {
      if (purpose !== 'TxProfile') return true
      if (!transaction) return false
      // By our number: that of the station may be another.
      const id = version === OCPP16 && transactionId !== undefined ? numbers.of(Number(transactionId))?.ours : transactionId
      return id === undefined || String(id) === transaction.id
    })
    return periodsAbove(running, version, evse, { ...window, transactionStart: transaction?.firstAt })
  }
  /** Orders of ours that lie on the station are cut to what holds now, before anybody plans anew. */
  const ceilingChanged = async () => {
    for (const order of ours.stale())
      await askStation('SetChargingProfile', numbers.toStation('ours', ours.cut(order))).catch((error: unknown) =>
        warn(error, 'an order of ours was not cut to a limit of the upstream'),
      )
    changed()
  }

  const layProfile = async (payload: Payload): Promise<Payload> => {
    const { installed, payload: laid } = setBelow(version, payload, top(), standing())
    const answer = await askStation('SetChargingProfile', laid)
    if (answer['status'] !== 'Accepted') return answer
    profiles = [...profiles.filter(({ profile }) => profile.id !== installed.profile.id), installed]
    await shelf.saveProfile(installed)
    await ceilingChanged()
    return answer
  }
  /** Profile by profile: a ClearChargingProfile by its criteria would take ours away too. */
  const clearProfiles = async (payload: Payload): Promise<Payload> => {
    const is16 = version === OCPP16
    const id = payload[is16 ? 'id' : 'chargingProfileId'] as number | undefined
    const criteria = (is16 ? payload : payload['chargingProfileCriteria']) as Payload | undefined
    const evseId = criteria?.[is16 ? 'connectorId' : 'evseId']
    const purpose = criteria?.['chargingProfilePurpose']
    const stackLevel = criteria?.['stackLevel']
    const left = withoutProfiles(profiles as never, {
      ...(id === undefined ? {} : { chargingProfileId: id }),
      chargingProfileCriteria: {
        ...(typeof evseId === 'number' ? { evseId } : {}),
        ...(typeof stackLevel === 'number' ? { stackLevel } : {}),
        ...(purpose === undefined
          ? {}
          : { chargingProfilePurpose: purpose === 'ChargePointMaxProfile' ? 'ChargingStationMaxProfile' : purpose }),
      } as never,
    })
    const going = profiles.filter((one) => !left.includes(one as never)).map(({ profile }) => profile.id)
    // One that was laid before we were between them.
    if (id !== undefined && going.length === 0) going.push(id)
    let status = 'Unknown'
    for (const one of going) {
      const answer = await askStation('ClearChargingProfile', { [is16 ? 'id' : 'chargingProfileId']: idBelow(one) })
      if (answer['status'] === 'Accepted') status = 'Accepted'
    }
    profiles = profiles.filter(({ profile }) => !going.includes(profile.id))
    await shelf.dropProfiles(going)
    await ceilingChanged()
    return { status }
  }

  const fromUpstream: Handler = async (action, payload) => {
    if (payload['requestId'] !== undefined) asked.there.add(payload['requestId'])
    const meant = numbers.toStation('theirs', payload)
    if (action === 'SetChargingProfile') return layProfile(meant)
    if (action === 'ClearChargingProfile') return clearProfiles(meant)
    const refusal = ownPassword(action, payload) ?? (terms.orders ? undefined : withoutConsent(action))
    if (refusal instanceof CallError) throw refusal
    if (refusal) return refusal
    if (action === 'GetChargingProfiles') {
      const criterion = payload['chargingProfile'] as Payload
      const ids = criterion['chargingProfileId'] as number[] | undefined
      if (ids) return askStation(action, { ...payload, chargingProfile: { ...criterion, chargingProfileId: ids.map(idBelow) } })
    }
    return askStation(action, meant)
  }

  /** As the upstream knows it: its own names of profiles, and none of ours. */
  const upwards = (action: string, payload: Payload): Payload => {
    if (action !== 'ReportChargingProfiles') return numbers.toTheirs(payload)
    const told = (payload['chargingProfile'] as { id: number }[]).flatMap((profile) => {
      const id = idAbove(profile.id)
      const known = profiles.find((one) => one.profile.id === id)?.profile
      return id === undefined ? [] : [{ ...profile, id, ...(known ? { stackLevel: known.stackLevel } : {}) }]
    })
    return { ...payload, chargingProfile: told }
  }

  const wire = (session: Session): Session => {
    const known = wires.get(session)
    if (known) return known
    const made: Session = {
      ...session,
      call(action, payload, options) {
        if (payload['requestId'] !== undefined) asked.here.add(payload['requestId'])
        const own = action === 'ClearChargingProfile' ? clearOwn(payload, top()) : payload
        if (action === 'ClearChargingProfile') ours.cleared(payload)
        // By the name that the station has for it, kept as we meant it.
        const said = numbers.toStation('ours', action === 'SetChargingProfile' ? ours.cut(setOwn(version, payload, top())) : own)
        return session.call(action, said, options)
      },
    }
    wires.set(session, made)
    return made
  }

  const handler =
    (own: Handler): Handler =>
    async (action, payload, session) => {
      const hear = () => own(action, numbers.toOurs(payload), wire(session))
      const isStart = action === 'StartTransaction'
      /** Our room answers; the upstream is told later. */
      const alone = async (heard: Promise<Payload> = hear()): Promise<Payload> => {
        const answer = await heard
        const slot = slotOf(action, payload)
        if (slot === undefined && !counts(action, payload)) return answer
        const said = isStart ? numberIn(answer) : undefined
        if (said !== undefined) await numbers.keep({ said, ours: said, theirs: undefined })
        await shelf.keep(action, payload, slot, said)
        waiting = await shelf.count()
        if (up) void drain()
        return answer
      }
      // Just come: its first words wait for the upstream.
      await first
      const isOurs = terms.badges === 'ours'
      if (isOurs && action === 'Authorize') return hear()
      const { requestId } = payload
      if (REPORTS.has(action) && asked.here.has(requestId) && !asked.there.has(requestId)) return hear()
      const upstream = up
      if (!upstream || (waiting > 0 && counts(action, payload))) return alone()
      if (action === 'NotifyPeriodicEventStream') {
        upstream.send(action, payload)
        return hear()
      }
      const heard = hear()
      const quietly = heard.catch((error: unknown) => {
        if (!(error instanceof CallError && error.code === 'NotSupported'))
          warn(error, 'our room did not take what a station told its CSMS')
        return undefined
      })
      const told = upwards(action, payload)
      // Only our own profiles: nothing that the upstream asked for.
      if (action === 'ReportChargingProfiles' && (told['chargingProfile'] as unknown[]).length === 0) return heard
      let answer: Payload
      try {
        answer = await upstream.call(action, told, { timeout: ANSWER })
      } catch (error) {
        if (!(error instanceof CallError)) return alone(heard)
        await quietly
        throw error
      }
      const known = await quietly
      const theirs = numberIn(answer)
      if (isStart && theirs !== undefined) await numbers.keep({ said: theirs, ours: numberIn(known), theirs })
      return isOurs ? withOurWord(payload, answer, known) : answer
    }

  return {
    url,
    terms,
    handler,
    wire,
    bind(session) {
      leave()
      down = session
      version = session.version
      for (const ids of [asked.here, asked.there]) ids.clear()
      pause = RETRY
      connect()
      first = arriving
      void session.closed.then(() => {
        if (down !== session) return
        down = undefined
        leave()
      })
    },
    isConnected: () => up !== undefined,
    fault: () => (up ? undefined : fault),
    waiting: () => waiting,
    allowed(evse, wires) {
      const from: Instant = clock.now()
      const [now] = ceiling(evse, { ...wires, unit: 'W', from, until: after(from, SECOND) }) ?? []
      return now && now.limit < UNBOUNDED ? now.limit : undefined
    },
    close() {
      down = undefined
      leave()
    },
  }
}
