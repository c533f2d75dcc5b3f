/** The connection of a simulated station: keeps it up, boots, beats (OCPP 2.0.1 B01–B04, G02; Part 4, section 5.3 for the back-off). */
import { type Clock, type Instant, instant, SECOND, type Timer } from '#kernel'
import {
  type Action,
  CallError,
  type ConnectOptions,
  connectStation,
  type Frame,
  type Handler,
  type Messages,
  type OcppVersion,
  type Session,
} from '#protocols/ocpp'
import { hashed, seedOf } from './noise.ts'
import type { Variables } from './station-variables.ts'

export type Registration = 'None' | 'Pending' | 'Rejected' | 'Accepted'
type BootReason = Messages['BootNotification']['request']['reason']

export interface LinkParts {
  identity: string
  clock: Clock
  variables: Variables
  /** What the station says of itself when it boots. */
  chargingStation: Messages['BootNotification']['request']['chargingStation']
  /** How it connects now; changes with its security profile. */
  way(): { url: string; password?: string; tls?: ConnectOptions['tls'] }
  /** Whether that worked. */
  tried?(worked: boolean): void
  handler: Handler
  /** Connected and accepted: messages may go. `away` is how long it was not (ms), undefined after a boot. */
  onOnline(away: number | undefined): void
  /** The version it speaks. */
  version: OcppVersion
  /** Says a message of the chassis on the wire; as it is unless given. */
  say?<A extends Action>(session: Session, action: A, payload: Messages[A]['request']): Promise<Messages[A]['response']>
  /** From an earlier life: an accepted station only reconnects. */
  kept?: { registration: Registration; at: Instant }
  onFrame?(frame: Frame): void
  onFault?(error: unknown): void
}

export interface Link {
  /** Whether messages may be sent now. */
  online(): boolean
  connected(): boolean
  registration(): Registration
  /** Sends a CALL; rejects when the station may not send it now. */
  call<A extends Action>(action: A, payload: Messages[A]['request']): Promise<Messages[A]['response']>
  /** As the CSMS triggered it. */
  boot(reason: BootReason): void
  heartbeat(): Promise<void>
  /** Once a second. */
  tick(): void
  /** Drops the socket without a word and stays away so long (ms). */
  drop(length: number): void
  /** Ends the connection and connects again with a boot after so long: a restart of the station. */
  restart(length: number, reason: BootReason): void
  stop(): Promise<void>
}

/** Connects at once and for ever, until `stop`. */
export function openLink(parts: LinkParts): Link {
  const { clock, variables, identity } = parts
  let session: Session | undefined
  let registration: Registration = parts.kept?.registration === 'Accepted' ? 'Accepted' : 'None'
  let bootReason: BootReason = 'PowerUp'
  let attempts = 0
  let connecting: Promise<void> | undefined
  let abort = new AbortController()
  let nextTry: Timer | undefined
  let nextBoot: Timer | undefined
  let booting = false
  let lostAt: Instant | undefined = parts.kept?.at
  let lastSent = clock.now()
  let notBefore = clock.now()
  let stopped = false

  const say = <A extends Action>(through: Session, action: A, payload: Messages[A]['request']): Promise<Messages[A]['response']> =>
    parts.say ? parts.say(through, action, payload) : (through.call(action, payload) as Promise<Messages[A]['response']>)

  const schedule = () => {
    nextTry?.cancel()
    if (stopped || session) return
    const wait = variables.number('OCPPCommCtrlr', 'RetryBackOffWaitMinimum')
    const spread = variables.number('OCPPCommCtrlr', 'RetryBackOffRandomRange')
    const doublings = Math.min(attempts, variables.number('OCPPCommCtrlr', 'RetryBackOffRepeatTimes'))
    const backOff = attempts === 0 ? 0 : (wait + spread * hashed(seedOf(identity), attempts)) * 2 ** (doublings - 1)
    nextTry = clock.in(Math.max(backOff * SECOND, notBefore - clock.now()), () => {
      connecting ??= connect().finally(() => {
        connecting = undefined
        if (!session) schedule()
      })
    })
  }

  const connect = async () => {
    attempts++
    abort = new AbortController()
    const { url, password, tls } = parts.way()
    try {
      session = await connectStation(url, {
        identity,
        handler: parts.handler,
        versions: [parts.version],
        clock,
        timeout: variables.number('OCPPCommCtrlr', 'MessageTimeout') * SECOND,
        ping: variables.number('OCPPCommCtrlr', 'WebSocketPingInterval') * SECOND,
        signal: abort.signal,
        ...(password === undefined ? {} : { password }),
        ...(tls ? { tls } : {}),
        ...(parts.onFrame ? { onFrame: parts.onFrame } : {}),
        ...(parts.onFault ? { onFault: parts.onFault } : {}),
      })
    } catch {
      if (!abort.signal.aborted) parts.tried?.(false)
      return
    }
    parts.tried?.(true)
    const opened = session
    void opened.closed.then(() => {
      if (session !== opened) return
      session = undefined
      booting = false
      nextBoot?.cancel()
      lostAt ??= clock.now()
      schedule()
    })
    if (stopped || clock.now() < notBefore) return abort.abort()
    if (registration !== 'Accepted') return boot()
    attempts = 0
    const away = lostAt === undefined ? 0 : clock.now() - lostAt
    lostAt = undefined
    parts.onOnline(away)
  }

  const boot = () => {
    nextBoot?.cancel()
    const through = session
    if (!through || booting || stopped) return
    booting = true
    const again = (seconds: number) => {
      booting = false
      if (session === through) nextBoot = clock.in(seconds * SECOND, boot)
    }
    say(through, 'BootNotification', { reason: bootReason, chargingStation: parts.chargingStation }).then(
      (answer) => {
        const { status, interval } = answer
        lastSent = clock.now()
        registration = status
        if (status !== 'Accepted') return again(interval > 0 ? interval : 30)
        booting = false
        attempts = 0
        lostAt = undefined
        if (interval > 0) variables.put('OCPPCommCtrlr', 'HeartbeatInterval', String(interval))
        parts.onOnline(undefined)
      },
      () => again(30),
    )
  }

  const call: Link['call'] = async (action, payload) => {
    if (!session) throw new CallError('GenericError', 'not connected')
    // While Pending only reports that were asked for may go (B02); boots go their own way.
    if (registration !== 'Accepted' && !(registration === 'Pending' && action === 'NotifyReport'))
      throw new CallError('SecurityError', 'the boot is not accepted yet')
    lastSent = clock.now()
    try {
      return await say(session, action, payload)
    } catch (error) {
      // The CSMS knows nothing of our boot (its memory was lost): boot again rather than be refused for ever.
      if (error instanceof CallError && error.code === 'SecurityError' && registration === 'Accepted') {
        registration = 'None'
        bootReason = 'Unknown'
        boot()
      }
      throw error
    }
  }

  const heartbeat = async () => {
    await call('Heartbeat', {}).catch(() => undefined)
  }

  const hangUp = (length: number) => {
    notBefore = instant(clock.now() + length)
    attempts = 0
    abort.abort()
    if (!session) schedule()
  }

  schedule()
  return {
    online: () => session !== undefined && registration === 'Accepted',
    connected: () => session !== undefined,
    registration: () => registration,
    call,
    boot(reason) {
      bootReason = reason
      boot()
    },
    heartbeat,
    tick() {
      if (
        session &&
        registration === 'Accepted' &&
        clock.now() - lastSent >= variables.number('OCPPCommCtrlr', 'HeartbeatInterval') * SECOND
      )
        void heartbeat()
    },
    drop: hangUp,
    restart(length, reason) {
      registration = 'None'
      bootReason = reason
      hangUp(length)
    },
    async stop() {
      stopped = true
      nextTry?.cancel()
      nextBoot?.cancel()
      const open = session
      open?.close(1000, 'station stops')
      // The CSMS may be gone too: a socket must not keep us.
      setImmediate(() => abort.abort())
      await connecting
      await open?.closed
    },
  }
}
