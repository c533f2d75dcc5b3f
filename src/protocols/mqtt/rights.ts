/** Which topics a participant may send to and hear, by the devices of his home: the same for the house's own broker and for Mosquitto. */
import { Problem } from '#kernel'
import type { TopicRights } from './broker.ts'
import { isTopicLevel } from './topic.ts'

/** What of a device its topics are made of. */
export interface TopicOwner {
  /** Device code (111 Shelly Plug S, 411 Shelly Plus 1PM, …). */
  family: number
  id: string
  hardwareId: string
}

interface FamilyRights {
  send(id: string, hardwareId: string): string[]
  receive(id: string, hardwareId: string): string[]
}

const tasmota: FamilyRights = {
  send: (id) => [`tele/${id}/#`, `stat/${id}/#`],
  receive: (id) => [`cmnd/${id}/#`],
}

const RIGHTS: Record<number, FamilyRights> = {
  111: {
    send: (_, hardware) => [`shellies/${hardware}/#`, 'shellies/announce'],
    receive: (_, hardware) => [`shellies/${hardware}/relay/0/command`, `shellies/${hardware}/command`, 'shellies/command'],
  },
  112: tasmota,
  211: tasmota,
  212: tasmota,
  // The gateway of the finger holds the account; its name is the hardware id.
  311: {
    send: (_, gateway) => [`switchbot/${gateway}/#`],
    receive: (id, gateway) => [
      `switchbot/${gateway}/bot/${id}/set`,
      ...['holdPress', 'setHold', 'setMode', 'requestInfo', 'rescan'].map((order) => `switchbot/${gateway}/${order}`),
    ],
  },
  // `src` of a call names the topic of its reply: only the device's own.
  411: {
    send: (id) => [`${id}/status/#`, `${id}/events/rpc`, `${id}/online`, `${id}/announce`, `controle/${id}/rpc`],
    receive: (id) => [`${id}/rpc`, `${id}/command`, `${id}/command/#`],
  },
  611: {
    send: (_, hardware) => [`shellies/${hardware}/#`, 'shellies/announce'],
    receive: (_, hardware) => [`shellies/${hardware}/command`, 'shellies/command'],
  },
  711: {
    send: (_, plate) => [`hasp/${plate}/state/#`, `hasp/${plate}/LWT`],
    receive: (_, plate) => [
      `hasp/${plate}/command`,
      ...['command', 'config'].flatMap((part) => [`hasp/${plate}/${part}/#`, `hasp/broadcast/${part}/#`]),
    ],
  },
  811: {
    send: (_, serial) => [`Socorel/${serial}/#`],
    receive: (_, serial) => [1, 2, 3, 4, 5, 6, 7, 8].map((output) => `Socorel/${serial}/sortie${output}`),
  },
}

/**
 * The rights of an account that holds these devices; of a family whose topics are not known it gets none.
 * @throws Problem `mqtt-invalid-id` when an id would reach into topics of others (a wildcard, a separator)
 */
export function rightsFor(devices: readonly TopicOwner[]): TopicRights {
  const send = new Set<string>()
  const receive = new Set<string>()
  for (const { family, id, hardwareId } of devices) {
    const rights = RIGHTS[family]
    if (!rights) continue
    // An output of a controller is `<serial>:<output>`.
    const hardware = family === 811 ? hardwareId.split(':')[0]! : hardwareId
    for (const text of [id, hardware])
      if (!isTopicLevel(text))
        throw new Problem('mqtt-invalid-id', `'${text}' cannot be part of an MQTT topic.`, {
          status: 422,
          hint: 'Device and hardware ids are not empty and contain no / + # and no control characters.',
        })
    for (const filter of rights.send(id, hardware)) send.add(filter)
    for (const filter of rights.receive(id, hardware)) receive.add(filter)
  }
  return { send: [...send], receive: [...receive] }
}
