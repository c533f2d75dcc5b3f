/** Shelly Plug S of the first generation (111). Its topics bear its hardware id, `shellyplug-s-890CA6`; it counts watt-minutes, from 0 after a reboot. */
import { millis, SECOND } from '#kernel'
import { USUAL_TOPICS } from '#protocols/mqtt'
import { each, type Family, PATIENCE } from '../family.ts'
import { amount, word, words } from '../reading.ts'

const relay = words('relay', { on: true, off: false, overpower: false })

export const shellyPlug: Family = {
  code: 111,
  name: 'Shelly Plug S',
  period: millis(30 * SECOND),
  topics: ({ id, hardwareId }) => USUAL_TOPICS[111](id, hardwareId),
  says({ hardwareId }, { control, lwt }) {
    const root = `shellies/${hardwareId}`
    return {
      ...each([`${root}/relay/0`, control], relay),
      [`${root}/relay/0/power`]: amount('power'),
      [`${root}/relay/0/energy`]: amount('energy', 1 / 60),
      [`${root}/temperature`]: amount('temperature'),
      ...each([lwt], words('online', { true: true, false: false })),
    }
  },
  orders: {
    patience: PATIENCE,
    repeatable: true,
    payload: (wish) => wish,
    answers: (_, { control }, { wish }) =>
      each([control], (payload) => {
        if (word(payload) === wish) return 'acknowledged'
        return word(payload) === 'overpower' && wish === 'on' ? 'refused' : undefined
      }),
  },
}
