/**
 * A charging point of EVerest behind the face of the EMS, over the MQTT API of its installation: orders become limits for import and export and a
 * setpoint at a node of its energy tree, and what its EVSE manager tells becomes measurements.
 */
import type { Conversation, Device, Reading, Setpoint } from '#ems'
import { type Clock, describeError, type Instant, type Log, SECOND, say, type Watts, watts } from '#kernel'
import { type Broker, type EnergyNode, openBroker, openEnergyNode, type SessionInfo, watchSession } from '#protocols/everest'
import { SAYING } from './saying.ts'

export interface EverestDeviceOptions {
  id: string
  /** Numeric asset id. */
  asset: number
  /** Address of the broker. */
  broker: string
  /** Ids of the API modules in EVerest's configuration. */
  node: string
  manager: string
  /** Power it may draw. */
  nominal: Watts
  /** Power it may give back; 0 when it cannot. */
  discharge: Watts
  /** Sensor ids by what they measure: 'power' in kW. */
  sensors: Readonly<Record<string, number>>
  clock: Clock
  log?: Log
  conversation?: Conversation
  onChange?: (what: 'online' | 'offline' | 'plugged' | 'unplugged') => void
}

export interface EverestDevice extends Device {
  close(): Promise<void>
}

/** What was told longer ago says nothing about now. */
const FRESH = 30 * SECOND
/** Least current of a charging point, three phases: what it may draw when no order holds. */
const LEAST = watts(4140)
const UNPLUGGED = new Set(['Unplugged', 'Disabled'])
const READY = new Set(['WaitingForEnergy', 'Charging', 'ChargingPausedEV', 'ChargingPausedEVSE', 'SwitchingPhases'])

/** Connects by itself, and says again what holds when EVerest starts anew; without it EVerest falls back to its own limits. */
export async function everestDevice(options: EverestDeviceOptions): Promise<EverestDevice> {
  const { id, asset, nominal, discharge, sensors, clock, log, conversation, onChange } = options
  let seen: { info: SessionInfo; at: Instant } | undefined
  let wasPlugged: boolean | undefined

  const note = (direction: 'in' | 'out', kind: string, payload: unknown) =>
    conversation?.note({ at: clock.now(), peer: id, bus: 'everest', direction, kind, payload })
  const broker: Broker = openBroker(options.broker, (connected) => {
    note(connected ? 'out' : 'in', connected ? 'connect' : 'close', { broker: options.broker })
    onChange?.(connected ? 'online' : 'offline')
  })
  const node: EnergyNode = await openEnergyNode({ link: broker, module: options.node, clock })
  const end = await watchSession(broker, options.manager, (info) => {
    if (seen?.info.state !== info.state) note('in', 'session_info', info)
    seen = { info, at: clock.now() }
    const isPlugged = !UNPLUGGED.has(info.state)
    if (wasPlugged !== undefined && wasPlugged !== isPlugged) onChange?.(isPlugged ? 'plugged' : 'unplugged')
    wasPlugged = isPlugged
  })
  const fresh = () => (seen && clock.now() - seen.at <= FRESH ? seen : undefined)

  const lack = (): { lack?: 'work' | 'connection'; why: string } | undefined => {
    const info = fresh()?.info
    if (!broker.isConnected()) return { lack: 'connection', why: say(SAYING.brokerAway) }
    if (!info) return { lack: 'connection', why: say(SAYING.everestSilent, { age: `${FRESH / SECOND} s` }) }
    if (UNPLUGGED.has(info.state)) return { lack: 'work', why: say(SAYING.noCar) }
    return READY.has(info.state) ? undefined : { lack: 'work', why: say(SAYING.everestState, { status: info.state }) }
  }

  return {
    ...{ id, asset, kind: 'evse' as const },
    async read(): Promise<Reading[]> {
      const last = fresh()
      const power = sensors['power']
      return last && power !== undefined ? [{ sensor: power, at: last.at, value: last.info.latest_total_w / 1000 }] : []
    },
    capability: () => {
      const missing = lack()
      return {
        ...{ kind: 'evse' as const, maxPower: nominal, minPower: watts(-discharge), minStep: LEAST, controllable: missing === undefined },
        ...missing,
      }
    },
    measured() {
      const last = fresh()
      return last && { power: watts(last.info.latest_total_w), at: last.at }
    },
    async apply({ power, at, until, because }: Setpoint) {
      const most = Math.min(power, nominal)
      // 0 must not become -0.
      const least = Math.max(power, -discharge) + 0
      const plan = {
        import: [
          { at, power: watts(Math.max(0, most)) },
          { at: until, power: LEAST },
        ],
        export: [
          { at, power: watts(Math.max(0, -least)) },
          { at: until, power: watts(0) },
        ],
        // A setpoint binds; without one the car takes what the limits leave it.
        setpoints: power < 0 ? [{ at, power: watts(least) }] : [],
      }
      note('out', 'set_external_limits', { ...plan, because })
      try {
        await node.set(plan)
        return { answer: 'taken', applied: watts(power < 0 ? least : most) }
      } catch (error) {
        log?.warn({ device: id, error: describeError(error) }, 'an order did not reach EVerest')
        return { answer: 'silent', why: say(SAYING.brokerAway) }
      }
    },
    async close() {
      end()
      await node.close().catch(() => undefined)
      await broker.close()
    },
  }
}
