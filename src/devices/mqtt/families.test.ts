// Every payload the families are known to send, what is read of it, and the orders to the byte.
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, parseInstant } from '#kernel'
import { counted } from './counter.ts'
import { discovered } from './families/home-assistant.ts'
import { screenLines, screenObject, screenTopics } from './families/openhasp-screen.ts'
import { zigbee2mqtt } from './families/zigbee2mqtt.ts'
import { FAMILIES, familyOf } from './families.ts'
import {
  answerTo,
  type DeviceOrder,
  type Family,
  type MqttDevice,
  orderFor,
  parseMessage,
  staleAfter,
  topicsHeard,
  topicsOf,
  type Wish,
} from './family.ts'

const AT = parseInstant('2026-11-25T12:00:00Z')
const DEVICES = {
  111: { id: 'A101', hardwareId: 'shellyplug-s-890CA6' },
  112: { id: 'A123', hardwareId: 'tasmota_4F2A10' },
  211: { id: 'B001', hardwareId: 'tasmota_5B1122' },
  311: { id: 'C003', hardwareId: 'C002' },
  411: { id: 'D003', hardwareId: 'shellyplus1pm-a8032abe54dc' },
  611: { id: 'F002', hardwareId: 'shellyht-1CA2F3' },
  711: { id: 'G002', hardwareId: 'g002' },
  811: { id: 'S003', hardwareId: '031636408854:3' },
} as const
type Code = keyof typeof DEVICES

const known = (code: Code): Family => familyOf(code) ?? assert.fail(`no family ${code}`)
const message = (topic: string, payload: string, more: Partial<{ receivedAt: typeof AT; retained: boolean }> = {}) => ({
  topic,
  payload,
  receivedAt: AT,
  retained: false,
  ...more,
})
/** What is read, as `{ power: 8.9, relay: true }`. */
const read = (family: Family, device: MqttDevice, topic: string, payload: string) =>
  Object.fromEntries(parseMessage(family, device, message(topic, payload)).map(({ quantity, value }) => [quantity, value]))
const heard = (code: Code, topic: string, payload: string) => read(known(code), DEVICES[code], topic, payload)
const order = (code: Code, wish: Wish, device: MqttDevice = DEVICES[code]): DeviceOrder =>
  orderFor(known(code), device, wish, 123, AT) ?? assert.fail(`${code} has no order ${wish}`)
const answers = (code: Code, wish: Wish, topic: string, payload: string) =>
  answerTo(known(code), DEVICES[code], order(code, wish), message(topic, payload))

const GEN1 = 'shellies/shellyplug-s-890CA6'
const STATUS = {
  id: 0,
  source: 'MQTT',
  output: true,
  apower: 8.9,
  voltage: 237.5,
  current: 0.04,
  pf: 0.9,
  freq: 50.0,
  aenergy: { total: 6.532, by_minute: [45.199, 47.141, 88.397], minute_ts: 1626935779 },
  temperature: { tC: 23.5, tF: 74.4 },
}
const ENERGY =
  '{"Time":"2024-10-11T10:00:00","ENERGY":{"TotalStartTime":"2024-01-01T00:00:00","Total":3.185,"Yesterday":3.058,"Today":0.127,"Period":5,"Power":12,"ApparentPower":15,"ReactivePower":9,"Factor":0.80,"Voltage":231,"Current":0.065}}'

test('the topics of the inventory are the family defaults, unless it names others; a slash in front is dropped', () => {
  const topics = (code: Code) => topicsOf(known(code), DEVICES[code])
  assert.deepEqual(topics(111), { control: `${GEN1}/relay/0`, command: `${GEN1}/relay/0/command`, lwt: `${GEN1}/online` })
  assert.deepEqual(topics(112), { control: 'stat/A123/RESULT', command: 'cmnd/A123/POWER', lwt: 'tele/A123/LWT' })
  assert.deepEqual(topics(411), { control: 'controle/D003/rpc', command: 'D003/rpc', lwt: 'D003/online' })
  assert.deepEqual(topics(311), {
    control: 'switchbot/C002/bot/C003/status',
    command: 'switchbot/C002/bot/C003/set',
    lwt: 'switchbot/C002/lastwill',
  })
  assert.deepEqual(topics(811), { control: 'Socorel/031636408854/EtatSortie3', command: 'Socorel/031636408854/sortie3' })
  const output = { id: 'S005', hardwareId: '121345678', command: 'Socorel/121345678/sortie5' }
  assert.equal(topicsOf(known(811), output).control, 'Socorel/121345678/EtatSortie5')
  const named = { ...DEVICES[411], control: '/controle/D014/rpc', command: '', lwt: ' ' }
  assert.deepEqual(topicsOf(known(411), named), { control: 'controle/D014/rpc', command: 'D003/rpc', lwt: 'D003/online' })
  assert.equal(order(411, 'on', named).payload, '{"id":123,"src":"controle/D014","method":"Switch.Set","params":{"id":0,"on":true}}')
  assert.deepEqual(topicsHeard(known(112), { ...DEVICES[112], control: 'tele/A123/STATE' }), [
    'stat/A123/RESULT',
    'stat/A123/POWER',
    'tele/A123/STATE',
    'tele/A123/SENSOR',
    'tele/A123/LWT',
  ])
})

test('Shelly Plug S: watts, watt-minutes as Wh, the relay and its will', () => {
  assert.deepEqual(heard(111, `${GEN1}/relay/0/power`, '1234.56'), { power: 1234.56 })
  assert.equal((heard(111, `${GEN1}/relay/0/energy`, '486230').energy as number).toFixed(2), '8103.83')
  for (const [payload, relay] of [
    ['on', true],
    ['off', false],
    ['overpower', false],
  ])
    assert.deepEqual(heard(111, `${GEN1}/relay/0`, String(payload)), { relay })
  assert.deepEqual(heard(111, `${GEN1}/online`, 'false'), { online: false })
  assert.deepEqual(heard(111, `${GEN1}/temperature`, '31.2'), { temperature: 31.2 })
  assert.deepEqual(heard(111, 'shellies/shellyplug-s-000000/relay/0', 'on'), {})
})

test('Tasmota: kWh as Wh, the state under all its topics', () => {
  assert.deepEqual(heard(112, 'tele/A123/SENSOR', ENERGY), { power: 12, energy: 3185, apparentPower: 15, voltage: 231, current: 0.065 })
  assert.deepEqual(
    heard(
      112,
      'tele/A123/STATE',
      '{"Time":"2024-10-11T10:00:00","Uptime":"0T01:00:00","UptimeSec":3600,"POWER":"ON","Wifi":{"RSSI":70,"Signal":-65}}',
    ),
    { relay: true },
  )
  assert.deepEqual(heard(112, 'stat/A123/RESULT', '{"POWER":"OFF"}'), { relay: false })
  assert.deepEqual(heard(112, 'stat/A123/RESULT', '{"POWER1":"ON"}'), { relay: true })
  assert.deepEqual(heard(112, 'stat/A123/POWER', 'ON'), { relay: true })
  assert.deepEqual(heard(112, 'stat/A123/POWER', '{"POWER":"ON"}'), { relay: true })
  assert.deepEqual(heard(112, 'tele/A123/LWT', 'Offline'), { online: false })
})

test('Teleinfo: every tariff summed when it is whole, both modes, parts of frames, and never the number of the meter', () => {
  const tic = (labels: object) => heard(211, 'tele/B001/SENSOR', JSON.stringify({ TIC: labels }))
  assert.deepEqual(tic({ ADCO: '123456789012', OPTARIF: 'HC..', HCHC: '1000', HCHP: 2000, PTEC: 'HP..', IINST: '002', PAPP: '00460' }), {
    energy: 3000,
    current: 2,
    apparentPower: 460,
  })
  assert.deepEqual(tic({ HCHC: 1000, PAPP: 460 }), { apparentPower: 460 })
  assert.deepEqual(tic({ BASE: 14_325_367 }), { energy: 14_325_367 })
  assert.deepEqual(tic({ ADSC: '041876097159', EAST: 5000, EAIT: 700, SINSTS: 0, SINSTI: 1200, IRMS1: 5, URMS1: 233 }), {
    energy: 5000,
    exportedEnergy: 700,
    apparentPower: 0,
    exportedApparentPower: 1200,
    current: 5,
    voltage: 233,
  })
  assert.deepEqual(tic({ BBRHCJB: 1, BBRHPJB: 2, BBRHCJW: 3, BBRHPJW: 4, BBRHCJR: 5, BBRHPJR: 6 }), { energy: 21 })
  assert.deepEqual(heard(211, 'tele/B001/SENSOR', ENERGY), { power: 12 })
  assert.equal(orderFor(known(211), DEVICES[211], 'on', 1, AT), undefined)
  assert.deepEqual(read(familyOf(212) ?? assert.fail('no family 212'), DEVICES[211], 'tele/B001/LWT', 'Online'), { online: true })
})

test('Shelly Plus: a whole status and a notification of what changed', () => {
  assert.deepEqual(heard(411, 'D003/status/switch:0', JSON.stringify(STATUS)), {
    relay: true,
    power: 8.9,
    energy: 6.532,
    voltage: 237.5,
    current: 0.04,
    temperature: 23.5,
  })
  const notify = (status: object) =>
    JSON.stringify({
      src: 'shellyplus1pm-a8032abe54dc',
      dst: 'D003/events',
      method: 'NotifyStatus',
      params: { ts: 1746117176.14, 'switch:0': status },
    })
  assert.deepEqual(heard(411, 'D003/events/rpc', notify({ id: 0, apower: 1999.5 })), { power: 1999.5 })
  assert.deepEqual(heard(411, 'D003/online', 'true'), { online: true })
})

test('finger, thermometer, screen, controller: what they tell', () => {
  assert.deepEqual(heard(311, 'switchbot/C002/bot/C003/battery', '94'), { battery: 94 })
  assert.deepEqual(heard(311, 'switchbot/C002/bot/C003/rssi', '-78'), { rssi: -78 })
  assert.deepEqual(heard(311, 'switchbot/C002/lastwill', 'offline'), { online: false })
  assert.deepEqual(heard(611, 'shellies/shellyht-1CA2F3/sensor/temperature', '19.5'), { temperature: 19.5 })
  assert.deepEqual(heard(611, 'shellies/shellyht-1CA2F3/sensor/humidity', '55.5'), { humidity: 55.5 })
  assert.deepEqual(heard(611, 'shellies/shellyht-1CA2F3/sensor/battery', '100'), { battery: 100 })
  assert.deepEqual(
    heard(
      611,
      'F002/events/rpc',
      '{"method":"NotifyFullStatus","params":{"temperature:0":{"tC":20.1,"tF":68.2},"humidity:0":{"rh":48},"devicepower:0":{"battery":{"V":5.9,"percent":87}}}}',
    ),
    { temperature: 20.1, humidity: 48, battery: 87 },
  )
  // Asleep is not gone.
  assert.deepEqual(heard(611, 'shellies/shellyht-1CA2F3/online', 'false'), {})
  assert.equal(staleAfter(known(611)), 13 * 3_600_000)
  assert.equal(staleAfter(known(811)), 90_000)
  assert.deepEqual(heard(711, 'hasp/g002/LWT', 'online'), { online: true })
  assert.deepEqual(heard(811, 'Socorel/031636408854/EtatSortie3', '1'), { relay: true })
  assert.deepEqual(heard(811, 'Socorel/031636408854/EtatSorties', '00100000'), { relay: true })
  assert.deepEqual(heard(811, 'Socorel/031636408854/EtatSorties', '11011111'), { relay: false })
  assert.deepEqual(heard(811, 'Socorel/031636408854/EtatSorties', '001'), {})
  assert.deepEqual(heard(811, 'Socorel/031636408854/Mode', 'Manuel'), { manual: true })
  assert.deepEqual(heard(811, 'Socorel/031636408854/Mode', 'auto'), { manual: false })
  assert.deepEqual(heard(811, 'Socorel/031636408854/PA1MN', '12'), { sitePower: 12_000 })
})

test('a screen tells what was touched, and takes its lines of JSON up to what it holds', () => {
  assert.equal(screenTopics(DEVICES[711]), 'hasp/g002/state/+')
  const touched = (topic: string, payload: string) => screenObject(DEVICES[711], message(topic, payload))
  assert.deepEqual(touched('hasp/g002/state/p2b8', '{"event":"up","val":1}'), { page: 2, object: 8, event: 'up', value: 1 })
  assert.deepEqual(touched('hasp/g002/state/p2b8', '{"text":"2h"}'), { page: 2, object: 8, text: '2h' })
  for (const [topic, payload] of [
    ['hasp/g002/state/page', '2'],
    ['hasp/g003/state/p2b8', '{"val":1}'],
    ['hasp/g002/state/p2b8', 'up'],
  ] as const)
    assert.equal(touched(topic, payload), undefined, topic)
  assert.deepEqual(
    screenLines(DEVICES[711], [
      { page: 2, id: 8, val: 2 },
      { page: 9, id: 8, obj: 'label' },
    ]),
    {
      topic: 'hasp/g002/command/jsonl',
      payload: '{"page":2,"id":8,"val":2}\n{"page":9,"id":8,"obj":"label"}',
    },
  )
  assert.throws(() => screenLines(DEVICES[711], [{ page: 1, id: 1, text: 'é'.repeat(1100) }]), { code: 'screen-too-much' })
})

test('an order is exact to the byte, and where a family cannot do it there is none', () => {
  const said = (code: Code, wish: Wish) => {
    const { topic, payload, qos } = order(code, wish)
    return `${topic} ${payload} ${qos}`
  }
  assert.equal(said(111, 'on'), `${GEN1}/relay/0/command on 2`)
  assert.equal(said(111, 'off'), `${GEN1}/relay/0/command off 2`)
  assert.equal(said(112, 'on'), 'cmnd/A123/POWER ON 2')
  assert.equal(said(112, 'off'), 'cmnd/A123/POWER OFF 2')
  assert.equal(said(311, 'on'), 'switchbot/C002/bot/C003/set PRESS 2')
  assert.equal(said(411, 'on'), 'D003/rpc {"id":123,"src":"controle/D003","method":"Switch.Set","params":{"id":0,"on":true}} 2')
  assert.equal(said(411, 'off'), 'D003/rpc {"id":123,"src":"controle/D003","method":"Switch.Set","params":{"id":0,"on":false}} 2')
  assert.equal(said(811, 'on'), 'Socorel/031636408854/sortie3 1 2')
  assert.equal(said(811, 'off'), 'Socorel/031636408854/sortie3 0 2')
  for (const [code, wish] of [
    [311, 'off'],
    [611, 'on'],
    [711, 'on'],
  ] as const)
    assert.equal(orderFor(known(code), DEVICES[code], wish, 1, AT), undefined, `${code} ${wish}`)
})

test('only what says the ordered state acknowledges; a failure is told from silence', () => {
  const reply = (more: object) => JSON.stringify({ id: 123, src: 'shellyplus1pm-a8032abe54dc', dst: 'controle/D003', ...more })
  for (const [code, wish, topic, payload, expected] of [
    [111, 'on', `${GEN1}/relay/0`, 'on', 'acknowledged'],
    [111, 'on', `${GEN1}/relay/0`, 'off', undefined],
    [111, 'on', `${GEN1}/relay/0`, 'overpower', 'refused'],
    [111, 'on', `${GEN1}/online`, 'on', undefined],
    [111, 'on', `${GEN1}/relay/0`, 'content on', undefined],
    [112, 'on', 'stat/A123/RESULT', '{"POWER":"ON"}', 'acknowledged'],
    [112, 'on', 'stat/A123/RESULT', '{"POWER":"OFF"}', undefined],
    [112, 'off', 'stat/A123/POWER', 'OFF', 'acknowledged'],
    [112, 'on', 'tele/A123/STATE', '{"POWER":"ON"}', 'acknowledged'],
    [112, 'on', 'tele/A123/LWT', 'Online', undefined],
    [411, 'on', 'controle/D003/rpc', reply({ result: { was_on: false } }), 'acknowledged'],
    [411, 'on', 'controle/D003/rpc', reply({ id: '123', result: {} }), 'acknowledged'],
    [411, 'on', 'controle/D003/rpc', reply({ id: 124, result: {} }), undefined],
    [411, 'on', 'controle/D003/rpc', reply({ src: 'shellyplus1pm-other', result: {} }), undefined],
    [411, 'on', 'controle/D003/rpc', reply({ dst: 'controle/D004', result: {} }), undefined],
    [411, 'on', 'controle/D003/rpc', reply({ error: { code: -103, message: 'bad' } }), 'refused'],
    [411, 'on', 'controle/D003/rpc', reply({}), undefined],
    [411, 'on', 'D003/status/switch:0', JSON.stringify(STATUS), 'acknowledged'],
    [411, 'off', 'D003/status/switch:0', JSON.stringify(STATUS), undefined],
    [411, 'off', 'D003/events/rpc', '{"params":{"switch:0":{"id":0,"output":false}}}', 'acknowledged'],
    [311, 'on', 'switchbot/C002/bot/C003/status', '{"status":"success","value":1,"command":"PRESS"}', 'acknowledged'],
    [311, 'on', 'switchbot/C002/bot/C003/status', '{"status":"success","value":1,"command":"REQUESTINFO"}', undefined],
    [311, 'on', 'switchbot/C002/bot/C003/status', '{"status":"connected","command":"PRESS"}', undefined],
    [311, 'on', 'switchbot/C002/bot/C003/status', '{"status":"commandSent","command":"PRESS"}', undefined],
    [311, 'on', 'switchbot/C002/bot/C003/status', '{"status":"errorConnect","command":"PRESS"}', 'refused'],
    [811, 'on', 'Socorel/031636408854/EtatSortie3', '1', 'acknowledged'],
    [811, 'on', 'Socorel/031636408854/EtatSortie4', '1', undefined],
    [811, 'off', 'Socorel/031636408854/EtatSorties', '11011111', 'acknowledged'],
  ] as const)
    assert.equal(answers(code, wish, topic, payload), expected, `${code} ${wish} ${topic} ${payload}`)
})

test('what was received before the order, or kept by the broker, acknowledges nothing', () => {
  const on = order(111, 'on')
  const answer = (more: object) => answerTo(known(111), DEVICES[111], on, message(`${GEN1}/relay/0`, 'on', more))
  assert.equal(answer({ receivedAt: after(AT, -1) }), undefined)
  assert.equal(answer({ retained: true }), undefined)
  assert.equal(answer({ receivedAt: after(AT, 1) }), 'acknowledged')
})

test('Zigbee2MQTT', () => {
  const plug = { id: 'Z001', hardwareId: 'boiler' }
  assert.deepEqual(
    read(zigbee2mqtt, plug, 'zigbee2mqtt/boiler', '{"state":"ON","power":12.3,"energy":1.23,"voltage":231,"linkquality":120}'),
    {
      relay: true,
      power: 12.3,
      energy: 1230,
      voltage: 231,
    },
  )
  assert.deepEqual(read(zigbee2mqtt, plug, 'zigbee2mqtt/boiler/availability', '{"state":"offline"}'), { online: false })
  assert.deepEqual(read(zigbee2mqtt, plug, 'zigbee2mqtt/boiler/availability', 'online'), { online: true })
  const off = orderFor(zigbee2mqtt, plug, 'off', 1, AT) ?? assert.fail('no order')
  assert.equal(`${off.topic} ${off.payload}`, 'zigbee2mqtt/boiler/set {"state":"OFF"}')
  assert.equal(answerTo(zigbee2mqtt, plug, off, message('zigbee2mqtt/boiler', '{"state":"OFF"}')), 'acknowledged')
})

test('Home Assistant: a thing tells what it is, in long words or short', () => {
  const found = (topic: string, config: object | string) => discovered(topic, typeof config === 'string' ? config : JSON.stringify(config))
  const power = found('homeassistant/sensor/node/power/config', {
    '~': 'meter/1',
    uniq_id: 'm1',
    stat_t: '~/state',
    avty_t: '~/status',
    dev_cla: 'power',
    unit_of_meas: 'kW',
    val_tpl: '{{ value_json.grid.p }}',
  })
  assert.equal(power?.uniqueId, 'm1')
  const sensor = power?.family ?? assert.fail('no family')
  const meter = { id: 'M1', hardwareId: 'm1' }
  assert.deepEqual(read(sensor, meter, 'meter/1/state', '{"grid":{"p":"1.5"}}'), { power: 1500 })
  assert.deepEqual(read(sensor, meter, 'meter/1/status', 'offline'), { online: false })
  assert.equal(orderFor(sensor, meter, 'on', 1, AT), undefined)
  const plug =
    found('homeassistant/switch/plug/config', {
      unique_id: 'p',
      state_topic: 'p/state',
      command_topic: 'p/set',
      payload_on: '1',
      payload_off: '0',
    })?.family ?? assert.fail('no family')
  const on = orderFor(plug, meter, 'on', 1, AT)
  assert.equal(`${on?.topic} ${on?.payload}`, 'p/set 1')
  assert.equal(answerTo(plug, meter, on ?? assert.fail('no order'), message('p/state', '1')), 'acknowledged')
  assert.deepEqual(found('homeassistant/switch/plug/config', ''), { uniqueId: 'plug', family: undefined })
  for (const config of [
    'no json',
    { state_topic: 'x' },
    { state_topic: 'x', device_class: 'constructor', unit_of_measurement: 'W' },
    { state_topic: 'x', device_class: 'power', unit_of_measurement: 'W', value_template: '{{ states() }}' },
  ])
    assert.equal(found('homeassistant/sensor/x/config', config), undefined)
})

test('garbage gives nothing and throws nothing, for every family and topic', () => {
  const garbage = [
    '',
    ' ',
    'nan',
    'NaN',
    'null',
    'ovf',
    '1e999',
    '-',
    '{',
    '[]',
    '[1]',
    '"x"',
    'constructor',
    '__proto__',
    '{"__proto__":1}',
    '\0',
    '💡',
    '['.repeat(1e5),
  ]
  const nested = [
    '{"ENERGY":{"Power":"nan","Total":""}}',
    '{"TIC":{"PAPP":null,"EAST":"x"}}',
    '{"ENERGY":5,"TIC":[]}',
    '{"apower":1e300,"aenergy":{"total":-4}}',
  ]
  for (const family of FAMILIES)
    for (const device of Object.values(DEVICES))
      for (const topic of [...topicsHeard(family, device), 'constructor', '__proto__'])
        for (const payload of [...garbage, ...nested]) {
          const readings = parseMessage(family, device, message(topic, payload)).filter(({ quantity }) => quantity !== 'manual')
          assert.deepEqual(readings, [], `${family.name} ${topic} ${payload.slice(0, 40)}`)
          for (const wish of ['on', 'off'] as const) {
            const given = orderFor(family, device, wish, 1, AT)
            if (given)
              assert.equal(
                answerTo(family, device, given, message(topic, payload)),
                undefined,
                `${family.name} ${topic} ${payload.slice(0, 40)}`,
              )
          }
        }
  assert.deepEqual(heard(111, `${GEN1}/relay/0/power`, ' 12 '), { power: 12 })
  assert.deepEqual(heard(611, 'shellies/shellyht-1CA2F3/sensor/humidity', '999'), {})
})

test('a counter that begins again goes on being counted', () => {
  const totals: number[] = []
  let counter = counted(undefined, 100)
  for (const raw of [150, 150, 10, 30]) {
    counter = counted(counter, raw)
    totals.push(counter.total)
  }
  assert.deepEqual(totals, [150, 150, 160, 180])
})
