/** A plug with Tasmota (112; Nous A1T). Its topic is its id. It answers an order at once under `stat`, under `tele/…/STATE` only at its next period. */
import { millis, SECOND } from '#kernel'
import { USUAL_TOPICS } from '#protocols/mqtt'
import { each, type Family, PATIENCE, relayIs } from '../family.ts'
import { all, amount, fields, words } from '../reading.ts'

const switched = words('relay', { on: true, off: false })
/** `ON`, or as JSON, in which a plug with `SetOption26` calls it POWER1. */
const relay = all(switched, fields({ POWER: switched, POWER1: switched }))

export const tasmotaPlug: Family = {
  code: 112,
  name: 'Tasmota plug',
  period: millis(30 * SECOND),
  topics: ({ id }) => USUAL_TOPICS[112](id),
  says: ({ id }, { control, lwt }) => ({
    ...each(answering(id, control), relay),
    [`tele/${id}/SENSOR`]: fields({
      'ENERGY.Power': amount('power'),
      'ENERGY.Total': amount('energy', 1000),
      'ENERGY.ApparentPower': amount('apparentPower'),
      'ENERGY.Voltage': amount('voltage'),
      'ENERGY.Current': amount('current'),
    }),
    ...each([lwt], words('online', { online: true, offline: false })),
  }),
  orders: {
    patience: PATIENCE,
    repeatable: true,
    payload: (wish) => wish.toUpperCase(),
    answers: ({ id }, { control }, order) => each(answering(id, control), relayIs(relay, order)),
  },
}

const answering = (id: string, control: string | undefined) => [`stat/${id}/RESULT`, `stat/${id}/POWER`, `tele/${id}/STATE`, control]
