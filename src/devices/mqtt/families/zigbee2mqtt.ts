/** A plug, relay or sensor behind Zigbee2MQTT. The hardware id is its friendly name there. */
import { MINUTE, millis } from '#kernel'
import { each, type Family, PATIENCE, relayIs } from '../family.ts'
import { all, amount, fields, words } from '../reading.ts'

const relay = fields({ state: words('relay', { on: true, off: false }) })
const online = words('online', { online: true, offline: false })

export const zigbee2mqtt: Family = {
  code: null,
  name: 'Zigbee2MQTT',
  period: millis(10 * MINUTE),
  topics({ hardwareId }) {
    const root = `zigbee2mqtt/${hardwareId}`
    return { control: root, command: `${root}/set`, lwt: `${root}/availability` }
  },
  says: (_, { control, lwt }) => ({
    ...each(
      [control],
      all(
        relay,
        fields({
          power: amount('power'),
          energy: amount('energy', 1000),
          voltage: amount('voltage'),
          current: amount('current'),
          temperature: amount('temperature'),
          humidity: amount('humidity'),
          battery: amount('battery'),
        }),
      ),
    ),
    // As JSON, or as one word where an older configuration wants it so.
    ...each([lwt], all(online, fields({ state: online }))),
  }),
  orders: {
    patience: PATIENCE,
    repeatable: true,
    payload: (wish) => JSON.stringify({ state: wish.toUpperCase() }),
    answers: (_, { control }, order) => each([control], relayIs(relay, order)),
  },
}
