/** What plugs of every firmware have: a relay with an appliance behind it, a meter, a button, a timer that closes the relay again, a connection. */
import { type Clock, type Instant, SECOND, type Timer, type Watts } from '#kernel'
import { type MqttClient, openMqttClient } from '#protocols/mqtt'
import { hashed, seedOf } from './noise.ts'

export interface PlugOptions {
  broker: { url: string; username?: string; password?: string }
  clock: Clock
  /** The id of the inventory. */
  id: string
  hardwareId: string
  /** What the appliance takes while the relay is closed. */
  load(at: Instant): Watts
  /** Seconds between two reports; each firmware has its own. */
  period?: number
  /** Milliseconds from an order to its answer. */
  reaction?: number
  /** Seconds after which an open relay closes by itself, so that a lost server leaves nobody in the cold. */
  autoOn?: number
  /** Whether a repeated `off` starts that time again. */
  repeatRestartsTimer?: boolean
}

/** A plug as a test or a demo holds it. */
export interface Plug {
  relay(): boolean
  isConnected(): boolean
  /** Its button: the relay changes. */
  press(): void
  /** The answers to the next orders are lost; the orders are obeyed. */
  loseAnswers(count: number): void
  /** The radio is gone: no goodbye, the broker tells its will. */
  lose(): Promise<void>
  /** The radio is back. */
  rejoin(): void
  /** Loses power for a moment: the counter begins again at 0, the relay as it is set to. */
  reboot(): Promise<void>
  close(): Promise<void>
}

/** What a firmware may use of its plug. */
export interface Chassis {
  id: string
  hardwareId: string
  clock: Clock
  say(topic: string, payload: string): void
  /** Kept by the broker. */
  keep(topic: string, payload: string): void
  relay(): boolean
  /** W and Wh up to now. */
  measured(): { power: number; energy: number }
  /** Switches; `seconds` later it switches back. The firmware is told by `switched`. */
  switchTo(closed: boolean, seconds?: number): void
  setAutoOn(seconds: number | undefined): void
  /** When the timer that runs was started and how long it is, seconds; undefined when none runs. */
  timer(): { startedAt: Instant; seconds: number } | undefined
  /** An answer, after the plug's reaction; lost when answers are. */
  answer(work: () => void): void
  reboot(): void
}

export interface Firmware {
  /** Seconds between two reports. */
  period: number
  will: { topic: string; payload: string }
  /** What it subscribes to. */
  hears: readonly string[]
  connected(): void
  report(): void
  heard(topic: string, payload: string): void
  /** The relay was switched: by an order, its button or a timer. */
  switched(by: 'order' | 'button' | 'timer'): void
}

const REACTION = 100
/** Share of the period by which a report comes early or late. */
const JITTER = 0.05

export function openPlug(options: PlugOptions, firmwareOf: (chassis: Chassis) => Firmware): Plug {
  const { clock, load, broker, id, hardwareId, reaction = REACTION, repeatRestartsTimer = true } = options
  const seed = seedOf(hardwareId)
  let autoOn = options.autoOn
  let closed = true
  let energy = 0
  let meteredAt = clock.now()
  let power = Number(load(meteredAt))
  let lost = 0
  let reports = 0
  let connection: MqttClient | undefined
  let next: Timer | undefined
  let running: { timer: Timer; startedAt: Instant; seconds: number } | undefined

  /** The appliance takes what it took at the last look until now. */
  const meter = (): void => {
    const now = clock.now()
    energy += (power * Math.max(0, now - meteredAt)) / 3_600_000
    meteredAt = now
    power = closed ? Number(load(now)) : 0
  }
  const startTimer = (seconds: number, work: () => void): void => {
    running?.timer.cancel()
    running = {
      startedAt: clock.now(),
      seconds,
      timer: clock.in(seconds * SECOND, () => {
        running = undefined
        work()
      }),
    }
  }
  const turn = (to: boolean, by: 'order' | 'button' | 'timer', seconds?: number): void => {
    const changed = to !== closed
    meter()
    closed = to
    meter()
    if (seconds !== undefined) startTimer(seconds, () => turn(!to, 'timer'))
    else if (to) {
      running?.timer.cancel()
      running = undefined
    } else if (autoOn !== undefined && (changed || repeatRestartsTimer || !running)) startTimer(autoOn, () => turn(true, 'timer'))
    firmware.switched(by)
  }
  const send = (topic: string, payload: string, kept: boolean): void => {
    // What it says while the radio is gone nobody hears.
    const sent = kept ? connection?.retain(topic, payload) : connection?.publish(topic, payload, { qos: 0 })
    sent?.catch(() => undefined)
  }
  let answerLost = false
  const firmware = firmwareOf({
    id,
    hardwareId,
    clock,
    say: (topic, payload) => send(topic, payload, false),
    keep: (topic, payload) => send(topic, payload, true),
    relay: () => closed,
    measured() {
      meter()
      return { power, energy }
    },
    switchTo: (to, seconds) => turn(to, 'order', seconds),
    setAutoOn(seconds) {
      autoOn = seconds
    },
    timer: () => running && { startedAt: running.startedAt, seconds: running.seconds },
    answer(work) {
      if (!answerLost) clock.in(reaction, work)
    },
    reboot: () => void reboot(),
  })

  const schedule = (): void => {
    const period = (options.period ?? firmware.period) * SECOND
    next = clock.in(period * (1 + JITTER * (2 * hashed(seed, ++reports) - 1)), () => {
      firmware.report()
      schedule()
    })
  }
  const join = (): void => {
    const opened = openMqttClient({
      ...broker,
      clock,
      will: { ...firmware.will, retain: true },
      connection(connected) {
        if (connected && connection === opened) firmware.connected()
      },
    })
    connection = opened
    const heard = (topic: string, payload: string): void => {
      answerLost = lost > 0
      if (lost > 0) lost--
      firmware.heard(topic, payload)
      answerLost = false
    }
    for (const topic of firmware.hears)
      opened.subscribe(topic, (message) => heard(message.topic, String(message.payload))).catch(() => undefined)
  }
  const lose = async (): Promise<void> => {
    const gone = connection
    connection = undefined
    await gone?.cut()
  }
  const reboot = async (): Promise<void> => {
    await lose()
    running?.timer.cancel()
    running = undefined
    closed = true
    energy = 0
    meteredAt = clock.now()
    power = Number(load(meteredAt))
    join()
  }
  join()
  schedule()

  return {
    relay: () => closed,
    isConnected: () => connection?.isConnected() ?? false,
    press: () => turn(!closed, 'button'),
    loseAnswers(count) {
      lost = count
    },
    lose,
    rejoin() {
      if (!connection) join()
    },
    reboot,
    async close() {
      next?.cancel()
      running?.timer.cancel()
      await connection?.close()
    },
  }
}

/** Seconds since 1970 with fractions, as firmwares write them. */
export const unixSeconds = (at: Instant): number => Number(at) / SECOND
