/** A plug with Tasmota (Nous A1T), as its firmware speaks MQTT. */
import { formatInstant } from '#kernel'
import { type Chassis, openPlug, type Plug, type PlugOptions } from './plug-chassis.ts'

export const openTasmotaPlug = (options: PlugOptions): Plug => openPlug(options, firmware)

const VOLTS = 230

function firmware({ id, clock, say, keep, relay, measured, switchTo, answer }: Chassis) {
  const startedAt = clock.now()
  let counted = 0
  const word = () => (relay() ? 'ON' : 'OFF')
  /** Local time without a zone, as it stands there. */
  const time = () => formatInstant(clock.now()).slice(0, 19)
  const result = () => {
    say(`stat/${id}/RESULT`, JSON.stringify({ POWER: word() }))
    say(`stat/${id}/POWER`, word())
  }
  const report = () => {
    const { power, energy } = measured()
    const seconds = Math.floor((clock.now() - startedAt) / 1000)
    say(`tele/${id}/STATE`, JSON.stringify({ Time: time(), UptimeSec: seconds, POWER: word(), Wifi: { RSSI: 70, Signal: -65 } }))
    const kilowattHours = (wh: number) => Number((wh / 1000).toFixed(3))
    say(
      `tele/${id}/SENSOR`,
      JSON.stringify({
        Time: time(),
        ENERGY: {
          Total: kilowattHours(energy),
          Today: kilowattHours(energy),
          Period: Math.round(energy < counted ? energy : energy - counted),
          Power: Math.round(power),
          ApparentPower: Math.round(power * 1.05),
          Voltage: VOLTS,
          Current: Number((power / VOLTS).toFixed(3)),
        },
      }),
    )
    counted = energy
  }
  const orders: Record<string, () => boolean> = { on: () => true, off: () => false, toggle: () => !relay(), 1: () => true, 0: () => false }
  return {
    period: 30,
    will: { topic: `tele/${id}/LWT`, payload: 'Offline' },
    hears: [`cmnd/${id}/+`],
    connected() {
      keep(`tele/${id}/LWT`, 'Online')
      answer(result)
    },
    report,
    heard(topic: string, payload: string) {
      // Names and words of commands in any case.
      if (topic.split('/')[2]?.toUpperCase() !== 'POWER') return answer(() => say(`stat/${id}/RESULT`, '{"Command":"Unknown"}'))
      const order = payload.trim().toLowerCase()
      const wished = Object.hasOwn(orders, order) ? orders[order]?.() : undefined
      if (wished !== undefined) switchTo(wished)
      // An empty payload asks.
      else answer(result)
    },
    switched: () => answer(result),
  }
}
