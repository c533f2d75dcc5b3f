/**
 * A SwitchBot finger behind a gateway that speaks Bluetooth (311). The hardware id is the name of the gateway, `C002`; the finger's id is its name there.
 * It presses and cannot undo: an order is never repeated after an unclear result, and that the machine runs shows at the plug that measures it.
 */
import { MINUTE, millis, SECOND } from '#kernel'
import { each, type Family } from '../family.ts'
import { amount, under, word, words } from '../reading.ts'

const PRESS = 'PRESS'
const FAILURES = new Set(['errorconnect', 'errorcommand', 'busy', 'failed'])
const THIRTY_SECONDS = millis(30 * SECOND)

export const switchbotFinger: Family = {
  code: 311,
  name: 'SwitchBot finger',
  period: millis(10 * MINUTE),
  topics({ id, hardwareId }) {
    const gateway = `switchbot/${hardwareId}`
    return { control: `${gateway}/bot/${id}/status`, command: `${gateway}/bot/${id}/set`, lwt: `${gateway}/lastwill` }
  },
  says({ id, hardwareId }, { lwt }) {
    const bot = `switchbot/${hardwareId}/bot/${id}`
    return {
      [`${bot}/battery`]: amount('battery'),
      [`${bot}/rssi`]: amount('rssi'),
      ...each([lwt], words('online', { online: true, offline: false })),
    }
  },
  orders: {
    patience: { on: THIRTY_SECONDS, off: THIRTY_SECONDS },
    repeatable: false,
    payload: (wish) => (wish === 'on' ? PRESS : undefined),
    answers: (_, { control }, order) =>
      each([control], (payload) => {
        const command = under(payload, 'command')
        if (command !== undefined && word(command) !== word(order.payload)) return undefined
        const status = word(under(payload, 'status'))
        if (status === 'success') return 'acknowledged'
        return FAILURES.has(status) ? 'refused' : undefined
      }),
  },
}
