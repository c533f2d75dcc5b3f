import assert from 'node:assert/strict'
import test from 'node:test'
import {
  changeRights,
  covers,
  createAccount,
  denyByDefault,
  dynamicSecurityPayload,
  isTopicFilter,
  removeAccount,
  rightsFor,
  topicMatches,
} from './index.ts'

test('filters match as MQTT says', () => {
  for (const [filter, topic, expected] of [
    ['tele/+/LWT', 'tele/A1/LWT', true],
    ['tele/+/LWT', 'tele/A1/B/LWT', false],
    ['tele/#', 'tele', true],
    ['tele/#', 'tele/A1/LWT', true],
    ['tele/+', 'tele', false],
    ['+', '/x', false],
    ['+/x', '/x', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
    ['Tele/A1', 'tele/A1', false],
  ] as const)
    assert.equal(topicMatches(filter, topic), expected, `${filter} ${topic}`)
  for (const [allowed, wanted, expected] of [
    ['a/#', 'a/+/c', true],
    ['a/+', 'a/#', false],
    ['a/b', 'a/+', false],
    ['a/+/c', 'a/b/+', false],
    ['#', '$CONTROL/#', false],
  ] as const)
    assert.equal(covers(allowed, wanted), expected, `${allowed} ${wanted}`)
  for (const text of ['', 'a/#/b', 'a#', 'a/b+', 'a\0']) assert.equal(isTopicFilter(text), false, text)
})

const HOMES = [
  {
    family: 111,
    id: 'A101',
    hardwareId: 'shellyplug-s-890CA6',
    sends: 'shellies/shellyplug-s-890CA6/relay/0',
    hears: 'shellies/shellyplug-s-890CA6/relay/0/command',
  },
  { family: 112, id: 'A123', hardwareId: 'tasmota_1', sends: 'stat/A123/RESULT', hears: 'cmnd/A123/POWER' },
  { family: 211, id: 'B001', hardwareId: 'tasmota_2', sends: 'tele/B001/SENSOR', hears: 'cmnd/B001/Status' },
  { family: 311, id: 'C003', hardwareId: 'C002', sends: 'switchbot/C002/bot/C003/status', hears: 'switchbot/C002/bot/C003/set' },
  { family: 411, id: 'D003', hardwareId: 'shellyplus1pm-a8032ab1fe78', sends: 'controle/D003/rpc', hears: 'D003/rpc' },
  { family: 611, id: 'F002', hardwareId: 'shellyht-1', sends: 'shellies/shellyht-1/sensor/battery', hears: 'shellies/shellyht-1/command' },
  { family: 711, id: 'G002', hardwareId: 'g002', sends: 'hasp/g002/state/p1b1', hears: 'hasp/g002/command/jsonl' },
  {
    family: 811,
    id: 'S001',
    hardwareId: '031636408854:3',
    sends: 'Socorel/031636408854/EtatSortie3',
    hears: 'Socorel/031636408854/sortie3',
  },
]

test('of every family a home may send and hear its own topics, and none of any other home', () => {
  const may = (filters: readonly string[], topic: string) => filters.some((filter) => topicMatches(filter, topic))
  for (const home of HOMES) {
    const { send, receive } = rightsFor([home])
    for (const other of HOMES) {
      assert.equal(may(send, other.sends), home === other, `${home.id} sends ${other.sends}`)
      assert.equal(may(receive, other.hears), home === other, `${home.id} hears ${other.hears}`)
    }
    // An order to itself is not a state, and nobody may hear everything.
    for (const filter of [...send, ...receive]) assert.doesNotMatch(filter, /^[+#]/)
    for (const filter of ['#', '+/#'])
      assert.equal(
        receive.some((allowed) => covers(allowed, filter)),
        false,
        filter,
      )
  }
})

test('an id that would reach into the topics of others is refused', () => {
  for (const hardwareId of ['+', '#', 'a/b', '', '$SYS', 'a\n'])
    assert.throws(() => rightsFor([{ family: 111, id: 'A1', hardwareId }]), { code: 'mqtt-invalid-id' }, hardwareId)
  assert.deepEqual(rightsFor([{ family: 999, id: 'X1', hardwareId: 'x' }]), { send: [], receive: [] })
})

test('the same rights as commands of the dynamic security plugin', () => {
  const rights = { send: ['tele/A1/#'], receive: ['cmnd/A1/#'] }
  const acls = [
    { acltype: 'publishClientSend', topic: 'tele/A1/#', priority: 0, allow: true },
    { acltype: 'subscribePattern', topic: 'cmnd/A1/#', priority: 0, allow: true },
    { acltype: 'publishClientReceive', topic: 'cmnd/A1/#', priority: 0, allow: true },
  ]
  assert.deepEqual(
    JSON.parse(dynamicSecurityPayload([...createAccount('R004', 'secret', rights, 'plug'), ...changeRights('R004', rights)])),
    {
      commands: [
        { command: 'createRole', rolename: 'participant-R004', acls },
        {
          command: 'createClient',
          username: 'R004',
          password: 'secret',
          clientid: 'plug',
          roles: [{ rolename: 'participant-R004', priority: 0 }],
        },
        { command: 'modifyRole', rolename: 'participant-R004', acls },
      ],
    },
  )
  assert.deepEqual(
    removeAccount('R004').map(({ command }) => command),
    ['disableClient', 'deleteClient', 'deleteRole'],
  )
  assert.deepEqual(denyByDefault().acls, [
    { acltype: 'publishClientSend', allow: false },
    { acltype: 'publishClientReceive', allow: false },
    { acltype: 'subscribe', allow: false },
    { acltype: 'unsubscribe', allow: true },
  ])
})
