/**
 * Shelly H&T (611): sleeps, wakes every six hours or when it gets warmer or colder, tells and is gone. That it says `online: false` in between is as it should
 * be: only silence tells that it is lost. The Plus variant tells the same in one notification under its id.
 */
import { HOUR, millis } from '#kernel'
import type { Family } from '../family.ts'
import { amount, fields } from '../reading.ts'

export const shellyThermometer: Family = {
  code: 611,
  name: 'Shelly H&T',
  period: millis(6 * HOUR),
  staleAfter: millis(13 * HOUR),
  topics: ({ hardwareId }) => ({ lwt: `shellies/${hardwareId}/online` }),
  says: ({ id, hardwareId }) => ({
    [`shellies/${hardwareId}/sensor/temperature`]: amount('temperature'),
    [`shellies/${hardwareId}/sensor/humidity`]: amount('humidity'),
    [`shellies/${hardwareId}/sensor/battery`]: amount('battery'),
    [`${id}/events/rpc`]: fields({
      'params.temperature:0.tC': amount('temperature'),
      'params.humidity:0.rh': amount('humidity'),
      'params.devicepower:0.battery.percent': amount('battery'),
    }),
  }),
}
