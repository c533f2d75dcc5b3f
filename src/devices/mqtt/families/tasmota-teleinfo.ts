/**
 * Tasmota at the customer output of a Linky meter (211): labels of both modes, whole frames or only what changed. The number of the meter (ADCO, ADSC)
 * says who somebody is and is not read. In the historic mode a home that feeds in shows 0 VA: it needs the standard mode.
 */
import { MINUTE, millis } from '#kernel'
import { each, type Family } from '../family.ts'
import { all, amount, decimal, fields, objectOf, type Reader, words } from '../reading.ts'

/** The indexes of a tariff, Wh; the meter has counted their sum. Of a frame that lacks one of them nothing is known. */
const TARIFFS = [
  ['EAST'],
  ['BASE'],
  ['HCHC', 'HCHP'],
  ['EJPHN', 'EJPHPM'],
  ['BBRHCJB', 'BBRHPJB', 'BBRHCJW', 'BBRHPJW', 'BBRHCJR', 'BBRHPJR'],
]

const consumed: Reader = (value) => {
  const labels = objectOf(value) ?? {}
  const tariff = TARIFFS.find((indexes) => indexes.every((index) => decimal(labels[index]) !== undefined))
  return tariff ? amount('energy')(tariff.reduce((sum, index) => sum + (decimal(labels[index]) ?? 0), 0)) : []
}

const frame = all(
  consumed,
  fields({
    EAIT: amount('exportedEnergy'),
    PAPP: amount('apparentPower'),
    SINSTS: amount('apparentPower'),
    SINSTI: amount('exportedApparentPower'),
    IINST: amount('current'),
    IRMS1: amount('current'),
    URMS1: amount('voltage'),
  }),
)

export const tasmotaTeleinfo: Family = {
  code: 211,
  name: 'Tasmota Teleinfo',
  period: millis(5 * MINUTE),
  // Its order topic switches nothing.
  topics: ({ id }) => ({ control: `tele/${id}/STATE`, lwt: `tele/${id}/LWT` }),
  says: ({ id }, { lwt }) => ({
    [`tele/${id}/SENSOR`]: fields({ TIC: frame, 'ENERGY.Power': amount('power') }),
    ...each([lwt], words('online', { online: true, offline: false })),
  }),
}
