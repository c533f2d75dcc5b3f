/**
 * A station behind CitrineOS as a connection: what we ask of it goes out through the broker or the API, one call at a time and not into the
 * middle of another's, and what the station answers is what the tap shows. CALLERRORs never reach the broker: no answer means that nobody
 * knows what came of it.
 */
import { randomUUID } from 'node:crypto'
import { type Clock, type Instant, isProblem, Problem, SECOND, say, type Timer } from '#kernel'
import { CallError, dialectOf, type Frame, OCPP16, type OcppVersion, type Payload, type Session } from '#protocols/ocpp'
import type { TapCall, TapMessage } from './citrineos-adapter.ts'
import { clearedBy, laidBy, ownId, type Turn } from './citrineos-profiles.ts'
import type { CitrineSettings } from './citrineos-settings.ts'
import { SAYING } from './saying.ts'

/** How a call leaves; resolves when CitrineOS has it. */
export interface Way {
  /** 'broker': the correlation is ours. 'api': it is CitrineOS' own, and to be read off the tap. */
  readonly kind: 'broker' | 'api'
  /** @throws CallError when CitrineOS refuses it; Problem `bridge-away` when it cannot be reached */
  send(call: TapCall): Promise<void>
}

export interface BridgedLine {
  readonly session: Session
  /** Something of this station passed on the tap that is not a request of the station. */
  saw(message: TapMessage): void
  end(reason: string): void
}

export interface BridgedLineParts {
  identity: string
  version: OcppVersion
  settings: CitrineSettings
  clock: Clock
  way: Way
  /** Its highest stack level, if it told. */
  top(): number | undefined
  /** Payloads in the numbers of the station (1.6). */
  numbered(payload: Payload): Payload
  /** What others laid for the same purpose at the same level. */
  isTaken(purpose: unknown, level: unknown): boolean
  onFrame(frame: Frame): void
}

/** What belongs to whom the station belongs to. */
const KEPT = new Set([
  ...['CertificateSigned', 'InstallCertificate', 'DeleteCertificate', 'SetNetworkProfile', 'SendLocalList', 'ClearCache', 'CostUpdated'],
  ...['SetVariables', 'ChangeConfiguration', 'UpdateFirmware', 'SignedUpdateFirmware', 'SetDisplayMessage', 'SetMonitoringBase'],
])
/** The same again does no harm. */
const IDEMPOTENT = /^(Get|SetChargingProfile$|ClearChargingProfile$|TriggerMessage$)/
const ATTEMPTS = 3
/** Another's call holds ours back at most so long. */
const OTHERS = 10 * SECOND
/** CitrineOS lets one call be under way, of either side: a call of the station that waits for ours to end must get its turn before our next. */
const ROOM = SECOND / 4
const USUAL_PATIENCE = 30 * SECOND

interface UnderWay {
  action: string
  payload: Payload
  correlation: string | undefined
  answered(payload: Payload): void
}

/** Opens the line to a station that is connected to CitrineOS. */
export function openBridgedLine(parts: BridgedLineParts): BridgedLine {
  const { identity, version, settings, clock, way } = parts
  const dialect = dialectOf(version)!
  let busy: Promise<unknown> = Promise.resolve()
  let underWay: UnderWay | undefined
  /** Calls of others that the station has not answered yet. */
  const others = new Map<string, Timer>()
  let freed: (() => void) | undefined
  let turn: Turn = 0
  let endedAt = -Infinity
  let over: string | undefined
  let end: (how: { code: number; reason: string }) => void = () => undefined
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    end = resolve
  })
  const stopped = closed.then(() => Promise.reject(gone()))
  stopped.catch(() => undefined)

  const gone = () => new Problem('bridge-away', say(SAYING.brokerAway, { fault: over ?? '' }), { status: 503, retry: 'later' })
  const noAnswer = (action: string, patience: number) =>
    new Problem('no-answer', say(SAYING.noAnswer, { device: identity, action, age: `${patience / SECOND} s` }), {
      status: 504,
      retry: 'later',
    })

  const roomForStation = () =>
    new Promise<void>((resolve) => {
      const left = endedAt + ROOM - clock.now()
      if (left > 0) clock.in(left, resolve)
      else resolve()
    })
  const othersDone = () =>
    new Promise<void>((resolve) => {
      if (others.size === 0) return resolve()
      freed = resolve
    })
  const release = (correlation: string) => {
    others.get(correlation)?.cancel()
    if (others.delete(correlation) && others.size === 0) freed?.()
  }

  const send = async (action: string, payload: Payload, correlation: string) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await way.send({ station: identity, action, correlation, version, at: clock.now(), payload })
      } catch (error) {
        if (over !== undefined || !isProblem(error) || attempt >= ATTEMPTS || !IDEMPOTENT.test(action)) throw error
        await new Promise<void>((resolve) => clock.in(SECOND * attempt, resolve))
      }
    }
  }

  /** One call and its answer on the tap. */
  const exchange = async (action: string, payload: Payload, patience: number): Promise<Payload> => {
    await Promise.race([roomForStation().then(othersDone), stopped])
    const began = clock.now()
    const correlation = randomUUID()
    let deadline: Timer | undefined
    const answer = new Promise<Payload>((resolve, reject) => {
      underWay = { action, payload, correlation: way.kind === 'broker' ? correlation : undefined, answered: resolve }
      deadline = clock.in(patience, () => reject(noAnswer(action, patience)))
    })
    answer.catch(() => undefined)
    try {
      frame('out', 'CALL', began, action, correlation, payload)
      await Promise.race([send(action, payload, correlation), stopped, answer])
      const given = await Promise.race([answer, stopped])
      frame('in', 'CALLRESULT', clock.now(), action, correlation, given, clock.now() - began)
      return given
    } finally {
      deadline?.cancel()
      underWay = undefined
      endedAt = clock.now()
    }
  }
  const frame = (
    direction: 'in' | 'out',
    kind: Frame['kind'],
    at: Instant,
    action: string,
    message: string,
    payload: Payload,
    took?: number,
  ) => parts.onFrame({ direction, kind, at, action, message, payload, ...(took !== undefined && { took }) })

  const lay = async (payload: Payload, patience: number): Promise<Payload> => {
    const profile = (payload['csChargingProfiles'] ?? payload['chargingProfile']) as Payload
    const purpose = profile['chargingProfilePurpose']
    // A limit that the operator of CitrineOS stood under everything is not ours to replace.
    if (purpose !== 'TxProfile' && parts.isTaken(purpose, profile['stackLevel']))
      return { status: 'Rejected', statusInfo: { reasonCode: 'Taken' } }
    const place = { first: settings.firstProfile, top: parts.top() }
    const id = Number(profile['id'] ?? profile['chargingProfileId'])
    const clear = (former: Turn) =>
      exchange('ClearChargingProfile', { [version === OCPP16 ? 'id' : 'chargingProfileId']: ownId(place.first, id, former) }, patience)
    if (settings.orders === 'inject' || purpose !== 'TxProfile')
      return exchange('SetChargingProfile', laidBy(version, payload, { ...place, turn: 0 }), patience)
    if (settings.orders === 'clear' || place.top === 0) {
      await clear(0)
      return exchange('SetChargingProfile', laidBy(version, payload, { ...place, turn: 0 }), patience)
    }
    const former = turn
    const next: Turn = former === 0 ? 1 : 0
    const answer = await exchange('SetChargingProfile', laidBy(version, payload, { ...place, turn: next }), patience)
    if (answer['status'] !== 'Accepted') return answer
    turn = next
    await clear(former)
    return answer
  }

  const meant = (action: string, payload: Payload, patience: number): Promise<Payload> => {
    if (action === 'SetChargingProfile') return lay(payload, patience)
    if (action !== 'ClearChargingProfile') return exchange(action, payload, patience)
    return exchange(action, clearedBy(version, payload, { first: settings.firstProfile, top: parts.top() }), patience)
  }

  const session: Session = {
    identity,
    version,
    epoch: randomUUID(),
    closed,
    async call(action, payload, { timeout: patience = USUAL_PATIENCE } = {}) {
      if (KEPT.has(action)) throw new CallError('NotSupported', say(SAYING.keptThere, { action }))
      const verdict = dialect.validate(action, 'request', payload)
      if (!verdict.ok)
        throw new Problem('invalid-message', `${action} was not sent: ${verdict.description}`, {
          status: 422,
          details: { code: verdict.code },
        })
      if (over !== undefined) throw gone()
      const work = busy.then(() => (over === undefined ? meant(action, parts.numbered(payload), patience) : Promise.reject(gone())))
      busy = work.catch(() => undefined)
      return work
    },
    send() {
      throw new CallError('NotSupported', 'CitrineOS passes no such messages on.')
    },
    // What it says was read by CitrineOS before it reaches us.
    read: () => undefined,
    close: (code = 1000, reason = '') => finish(code, reason),
  }
  const finish = (code: number, reason: string) => {
    if (over !== undefined) return
    over = reason
    for (const timer of others.values()) timer.cancel()
    others.clear()
    end({ code, reason })
  }

  return {
    session,
    saw({ from, kind, action, correlation, payload }) {
      if (from === 'csms' && kind === 'request') {
        if (underWay?.correlation === correlation) return
        // Through the API the correlation is CitrineOS' own: the next such call to this station is the one that we asked for.
        if (underWay && underWay.correlation === undefined && underWay.action === action && matches(underWay.payload, payload)) {
          underWay.correlation = correlation
          return
        }
        others.set(
          correlation,
          clock.in(OTHERS, () => release(correlation)),
        )
      } else if (from === 'station' && kind === 'response') {
        release(correlation)
        if (underWay?.correlation === correlation) underWay.answered(payload)
      }
    },
    end: (reason) => finish(1006, reason),
  }
}

/** Whether everything that was asked for is in the call that passed; CitrineOS may leave out or add what is empty. */
function matches(asked: unknown, passed: unknown): boolean {
  if (typeof asked !== 'object' || asked === null) return asked === passed || Date.parse(String(asked)) === Date.parse(String(passed))
  if (typeof passed !== 'object' || passed === null) return false
  return Object.entries(asked).every(([key, value]) => matches(value, (passed as Record<string, unknown>)[key]))
}
