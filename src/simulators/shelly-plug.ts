/** A Shelly Plug S of the first generation, as its firmware speaks MQTT. */
import { type Chassis, openPlug, type Plug, type PlugOptions } from './plug-chassis.ts'

/** W at which it opens its relay. */
const OVERPOWER = 2500

export const openShellyPlug = (options: PlugOptions): Plug => openPlug(options, firmware)

function firmware({ hardwareId, say, keep, relay, measured, switchTo, answer }: Chassis) {
  const root = `shellies/${hardwareId}`
  let tripped = false
  const state = () => (relay() ? 'on' : tripped ? 'overpower' : 'off')
  const announce = () => {
    const told = JSON.stringify({
      id: hardwareId,
      model: 'SHPLG-S',
      mac: `98CDAC${hardwareId.slice(-6)}`,
      ip: '192.168.1.40',
      new_fw: false,
      fw_ver: '20230913-113421/v1.14.0-gcb84623',
    })
    say('shellies/announce', told)
    say(`${root}/announce`, told)
  }
  const report = () => {
    const { power, energy } = measured()
    if (relay() && power > OVERPOWER) {
      tripped = true
      return switchTo(false)
    }
    say(`${root}/relay/0`, state())
    say(`${root}/relay/0/power`, power.toFixed(2))
    // Whole watt-minutes.
    say(`${root}/relay/0/energy`, String(Math.floor(energy * 60)))
    say(`${root}/temperature`, '27.50')
    say(`${root}/overtemperature`, '0')
  }
  const orders: Record<string, () => boolean> = { on: () => true, off: () => false, toggle: () => !relay() }
  return {
    period: 30,
    will: { topic: `${root}/online`, payload: 'false' },
    hears: [`${root}/relay/0/command`, `${root}/command`, 'shellies/command'],
    connected() {
      keep(`${root}/online`, 'true')
      announce()
      report()
    },
    report,
    heard(topic: string, payload: string) {
      if (!topic.endsWith('/relay/0/command')) return payload === 'announce' ? announce() : undefined
      const wished = Object.hasOwn(orders, payload) ? orders[payload]?.() : undefined
      if (wished !== undefined) switchTo(wished)
    },
    switched() {
      if (relay()) tripped = false
      answer(() => say(`${root}/relay/0`, state()))
    },
  }
}
