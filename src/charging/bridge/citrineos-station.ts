/**
 * One station behind CitrineOS: what it says is handed to our room in order, as if it had said it to us, and kept before the broker may forget
 * it. Our answers go nowhere: CitrineOS has answered already, and what it decided of badges and numbers is taken over.
 */
import { after, describeError, instant, type Log, pause, SECOND } from '#kernel'
import {
  CallError,
  compositeSchedule,
  type Handler,
  type Installed,
  OCPP16,
  type OcppVersion,
  type Payload,
  type Profile,
  profileFrom16,
  type TransactionEventRequest,
  type V16,
  withoutProfiles,
} from '#protocols/ocpp'
import type { Store } from '#store'
import { saidMoment } from '../meter.ts'
import type { Station } from '../station.ts'
import type { TapMessage } from './citrineos-adapter.ts'
import type { Known } from './citrineos-known.ts'
import { type BridgedLine, type BridgedLineParts, openBridgedLine } from './citrineos-line.ts'
import { isOurs } from './citrineos-profiles.ts'
import { numberIn, openProxyNumbers } from './proxy-numbers.ts'
import { openProxyShelf } from './proxy-shelf.ts'

/** What a station said and what CitrineOS answered, if that is known. */
export interface Told {
  action: string
  payload: Payload
  answer?: Payload | undefined
  /** Of a message of the tap; one of the tables has none. */
  correlation?: string
}

export interface BridgedStation {
  readonly station: Station
  readonly version: OcppVersion
  /** The station is connected to CitrineOS: a line to it, from now on. */
  arrive(): BridgedLine
  /** Of the line that is open now, or was last. */
  epoch(): string
  /** It is not any more, or we do not see it. */
  leave(reason: string): void
  /** Resolves when it is kept, or can never be. */
  hand(told: Told): Promise<void>
  /** A message that is no request of the station. */
  saw(message: TapMessage): Promise<void>
  /** Our number of a transaction of 1.6; undefined: not known here. */
  ours(said: number): number | undefined
  /** W that profiles of others for the whole station allow now; undefined: none does. */
  allowed(wires: { phases: number; voltage: number }): number | undefined
  /** What CitrineOS said of the badge in the message that is being handed over. */
  verdict(): V16.StartTransactionResponse['idTagInfo']['status'] | string | undefined
}

export interface BridgedStationParts extends Pick<BridgedLineParts, 'settings' | 'clock' | 'way' | 'top' | 'onFrame'> {
  station: Station
  version: OcppVersion
  store: Store
  log: Log
  known: Known
  handler: Handler
}

/** What our room takes part in; the rest is between the station and CitrineOS. */
const OURS = new Set([
  ...['BootNotification', 'Heartbeat', 'StatusNotification', 'TransactionEvent', 'StartTransaction', 'StopTransaction', 'MeterValues'],
  ...['NotifyEvent', 'NotifyReport', 'NotifyEVChargingNeeds', 'NotifyEVChargingSchedule', 'NotifyChargingLimit', 'ClearedChargingLimit'],
  'ReportChargingProfiles',
])

/** Whether the answer of CitrineOS is needed to understand it. */
export const needsAnswer = ({ action, payload }: Pick<TapMessage, 'action' | 'payload'>): boolean =>
  action === 'BootNotification' || action === 'StartTransaction' || (action === 'TransactionEvent' && payload['idToken'] !== undefined)

/** Above any supply: nothing is limited. */
const UNBOUNDED = 1e9
/** A message that could not be kept is tried so often, at growing intervals. */
const ATTEMPTS = 12
const PAUSE_MOST = 30 * SECOND

/** Opens what is known of the station and its line; nothing is said to anybody yet. */
export async function openBridgedStation(parts: BridgedStationParts): Promise<BridgedStation> {
  const { station, version, store, clock, log, known, handler, settings } = parts
  const { identity } = station.record
  const is16 = version === OCPP16
  const shelf = openProxyShelf(store, identity, () => clock.now())
  const numbers = await openProxyNumbers(shelf, () => is16)
  let profiles = await shelf.profiles()
  /** Calls of others that lay or clear profiles and are not answered yet. */
  const pending = new Map<string, TapMessage>()
  let tail: Promise<unknown> = Promise.resolve()
  let verdict: string | undefined
  const newLine = () =>
    openBridgedLine({
      ...{ identity, version, settings, clock, way: parts.way, top: parts.top, onFrame: parts.onFrame },
      numbered: (payload) => numbers.toStation('ours', payload),
      isTaken: (purpose, level) =>
        profiles.some(({ profile }) => profile.chargingProfilePurpose === purposeOf(purpose) && profile.stackLevel === level),
    })
  let line = newLine()

  const newNumber = async () =>
    (await store.first<{ number: number }>("select nextval('cariflex.transaction_16')::integer as number"))!.number
  /** A session that began before we were here gets a number of ours. */
  const numbered = async (payload: Payload) => {
    const said = numberIn(payload)
    if (!is16 || said === undefined || said <= 0) return payload
    if (numbers.of(said)?.ours === undefined) await numbers.keep({ said, ours: await newNumber(), theirs: said })
    return numbers.toOurs(payload)
  }

  /** What is new in it, in our words; undefined: nothing. */
  const fresh = async ({ action, payload, answer }: Told): Promise<Payload | undefined> => {
    if (action === 'TransactionEvent')
      return (await known.event(identity, payload as unknown as TransactionEventRequest)) as unknown as Payload
    if (action === 'BootNotification') return answer === undefined || answer['status'] === 'Accepted' ? payload : undefined
    if (action === 'StartTransaction') {
      const said = numberIn(answer)
      // Without a number there is no session: CitrineOS refused the badge, or nobody knows what it said.
      if (said === undefined || said <= 0 || verdictIn(answer) !== 'Accepted') return undefined
      const ours = numbers.of(said)?.ours
      return ours !== undefined && (await known.began(identity, ours, String(payload['timestamp']))) ? undefined : payload
    }
    const own = await numbered(payload)
    const ours = numberIn(own)
    if (!is16 || ours === undefined || ours <= 0) return own
    if (action === 'StopTransaction') return (await known.ended(identity, ours)) ? undefined : own
    if (action !== 'MeterValues') return own
    const values = own as unknown as V16.MeterValuesRequest
    const said = saidMoment(values.meterValue.at(-1)?.timestamp ?? '') ?? clock.now()
    const around = instant(said + station.clock.shift(said, clock.now()))
    return (await known.meter(identity, ours, values, around)) as unknown as Payload | undefined
  }

  const keep = async (told: Told): Promise<void> => {
    const payload = await fresh(told)
    if (!payload) return
    verdict = verdictIn(told.answer)
    try {
      const answer = await handler(told.action, payload, line.session)
      const said = numberIn(told.answer)
      if (told.action === 'StartTransaction' && said !== undefined) await numbers.keep({ said, ours: numberIn(answer), theirs: said })
    } finally {
      verdict = undefined
    }
  }
  const keepAtLast = async (told: Told): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await keep(told)
      } catch (error) {
        const isOurFault = !(error instanceof CallError) || error.code === 'InternalError'
        if (!isOurFault || attempt >= ATTEMPTS) {
          log.warn({ station: identity, action: told.action, error: describeError(error) }, 'what a station told CitrineOS was not taken')
          return
        }
        await pause(clock, Math.min(SECOND * 2 ** (attempt - 1), PAUSE_MOST))
      }
    }
  }

  /** The conversation of the station, as CitrineOS leads it. */
  const see = ({ action, payload, answer, correlation }: Told) => {
    if (correlation === undefined) return
    const about = { at: clock.now(), action, message: correlation }
    parts.onFrame({ ...about, direction: 'in', kind: 'CALL', payload })
    if (answer) parts.onFrame({ ...about, direction: 'out', kind: 'CALLRESULT', payload: answer })
  }

  /** Profiles that others lay and clear, once the station took it. */
  const follow = async ({ action, payload }: TapMessage, answer: Payload) => {
    if (answer['status'] !== 'Accepted') return
    if (action === 'SetChargingProfile') {
      const given = (payload['csChargingProfiles'] ?? payload['chargingProfile']) as Payload
      const profile = (is16 ? profileFrom16(given as never) : given) as unknown as Profile
      if (isOurs(settings.firstProfile, profile.id)) return
      const installed = { evseId: Number(payload['connectorId'] ?? payload['evseId'] ?? 0), profile } as Installed
      profiles = [...profiles.filter((one) => one.profile.id !== profile.id), installed]
      return shelf.saveProfile(installed)
    }
    const id = payload['id'] ?? payload['chargingProfileId']
    const criteria = (is16 ? payload : (payload['chargingProfileCriteria'] ?? {})) as Payload
    const evseId = criteria['connectorId'] ?? criteria['evseId']
    const { chargingProfilePurpose: purpose, stackLevel } = criteria
    const left = withoutProfiles(profiles as never, {
      ...(typeof id === 'number' && { chargingProfileId: id }),
      chargingProfileCriteria: {
        ...(typeof evseId === 'number' && { evseId }),
        ...(typeof stackLevel === 'number' && { stackLevel }),
        ...(purpose !== undefined && { chargingProfilePurpose: purposeOf(purpose) }),
      } as never,
    })
    const gone = profiles.filter((one) => !left.includes(one as never)).map(({ profile }) => profile.id)
    profiles = profiles.filter(({ profile }) => !gone.includes(profile.id))
    await shelf.dropProfiles(gone)
  }

  return {
    station,
    version,
    arrive() {
      line.end('the station came anew')
      line = newLine()
      return line
    },
    epoch: () => line.session.epoch,
    leave: (reason) => line.end(reason),
    hand(told) {
      see(told)
      if (!OURS.has(told.action)) return Promise.resolve()
      const turn = tail.then(() => keepAtLast(told))
      tail = turn
      return turn
    },
    async saw(message) {
      line.saw(message)
      const { from, kind, action, correlation, payload } = message
      if (action !== 'SetChargingProfile' && action !== 'ClearChargingProfile') return
      if (from === 'csms' && kind === 'request') {
        pending.set(correlation, message)
        if (pending.size > 50) pending.delete(pending.keys().next().value!)
      }
      const asked = kind === 'response' ? pending.get(correlation) : undefined
      if (asked && pending.delete(correlation)) await follow(asked, payload)
    },
    ours: (said) => numbers.of(said)?.ours,
    allowed({ phases, voltage }) {
      // Our orders lie above the orders of others; the limits of the whole station hold beside them.
      const whole = profiles.filter(({ profile }) => profile.chargingProfilePurpose === 'ChargingStationMaxProfile')
      if (whole.length === 0) return undefined
      const from = clock.now()
      const [period] = compositeSchedule({
        ...{ profiles: whole, evseId: station.record.evse, from, until: after(from, SECOND), unit: 'W', phases },
        ...{ version: is16 ? '1.6' : '2.0.1', nominalVoltage: voltage, defaultLimit: UNBOUNDED },
      })
      return period && period.limit < UNBOUNDED / 2 ? period.limit : undefined
    },
    verdict: () => verdict,
  }
}

const purposeOf = (purpose: unknown) => (purpose === 'ChargePointMaxProfile' ? 'ChargingStationMaxProfile' : purpose)

const verdictIn = (answer: Payload | undefined): string | undefined => {
  const info = (answer?.['idTokenInfo'] ?? answer?.['idTagInfo']) as { status?: string } | undefined
  return info?.status
}
