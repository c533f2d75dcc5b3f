/** A Shelly Plus 1PM, as its firmware speaks JSON-RPC over MQTT. */
import { type Chassis, openPlug, type Plug, type PlugOptions, unixSeconds } from './plug-chassis.ts'

export interface ShellyPlusOptions extends PlugOptions {
  /** Whether it tells its status under `status/switch:0`; delivered it does not. */
  statusTold?: boolean
}

export const openShellyPlus = ({ statusTold = false, ...options }: ShellyPlusOptions): Plug =>
  openPlug(options, (chassis) => firmware(chassis, statusTold, options.autoOn))

const VOLTS = 230
const UNKNOWN_METHOD = 404
const INVALID_ARGUMENT = -103
/** Milliseconds from the call to the reboot: it answers before. */
const REBOOT = 1000

/** What a call is answered with. */
class RpcFault extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

interface Call {
  id: unknown
  src: string
  method: string
  params?: Record<string, unknown>
}

function firmware(chassis: Chassis, statusTold: boolean, autoOn: number | undefined) {
  const { id, hardwareId, clock, say, keep, relay, measured, switchTo, setAutoOn, timer, answer, reboot } = chassis
  const config = { id: 0, name: null, in_mode: 'follow', initial_state: 'on', auto_on: autoOn !== undefined, auto_on_delay: autoOn ?? 60 }
  const mqtt = { enable: true, topic_prefix: id, rpc_ntf: true, status_ntf: statusTold }
  /** What is set takes effect at the next start. */
  let telling = statusTold

  const status = (source = 'init') => {
    const { power, energy } = measured()
    const running = timer()
    return {
      id: 0,
      source,
      output: relay(),
      apower: Number(power.toFixed(1)),
      voltage: VOLTS,
      current: Number((power / VOLTS).toFixed(3)),
      pf: 1,
      freq: 50,
      aenergy: { total: Number(energy.toFixed(3)), by_minute: [0, 0, 0], minute_ts: Math.floor(unixSeconds(clock.now()) / 60) * 60 },
      temperature: { tC: 41.2, tF: 106.2 },
      ...(running && { timer_started_at: unixSeconds(running.startedAt), timer_duration: running.seconds }),
    }
  }
  const report = (source?: string) => {
    const told = status(source)
    if (telling) say(`${id}/status/switch:0`, JSON.stringify(told))
    const { output, apower, aenergy } = told
    const params = { ts: unixSeconds(clock.now()), 'switch:0': { id: 0, output, apower, aenergy } }
    say(`${id}/events/rpc`, JSON.stringify({ src: hardwareId, dst: `${id}/events`, method: 'NotifyStatus', params }))
  }

  const methods: Record<string, (params: Record<string, unknown>) => object> = {
    'Switch.Set'({ on, toggle_after }) {
      if (typeof on !== 'boolean') throw new RpcFault(INVALID_ARGUMENT, "Missing required argument 'on'!")
      const was_on = relay()
      switchTo(on, typeof toggle_after === 'number' ? toggle_after : undefined)
      return { was_on }
    },
    'Switch.GetStatus': () => status(),
    'Switch.GetConfig': () => config,
    'Switch.SetConfig'({ config: wished }) {
      if (typeof wished !== 'object' || wished === null) throw new RpcFault(INVALID_ARGUMENT, "Missing required argument 'config'!")
      const { auto_on_delay } = wished as { auto_on_delay?: unknown }
      if (auto_on_delay !== undefined && typeof auto_on_delay !== 'number')
        throw new RpcFault(INVALID_ARGUMENT, "Argument 'config', field 'auto_on_delay': number expected!")
      Object.assign(config, wished, { id: 0 })
      setAutoOn(config.auto_on ? config.auto_on_delay : undefined)
      return { restart_required: false }
    },
    'Mqtt.GetConfig': () => mqtt,
    'Mqtt.SetConfig'({ config: wished }) {
      Object.assign(mqtt, wished)
      return { restart_required: mqtt.status_ntf !== telling }
    },
    'Shelly.GetStatus': () => ({ 'switch:0': status(), mqtt: { connected: true } }),
    'Shelly.GetDeviceInfo': () => ({ id: hardwareId, model: 'SNSW-001P16EU', gen: 2, ver: '1.0.8', app: 'Plus1PM' }),
    'Shelly.CheckForUpdate': () => ({}),
    'Shelly.Reboot'() {
      clock.in(REBOOT, reboot)
      return {}
    },
  }
  const answerOf = ({ method, params = {} }: Call): object => {
    try {
      const run = Object.hasOwn(methods, method) ? methods[method] : undefined
      if (!run) throw new RpcFault(UNKNOWN_METHOD, `No handler for ${method}`)
      return { result: run(params) }
    } catch (error) {
      if (error instanceof RpcFault) return { error: { code: error.code, message: error.message } }
      throw error
    }
  }

  return {
    period: 60,
    will: { topic: `${id}/online`, payload: 'false' },
    hears: [`${id}/rpc`],
    connected() {
      telling = mqtt.status_ntf
      keep(`${id}/online`, 'true')
      report()
    },
    report: () => report(),
    heard(_: string, payload: string) {
      const call = parsed(payload)
      if (!call) return
      const told = answerOf(call)
      answer(() => say(`${call.src}/rpc`, JSON.stringify({ id: call.id, src: hardwareId, dst: call.src, ...told })))
    },
    switched: (by: string) => answer(() => report(by === 'order' ? 'MQTT' : by)),
  }
}

/** A call; undefined when it is none, which the firmware passes over. */
function parsed(payload: string): Call | undefined {
  try {
    const call = JSON.parse(payload) as Partial<Call> | null
    return typeof call?.method === 'string' && typeof call.src === 'string' ? (call as Call) : undefined
  } catch {
    return undefined
  }
}
