/**
 * Home Assistant's discovery: a retained message tells what a thing is and under which topics it speaks, so that no inventory is needed. Of it becomes a family
 * of its own; long names and their abbreviations are understood, and templates of the form `{{ value_json.a.b }}`.
 */
import { MINUTE, millis } from '#kernel'
import { each, type Family, PATIENCE, relayIs } from '../family.ts'
import { type Amount, amount, fields, objectOf, type Reader, word, words } from '../reading.ts'

const LONG = new Map(
  Object.entries({
    uniq_id: 'unique_id',
    stat_t: 'state_topic',
    cmd_t: 'command_topic',
    avty_t: 'availability_topic',
    pl_on: 'payload_on',
    pl_off: 'payload_off',
    stat_on: 'state_on',
    stat_off: 'state_off',
    pl_avail: 'payload_available',
    pl_not_avail: 'payload_not_available',
    val_tpl: 'value_template',
    dev_cla: 'device_class',
    unit_of_meas: 'unit_of_measurement',
  }),
)

/** What a class of sensors measures and in which units. */
const CLASSES = new Map<string, [quantity: Amount, units: Record<string, number>]>([
  ['power', ['power', { W: 1, kW: 1000 }]],
  ['energy', ['energy', { Wh: 1, kWh: 1000 }]],
  ['apparent_power', ['apparentPower', { VA: 1, kVA: 1000 }]],
  ['voltage', ['voltage', { V: 1 }]],
  ['current', ['current', { A: 1 }]],
  ['temperature', ['temperature', { '°C': 1 }]],
  ['humidity', ['humidity', { '%': 1 }]],
  ['battery', ['battery', { '%': 1 }]],
  ['signal_strength', ['rssi', { dBm: 1 }]],
])

export interface Discovered {
  uniqueId: string
  /** Undefined: it was taken away. */
  family: Family | undefined
}

/** Reads a message under `homeassistant/…/config`; undefined when it is none that the house understands. An empty one takes the thing away. */
export function discovered(topic: string, payload: string): Discovered | undefined {
  const place = /^homeassistant\/(sensor|switch)\/(?:[\w-]+\/)?([\w-]+)\/config$/.exec(topic)
  if (!place) return undefined
  const [, component, object = ''] = place
  if (payload === '') return { uniqueId: object, family: undefined }
  const told = objectOf(payload)
  if (!told) return undefined
  const text = textsOf(told)
  const uniqueId = text('unique_id') ?? object
  const state = text('state_topic')
  const read = component === 'switch' ? switchReader(text) : sensorReader(text)
  if (!state || !read) return undefined
  const templated = throughTemplate(read, text('value_template'))
  if (!templated) return undefined
  const command = component === 'switch' ? text('command_topic') : undefined
  return {
    uniqueId,
    family: {
      code: null,
      name: 'Home Assistant',
      period: millis(5 * MINUTE),
      topics: () => ({ control: state, ...defined('command', command), ...defined('lwt', text('availability_topic')) }),
      says: (_, { control, lwt }) => ({
        ...each([control], templated),
        ...each(
          [lwt],
          words('online', {
            [word(text('payload_available') ?? 'online')]: true,
            [word(text('payload_not_available') ?? 'offline')]: false,
          }),
        ),
      }),
      ...(command !== undefined && {
        orders: {
          patience: PATIENCE,
          repeatable: true,
          payload: (wish) => text(`payload_${wish}`) ?? wish.toUpperCase(),
          answers: (_, { control }, order) => each([control], relayIs(templated, order)),
        },
      }),
    },
  }
}

/** A key of the message under its long name; `~` stands for the topic they share. */
function textsOf(told: Record<string, unknown>): (key: string) => string | undefined {
  const known = new Map(Object.entries(told).map(([key, value]) => [LONG.get(key) ?? key, value]))
  const root = told['~']
  return (key) => {
    const value = known.get(key)
    if (typeof value !== 'string') return undefined
    return typeof root === 'string' && key.endsWith('_topic') ? value.replace(/^~|~$/, () => root) : value
  }
}

const defined = (key: 'command' | 'lwt', value: string | undefined) => (value === undefined ? {} : { [key]: value })

function switchReader(text: (key: string) => string | undefined): Reader {
  const on = text('state_on') ?? text('payload_on') ?? 'ON'
  const off = text('state_off') ?? text('payload_off') ?? 'OFF'
  return words('relay', { [word(on)]: true, [word(off)]: false })
}

function sensorReader(text: (key: string) => string | undefined): Reader | undefined {
  const measured = CLASSES.get(text('device_class') ?? '')
  const unit = text('unit_of_measurement') ?? ''
  return measured && Object.hasOwn(measured[1], unit) ? amount(measured[0], measured[1][unit]) : undefined
}

function throughTemplate(read: Reader, template: string | undefined): Reader | undefined {
  if (template === undefined) return read
  if (/^\{\{\s*value\s*\}\}$/.test(template)) return read
  const path = /^\{\{\s*value_json\.([\w.]+)\s*\}\}$/.exec(template)?.[1]
  return path === undefined ? undefined : fields({ [path]: read })
}
