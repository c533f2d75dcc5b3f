/**
 * Shelly Plus 1PM and its like of the second generation and later (411), which speak JSON-RPC. The topics begin with the id (`D003`), which is set as the
 * MQTT prefix; replies come to `controle/D003/rpc` and name the hardware id (`shellyplus1pm-…`) as their source.
 */
import { MINUTE, millis } from '#kernel'
import { USUAL_TOPICS } from '#protocols/mqtt'
import { type Answer, each, type Family, PATIENCE, relayIs } from '../family.ts'
import { amount, fields, objectOf, under, words } from '../reading.ts'

const outlet = fields({
  output: words('relay', { true: true, false: false }),
  apower: amount('power'),
  'aenergy.total': amount('energy'),
  voltage: amount('voltage'),
  current: amount('current'),
  'temperature.tC': amount('temperature'),
})
/** Notifications carry only what changed. */
const notified = fields({ 'params.switch:0': outlet })

export const shellyPlus: Family = {
  code: 411,
  name: 'Shelly Plus 1PM',
  period: millis(MINUTE),
  topics: ({ id }) => USUAL_TOPICS[411](id),
  says: ({ id }, { lwt }) => ({
    [`${id}/status/switch:0`]: outlet,
    [`${id}/events/rpc`]: notified,
    ...each([lwt], words('online', { true: true, false: false })),
  }),
  orders: {
    patience: PATIENCE,
    repeatable: true,
    payload: (wish, serial, _, { control = '' }) =>
      JSON.stringify({ id: serial, src: sourceOf(control), method: 'Switch.Set', params: { id: 0, on: wish === 'on' } }),
    answers: (device, { control = '' }, order) => ({
      [`${device.id}/status/switch:0`]: relayIs(outlet, order),
      [`${device.id}/events/rpc`]: relayIs(notified, order),
      [control]: (payload): Answer | undefined => {
        const reply = objectOf(payload)
        // The id of a reply may come back as text.
        if (!reply || String(reply.id) !== String(order.serial)) return undefined
        if (reply.src !== device.hardwareId || (reply.dst !== undefined && reply.dst !== sourceOf(control))) return undefined
        if (objectOf(reply.error)) return 'refused'
        return under(reply, 'result') === undefined ? undefined : 'acknowledged'
      },
    }),
  },
}

/** Under which name the house calls: the reply comes to `<name>/rpc`. */
const sourceOf = (control: string): string => control.replace(/\/rpc$/, '')
