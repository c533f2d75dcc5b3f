/**
 * One of the eight outputs of a Socorel controller (811). The hardware id is its serial number and the output, `031636408854:3`; an inventory
 * that has the serial number alone tells the output by the topic of orders. It has no will: only
 * silence tells that it is lost. Its outputs are told one by one or all in one text of eight characters; which one depends on its program.
 */
import { millis, SECOND } from '#kernel'
import { type Family, type MqttDevice, relayIs } from '../family.ts'
import { amount, type Reader, word, words } from '../reading.ts'

const relay = words('relay', { 1: true, 0: false })

const placeOf = ({ hardwareId, command = '' }: MqttDevice) => {
  const [serial, output] = hardwareId.split(':')
  return { root: `Socorel/${serial}`, output: Number(output ?? /\/sortie([1-8])$/.exec(command)?.[1] ?? 1) }
}
const together =
  (output: number): Reader =>
  (value) =>
    /^[01]{8}$/.test(word(value)) ? relay(word(value)[output - 1]) : []

const outputs = (device: MqttDevice): Record<string, Reader> => {
  const { root, output } = placeOf(device)
  return { [`${root}/EtatSortie${output}`]: relay, [`${root}/EtatSorties`]: together(output) }
}

export const socorelOutput: Family = {
  code: 811,
  name: 'Socorel output',
  period: millis(30 * SECOND),
  topics(device) {
    const { root, output } = placeOf(device)
    return { control: `${root}/EtatSortie${output}`, command: `${root}/sortie${output}` }
  },
  says(device) {
    const { root } = placeOf(device)
    return {
      ...outputs(device),
      // Mean of a minute, whole kW as in the meter's own output.
      [`${root}/PA1MN`]: amount('sitePower', 1000),
      // Any other word says that it listens.
      [`${root}/Mode`]: (value) => (word(value) === '' ? [] : [{ quantity: 'manual', value: word(value) === 'manuel' }]),
    }
  },
  orders: {
    patience: { on: millis(15 * SECOND), off: millis(30 * SECOND) },
    repeatable: true,
    payload: (wish) => (wish === 'on' ? '1' : '0'),
    answers: (device, _, order) =>
      Object.fromEntries(Object.entries(outputs(device)).map(([topic, read]) => [topic, relayIs(read, order)])),
  },
}
